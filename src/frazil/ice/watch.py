"""Asks the pair in use whether it lives, and other pairs whether they can take over."""

from itertools import islice

from frazil.ice.candidate import TcpType
from frazil.ice.check import CheckKind
from frazil.ice.check_table import CheckTable
from frazil.ice.config import MAX_STANDBY_CHECKS
from frazil.ice.consent import Consent
from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.pair import CandidatePair, PairState
from frazil.ice.selection import Selection
from frazil.trace import Trace
from frazil.types import Address


class Watch:
    """Runs the two clocks of the pair in use, and draws the consequences when one runs out."""

    __slots__ = ("_consent", "_selection", "_standby_rounds", "_table", "_trace")

    def __init__(
        self, table: CheckTable, selection: Selection, consent: Consent, trace: Trace
    ) -> None:
        self._table = table
        self._consent = consent
        self._selection = selection
        self._trace = trace
        self._standby_rounds = 0

    def handle_timeout(self, current: Generation | None, now: float) -> float | None:
        """Send the checks that are due.

        Args:
            current: The newest generation, whose pairs may take over as well.

        Returns:
            The deadline of the clock that ran out, if one did.
        """
        monitor = self._selection.monitor
        if monitor is None:
            return None
        expires_at, lost_at = monitor.consent_expires_at, monitor.lost_at
        if now >= expires_at:
            self.lose_consent("consent to send expired", now)
            return expires_at
        is_lost = lost_at is not None and now >= lost_at
        if is_lost:
            self._selection.lose_liveness(now)
            self._ask_standby(monitor.pair, current, now)
        if now >= monitor.next_check_at:
            self._ask(monitor, current, now)
        return lost_at if is_lost else None

    def ask_early(self, now: float) -> None:
        """Ask the pair in use whether it lives, unless an answer is awaited already."""
        monitor = self._selection.monitor
        if monitor is not None and monitor.is_alive and monitor.unanswered == 0:
            self._ask(monitor, None, now)

    def cut(self, base: Address, current: Generation | None, now: float) -> None:
        """Nothing can be sent or received at ``base`` any more."""
        monitor = self._selection.monitor
        if monitor is not None and monitor.pair.local.base == base:
            self._selection.cut(now)
            self._ask_standby(monitor.pair, current, now)

    def break_off(self, pair: CandidatePair, current: Generation | None, now: float) -> None:
        """The stream of ``pair`` has ended (RFC 6544 10)."""
        monitor = self._selection.monitor
        if monitor is not None and monitor.pair is pair:
            arrived = pair.local.tcp_type is TcpType.PASSIVE
            self._selection.break_off(now, for_good=arrived)
            self._ask_standby(pair, current, now)

    def _ask(self, monitor: Monitor, current: Generation | None, now: float) -> None:
        generation = self._selection.generation
        if generation is not None and not monitor.is_cut:
            self._consent.ask(monitor, generation, now)
        else:
            monitor.note_check(now)
        if not monitor.is_alive:
            self._ask_standby(monitor.pair, current, now)

    def _ask_standby(self, silent: CandidatePair, current: Generation | None, now: float) -> None:
        """Ask all other pairs in turn whether one can take over, those that once worked first.

        A pair that failed is asked as well: the network that made it fail may be back.
        """
        in_use = self._selection.generation
        generations = [in_use] if current in (None, in_use) else [current, in_use]
        others = [
            (pair, generation)
            for state in (PairState.SUCCEEDED, PairState.FAILED)
            for generation in generations
            if generation is not None
            for pair in generation.checklist
            if pair.state is state and pair is not silent and not pair.is_barred
        ]
        if not others:
            return
        first = self._standby_rounds * MAX_STANDBY_CHECKS % len(others)
        self._standby_rounds += 1
        for pair, generation in islice(others[first:] + others[:first], MAX_STANDBY_CHECKS):
            self._table.start(pair, generation, CheckKind.STANDBY, now)
            self._trace.record(now, "ice", "standby-check", pair=pair.text)

    def lose_consent(self, text: str, now: float, *, is_revoked: bool = False) -> None:
        """Nothing may be sent on the pair in use any more (RFC 7675 5.1); ``text`` says why.

        Other valid pairs are checked again, unless they were asked while this one was silent.
        """
        selection = self._selection
        monitor, generation = selection.monitor, selection.generation
        if monitor is None or generation is None:
            return
        self._trace.record(
            now,
            "ice",
            "consent-lost",
            pair=monitor.pair.text,
            unanswered_s=now - monitor.consented_at,
            unasked_s=now - monitor.asked_at,
            is_revoked=is_revoked,
            text=text,
        )
        selection.consent_was_lost = True
        selection.drop(text, now)
        self.bar(monitor.pair, generation)
        generation.agreement.end()
        for pair in generation.checklist:
            if pair.is_valid and monitor.is_alive:
                generation.checklist.trigger(pair)
            elif pair.is_valid:
                generation.checklist.mark(pair, PairState.FAILED)

    def bar(self, pair: CandidatePair, generation: Generation) -> None:
        """Never use these credentials on this 5-tuple again (RFC 7675 5.1)."""
        pair.is_barred = True
        self._table.forget(pair)
        generation.checklist.mark(pair, PairState.FAILED)
