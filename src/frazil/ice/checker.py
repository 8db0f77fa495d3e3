"""What checks lead to: valid pairs, a nomination both ends agree on, and a pair in use.

The inputs are the checks of the peer, the responses to our own, and time. What RFC 8445 says about
their consequences is shared out: answers to our checks are judged by :mod:`frazil.ice.assessor`
(7.2.5), nominations carried through by :mod:`frazil.ice.nominator` (8.1), the pair in use is asked
by :mod:`frazil.ice.watch` and replaced by :mod:`frazil.ice.handover`. Here is when to send which
check, and what a check of the peer leads to (7.3.1).
"""

from typing import Final

from frazil.deadline import earlier
from frazil.ice.assessor import Assessor
from frazil.ice.candidate import TcpType
from frazil.ice.check import CheckKind
from frazil.ice.check_table import CheckTable
from frazil.ice.checklist_set import ChecklistSet
from frazil.ice.config import MAX_PACING_S, IceConfig
from frazil.ice.consent import Consent
from frazil.ice.evictor import Evictor
from frazil.ice.gauge import Gauge
from frazil.ice.generation import Generation
from frazil.ice.handover import Handover
from frazil.ice.nominator import Nominator
from frazil.ice.pair import CandidatePair, PairKey, PairState
from frazil.ice.policy import IcePolicy, Renomination
from frazil.ice.received_check import ReceivedCheck
from frazil.ice.role import Role
from frazil.ice.scout import Scout
from frazil.ice.selection import Selection
from frazil.ice.watch import Watch
from frazil.stun import Message
from frazil.trace import Trace
from frazil.types import Address, RandomBytes, Transmit

_SETTLED_S: Final = 5.0
"""So long after a nomination, checks on other pairs are more than the rest of the search."""


class Checker:
    """Runs the checks of one generation at a time, and keeps the pair in use under watch.

    Attributes:
        consent: Takes and sends the checks of the pair in use while nothing is to be decided.
        evictor: Makes room for what is learned of candidates.
        selection: The pair in use.
        nominator: Settles with the peer which pair is used.
    """

    __slots__ = (
        "_assessor",
        "_checklists",
        "_component",
        "_config",
        "_gauge",
        "_handover",
        "_renomination",
        "_role",
        "_table",
        "_trace",
        "_watch",
        "consent",
        "evictor",
        "nominator",
        "selection",
    )

    def __init__(
        self,
        config: IceConfig,
        role: Role,
        random_bytes: RandomBytes,
        trace: Trace,
        policy: IcePolicy,
        component: int,
        checklists: ChecklistSet,
    ) -> None:
        self._component = component
        self._checklists = checklists
        self._role = role
        self._trace = trace
        self._config = config
        self._table = CheckTable(config, role, random_bytes, trace)
        self.selection = Selection(trace)
        self.consent = Consent(self._table, self.selection, trace)
        self._watch = Watch(self._table, self.selection, self.consent, trace)
        self._gauge = Gauge(self._table, self.selection, config.measurement_interval_s)
        self._renomination = policy.renomination
        self.nominator = Nominator(
            config, role, random_bytes, trace, policy.renomination, self._table, self.selection
        )
        scout = Scout(self._table, self.selection, self._watch, trace)
        self._handover = Handover(
            config, role, random_bytes, self.nominator, self.selection, self._watch, scout
        )
        self.evictor = Evictor(config, self.selection, self._table)
        self._assessor = Assessor(
            role,
            self._table,
            self.evictor,
            self.selection,
            self.consent,
            self._watch,
            self.nominator,
            self._handover,
            trace,
        )

    @property
    def _generation(self) -> Generation | None:
        """The one whose pairs are checked."""
        return self.nominator.generation

    @property
    def judged_at(self) -> float | None:
        """When the state will be another if nothing is heard, as far as is known now."""
        if self.selection.monitor is not None:
            return self.selection.monitor.judged_at
        return self._generation.pac_timer.deadline if self._generation else None

    @property
    def transmits(self) -> list[Transmit]:
        """The checks to be sent; the caller empties it."""
        return self._table.transmits

    # --- commands -----------------------------------------------------------------------------

    def begin(self, generation: Generation, now: float) -> None:
        """Check the pairs of ``generation``; its predecessor's only if it carries data."""
        self.nominator.begin(generation)
        self._assessor.begin()
        self._checklists.put(self._component, generation.checklist)
        self._table.forget_all_but(self.selection.generation, self.selection.pair)
        asked_s = min(generation.remote_traits.pacing_s, MAX_PACING_S)
        generation.pacing_s = max(self._config.pacing_s, asked_s)
        follows = generation.remote_traits.renominates
        generation.is_measured = follows and self._renomination is Renomination.RTT
        generation.pac_timer.start(now + self._config.patience_s)
        generation.form_pairs(self._role.is_controlling)

    def catch_up(self, generation: Generation, now: float) -> None:
        """Take the checks that came before the peer's half of ``generation`` was known."""
        for check in generation.early_checks.take():
            self._learn(generation, check, now)

    def stop(self, text: str, now: float) -> None:
        """Check nothing and use no pair, until the next generation begins; ``text`` says why."""
        self.nominator.generation = None
        self._table.clear()
        self.selection.drop(text, now)

    def role_changed(self, generations: list[Generation], now: float) -> None:
        """Rank all pairs for the new role, and bring the nomination through."""
        for generation in generations:
            generation.rank(self._role.is_controlling)
        self.consent.forget()  # our checks announce another role from now on
        current = self._generation
        if current is None:
            return
        if self._role.is_controlling:
            self.nominator.nominate(current, now)
            return
        for pair in list(current.checklist):
            if pair.is_valid:
                self.nominator.heed(pair, current, now)

    def remove_base(self, base: Address, generations: list[Generation], now: float) -> None:
        """Nothing can be sent or received at ``base`` any more."""
        for generation in generations:
            for pair in generation.remove_base(base):
                self._table.forget(pair)
        if not self._handover.leave(base, now):
            self._watch.cut(base, self._generation, now)
        if self._generation is not None:
            self.nominator.nominate(self._generation, now)

    def lose_stream(self, key: PairKey, generations: list[Generation], now: float) -> None:
        """The stream of a pair has ended.

        Ours may be opened again; one that had arrived is forgotten with its pair. So does the peer
        with what both agreed on, and is told again, even if the new stream looks like the old one.
        """
        for generation in generations:
            pair = generation.checklist.find(key)
            if pair is None:
                continue
            self._table.forget(pair)
            generation.agreement.doubt(pair)
            if pair.local.tcp_type is TcpType.PASSIVE:
                generation.forget_arrived(pair)
            elif pair is not self.selection.pair:
                generation.checklist.mark(pair, PairState.FAILED)
                self._trace.record(now, "ice", "pair-failed", pair=pair.text, code=None)
            self._watch.break_off(pair, self._generation, now)
        if self._generation is not None:
            self.nominator.nominate(self._generation, now)

    def refuse_peer(self, base: Address, ip: str, code: int | None, now: float) -> None:
        """Nothing sent from ``base`` reaches ``ip``: its pairs fail without further checks.

        Except the one in use: whether that still works is for its clocks to say.
        """
        generation = self._generation
        if generation is None:
            return
        for pair in list(generation.checklist):
            local, (remote_ip, _) = pair.key
            if local == base and remote_ip == ip and pair is not self.selection.pair:
                self._table.forget(pair)
                pair.error_code = code
                generation.checklist.mark(pair, PairState.FAILED)
                self._trace.record(now, "ice", "pair-failed", pair=pair.text, code=code)
        self.nominator.nominate(generation, now)

    def settle(self) -> None:
        """Find out whether anything is left to decide about the pair in use."""
        is_in_use = self.selection.monitor is not None
        self.consent.settle(settled=is_in_use and self.nominator.is_settled)

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` or :meth:`send_checks` has something to do.

        The clocks of the pair in use have a deadline of their own, that of its monitor.
        """
        earliest = self._table.next_timeout()
        generation = self.nominator.generation
        if generation is None:
            return earliest
        if self._role.is_controlling:
            earliest = earlier(earliest, self._gauge.next_timeout(generation))
        if self._next_ordinary(generation) is not None:
            earliest = earlier(earliest, self._checklists.ordinary_at)
        if self._is_settled(generation):  # what works needs no patience
            return earlier(earliest, self._table.conceding_at(generation))
        return earlier(earliest, generation.pac_timer.deadline)

    def handle_timeout(self, now: float) -> float | None:
        """Repeat and give up checks, and run the clocks.

        Returns:
            The deadline of the clock that ran out: PAC, liveness or consent.
        """
        for check in self._table.handle_timeout(now):
            self._assessor.timed_out(check, now)
        patience_at = self._generation.pac_timer.handle_timeout(now) if self._generation else None
        self._concede(now)
        watch_at = self._watch.handle_timeout(self._generation, now)
        if self._generation is not None and self._role.is_controlling:
            self._gauge.handle_timeout(self._generation, now)
        self._handover.overtake(now)
        return patience_at if watch_at is None else watch_at

    def _is_settled(self, generation: Generation) -> bool:
        """Whether both ends agreed on the pair in use and it lives."""
        monitor = self.selection.monitor
        return (
            monitor is not None and generation.agreement.pair is monitor.pair and monitor.is_alive
        )

    def _concede(self, now: float) -> None:
        """Wait no longer for pairs that had their chance to prove better than the nominated one."""
        generation = self._generation
        nominated = generation.agreement.pair if generation is not None else None
        if generation is None or nominated is None or not self._is_settled(generation):
            return
        for pair in self._table.concede(generation, now):
            self._trace.record(now, "ice", "pair-conceded", pair=pair.text)
            if pair.priority < nominated.priority:
                generation.checklist.mark(pair, PairState.FAILED)

    def send_checks(self, now: float) -> None:
        """Triggered checks at once, ordinary ones paced by Ta (RFC 8445 6.1.4.2).

        A triggered check goes where an authentic one just came from, one for one, so pacing it
        would protect nobody; an ordinary check goes to an address that was only claimed.
        """
        generation = self.nominator.generation
        if generation is None:
            return
        while (pair := generation.checklist.take_triggered()) is not None:
            self._start(pair, generation, now)
        if now >= self._checklists.ordinary_at:
            pair = self._next_ordinary(generation)
            if pair is not None:
                self._start(pair, generation, now)
                self._checklists.ordinary_at = now + generation.pacing_s

    def _next_ordinary(self, generation: Generation) -> CandidatePair | None:
        return generation.checklist.next_ordinary(self.selection.bar(generation))

    def _start(self, pair: CandidatePair, generation: Generation, now: float) -> None:
        generation.checklist.mark(pair, PairState.IN_PROGRESS)
        pair.is_conceded = False
        selection = self.selection
        urgent = selection.generation is generation and not selection.is_alive
        self._table.start(pair, generation, CheckKind.CONNECTIVITY, now, hurried=urgent)
        self._trace.record(now, "ice", "check", pair=pair.text)

    # --- checks of the peer -------------------------------------------------------------------

    def heard(self, generation: Generation, check: ReceivedCheck, now: float) -> bool:
        """Take an authentic check: a sign of life, and more once we know the peer's password.

        Returns:
            Whether it may be answered: we have a pair for it, or will look for one.
        """
        self.selection.note_request(check.local, check.remote, now)
        if not generation.is_active:
            generation.early_checks.keep(check)
            return True
        has_pair = self._learn(generation, check, now)
        agreed_s = now - generation.agreement.reached_at
        if agreed_s > _SETTLED_S and self.selection.generation is generation:
            self._handover.look(check.local, check.remote, now)
        return has_pair

    def _learn(self, generation: Generation, check: ReceivedCheck, now: float) -> bool:
        """Learn a candidate, follow a nomination, check back (RFC 8445 7.3.1.3 to 7.3.1.5)."""
        controlling = self._role.is_controlling
        self.evictor.make_room_for_remote(check.remote, generation, now)
        pair = generation.pair_of(check, controlling)
        if pair is None:
            self._trace.count("check-without-pair")
            return False
        pair.requests_received += 1
        pair.responses_sent += 1
        self._trace.record(
            now, "ice", "check-received", pair=pair.text, nomination=check.nomination
        )
        if check.nomination is not None and not controlling:
            self.nominator.requested(pair, generation, check.nomination, now)
        is_asked_back = generation is self._generation and not (pair.is_valid or pair.is_barred)
        if is_asked_back and not self._table.repeat(pair, now):
            generation.checklist.trigger(pair)
        return True

    # --- what else arrives --------------------------------------------------------------------

    def receive(self, response: Message, local: Address, remote: Address, now: float) -> bool:
        """Take a response; whether it is authentic, and came the way of a check in reverse."""
        return self._assessor.receive(response, local, remote, now)

    def look(self, local: Address, remote: Address, now: float) -> None:
        """The peer may be using another pair than we do."""
        self._handover.look(local, remote, now)

    def follow(self, local: Address, remote: Address, now: float) -> bool:
        """Verified payload came on another pair than the one in use; whether that one is now."""
        return self._handover.follow(local, remote, now)
