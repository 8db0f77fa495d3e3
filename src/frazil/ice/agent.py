"""The ICE agent: one transport, from the first candidate to the last (RFC 8445).

This is a façade. What to gather, what checks lead to, whether the pair in use lives and which state
follows are decided in the modules beside it; the agent carries inputs to them and their outputs
back. After every input it settles: due checks are sent, and :mod:`frazil.ice.verdict` says whether
the state moves.
"""

from collections.abc import Iterable
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.deadline import earlier
from frazil.errors import InvalidStateError, NotFoundError
from frazil.ice.candidate import Candidate, TcpType
from frazil.ice.checker import Checker
from frazil.ice.checklist_set import ChecklistSet
from frazil.ice.config import IceConfig
from frazil.ice.credential import Credentials
from frazil.ice.disclosure import OPEN, Disclosure
from frazil.ice.event import (
    CandidateError,
    IceEvent,
    RoleChanged,
    SelectedPair,
)
from frazil.ice.gatherer import Gatherer
from frazil.ice.generation import Generation
from frazil.ice.intake import Intake
from frazil.ice.lineage import Lineage
from frazil.ice.lite import LiteChecker
from frazil.ice.outcome import Outcome
from frazil.ice.pair import CandidatePair, PairKey, PairState
from frazil.ice.pair_report import report_pairs, report_proposals
from frazil.ice.policy import DEFAULT_POLICY, IcePolicy
from frazil.ice.responder import Responder
from frazil.ice.role import Role
from frazil.ice.state import Cause
from frazil.ice.traits import UNKNOWN_TRAITS, AgentTraits
from frazil.ice.validated import ValidatedAddresses
from frazil.states.enums import RTCIceGathererState, RTCIceRole, RTCIceTransportState
from frazil.stun import Message, MessageClass, Method, StunDecodeError
from frazil.trace import Trace
from frazil.turn import RelayProtocol
from frazil.types import Address, Datagram, RandomBytes, Transmit

_BINDING: Final = Method.BINDING
_INDICATION: Final = MessageClass.INDICATION
_REQUEST: Final = MessageClass.REQUEST


@mypyc_attr(allow_interpreted_subclasses=True)
class IceAgent:
    """Connects one component with one peer and says truthfully how that goes.

    Every method that takes ``now`` is an input; drain :meth:`poll_transmits` and
    :meth:`poll_events` after each of them and call :meth:`handle_timeout` at :meth:`next_timeout`.
    Once closed, the agent ignores all inputs.

    Attributes:
        has_news: Since the last :meth:`poll_events` there was more than a sign of life.
    """

    def __init__(
        self,
        name: str,
        config: IceConfig,
        random_bytes: RandomBytes,
        trace: Trace,
        *,
        policy: IcePolicy = DEFAULT_POLICY,
        component: int = 1,
        role: Role | None = None,
        checklists: ChecklistSet | None = None,
    ) -> None:
        """Make an agent that waits for credentials.

        Args:
            name: Tells it apart in reasons and trace.
            config: Its timers.
            random_bytes: Its source of randomness.
            trace: Where it records what it does.
            policy: What it does and does not do.
            component: 1 for RTP and all that is multiplexed with it, 2 for RTCP on its own.
            role: Shared with the agents of the other components of the stream, if there are any.
            checklists: As ``role``. See :class:`frazil.ice.IceStream`.
        """
        self._trace = trace
        self._policy = policy
        self._role = role or Role(random_bytes)
        self._known_role = self._role.value
        self._lineage = Lineage()
        self._gatherer = Gatherer(config, random_bytes, trace, component)
        self._responder = Responder(self._lineage, self._role, trace, is_lite=policy.lite)
        self._checker: Checker | LiteChecker
        if policy.lite:
            self._checker = LiteChecker(config, self._role, random_bytes, trace)
        else:
            checklists = checklists or ChecklistSet()
            self._checker = Checker(
                config, self._role, random_bytes, trace, policy, component, checklists
            )
        self._selection = self._checker.selection
        self._validated = ValidatedAddresses()
        self._outcome = Outcome(name, self._lineage, self._checker, trace)
        self._events = self._outcome.events
        self._is_closed = False
        self._intake = Intake(
            self._lineage, policy, component, self._role, self._selection, trace, self._events
        )
        self._replies = self._responder.transmits
        self._checks = self._checker.transmits
        self._questions = self._gatherer.transmits
        self.has_news = False
        self._decision_at: float | None = None
        self._decision_is_known = False

    # --- what is known ------------------------------------------------------------------------

    @property
    def state(self) -> RTCIceTransportState:
        """The transport state (webrtc-pc RTCIceTransportState)."""
        return self._outcome.state

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
        return self._selection.described

    @property
    def path(self) -> tuple[Address, Address] | None:
        """Where to send from and to; ``None`` while nothing may or can be sent (RFC 7675)."""
        monitor = self._selection.monitor
        return None if monitor is None or monitor.is_cut else monitor.key

    @property
    def pairs(self) -> tuple[CandidatePair, ...]:
        """The pairs of the newest active generation, highest priority first."""
        current = self._lineage.current
        return tuple(current.checklist) if current else ()

    @property
    def pair_in_use(self) -> CandidatePair | None:
        """The selected pair with its counters; during a restart it may not be in ``pairs``."""
        return self._selection.pair

    @property
    def pair_changes(self) -> int:
        """How often the selected pair became another one, or none, or one again."""
        return self._selection.changes

    @property
    def quiet_at(self) -> float | None:
        """When the pair in use will be asked if nothing more is heard of it."""
        monitor = self._selection.monitor
        return None if monitor is None else monitor.quiet_at

    @property
    def revivals(self) -> int:
        """How often the selected pair works again, or leads elsewhere, and is still the same."""
        return self._selection.revivals

    @property
    def generations(self) -> tuple[Generation, ...]:
        """Those that matter now: the newest, the one whose checks run, the one in use."""
        kept = (self._lineage.newest, self._lineage.current, self._selection.generation)
        return tuple(dict.fromkeys(each for each in kept if each is not None))

    def pair_at(self, local: Address, remote: Address) -> CandidatePair | None:
        """The pair between two addresses: the one in use before all others."""
        key, monitor = (local, remote), self._selection.monitor
        if monitor is not None and monitor.key == key:
            return monitor.pair
        found = (generation.checklist.find(key) for generation in self.generations)
        return next((pair for pair in found if pair is not None), None)

    def is_validated(self, local: Address, remote: Address) -> bool:
        """Whether an authenticated STUN message came from ``remote`` to ``local``.

        Nothing but STUN may be accepted from anywhere else. Between two lite agents no such message
        comes, and signalling has to be trusted.
        """
        key = (local, remote)
        return self._validated.has(key) or (self._policy.lite and self._is_trusted(key))

    def _is_trusted(self, key: PairKey) -> bool:
        return any(
            generation.remote_traits.is_lite and generation.checklist.find(key) is not None
            for generation in self.generations
        )

    # --- signalling ---------------------------------------------------------------------------

    def set_role(self, role: RTCIceRole, now: float) -> None:
        """Set the role that signalling implies (RFC 8445 6.1.1)."""
        if not self._is_closed and role is not self._role.value:
            self._role.set(role)
            self._settle(now)

    def gather_early(self, now: float) -> None:
        """Gather before our credentials are set: add local addresses and servers next.

        The first credentials adopt what was found, and only then events tell of it. Once there
        are credentials this does nothing.
        """
        if not self._is_closed and self._gatherer.state is RTCIceGathererState.NEW:
            self._gatherer.begin_early(now)
            self._settle(now)

    def set_local_credentials(self, credentials: Credentials, now: float) -> None:
        """Our half of a generation; other credentials than before begin an ICE restart.

        Gathering starts with it: add local addresses and servers next.
        """
        if self._is_closed:
            return
        generation = self._lineage.set_local(credentials, self._selection.generation)
        if generation is not None:
            self._gatherer.begin(generation, now)
            self._activate(generation, now)
        self._settle(now)

    def set_remote_credentials(
        self, credentials: Credentials, now: float, traits: AgentTraits = UNKNOWN_TRAITS
    ) -> None:
        """Their half of a generation; other credentials than before begin an ICE restart.

        If one of the agents is lite, that settles the role, whoever offered (RFC 8445 6.1.1).
        """
        if self._is_closed:
            return
        generation = self._lineage.set_remote(credentials, self._selection.generation)
        if generation is not None:
            generation.remote_traits = traits
            generation.awaits_checks = self._policy.lite and not traits.is_lite
            self._role.set_facing(traits, lite=self._policy.lite)
            self._activate(generation, now)
        self._settle(now)

    def rollback(self, now: float) -> None:
        """Forget a generation of which only one half is known."""
        generation = self._lineage.rollback()
        if generation is not None and generation.local is not None:
            self._trace.record(now, "ice", "rollback", ufrag=generation.local.ufrag)
            self._gatherer.withdraw(generation, now)
        self._settle(now)

    def add_remote_candidates(
        self, candidates: Iterable[Candidate], now: float, ufrag: str | None = None
    ) -> None:
        """Remote candidates were signalled, one or several together.

        Args:
            candidates: What :meth:`Candidate.from_line` gave. One that no pair can be formed with
                (a name that is not looked up, TCP, port 0) is recorded and otherwise ignored.
            now: The instant.
            ufrag: The generation they belong to; ``None`` means the newest.
        """
        known = [self._intake.add(each, ufrag, now) for each in candidates]
        if any(known):
            self._settle(now)

    def name_resolved(self, name: str, address: str, now: float) -> None:
        """A name of remote candidates, told by :class:`NameFound`, has this IP address."""
        self._intake.resolve(name, address, now)
        self._settle(now)

    def name_unresolved(self, name: str, text: str, now: float) -> None:
        """Such a name stays without an address, for the reason ``text``; it is not waited for."""
        self._intake.give_up(name, text, now)
        self._settle(now)

    def end_remote_candidates(self, now: float, ufrag: str | None = None) -> None:
        """No further remote candidate will be signalled (RFC 8838 13)."""
        self._intake.end(ufrag, now)
        self._settle(now)

    def _activate(self, generation: Generation, now: float) -> None:
        """Begin the checks of a generation with both halves; of a later one: restart."""
        if generation.is_active:
            self._outcome.restart(now)
            self._checker.begin(generation, now)

    # --- the choice of the pair ---------------------------------------------------------------

    def ask_first(self) -> None:
        """From now on report :class:`NominationProposed`, and wait, before nominations."""
        if isinstance(self._checker, Checker):
            self._checker.nominator.gate.is_shut = True

    def decide_nomination(self, key: PairKey, now: float, *, wanted: bool) -> None:
        """The answer to :class:`NominationProposed`; a pair that is not wanted is never nominated.

        A proposal that events have overtaken needs no answer, and gets no consequence.
        """
        if isinstance(self._checker, Checker) and not self._is_closed:
            self._checker.nominator.decide(key, now, wanted=wanted)
            self._settle(now)

    def select_pair(self, key: PairKey, now: float) -> None:
        """Nominate this pair, once a check of it succeeds, and no other one as long as it works.

        Raises:
            InvalidStateError: The agent is not the one that nominates, or the pair has failed.
            NotFoundError: There is no such pair in the generation in force.
        """
        current = self._lineage.current
        pair = current.checklist.find(key) if current else None
        if pair is None:
            raise NotFoundError("the pair is none of this transport, or of one before a restart")
        if isinstance(self._checker, LiteChecker) or not self._role.is_controlling:
            raise InvalidStateError("only the side that nominates can select a pair")
        if pair.state is PairState.FAILED:
            raise InvalidStateError("the pair was checked without success")
        self._checker.nominator.pin(pair, now)
        self._settle(now)

    # --- gathering ----------------------------------------------------------------------------

    def add_local_address(
        self, address: Address, now: float, disclosure: Disclosure = OPEN
    ) -> None:
        """A socket is bound to ``address``; the peer learns what ``disclosure`` says."""
        self._pair(self._gatherer.add_host(address, now, disclosure), now)

    def add_local_tcp(
        self,
        address: Address,
        tcp_type: TcpType,
        now: float,
        disclosure: Disclosure = OPEN,
    ) -> None:
        """Streams lead away from ``address``, or arrive there (RFC 6544 4.1).

        What they carry is exchanged like datagrams with this ``local``. A stream that leads away is
        opened by the first datagram for its ``remote``; :meth:`lose_stream` tells of its end.
        """
        self._pair(self._gatherer.add_tcp(address, tcp_type, now, disclosure), now)

    def lose_stream(self, local: Address, remote: Address, text: str, now: float) -> None:
        """The stream between these addresses has ended or could not be opened; ``text`` says why.

        One that leads away may be opened again by the next datagram.
        """
        if self._is_closed:
            return
        self._trace.record(now, "ice", "stream-lost", remote=remote[0], text=text)
        self._validated.discard((local, remote))
        self._checker.lose_stream((local, remote), list(self._lineage), now)
        self._settle(now)

    def add_relayed_address(
        self,
        address: Address,
        related: Address,
        url: str,
        server: Address,
        protocol: RelayProtocol,
        now: float,
    ) -> None:
        """The server of ``url`` relays for us at ``address``: from now on as good as a socket.

        Args:
            address: What the peer is told; datagrams from and to it carry it as ``local``.
            related: What the peer is told of where we are.
            url: The server.
            server: Its address.
            protocol: How messages get to it.
            now: The instant.
        """
        self._pair(self._gatherer.add_relayed(address, related, url, server, protocol, now), now)

    def add_reflected_address(
        self, base: Address, mapped: Address, url: str, server: Address, now: float
    ) -> None:
        """The server of ``url``, which relays for us, sees the socket at ``base`` as ``mapped``."""
        self._gatherer.add_reflected(base, mapped, url, server, now)
        self._selection.describe_again(now)
        self._settle(now)

    def _pair(self, candidate: Candidate | None, now: float) -> None:
        """Check what can be reached from a new local candidate, if there is one.

        Of an active TCP candidate nobody is told, and mostly there is nothing that it can reach.
        """
        if candidate is None:
            return
        has_pairs = False
        for generation in self._lineage:
            if generation.is_active and candidate in generation.local_candidates:
                generation.pair_local(candidate, self._role.is_controlling)
                has_pairs = has_pairs or bool(generation.checklist.news)
        if has_pairs or self._gatherer.events:
            self._settle(now)

    def local_address_failed(self, host: str, text: str, now: float) -> None:
        """There will be no socket on the address ``host``, for the reason ``text``."""
        self._gatherer.host_failed(host, text, now)
        self._settle(now)

    def gather_again(self, now: float) -> None:
        """There are other local addresses now: the caller adds all addresses and servers anew.

        The generation stays the same, and so does everything that is known already.
        """
        if not self._is_closed and self._gatherer.begin_again(now):
            self._settle(now)

    def local_addresses_done(self, now: float) -> None:
        """Every local address of this generation has been added."""
        self._gatherer.hosts_done(now)
        self._settle(now)

    def remove_local_address(self, address: Address, now: float) -> None:
        """The interface of ``address`` is gone: nothing can be sent or received there."""
        self._trace.record(now, "ice", "local-address-lost", address=address[0])
        self._validated.remove(address)
        self._gatherer.remove_host(address, now)
        self._checker.remove_base(address, list(self._lineage), now)
        self._settle(now)

    def expect_server(self, url: str) -> None:
        """The server of ``url`` is being resolved; gathering waits for it."""
        self._gatherer.expect_server(url)

    def add_stun_server(self, url: str, addresses: list[Address], now: float) -> None:
        """The server of ``url`` was resolved to ``addresses``."""
        self._gatherer.add_server(url, addresses, now)
        self._settle(now)

    def server_done(self, url: str, now: float) -> None:
        """The expected server of ``url``, which others ask, has given all that it gives."""
        self._gatherer.server_done(url, now)
        self._settle(now)

    def server_failed(self, error: CandidateError, now: float) -> None:
        """An expected server cannot be used."""
        self._gatherer.server_failed(error, now)
        self._settle(now)

    def report(self, error: CandidateError, now: float) -> None:
        """A server that gave a candidate has taken it back; nothing but an event follows."""
        if not self._is_closed:
            self._trace.record(
                now, "ice", "server-failed", url=error.url, code=error.code, text=error.text
            )
            self._events.append(error)

    def refuse_peer(self, local: Address, ip: str, code: int | None, now: float) -> None:
        """The relay at ``local`` must not exchange anything with ``ip``, whatever the port."""
        self._checker.refuse_peer(local, ip, code, now)
        self._settle(now)

    # --- network ------------------------------------------------------------------------------

    def take_usual(self, lone: Datagram, now: float) -> list[Transmit] | None:
        """Take a datagram if it is what both ends of a settled pair exchange all the time.

        Returns:
            What is to be sent, if all transmits were polled before; with :meth:`next_timeout` that
            is all that follows. ``None`` if it is anything else: then nothing has happened.
        """
        taken = self._checker.take_usual(lone.data, lone.local, lone.remote, now)
        return self._poll_checks() if taken else None

    def receive_datagram(self, data: bytes, local: Address, remote: Address, now: float) -> None:
        """Take one STUN message. Whatever is wrong with it is counted, never raised."""
        if self._checker.take_usual(data, local, remote, now) or self._is_closed:
            return
        try:
            message = Message.decode(data)
        except StunDecodeError:
            self._trace.count("stun-malformed")
            return
        if message.method is not _BINDING:
            self._trace.count("stun-unexpected-method")
            return
        if message.message_class is _INDICATION:
            return  # a keepalive; nobody signed it
        if message.message_class is _REQUEST:
            self._receive_request(message, local, remote, now)
        elif self._gatherer.receive(message, local, remote, now):
            self._selection.describe_again(now)
        elif self._checker.receive(message, local, remote, now):
            self._validated.add((local, remote), self.path)
        self._settle(now)

    def _receive_request(
        self, request: Message, local: Address, remote: Address, now: float
    ) -> None:
        accepted = self._responder.answer(request, local, remote, now)
        if accepted is not None:
            self._validated.add((local, remote), self.path)
            self._apply_role(now)
            self._checker.heard(*accepted, now)
            self._checker.learn_question(
                accepted[1], request.data, self._responder.transmits[-1].data
            )

    def note_authentic(self, local: Address, remote: Address, now: float) -> None:
        """A DTLS record that verified arrived: a sign of life of that pair."""
        monitor = self._selection.monitor
        if monitor is not None and monitor.key == (local, remote) and not monitor.is_cut:
            if monitor.unanswered == 0 and monitor.is_alive:
                monitor.note_heard(now)  # nearly always, hence in short
                return
            self.has_news = True
            has_changed = self._selection.note_heard(local, remote, now)
        else:
            self.has_news = True
            has_changed = self._checker.follow(local, remote, now)
        if has_changed:
            self._settle(now)

    def note_stray(self, local: Address, remote: Address, now: float) -> None:
        """Payload that may be the peer's came from another address than it should.

        That is a hint and no proof: at most it causes a check there, seldom enough to be harmless.
        """
        self.has_news = True
        self._checker.look(local, remote, now)

    def note_sent(self, now: float) -> float | None:
        """Payload that the peer must acknowledge leaves on the pair in use.

        Returns:
            The earliest that the pair will be asked if nothing comes back; ``None`` if that is
            known already.
        """
        monitor = self._selection.monitor
        return None if monitor is None else monitor.note_sent(now)

    def ask_usual(self, now: float) -> list[Transmit] | None:
        """Do what is due if it is but the next check on a settled pair; as :meth:`take_usual`."""
        return self._poll_checks() if self._ask_if_due(now) else None

    def _ask_if_due(self, now: float) -> bool:
        """Whether the next check on a settled pair, which is sent then, is all that may be due."""
        if not self._decision_is_known:
            self._decide()
        decision_at = self._decision_at
        return (decision_at is None or now < decision_at) and self._checker.ask_if_due(now)

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        if not self._ask_if_due(now):
            self._gatherer.handle_timeout(now)
            self._settle(now, self._checker.handle_timeout(now))

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do."""
        if not self._decision_is_known:
            self._decide()
        monitor, at = self._selection.monitor, self._decision_at
        watched_at = None if monitor is None else monitor.next_timeout()
        return at if watched_at is None or (at is not None and at < watched_at) else watched_at

    def _decide(self) -> None:
        """Find out when more is due than a look at the clocks of the pair in use."""
        self._decision_is_known = True
        self._decision_at = earlier(self._gatherer.next_timeout(), self._checker.next_timeout())

    def poll_transmits(self) -> list[Transmit]:
        """What is to be sent, in order."""
        out = self._poll_checks()
        if self._replies:
            out = self._replies + out
            self._replies.clear()
        if self._questions:
            out += self._questions
            self._questions.clear()
        return out

    def _poll_checks(self) -> list[Transmit]:
        out = self._checks.copy()
        self._checks.clear()
        return out

    def poll_events(self) -> list[IceEvent]:
        """What happened, in order."""
        self.has_news = False
        if not self._events:
            return []
        events = self._events.copy()
        self._events.clear()
        return events

    def close(self, now: float) -> None:
        """Stop at once and answer nothing any more. Fires no event (webrtc-pc 4.4.1.10)."""
        if not self._is_closed:
            self._is_closed = True
            self._outcome.move(Cause.CLOSE, now)
            self._checker.stop("the connection was closed", now)
            self._decision_is_known = False
            self._selection.take_news()
            self._lineage.clear()
            self._gatherer.cancel()
            self._responder.transmits.clear()
            self._validated.clear()
            self._events.clear()

    # --- the state ----------------------------------------------------------------------------

    def _settle(self, now: float, ran_out_at: float | None = None) -> None:
        """After any input: send the checks that are due and say what follows.

        Args:
            ran_out_at: The deadline of the clock that ran out, if that is the input.
        """
        self.has_news = True
        self._decision_is_known = False
        self._apply_role(now)
        current = self._lineage.current
        if current is None:  # nothing can be checked yet, so there is no pair and no state
            self._take_gathered()
            return
        self._events += report_pairs(self._lineage, self._trace, now)
        if isinstance(self._checker, Checker) and self._checker.nominator.gate.proposals:
            self._events += report_proposals(self._checker.nominator.gate)
        self._checker.send_checks(now)
        self._take_gathered()
        self._outcome.draw(current, now, ran_out_at)
        if current.gathered and current.nominated is not None:
            self._gatherer.stop_keepalives()
        self._checker.settle()

    def _take_gathered(self) -> None:
        if self._gatherer.events:
            self._events += self._gatherer.events
            self._gatherer.events.clear()

    def _apply_role(self, now: float) -> None:
        role = self._role
        if role.value is not self._known_role:
            self._known_role = role.value
            self._trace.record(now, "ice", "role", role=role.value, why=role.why)
            self._events.append(RoleChanged(role.value))
            self._checker.role_changed(list(self._lineage), now)
