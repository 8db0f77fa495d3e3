"""A lite agent's half of the checks: it answers them, and never asks (RFC 8445 2.5, 7.3.2, 8.2).

An authentic check of the peer is to a lite agent what a response is to a full one: it shows that
the path works, that the peer is alive and that it wants to hear from us. Which path is used is the
peer's choice. Between two lite agents nobody asks at all, so the best pair is taken on trust.
"""

import math
from dataclasses import replace

from frazil.ice.config import KEEPALIVE_S, IceConfig
from frazil.ice.consent import Consent
from frazil.ice.evictor import Evictor
from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.nomination import should_follow
from frazil.ice.pair import CandidatePair, PairKey, PairState
from frazil.ice.received_check import ReceivedCheck
from frazil.ice.role import Role
from frazil.ice.selection import Selection
from frazil.stun import Message, MessageClass, Method, new_transaction_id
from frazil.trace import Trace
from frazil.types import Address, RandomBytes, Transmit


class LiteMonitor(Monitor):
    """The two clocks of the pair in use, fed by the peer's checks alone."""

    __slots__ = ()

    @property
    def lost_at(self) -> float | None:
        """When the pair will count as lost if nothing is heard; ``None`` if it does already."""
        if not self.is_alive:
            return None
        return self.heard_at + self._config.lite_disconnected_after_s

    @property
    def next_check_at(self) -> float:
        """Never."""
        return math.inf

    def next_timeout(self) -> float | None:
        """The earliest of the deadlines that ever come."""
        at = super().next_timeout()
        return at if at is not None and at < math.inf else None

    def note_sent(self, now: float) -> float | None:
        """Payload that the peer must acknowledge was sent: nothing is asked if it does not."""
        super().note_sent(now)
        return None


class LiteChecker:
    """Takes the peer's checks of one generation at a time, and keeps the pair in use under watch.

    It has the methods of :class:`frazil.ice.checker.Checker`.

    Attributes:
        consent: Always ``None``: none is asked for, and each check of the peer may nominate.
        evictor: Makes room for what is learned of candidates.
        selection: The pair in use.
        transmits: What is to be sent; the caller empties it.
    """

    __slots__ = (
        "_config",
        "_generation",
        "_keepalive_at",
        "_random_bytes",
        "_role",
        "_trace",
        "_trusting_config",
        "consent",
        "evictor",
        "selection",
        "transmits",
    )

    def __init__(
        self, config: IceConfig, role: Role, random_bytes: RandomBytes, trace: Trace
    ) -> None:
        self._config = config
        self._role = role
        self._random_bytes = random_bytes
        self._trace = trace
        # Nothing is ever heard of a lite peer but data, which may pause: it is never late.
        self._trusting_config = replace(
            config, consent_timeout_s=math.inf, lite_disconnected_after_s=math.inf
        )
        self._generation: Generation | None = None
        self._keepalive_at: float | None = None
        self.consent: Consent | None = None
        self.selection = Selection(trace)
        self.evictor = Evictor(config, self.selection, None)
        self.transmits: list[Transmit] = []

    @property
    def judged_at(self) -> float | None:
        """When the state will be another if nothing is heard, as far as is known now."""
        if self.selection.monitor is not None:
            return _finite(self.selection.monitor.judged_at)
        return self._generation.pac_timer.deadline if self._generation else None

    # --- commands -----------------------------------------------------------------------------

    def begin(self, generation: Generation, now: float) -> None:
        """Take the checks of ``generation`` from now on."""
        self._generation = generation
        generation.pac_timer.start(now + self._config.patience_s)
        generation.form_pairs(self._role.is_controlling)

    def catch_up(self, generation: Generation, now: float) -> None:
        """Take the checks that came before the peer's half of ``generation`` was known."""
        for check in generation.early_checks.take():
            self._learn(generation, check, now)

    def stop(self, text: str, now: float) -> None:
        """Use no pair until the next generation begins; ``text`` says why."""
        self._generation = None
        self._keepalive_at = None
        self.transmits.clear()
        self.selection.drop(text, now)

    def role_changed(self, generations: list[Generation], now: float) -> None:
        """Rank all pairs for the new role."""
        for generation in generations:
            generation.rank(self._role.is_controlling)

    def remove_base(self, base: Address, generations: list[Generation], now: float) -> None:
        """Nothing can be sent or received at ``base`` any more."""
        for generation in generations:
            generation.remove_base(base)
        pair = self.selection.pair
        if pair is not None and pair.local.base == base:
            self.selection.cut(now)

    def lose_stream(self, key: PairKey, generations: list[Generation], now: float) -> None:
        """The stream of a pair has ended, and the pair with it: it had arrived."""
        for generation in generations:
            pair = generation.checklist.find(key)
            if pair is None:
                continue
            generation.forget_arrived(pair)
            if pair is self.selection.pair:
                self.selection.break_off(now, for_good=True)

    def refuse_peer(self, base: Address, ip: str, code: int | None, now: float) -> None:
        """Does nothing: relays refuse peers, and a lite agent has none."""

    def settle(self) -> None:
        """Does nothing: each check of the peer says anew which pair is to be used."""

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do; those of the pair in use are its own."""
        deadlines = [self._keepalive_at]
        if self._generation is not None:
            deadlines.append(self._generation.pac_timer.deadline)
        return min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self, now: float) -> float | None:
        """Run the clocks.

        Returns:
            The deadline of the clock that ran out: PAC, liveness or consent.
        """
        patience_at = self._generation.pac_timer.handle_timeout(now) if self._generation else None
        if self._keepalive_at is not None and now >= self._keepalive_at:
            self._keep_alive(now)
        watch_at = self._watch(now)
        return patience_at if watch_at is None else watch_at

    def _watch(self, now: float) -> float | None:
        monitor = self.selection.monitor
        if monitor is None:
            return None
        expires_at, lost_at = monitor.consent_expires_at, monitor.lost_at
        if now >= expires_at:
            self._lose_consent(monitor.pair, now)
            return expires_at
        if lost_at is None or now < lost_at:
            return None
        self.selection.lose_liveness(now)
        return lost_at

    def _lose_consent(self, pair: CandidatePair, now: float) -> None:
        """The peer, if it is there, does not check the pair any more (RFC 7675 5.1)."""
        selection, generation = self.selection, self.selection.generation
        text = "the peer has stopped checking the pair"
        self._trace.record(
            now,
            "ice",
            "consent-lost",
            pair=pair.text,
            unanswered_s=self._config.consent_timeout_s,
            unasked_s=0.0,
            is_revoked=False,
            text=text,
        )
        selection.consent_was_lost = True
        selection.drop(text, now)
        pair.is_barred = True
        if generation is not None:
            generation.checklist.mark(pair, PairState.FAILED)
            generation.agreement.end()

    def send_checks(self, now: float) -> None:
        """Send none. Facing a lite agent, use the best of the pairs there are by now."""
        generation = self._generation
        if generation is not None and generation.remote_traits.is_lite:
            self._trust(generation, now)

    # --- what the peer says -------------------------------------------------------------------

    def heard(self, generation: Generation, check: ReceivedCheck, now: float) -> bool:
        """Take an authentic check; whether it may be answered."""
        if generation.is_active:
            return self._learn(generation, check, now)
        generation.early_checks.keep(check)
        return True

    def _learn(self, generation: Generation, check: ReceivedCheck, now: float) -> bool:
        """The check shows that its pair works, and may nominate it (RFC 8445 7.3.2)."""
        self.evictor.make_room_for_remote(check.remote, generation, now)
        pair = generation.pair_of(check, self._role.is_controlling)
        if pair is None:
            self._trace.count("check-without-pair")
            return False
        self._trace.record(
            now, "ice", "check-received", pair=pair.text, nomination=check.nomination
        )
        pair.requests_received += 1
        pair.responses_sent += 1
        if pair.is_barred or generation not in (self._generation, self.selection.generation):
            return True
        pair.consented_at = now
        if not pair.is_valid:
            self._trace.record(now, "ice", "pair-valid", pair=pair.text, rtt_s=None)
            generation.checklist.mark(pair, PairState.SUCCEEDED)
        monitor = self.selection.monitor
        if monitor is not None and monitor.pair is pair:
            monitor.note_response(now)
        if check.nomination is not None:
            self._follow(pair, generation, check.nomination, now)
        return True

    def _follow(self, pair: CandidatePair, generation: Generation, number: int, now: float) -> None:
        """Follow the peer, which says its latest nomination again with every check.

        If that comes from another address with the same number, a NAT has moved the peer.
        """
        is_repeated = number != 0 and number == generation.agreement.number
        if is_repeated or should_follow(pair, generation, self.selection.monitor, number, now):
            generation.agreement.believe(number)
            self._agree(pair, generation, "the peer nominated the pair", now)

    def follow(self, local: Address, remote: Address, now: float) -> bool:
        """Stay where we are: the peer says with its checks which pair is to be used."""
        return False

    def look(self, local: Address, remote: Address, now: float) -> None:
        """Does nothing: a peer that moves checks from its new address by itself."""

    def receive(self, response: Message, local: Address, remote: Address, now: float) -> bool:
        """Take a response; it answers no check, since none was sent."""
        self._trace.count("stun-response-unmatched")
        return False

    # --- between two lite agents --------------------------------------------------------------

    def _trust(self, generation: Generation, now: float) -> None:
        """Take all pairs to work, and use the best.

        RFC 8445 8.2.2 has the controlling agent tell its choice in another offer. Both agents rank
        by the same formula, so they choose the same pair once they know the same candidates.
        """
        checklist = generation.checklist
        if checklist.pending:
            for pair in checklist:
                checklist.mark(pair, PairState.SUCCEEDED)
        best = next(iter(checklist), None)
        if best is not None:
            self._agree(best, generation, "both agents are lite, and this is their best pair", now)

    def _keep_alive(self, now: float) -> None:
        """Refresh what lies on the way (RFC 8445 11); between full agents consent checks do."""
        path = self.selection.path
        self._keepalive_at = now + KEEPALIVE_S
        if path is not None:
            transaction_id = new_transaction_id(self._random_bytes)
            data = Message(Method.BINDING, MessageClass.INDICATION, transaction_id).encode()
            local, remote = path
            self.transmits.append(Transmit(data, len(data), local, remote))

    # --- the pair in use ----------------------------------------------------------------------

    def _agree(self, pair: CandidatePair, generation: Generation, text: str, now: float) -> None:
        """Both ends settled on ``pair``; ``text`` says why."""
        if pair is not generation.agreement.pair:
            generation.agreement.reach(pair, now)
            self._trace.record(now, "ice", "nominated", pair=pair.text)
        if pair is self.selection.pair:
            return
        trusts = generation.remote_traits.is_lite
        config = self._trusting_config if trusts else self._config
        self.selection.use(
            LiteMonitor(pair, config, self._random_bytes, now), generation, text, now
        )
        self._keepalive_at = now + KEEPALIVE_S if trusts else None


def _finite(at: float) -> float | None:
    return at if at < math.inf else None
