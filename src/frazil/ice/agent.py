"""The ICE agent: one transport, from the first candidate to the last (RFC 8445).

This is a façade. What to gather, which pair to check next, whether the selected pair lives and
which state follows are decided in the modules beside it; the agent carries inputs to them and their
outputs back. Read :mod:`frazil.ice.verdict` for why a state is what it is.
"""

from dataclasses import replace

from frazil.ice.candidate import Candidate, CandidateProtocol, CandidateType, foundation
from frazil.ice.check import Check, CheckKind, CheckTable, error_response, success_response
from frazil.ice.checklist import can_pair, is_reachable_kind
from frazil.ice.config import (
    MAX_EARLY_CHECKS,
    MAX_LOCAL_PEER_REFLEXIVE,
    MAX_REMOTE_CANDIDATES,
    MAX_REMOTE_PEER_REFLEXIVE,
    MAX_VALIDATED,
    IceConfig,
)
from frazil.ice.credential import Credentials
from frazil.ice.event import IceEvent, IceTransportChanged, RoleChanged, SelectedPair
from frazil.ice.gatherer import COMPONENT, Gatherer
from frazil.ice.generation import EarlyCheck, Generation, Generations
from frazil.ice.monitor import Monitor
from frazil.ice.nomination import should_follow, should_nominate
from frazil.ice.pair import CandidatePair, PairState
from frazil.ice.reason import evidence, explain
from frazil.ice.role import Role
from frazil.ice.state import TRANSITIONS, Cause, TransportStateMachine
from frazil.ice.verdict import Facts, judge
from frazil.states.enums import RTCIceGathererState, RTCIceRole, RTCIceTransportState
from frazil.stun import (
    Attribute,
    Message,
    MessageClass,
    Method,
    StunDecodeError,
    short_term_key,
)
from frazil.trace import Reason, Trace
from frazil.types import Address, RandomBytes, Transmit

_OVER = frozenset((RTCIceTransportState.FAILED, RTCIceTransportState.CLOSED))


class IceAgent:
    """Connects one component with one peer and says truthfully how that goes.

    Every method that takes ``now`` is an input; drain :meth:`poll_transmits` and
    :meth:`poll_events` after each of them and call :meth:`handle_timeout` at :meth:`next_timeout`.
    """

    def __init__(
        self, name: str, config: IceConfig, random_bytes: RandomBytes, trace: Trace
    ) -> None:
        self._config = config
        self._random_bytes = random_bytes
        self._trace = trace
        self._role = Role(random_bytes)
        self._machine = TransportStateMachine(name, trace)
        self._gatherer = Gatherer(config, random_bytes, trace)
        self._checks = CheckTable(config, self._role, random_bytes)
        self._generations = Generations()
        self._monitor: Monitor | None = None
        self._in_use: Generation | None = None  # the generation of the monitored pair
        self._silent_pair: CandidatePair | None = None
        self._validated: set[tuple[Address, Address]] = set()
        self._ordinary_at = 0.0
        self._pair_is_news = False
        self._consent_lost = False
        self._events: list[IceEvent] = []
        self._responses: list[Transmit] = []

    # --- what is known ------------------------------------------------------------------------

    @property
    def state(self) -> RTCIceTransportState:
        """The transport state (webrtc-pc RTCIceTransportState)."""
        return self._machine.state

    @property
    def role(self) -> RTCIceRole:
        """Whether this agent nominates."""
        return self._role.value

    @property
    def gathering_state(self) -> RTCIceGathererState:
        """The state of the newest generation's gathering."""
        return self._gatherer.state

    @property
    def selected_pair(self) -> SelectedPair | None:
        """The pair that carries data now."""
        return self._monitor.pair.describe() if self._monitor else None

    @property
    def path(self) -> tuple[Address, Address] | None:
        """Where to send from and to; ``None`` while nothing may be sent (RFC 7675)."""
        return self._monitor.pair.key if self._monitor else None

    @property
    def pairs(self) -> tuple[CandidatePair, ...]:
        """The pairs of the newest active generation, highest priority first."""
        current = self._generations.current
        return tuple(current.checklist) if current else ()

    def is_validated(self, local: Address, remote: Address) -> bool:
        """Whether an authenticated STUN message came from ``remote`` to ``local``.

        Nothing but STUN may be accepted from anywhere else.
        """
        return (local, remote) in self._validated

    # --- signalling ---------------------------------------------------------------------------

    def set_role(self, role: RTCIceRole, now: float) -> None:
        """Set the role that signalling implies (RFC 8445 6.1.1)."""
        if role is not self._role.value:
            self._role.value = role
            self._on_role_changed(now, "signalling")

    def set_local_credentials(self, credentials: Credentials, now: float) -> None:
        """Our half of a generation; other credentials than before begin an ICE restart.

        Gathering starts with it: add local addresses and servers next.
        """
        generation = self._generations.set_local(credentials)
        if generation is not None:
            self._gatherer.begin(generation, now)
            self._activate(generation, now)
        self._settle(now)

    def set_remote_credentials(
        self, credentials: Credentials, now: float, *, lite: bool = False
    ) -> None:
        """Their half of a generation; other credentials than before begin an ICE restart."""
        generation = self._generations.set_remote(credentials)
        if generation is not None:
            generation.remote_is_lite = lite
            self._activate(generation, now)
        self._settle(now)

    def rollback(self, now: float) -> None:
        """Forget a generation of which only one half is known."""
        generation = self._generations.rollback()
        if generation is not None and generation.local is not None:
            self._gatherer.cancel()
            self._trace.record(now, "ice", "rollback", ufrag=generation.local.ufrag)
        self._settle(now)

    def add_remote_candidate(
        self, candidate: Candidate, now: float, ufrag: str | None = None
    ) -> None:
        """A remote candidate was signalled.

        Args:
            candidate: What :meth:`Candidate.from_line` gave. One that no pair can be formed with
                (unresolved name, TCP, port 0) is recorded and otherwise ignored.
            ufrag: The generation it belongs to; ``None`` means the newest.
        """
        generation = self._generations.by_remote_ufrag(ufrag)
        if generation is None:
            self._trace.count("ice-candidate-of-unknown-generation")
            return
        self._add_remote(generation, candidate, now)
        self._settle(now)

    def end_remote_candidates(self, now: float, ufrag: str | None = None) -> None:
        """No further remote candidate will be signalled (RFC 8838 13)."""
        generation = self._generations.by_remote_ufrag(ufrag)
        if generation is not None and not generation.remote_ended:
            generation.remote_ended = True
            self._trace.record(now, "ice", "end-of-remote-candidates")
        self._settle(now)

    def _activate(self, generation: Generation, now: float) -> None:
        """Begin the checks of a generation with both halves; of a later one: restart."""
        if not generation.is_active:
            return
        generation.patience_ends_at = now + self._config.patience_s
        cause = Cause.RESTART
        if (self.state, cause) in TRANSITIONS:
            self._move(cause, now)
        for local in list(generation.local_candidates):
            self._pair_local(generation, local)
        for early in generation.early_checks:
            self._trigger_early(generation, early, now)
        generation.early_checks.clear()

    # --- gathering ----------------------------------------------------------------------------

    def add_local_address(self, address: Address, now: float) -> None:
        """A socket is bound to ``address``."""
        candidate = self._gatherer.add_host(address, now)
        if candidate is not None:
            for generation in self._generations:
                if generation.is_active and candidate in generation.local_candidates:
                    self._pair_local(generation, candidate)
        self._settle(now)

    def local_addresses_done(self, now: float) -> None:
        """Every local address of this generation has been added."""
        self._gatherer.hosts_done(now)
        self._settle(now)

    def remove_local_address(self, address: Address, now: float) -> None:
        """The interface of ``address`` is gone: nothing can be sent or received there."""
        for generation in self._generations:
            generation.local_candidates = [
                c for c in generation.local_candidates if c.base != address
            ]
            for pair in list(generation.checklist):
                if pair.local.base == address:
                    self._checks.cancel(pair)
                    generation.checklist.remove(pair)
        if self._monitor is not None and self._monitor.pair.local.base == address:
            self._silent_pair = self._monitor.pair
            self._monitor.cut()
        self._trace.record(now, "ice", "local-address-lost", address=address[0])
        self._settle(now)

    def expect_stun_server(self, url: str) -> None:
        """The server of ``url`` is being resolved; gathering waits for it."""
        self._gatherer.expect_server(url)

    def add_stun_server(self, url: str, addresses: list[Address], now: float) -> None:
        """The server of ``url`` was resolved to ``addresses``."""
        self._gatherer.add_server(url, addresses, now)
        self._settle(now)

    def stun_server_failed(self, url: str, text: str, now: float) -> None:
        """The server of ``url`` cannot be used; ``text`` says why."""
        self._gatherer.server_failed(url, text, now)
        self._settle(now)

    # --- network ------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, local: Address, remote: Address, now: float) -> None:
        """Take one STUN message. Whatever is wrong with it is counted, never raised."""
        if self.state is RTCIceTransportState.CLOSED:
            return
        try:
            message = Message.decode(data)
        except StunDecodeError:
            self._trace.count("stun-malformed")
            return
        if message.method is not Method.BINDING:
            self._trace.count("stun-unexpected-method")
        elif message.message_class is MessageClass.REQUEST:
            self._receive_request(message, local, remote, now)
        elif message.message_class is not MessageClass.INDICATION:
            if not self._gatherer.receive(message, local, remote, now):
                self._receive_response(message, local, remote, now)
        self._settle(now)

    def note_authentic(self, local: Address, remote: Address, now: float) -> None:
        """A DTLS record that verified arrived: a sign of life of that pair."""
        monitor = self._monitor
        if monitor is not None and monitor.pair.key == (local, remote):
            monitor.note_heard(now)
            if self.state is RTCIceTransportState.DISCONNECTED:
                self._settle(now)

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        self._gatherer.handle_timeout(now)
        for check in self._checks.handle_timeout(now):
            self._check_failed(check, None, now)
        current = self._generations.current
        if current and current.patience_ends_at is not None and now >= current.patience_ends_at:
            current.patience_is_over = True
        if self._monitor is not None:
            self._watch(self._monitor, now)
        self._settle(now)

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do."""
        if self.state is RTCIceTransportState.CLOSED:
            return None
        deadlines = [self._gatherer.next_timeout(), self._checks.next_timeout()]
        if self._monitor is not None:
            deadlines.append(self._monitor.next_timeout())
        current = self._generations.current
        if current is not None and self.state not in _OVER:
            if not current.patience_is_over:
                deadlines.append(current.patience_ends_at)
            if current.checklist.next_ordinary(self._bar(current)) is not None:
                deadlines.append(self._ordinary_at)
        return min((at for at in deadlines if at is not None), default=None)

    def poll_transmits(self) -> list[Transmit]:
        """What is to be sent, in order."""
        out = self._responses + self._checks.transmits + self._gatherer.transmits
        self._responses.clear()
        self._checks.transmits.clear()
        self._gatherer.transmits.clear()
        return out

    def poll_events(self) -> list[IceEvent]:
        """What happened, in order."""
        events, self._events = self._events, []
        return events

    def close(self, now: float) -> None:
        """Stop at once and answer nothing any more. Fires no event (webrtc-pc 4.4.1.10)."""
        if self.state is not RTCIceTransportState.CLOSED:
            self._move(Cause.CLOSE, now)
            self._monitor = None
            self._generations.clear()
            self._gatherer.cancel()
            self._checks.clear()
            self._responses.clear()
            self._events.clear()

    # --- requests of the peer -----------------------------------------------------------------

    def _receive_request(
        self, request: Message, local: Address, remote: Address, now: float
    ) -> None:
        ufrag = (request.text(Attribute.USERNAME) or "").partition(":")[0]
        generation = self._generations.by_local_ufrag(ufrag)
        if not request.has_integrity or not ufrag:
            self._answer(error_response(request, 400, "Bad Request"), local, remote)
            self._trace.count("check-without-credentials")
            return
        credentials = generation.local if generation else None
        if (
            generation is None
            or credentials is None
            or not request.is_authentic(short_term_key(credentials.password))
        ):
            self._answer(error_response(request, 401, "Unauthenticated"), local, remote)
            self._trace.count("check-unauthenticated")
            return
        if request.unknown_required:
            reply = error_response(request, 420, "Unknown Attribute", credentials)
            self._answer(reply, local, remote)
            return
        if self._role.claims_ours(request):
            if self._role.keeps_against(request):
                reply = error_response(request, 487, "Role Conflict", credentials)
                self._answer(reply, local, remote)
                return
            self._role.switch()
            self._on_role_changed(now, "the peer's check claims our role and wins the tie-break")
        self._answer(success_response(request, remote, credentials), local, remote)
        self._validate(local, remote)
        self._react(request, generation, local, remote, now)

    def _answer(self, data: bytes, local: Address, remote: Address) -> None:
        self._responses.append(Transmit(data, len(data), local, remote))

    def _validate(self, local: Address, remote: Address) -> None:
        if len(self._validated) < MAX_VALIDATED:
            self._validated.add((local, remote))

    def _react(
        self, request: Message, generation: Generation, local: Address, remote: Address, now: float
    ) -> None:
        """Learn from an authentic check (RFC 8445 7.3.1.3 to 7.3.1.5)."""
        monitor = self._monitor
        if monitor is not None and monitor.pair.key == (local, remote):
            monitor.note_heard(now)
        early = EarlyCheck(
            local,
            remote,
            request.number(Attribute.PRIORITY) or 1,
            request.flag(Attribute.USE_CANDIDATE),
            request.number(Attribute.NOMINATION) or 0,
        )
        if generation.is_active:
            self._trigger_early(generation, early, now)
        elif len(generation.early_checks) < MAX_EARLY_CHECKS:
            generation.early_checks.append(early)

    def _trigger_early(self, generation: Generation, early: EarlyCheck, now: float) -> None:
        pair = self._pair_of(generation, early, now)
        if pair is None:
            return
        pair.requests_received += 1
        pair.responses_sent += 1
        if early.use_candidate and not self._role.is_controlling:
            if pair.is_valid:
                self._follow(pair, generation, early.nomination, now)
            else:
                pair.use_candidate_received = True
                generation.nomination = max(generation.nomination, early.nomination)
        if (
            not pair.is_valid
            and self.state not in _OVER
            and generation is self._generations.current
        ):
            self._checks.cancel(pair)
            generation.checklist.trigger(pair)

    def _pair_of(
        self, generation: Generation, early: EarlyCheck, now: float
    ) -> CandidatePair | None:
        """The pair a check came on, learning its remote candidate if it is new."""
        pair = generation.checklist.find((early.local, early.remote))
        if pair is not None:
            return pair
        local = generation.host_candidate(early.local)
        if local is None:
            self._trace.count("check-on-unknown-address")
            return None
        remote = generation.remote_candidate(early.remote)
        if remote is None:
            remote = self._learn_remote(generation, early, now)
        if remote is None or not can_pair(local, remote):
            return None
        pair = CandidatePair(local, remote, self._role.is_controlling)
        return pair if generation.checklist.add(pair) else None

    def _learn_remote(
        self, generation: Generation, early: EarlyCheck, now: float
    ) -> Candidate | None:
        """A peer-reflexive remote candidate (RFC 8445 7.3.1.3)."""
        learned = [
            c for c in generation.remote_candidates if c.type is CandidateType.PEER_REFLEXIVE
        ]
        if len(learned) >= MAX_REMOTE_PEER_REFLEXIVE:
            self._trace.count("too-many-prflx")
            return None
        kind, protocol = CandidateType.PEER_REFLEXIVE, CandidateProtocol.UDP
        candidate = Candidate(
            foundation=foundation(kind, early.remote, protocol, None),
            component=COMPONENT,
            protocol=protocol,
            priority=max(1, early.priority & 0x7FFFFFFF),
            address=early.remote,
            type=kind,
            base=early.remote,
        )
        generation.remote_candidates.append(candidate)
        host, port = early.remote
        self._trace.record(now, "ice", "remote-prflx", address=f"{host}:{port}")
        return candidate

    # --- pairs --------------------------------------------------------------------------------

    def _add_remote(self, generation: Generation, candidate: Candidate, now: float) -> None:
        known = generation.remote_candidate(candidate.address)
        if known is not None and known.type is not CandidateType.PEER_REFLEXIVE:
            return
        signalled = [c for c in generation.remote_candidates if c is not known and c.line]
        if len(signalled) >= MAX_REMOTE_CANDIDATES:
            self._trace.count("too-many-remote-candidates")
            return
        self._trace.record(
            now,
            "ice",
            "remote-candidate",
            type=candidate.type,
            protocol=candidate.protocol,
            address=f"{candidate.address[0]}:{candidate.address[1]}",
            resolved=candidate.is_resolved,
        )
        if known is not None:
            generation.remote_candidates.remove(known)
        generation.remote_candidates.append(candidate)
        if not is_reachable_kind(candidate):
            return
        controlling = self._role.is_controlling
        for pair in generation.checklist:
            if pair.remote is known:  # it was peer-reflexive until now
                pair.remote = candidate
                pair.rank(controlling)
        generation.checklist.sort()
        if generation.is_active:
            for local in list(generation.local_candidates):
                if local.type is CandidateType.HOST and can_pair(local, candidate):
                    generation.checklist.add(CandidatePair(local, candidate, controlling))

    def _pair_local(self, generation: Generation, local: Candidate) -> None:
        """Form the pairs of a host candidate, from which reflexive ones send too (6.1.2.4)."""
        if local.type is not CandidateType.HOST:
            return
        for remote in generation.remote_candidates:
            if is_reachable_kind(remote) and can_pair(local, remote):
                pair = CandidatePair(local, remote, self._role.is_controlling)
                generation.checklist.add(pair)

    def _on_role_changed(self, now: float, why: str) -> None:
        self._trace.record(now, "ice", "role", role=self._role.value, why=why)
        self._events.append(RoleChanged(self._role.value))
        for generation in self._generations:
            for pair in generation.checklist:
                pair.rank(self._role.is_controlling)
            generation.checklist.sort()

    # --- our checks ---------------------------------------------------------------------------

    def _bar(self, generation: Generation) -> int:
        """Pairs up to this priority need no check: a better one is nominated and lives."""
        monitor, nominated = self._monitor, generation.nominated
        if nominated is not None and monitor is not None and monitor.is_alive:
            return nominated.priority
        return -1

    def _send_checks(self, now: float) -> None:
        """Triggered checks at once, ordinary ones paced by Ta.

        A triggered check goes where an authentic one just came from, one for one, so pacing it
        would protect nobody; an ordinary check goes to an address that was only claimed.
        """
        generation = self._generations.current
        if generation is None or self.state in _OVER:
            return
        while (pair := generation.checklist.next_triggered()) is not None:
            self._start_check(pair, generation, now)
        if now >= self._ordinary_at:
            pair = generation.checklist.next_ordinary(self._bar(generation))
            if pair is not None:
                self._start_check(pair, generation, now)
                self._ordinary_at = now + self._config.pacing_s

    def _start_check(self, pair: CandidatePair, generation: Generation, now: float) -> None:
        pair.state = PairState.IN_PROGRESS
        monitor = self._monitor
        urgent = monitor is not None and not monitor.is_alive and self._in_use is generation
        self._checks.start(pair, generation, CheckKind.CONNECTIVITY, now, hurried=urgent)
        self._trace.record(now, "ice", "check", pair=str(pair))

    def _receive_response(
        self, response: Message, local: Address, remote: Address, now: float
    ) -> None:
        check = self._checks.find(response.transaction_id)
        if check is None:
            self._trace.count("stun-response-unmatched")
            return
        if check.pair.key != (local, remote):
            # Not symmetric (RFC 8445 7.2.5.2.1). The true answer may still come.
            self._trace.count("stun-response-from-elsewhere")
            return
        credentials = check.generation.remote
        authentic = credentials is not None and response.is_authentic(
            short_term_key(credentials.password)
        )
        if response.message_class is MessageClass.SUCCESS:
            if not authentic:
                self._trace.count("stun-response-unauthenticated")
                return
            self._checks.remove(check)
            self._check_succeeded(check, response, now)
            return
        code = response.error.code if response.error else 500
        if not authentic and code not in (400, 401, 420):
            self._trace.count("stun-response-unauthenticated")
            return
        self._checks.remove(check)
        if code == 487:
            self._role_conflict(check, now)
        elif not check.is_cancelled:
            self._check_failed(check, code, now)

    def _role_conflict(self, check: Check, now: float) -> None:
        """The peer insists on our role: switch and check again (RFC 8445 7.2.5.1)."""
        if check.sent_as is self._role.value:
            self._role.switch()
            self._on_role_changed(now, "the peer answered 487")
        if not check.pair.is_valid:
            check.generation.checklist.trigger(check.pair)

    def _check_succeeded(self, check: Check, response: Message, now: float) -> None:
        pair, generation = check.pair, check.generation
        rtt_s = check.transaction.rtt_s(now)
        if rtt_s is not None:
            pair.round_trip.sample(rtt_s)
        pair.responses_received += 1
        pair.error_code = None
        self._validate(*pair.key)
        if self._monitor is not None and self._monitor.pair is pair:
            self._monitor.note_response(now)
        if generation.checklist.find(pair.key) is not pair or self.state in _OVER:
            return
        if not pair.is_valid:
            self._trace.record(now, "ice", "pair-valid", pair=str(pair), rtt_s=rtt_s)
            pair.state = PairState.SUCCEEDED
        if pair.mapped is None:
            pair.mapped = self._mapped(check, response)
        generation.checklist.thaw(pair.foundation)
        self._nominate_or_use(check, now)

    def _mapped(self, check: Check, response: Message) -> Candidate | None:
        """The local candidate that the peer sees (RFC 8445 7.2.5.3.1)."""
        pair, generation = check.pair, check.generation
        address = response.address(Attribute.XOR_MAPPED_ADDRESS)
        if address is None or address == pair.local.address:
            return pair.local
        known = generation.local_candidate(address, pair.local.base)
        if known is not None:
            return known
        kind = CandidateType.PEER_REFLEXIVE
        learned = sum(c.type is kind for c in generation.local_candidates)
        if learned >= MAX_LOCAL_PEER_REFLEXIVE:
            return pair.local
        candidate = replace(
            pair.local,
            foundation=foundation(kind, pair.local.base, pair.local.protocol, None),
            priority=check.priority,
            address=address,
            type=kind,
            related=pair.local.address,
        )
        generation.local_candidates.append(candidate)
        return candidate

    def _check_failed(self, check: Check, code: int | None, now: float) -> None:
        pair, generation = check.pair, check.generation
        if check.kind in (CheckKind.CONSENT, CheckKind.STANDBY):
            return  # the monitor judges by time, not by single checks
        self._trace.record(now, "ice", "pair-failed", pair=str(pair), code=code)
        pair.error_code = code
        if self._monitor is None or self._monitor.pair is not pair:
            pair.state = PairState.FAILED
        best = generation.checklist.best_valid()
        if best is not None and best is not pair and self._role.is_controlling:
            self._nominate(best, generation, now)

    # --- nomination and the selected pair -----------------------------------------------------

    def _nominate_or_use(self, check: Check, now: float) -> None:
        pair, generation = check.pair, check.generation
        if check.kind is CheckKind.NOMINATION:
            self._agree(pair, generation, now)
            return
        if self._role.is_controlling:
            self._nominate(pair, generation, now)
        elif pair.use_candidate_received:
            pair.use_candidate_received = False
            self._follow(pair, generation, generation.nomination + 1, now)
        if pair is not (self._monitor.pair if self._monitor else None) and (
            self._monitor is None or not self._monitor.is_alive
        ):
            self._use(pair, generation, now)

    def _nominate(self, pair: CandidatePair, generation: Generation, now: float) -> None:
        if (
            generation is self._generations.current
            and should_nominate(pair, generation, self._monitor)
            and not self._checks.has_nomination(pair)
        ):
            generation.nomination += 1
            self._trace.record(now, "ice", "nominate", pair=str(pair))
            self._checks.start(pair, generation, CheckKind.NOMINATION, now)

    def _follow(
        self, pair: CandidatePair, generation: Generation, nomination: int, now: float
    ) -> None:
        """The controlling peer nominated a valid pair."""
        if pair is generation.nominated:
            generation.nomination = max(generation.nomination, nomination)
        elif should_follow(pair, generation, self._monitor, nomination, now):
            generation.nomination = max(generation.nomination, nomination)
            self._agree(pair, generation, now)

    def _agree(self, pair: CandidatePair, generation: Generation, now: float) -> None:
        """Both ends settled on ``pair``."""
        pair.nominated = True
        generation.nominated = pair
        generation.nominated_at = now
        self._trace.record(now, "ice", "nominated", pair=str(pair))
        if generation.gathered:
            self._gatherer.stop_keepalives()
        if self._monitor is None or self._monitor.pair is not pair:
            self._use(pair, generation, now)

    def _use(self, pair: CandidatePair, generation: Generation, now: float) -> None:
        """Send on ``pair`` from now on."""
        old = self._monitor
        if old is not None and not old.is_alive and self._in_use is generation:
            old.pair.state = PairState.FAILED
        self._monitor = Monitor(pair, self._config, self._random_bytes, now)
        self._in_use = generation
        self._pair_is_news = True
        self._trace.record(now, "ice", "selected", pair=str(pair), nominated=pair.nominated)

    def _watch(self, monitor: Monitor, now: float) -> None:
        """Run the two clocks of the selected pair."""
        if now >= monitor.consent_expires_at:
            self._lose_consent(monitor)
            return
        lost_at = monitor.lost_at
        if lost_at is not None and now >= lost_at:
            monitor.declare_lost()
            self._silent_pair = monitor.pair
        generation = self._in_use
        if generation is None or monitor.is_cut or now < monitor.next_check_at:
            return
        self._checks.start(monitor.pair, generation, CheckKind.CONSENT, now)
        monitor.pair.consent_requests_sent += 1
        monitor.note_check(now)
        if not monitor.is_alive:
            self._ask_standby(monitor.pair, now)

    def _ask_standby(self, silent: CandidatePair, now: float) -> None:
        """Ask the other pairs that once worked whether one of them can take over."""
        generation = self._generations.current
        if generation is None:
            return
        standby = [pair for pair in generation.checklist if pair.is_valid and pair is not silent]
        for pair in standby[:4]:
            self._checks.start(pair, generation, CheckKind.STANDBY, now)

    def _lose_consent(self, monitor: Monitor) -> None:
        """Nothing may be sent on the selected pair any more (RFC 7675 5.1)."""
        self._consent_lost = True
        self._pair_is_news = True
        self._monitor = None
        monitor.pair.state = PairState.FAILED
        generation, self._in_use = self._in_use, None
        if generation is None:
            return
        generation.nominated = None
        for pair in generation.checklist:
            if pair.is_valid:
                if monitor.is_alive:  # they have not been asked since
                    generation.checklist.trigger(pair)
                else:
                    pair.state = PairState.FAILED

    # --- the state ----------------------------------------------------------------------------

    def _settle(self, now: float) -> None:
        """After any input: send the checks that are due and say what follows."""
        self._send_checks(now)
        self._events += self._gatherer.events
        self._gatherer.events.clear()
        while (cause := judge(self.state, self._facts())) is not None:
            self._move(cause, now)
        self._consent_lost = False
        if self._pair_is_news:
            self._pair_is_news = False
            text = "a better pair was nominated" if self._monitor else "consent to send expired"
            reason = Reason("pair-selected", "RFC 8445 8.1.1", text)
            self._events.append(IceTransportChanged(None, True, self.selected_pair, reason))

    def _move(self, cause: Cause, now: float) -> None:
        generation = self._generations.current
        change = self._machine.move(
            cause,
            explain(cause, generation),
            now,
            evidence=evidence(generation, self._monitor, now),
            next_deadline_at=self._monitor.next_timeout() if self._monitor else None,
        )
        self._events.append(
            IceTransportChanged(change, self._pair_is_news, self.selected_pair, change.reason)
        )
        self._pair_is_news = False
        self._consent_lost = False

    def _facts(self) -> Facts:
        monitor = self._monitor
        current = self._generations.current
        checklist = current.checklist if current else None
        bar = self._bar(current) if current else -1
        return Facts(
            has_remote=bool(current and current.remote_candidates),
            usable=monitor is not None,
            alive=monitor is not None and monitor.is_alive,
            cut=monitor is not None and monitor.is_cut,
            fresh=monitor is not None and monitor.pair is not self._silent_pair,
            nominated=bool(current and current.nominated and self._in_use is current),
            pending=checklist is not None and checklist.is_pending(bar),
            failed=checklist is not None and checklist.count(PairState.FAILED) > 0,
            over=bool(current and current.is_over),
            patience_over=bool(
                current
                and (
                    current.patience_is_over or (current.gathered and not current.local_candidates)
                )
            ),
            consent_lost=self._consent_lost,
        )
