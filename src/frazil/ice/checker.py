"""What checks lead to: valid pairs, a nomination both ends agree on, and a pair in use.

The inputs are the checks of the peer, the responses to our own, and time. Everything that RFC 8445
says about their consequences (7.2.5, 7.3.1, 8.1) happens here; which messages make it so is the
business of :mod:`frazil.ice.check_table` and :mod:`frazil.ice.responder`.
"""

from typing import Final

from frazil.deadline import earlier
from frazil.ice.candidate import TcpType
from frazil.ice.check import Check, CheckKind
from frazil.ice.check_table import Answer, CheckTable
from frazil.ice.checklist_set import ChecklistSet
from frazil.ice.config import MAX_PACING_S, MAX_ROLE_CONFLICTS, IceConfig
from frazil.ice.consent import Consent
from frazil.ice.gauge import Gauge
from frazil.ice.generation import Generation, ReceivedCheck
from frazil.ice.monitor import Monitor
from frazil.ice.nominator import Nominator
from frazil.ice.pair import CandidatePair, PairKey, PairState
from frazil.ice.policy import IcePolicy, Renomination
from frazil.ice.role import Role
from frazil.ice.scout import Scout
from frazil.ice.selection import Selection
from frazil.ice.succession import heir_by_answer, heir_by_consent, heir_by_payload
from frazil.ice.watch import Watch
from frazil.stun import Message
from frazil.trace import Trace
from frazil.types import Address, RandomBytes, Transmit

_FORBIDDEN: Final = 403
_ROLE_CONFLICT: Final = 487
_SETTLED_S: Final = 5.0
"""So long after a nomination, checks on other pairs are more than the rest of the search."""


class Checker:
    """Runs the checks of one generation at a time, and keeps the pair in use under watch.

    Attributes:
        selection: The pair in use.
        nominator: Settles with the peer which pair is used.
    """

    __slots__ = (
        "_checklists",
        "_component",
        "_config",
        "_conflicts",
        "_consent",
        "_gauge",
        "_random_bytes",
        "_renomination",
        "_role",
        "_scout",
        "_table",
        "_trace",
        "_watch",
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
        self._random_bytes = random_bytes
        self._table = CheckTable(config, role, random_bytes, trace)
        self._conflicts = 0
        self.selection = Selection(trace)
        self._consent = Consent(self._table, self.selection, trace)
        self._watch = Watch(self._table, self.selection, self._consent, trace)
        self._gauge = Gauge(self._table, self.selection, config.measurement_interval_s)
        self._renomination = policy.renomination
        self.nominator = Nominator(
            config, role, random_bytes, trace, policy.renomination, self._table, self.selection
        )
        self._scout = Scout(self._table, self.selection, self._watch, trace)

    @property
    def _generation(self) -> Generation | None:
        """The one whose pairs are checked."""
        return self.nominator.generation

    @property
    def judged_at(self) -> float | None:
        """When the state will be another if nothing is heard, as far as is known now."""
        if self.selection.monitor is not None:
            return self.selection.monitor.judged_at
        return self._generation.patience_deadline if self._generation else None

    @property
    def transmits(self) -> list[Transmit]:
        """The checks to be sent; the caller empties it."""
        return self._table.transmits

    # --- commands -----------------------------------------------------------------------------

    def begin(self, generation: Generation, now: float) -> None:
        """Check the pairs of ``generation``; its predecessor's only if it carries data."""
        self.nominator.begin(generation)
        self._conflicts = 0
        self._checklists.put(self._component, generation.checklist)
        self._table.forget_all_but(self.selection.generation, self.selection.pair)
        asked_s = min(generation.remote_traits.pacing_s, MAX_PACING_S)
        generation.pacing_s = max(self._config.pacing_s, asked_s)
        follows = generation.remote_traits.renominates
        generation.is_measured = follows and self._renomination is Renomination.RTT
        generation.patience_ends_at = now + self._config.patience_s
        generation.form_pairs(self._role.is_controlling)
        for check in generation.early_checks.values():
            self._learn(generation, check, now)
        generation.early_checks.clear()

    def stop(self, text: str, now: float) -> None:
        """Check nothing and use no pair, until the next generation begins; ``text`` says why."""
        self.nominator.generation = None
        self._table.clear()
        self.selection.drop(text, now)

    def role_changed(self, generations: list[Generation], now: float) -> None:
        """Rank all pairs for the new role, and bring the nomination through."""
        for generation in generations:
            generation.rank(self._role.is_controlling)
        self._consent.forget()  # our checks announce another role from now on
        current = self._generation
        if current is None:
            return
        if self._role.is_controlling:
            self.nominator.nominate(current, now)
            return
        for pair in list(current.checklist):
            if pair.is_valid and pair.nomination_received is not None:
                self.nominator.requested(pair, current, pair.nomination_received, now)

    def remove_base(self, base: Address, generations: list[Generation], now: float) -> None:
        """Nothing can be sent or received at ``base`` any more."""
        for generation in generations:
            for pair in generation.remove_base(base):
                self._table.forget(pair)
        if not self._leave(base, now):
            self._watch.cut(base, self._generation, now)
        if self._generation is not None:
            self.nominator.nominate(self._generation, now)

    def lose_stream(self, key: PairKey, generations: list[Generation], now: float) -> None:
        """The stream of a pair has ended.

        Ours may be opened again; one that had arrived is forgotten with its pair.
        """
        for generation in generations:
            pair = generation.checklist.find(key)
            if pair is None:
                continue
            self._table.forget(pair)
            if pair.local.tcp_type is TcpType.PASSIVE:
                generation.forget_arrived(pair)
            elif pair is not self.selection.pair:
                generation.checklist.mark(pair, PairState.FAILED)
                self._trace.record(now, "ice", "pair-failed", pair=pair.text, code=None)
            self._watch.break_off(pair, self._generation, now)
        if self._generation is not None:
            self.nominator.nominate(self._generation, now)

    def _leave(self, base: Address, now: float) -> bool:
        """Use another pair at once instead of one that has lost its ``base``.

        Consent to send on it must not have expired (RFC 7675 5.1). It is asked at once, and if its
        last answer is old and no other comes, it counts as lost in less than a second.

        Returns:
            Whether there is one.
        """
        selection = self.selection
        old, generation = selection.monitor, self._generation
        if generation is None or old is None or old.pair.local.base != base:
            return False
        pair = heir_by_consent(generation, now, self._config.consent_timeout_s)
        if pair is None:
            return False
        text = "the interface of the pair before is gone"
        monitor = Monitor(pair, self._config, self._random_bytes, now, pair.consented_at)
        selection.use(monitor, generation, text, now)
        self._watch.ask_early(now)
        return True

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

    # --- as long as nothing is to be decided --------------------------------------------------

    def settle(self) -> None:
        """Find out whether anything is left to decide about the pair in use."""
        is_in_use = self.selection.monitor is not None
        self._consent.settle(settled=is_in_use and self.nominator.is_settled)

    def take_usual(self, data: bytes, local: Address, remote: Address, now: float) -> bool:
        """Take what both ends of a settled pair exchange all the time; whether it is that."""
        return self._consent.take(data, local, remote, now)

    def ask_if_due(self, now: float) -> bool:
        """Send the next check on a settled pair, if it is time; whether the pair needs no more."""
        return self._consent.ask_if_due(now)

    def learn_question(self, check: ReceivedCheck, data: bytes, reply: bytes) -> None:
        """The peer has asked with ``data``, and was answered with ``reply``."""
        self._consent.learn_question(check, data, reply)

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
        return earlier(earliest, generation.patience_deadline)

    def handle_timeout(self, now: float) -> float | None:
        """Repeat and give up checks, and run the clocks.

        Returns:
            The deadline of the clock that ran out: PAC, liveness or consent.
        """
        for check in self._table.handle_timeout(now):
            self._timed_out(check, now)
        patience_at = self._generation.lose_patience(now) if self._generation else None
        self._concede(now)
        watch_at = self._watch.handle_timeout(self._generation, now)
        if self._generation is not None and self._role.is_controlling:
            self._gauge.handle_timeout(self._generation, now)
        self._overtake(now)
        return patience_at if watch_at is None else watch_at

    def _is_settled(self, generation: Generation) -> bool:
        """Whether both ends agreed on the pair in use and it lives."""
        monitor = self.selection.monitor
        return monitor is not None and generation.nominated is monitor.pair and monitor.is_alive

    def _concede(self, now: float) -> None:
        """Wait no longer for pairs that had their chance to prove better than the nominated one."""
        generation = self._generation
        nominated = generation.nominated if generation is not None else None
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

    def heard(self, generation: Generation, check: ReceivedCheck, now: float) -> None:
        """Take an authentic check: a sign of life, and more once we know the peer's password."""
        self.selection.note_request(check.local, check.remote, now)
        if not generation.is_active:
            generation.keep_early(check)
            return
        self._learn(generation, check, now)
        if now - generation.nominated_at > _SETTLED_S and self.selection.generation is generation:
            self.look(check.local, check.remote, now)

    def _learn(self, generation: Generation, check: ReceivedCheck, now: float) -> None:
        """Learn a candidate, follow a nomination, check back (RFC 8445 7.3.1.3 to 7.3.1.5)."""
        controlling = self._role.is_controlling
        pair = generation.pair_of(check, controlling)
        if pair is None:
            self._trace.count("check-without-pair")
            return
        pair.requests_received += 1
        pair.responses_sent += 1
        self._trace.record(
            now, "ice", "check-received", pair=pair.text, nomination=check.nomination
        )
        if check.nomination is not None and not controlling:
            self.nominator.requested(pair, generation, check.nomination, now)
        if generation is not self._generation or pair.is_valid or pair.is_barred:
            return
        if not self._table.repeat(pair, now):
            generation.checklist.trigger(pair)

    # --- responses to our checks --------------------------------------------------------------

    def receive(self, response: Message, local: Address, remote: Address, now: float) -> bool:
        """Take a response (RFC 8445 7.2.5).

        Returns:
            Whether it is authentic and came the way of a check of ours in reverse.
        """
        answer = self._table.receive(response, local, remote, now)
        if answer is None:
            return False
        check, error = answer.check, answer.error
        check.pair.responses_received += 1
        if not answer.is_symmetric:
            self._trace.count("stun-response-from-elsewhere")
            self._failed(check, None, now)
        elif error is None:
            self._succeeded(answer, now)
            self._consent.learn_answer(check, response.data)
        elif error == _FORBIDDEN:
            self._forbidden(check, now)
        elif error == _ROLE_CONFLICT and self._conflicts < MAX_ROLE_CONFLICTS:
            self._conflicts += 1
            self._conflicted(check)
        elif not check.is_cancelled:
            self._failed(check, error, now)
        return answer.is_symmetric

    def _conflicted(self, check: Check) -> None:
        """The peer insists on our role: switch and check again (RFC 8445 7.2.5.1)."""
        if check.sent_as is self._role.value:
            self._role.yield_to_peer()
        pair = check.pair
        if check.generation is self._generation and not pair.is_valid and not pair.is_barred:
            check.generation.checklist.trigger(pair)

    def _forbidden(self, check: Check, now: float) -> None:
        """The peer revokes consent (RFC 7675 5.2)."""
        check.pair.error_code = _FORBIDDEN
        if check.pair is self.selection.pair:
            self._watch.lose_consent("the peer revoked its consent", now, is_revoked=True)
        else:
            self._watch.bar(check.pair, check.generation)

    def _succeeded(self, answer: Answer, now: float) -> None:
        check = answer.check
        pair, checklist = check.pair, check.generation.checklist
        rtt_s = check.transaction.rtt_s(now)
        pair.note_success(rtt_s, now - check.transaction.started_at, now)
        if self.selection.note_response(pair, now):
            self._trace.record(now, "ice", "consent-renewed", pair=pair.text, rtt_s=rtt_s)
        if checklist.find(pair.key) is None:
            check.generation.adopt(pair)
        if checklist.find(pair.key) is not pair:
            return
        if not pair.is_valid:
            self._trace.record(now, "ice", "pair-valid", pair=pair.text, rtt_s=rtt_s)
            checklist.mark(pair, PairState.SUCCEEDED)
        self._mapped(answer, now)
        checklist.thaw(pair.foundation)
        self._renew(check, now)
        self.nominator.works(check, now)
        self._overtake(now)

    def _renew(self, check: Check, now: float) -> None:
        """Ask with the credentials of a restart where those before it got an answer just now.

        Else a restart that began while nothing passed would wait for the next repetition of its
        own checks, or fail for want of one, while the pair of before is in use again.
        """
        current = self._generation
        if current is None or current is check.generation:
            return
        pair = current.checklist.find(check.pair.key)
        if pair is None or pair.is_valid or pair.is_barred:
            return
        if not self._table.repeat(pair, now):
            current.checklist.trigger(pair)

    def _mapped(self, answer: Answer, now: float) -> None:
        """Learn where the peer sees our end of the pair (RFC 8445 7.2.5.3.1).

        If that changes, a NAT has moved us. The peer sees another pair from now on, so what both
        agreed on is said again there.
        """
        pair, generation = answer.check.pair, answer.check.generation
        before, address = pair.mapped, answer.mapped or pair.local.address
        if before is not None and before.address == address:
            return
        pair.mapped = generation.mapped_candidate(pair, address, answer.check.priority)
        if before is None or pair.mapped.address != address or pair is not self.selection.pair:
            return
        self.selection.note_moved(f"the peer sees us at {address[0]}:{address[1]} now", now)
        if pair is generation.nominated:
            generation.confirmed = -1

    def _timed_out(self, check: Check, now: float) -> None:
        """Nobody answered. Of the pair in use the monitor judges, by time and not by checks."""
        if check.kind in (CheckKind.CONSENT, CheckKind.STANDBY):
            return
        transaction = check.transaction
        self._trace.record(
            now,
            "ice",
            "check-timed-out",
            pair=check.pair.text,
            purpose=check.kind,
            sends=transaction.sends + transaction.repeats,
            waited_s=now - transaction.started_at,
        )
        self._failed(check, None, now)

    def _failed(self, check: Check, code: int | None, now: float) -> None:
        pair, checklist = check.pair, check.generation.checklist
        if check.kind in (CheckKind.CONSENT, CheckKind.STANDBY):
            return  # the monitor judges by time, not by single checks
        self._trace.record(now, "ice", "pair-failed", pair=pair.text, code=code)
        if code is not None:
            pair.error_code = code
        if code is not None or pair is not self.selection.pair:
            checklist.mark(pair, PairState.FAILED)  # in use: the monitor judges it by time
        self.nominator.nominate(check.generation, now)

    # --- the peer moves -----------------------------------------------------------------------

    def look(self, local: Address, remote: Address, now: float) -> None:
        """The peer may be using another pair than we do."""
        self._scout.look(local, remote, now, controlling=self._role.is_controlling)

    def follow(self, local: Address, remote: Address, now: float) -> bool:
        """Verified payload came on another pair than the one in use.

        Returns:
            Whether that one is in use now.
        """
        old, generation = self.selection.monitor, self.selection.generation
        if old is None or generation is None:
            return False
        timeout_s, controlling = self._config.consent_timeout_s, self._role.is_controlling
        key = (local, remote)
        pair = heir_by_payload(generation, old, key, now, timeout_s, controlling=controlling)
        if pair is None:
            self.look(local, remote, now)
        else:
            self._hand_over(pair, generation, "the peer sends on the pair", now)
        return pair is not None

    def _overtake(self, now: float) -> None:
        """Leave a pair whose answer is late for one that has answered meanwhile."""
        old, generation = self.selection.monitor, self.selection.generation
        pair = heir_by_answer(generation, old) if generation and old else None
        if pair is not None and generation is not None:
            text = "the pair answers, and the one in use does not"
            self._hand_over(pair, generation, text, now)

    def _hand_over(
        self, pair: CandidatePair, generation: Generation, text: str, now: float
    ) -> None:
        """Use ``pair`` in place of the one in use, which counts as failed; ``text`` says why.

        If a NAT has moved the peer, it will learn so from our answers, and say again what it has
        nominated. If not, what was nominated is taken back as soon as it answers.
        """
        old = self.selection.pair
        if old is None:
            return
        generation.checklist.mark(old, PairState.FAILED)
        self.nominator.use(pair, generation, text, now)
        self._watch.ask_early(now)
        if self._role.is_controlling:
            self.nominator.nominate(generation, now)
