"""Gathering: host candidates at once, server-reflexive ones as the servers answer (RFC 8445 5.1.1).

Every server is asked from every address in parallel, so a dead server delays nothing but the end.
Relayed candidates come from outside: who holds the allocations adds them like local addresses.
"""

from dataclasses import replace

from frazil.ice.candidate import Candidate, CandidateType, TcpType
from frazil.ice.candidate_maker import CandidateMaker
from frazil.ice.checklist import can_receive
from frazil.ice.config import IceConfig
from frazil.ice.disclosure import OPEN, Disclosure
from frazil.ice.event import (
    AddressesNeeded,
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    GatheringStateChanged,
    IceEvent,
)
from frazil.ice.generation import Generation
from frazil.ice.inquiry import Inquiry
from frazil.ice.query import SERVER_UNREACHABLE, QueryResult
from frazil.states.enums import RTCIceGathererState
from frazil.stun import Message
from frazil.trace import Reason, Trace
from frazil.turn import RelayProtocol
from frazil.types import Address, RandomBytes, Transmit


class Gatherer:
    """Gathers the candidates of the newest generation; a restart starts it over.

    It may begin before there is a generation of ours (RFC 9429 3.5.4). What it finds, and has to
    tell, is then kept for the first one.

    Attributes:
        state: Of the newest generation's gathering.
        events: What happened, in order; the caller empties it.
        transmits: What is to be sent to servers; the caller empties it.
    """

    __slots__ = (
        "_component",
        "_config",
        "_disclosures",
        "_generation",
        "_held",
        "_hosts_done",
        "_inquiry",
        "_is_early",
        "_maker",
        "_random_bytes",
        "_told",
        "_trace",
        "events",
        "state",
        "transmits",
    )

    def __init__(
        self, config: IceConfig, random_bytes: RandomBytes, trace: Trace, component: int = 1
    ) -> None:
        self._component = component
        self._config = config
        self._random_bytes = random_bytes
        self._trace = trace
        self.state = RTCIceGathererState.NEW
        self.events: list[IceEvent] = []
        self._held: list[IceEvent] = []
        self.transmits: list[Transmit] = []
        self._reset(None)

    def _reset(self, generation: Generation | None) -> None:
        self._generation = generation
        self._is_early = False
        self._maker = CandidateMaker(self._component)
        self._disclosures: dict[Address, Disclosure] = {}  # those that are not open
        # Of this only the keys matter: an empty set weighs three times as much.
        self._told: dict[tuple[Address, Address], None] = {}
        self._hosts_done = False
        self._inquiry: Inquiry | None = None
        self.transmits.clear()

    def _inquire(self) -> Inquiry:
        """What is asked of servers, from the first one on."""
        if self._inquiry is None:
            self._inquiry = Inquiry(self._config, self._random_bytes, self.transmits)
        return self._inquiry

    # --- commands -----------------------------------------------------------------------------

    def begin_early(self, now: float) -> None:
        """Gather before there are credentials, and tell nobody of it yet."""
        early = Generation()
        self._reset(early)
        self._is_early = True
        self._need_addresses(early)
        self._move(RTCIceGathererState.GATHERING, "a pool of candidates is wanted", now)

    def begin(self, generation: Generation, now: float) -> None:
        """Gather for a new generation; the caller then adds addresses and servers.

        Gathering for the generation before ends here, with what it found. What was found early is
        told now, as if it had just happened.
        """
        if self._is_early and self._generation is not None:
            self._adopt(self._generation, generation)
            return
        self._end_generation()
        self._reset(generation)
        self._need_addresses(generation)
        self._move(RTCIceGathererState.GATHERING, "local credentials were set", now)

    def begin_again(self, now: float) -> bool:
        """Gather once more for the same generation, because the network has changed.

        What it has stays. The peer is told of what comes on top, and once more of the end: RFC
        8838 13 knows no second end, but an ICE restart for each address would be the alternative.

        Returns:
            Whether there is a generation to gather for.
        """
        generation = self._generation
        if generation is None:
            return False
        maker, disclosures = self._maker, self._disclosures
        told, is_early = self._told, self._is_early
        self._reset(generation)
        self._maker, self._disclosures = maker, disclosures
        self._told, self._is_early = told, is_early
        generation.gathered = False
        generation.is_reopened = True
        self._need_addresses(generation)
        self._move(RTCIceGathererState.GATHERING, "the network has changed", now)
        return True

    def _need_addresses(self, generation: Generation) -> None:
        self.events.append(AddressesNeeded(generation.local.ufrag if generation.local else ""))

    def _adopt(self, early: Generation, generation: Generation) -> None:
        """Tell as one gathering what was found early, unless its interface is gone again."""
        held, self._held = self._held, []
        self._is_early = False
        self._generation = generation
        generation.local_candidates = early.local_candidates
        generation.gathered = early.gathered
        ufrag = generation.local.ufrag if generation.local else ""
        bases = {candidate.base for candidate in early.local_candidates}
        states = [event for event in held if isinstance(event, GatheringStateChanged)]
        self.events.append(GatheringStateChanged(states[0].state, ufrag, states[0].reason))
        for event in held:
            if isinstance(event, CandidateError):
                self.events.append(event)
            elif isinstance(event, CandidateGathered) and event.candidate.base in bases:
                self.events.append(CandidateGathered(event.candidate, ufrag))
        if early.gathered:
            self.events.append(CandidatesEnded(ufrag))
            self.events.append(GatheringStateChanged(states[-1].state, ufrag, states[-1].reason))

    def withdraw(self, generation: Generation, now: float) -> None:
        """Forget ``generation``, which was rolled back; the one before has ended already."""
        if generation is not self._generation:
            return
        if self.state is RTCIceGathererState.GATHERING:
            self._move(RTCIceGathererState.COMPLETE, "the offer was rolled back", now)
        self._reset(None)

    def cancel(self) -> None:
        """Forget everything, silently."""
        self._reset(None)
        self._held.clear()
        self.events.clear()

    def expect_server(self, url: str) -> None:
        """A server of this URL will be added or fail; gathering waits for it."""
        self._inquire().expect(url)

    def _open_to(self, address: Address) -> Generation | None:
        """The generation that may get a candidate on ``address``, which is new to it."""
        generation = self._generation
        if generation is None or generation.host_candidate(address):
            return None
        return generation

    def add_host(
        self, address: Address, now: float, disclosure: Disclosure = OPEN
    ) -> Candidate | None:
        """A socket is bound to ``address``: that is a host candidate.

        Args:
            address: Where the socket is bound.
            now: The instant.
            disclosure: What the peer is told of it.

        Returns:
            The candidate that checks are sent from; ``None`` if the address is known, or no
            candidate may be added to the generation any more (RFC 8838 13).
        """
        generation = self._open_to(address)
        if generation is None or generation.gathered:
            return None
        self._disclose(address, disclosure)
        candidate = self._add_host(address, None, disclosure, generation, now)
        for shown in disclosure.reflected:
            self._reflect(candidate, (shown, address[1]), None, None, now)
        if self._inquiry is not None:
            self._inquiry.ask_from(candidate, now)
        return candidate

    def add_tcp(
        self, address: Address, tcp_type: TcpType, now: float, disclosure: Disclosure = OPEN
    ) -> Candidate | None:
        """Streams lead away from ``address``, or arrive there: that is a host candidate too.

        The peer is told of a passive one only: nobody can connect to an active one, and whom it
        connects to sees where it is. STUN servers are asked about neither, for a NAT lets nobody
        in for what they see (RFC 6544 5.2).

        Args:
            address: Where they arrive; with :data:`ACTIVE_PORT` if they lead away.
            tcp_type: Which of the two.
            now: The instant.
            disclosure: What the peer is told of the IP address.

        Returns:
            As in :meth:`add_host`.
        """
        generation = self._open_to(address)
        if generation is None or generation.gathered:
            return None
        self._disclose(address, disclosure)
        return self._add_host(address, tcp_type, disclosure, generation, now)

    def _disclose(self, address: Address, disclosure: Disclosure) -> None:
        """From now on this is what the peer is told of ``address``."""
        if disclosure is OPEN:
            self._disclosures.pop(address, None)
        else:
            self._disclosures[address] = disclosure

    def _add_host(
        self,
        address: Address,
        tcp_type: TcpType | None,
        disclosure: Disclosure,
        generation: Generation,
        now: float,
    ) -> Candidate:
        """Take a host candidate, and tell the peer what it may know."""
        candidate = self._host(address, tcp_type, address[0])
        generation.local_candidates.append(candidate)
        if tcp_type is TcpType.ACTIVE:
            return candidate
        if not disclosure.conceals:
            self._tell(candidate, generation, now)
        for number, shown in enumerate(disclosure.hosts or ()):
            known_as = candidate if number == 0 else self._host(address, tcp_type, shown)
            known_as = replace(known_as, address=(shown, address[1]))
            if known_as.is_resolved:
                generation.local_candidates.append(known_as)
            self._tell(known_as, generation, now)
        return candidate

    def _host(self, address: Address, tcp_type: TcpType | None, known_as: str) -> Candidate:
        return self._maker.host(address, tcp_type, known_as, self._hosts())

    def host_failed(self, host: str, text: str, now: float) -> None:
        """No socket could be bound to the IP address ``host``: it gives no candidates."""
        generation = self._generation
        if generation is not None and not generation.gathered:
            self._trace.record(now, "ice", "host-failed", address=host, text=text)
            self._emit(CandidateError("", SERVER_UNREACHABLE, text, (host, 0)))

    def _hosts(self) -> list[Candidate]:
        generation = self._generation
        candidates = generation.local_candidates if generation else ()
        return [each for each in candidates if each.type is CandidateType.HOST]

    def remove_host(self, address: Address, now: float) -> None:
        """Nothing can be sent or received at ``address`` any more."""
        self._told = {place: None for place in self._told if place[1] != address}
        if self._inquiry is not None:
            self._inquiry.remove_host(address)
        if self._is_early and self._generation is not None:
            self._generation.remove_base(address)
        self._conclude(now)

    def hosts_done(self, now: float) -> None:
        """Every local address has been added."""
        self._hosts_done = True
        self._conclude(now)

    def add_server(self, url: str, addresses: list[Address], now: float) -> None:
        """The STUN server of ``url`` was resolved: ask it from every address of its families."""
        inquiry = self._inquire()
        inquiry.expect_no_more(url)
        generation = self._generation
        if generation is None or generation.gathered:
            return
        hosts = [each for each in self._hosts() if each.is_base and not each.is_tcp]
        if inquiry.add(url, addresses, hosts, now):
            self._conclude(now)

    def server_done(self, url: str, now: float) -> None:
        """The server of ``url``, which others have asked, has given all that it gives."""
        self._inquire().expect_no_more(url)
        self._conclude(now)

    def server_failed(self, error: CandidateError, now: float) -> None:
        """A server cannot be used, for example because its name does not resolve."""
        inquiry = self._inquire()
        inquiry.expect_no_more(error.url)
        if self._generation is not None:
            inquiry.note_error(error)
            self._report(inquiry, error.url, now)
            self._conclude(now)

    def add_relayed(
        self,
        address: Address,
        related: Address,
        url: str,
        server: Address,
        protocol: RelayProtocol,
        now: float,
    ) -> Candidate | None:
        """The server of ``url`` relays for us at ``address``.

        That may come after the end of candidates, in place of a relay that was lost: a peer that
        follows RFC 8838 13 to the letter learns of it by our checks only.

        Args:
            address: The relayed address, which is its own base (RFC 8445 5.1.1.2).
            related: What to tell of where we are.
            url: The server.
            server: Its address.
            protocol: How messages get to it.
            now: The instant.

        Returns:
            The candidate; ``None`` if the address is known.
        """
        generation = self._open_to(address)
        if generation is None:
            return None
        candidate = self._maker.relayed(address, related, url, server, protocol)
        generation.local_candidates.append(candidate)
        self._tell(candidate, generation, now)
        return candidate

    def add_reflected(
        self, base: Address, mapped: Address, url: str, server: Address, now: float
    ) -> None:
        """The server of ``url``, which others have asked from ``base``, sees it as ``mapped``."""
        generation = self._generation
        host = generation.host_candidate(base) if generation is not None else None
        if host is not None and can_receive(mapped):
            self._reflect(host, mapped, url, server, now)

    # --- the servers --------------------------------------------------------------------------

    def receive(self, message: Message, local: Address, remote: Address, now: float) -> bool:
        """Take a response, if it answers a query of ours.

        Returns:
            Whether it did.
        """
        inquiry = self._inquiry
        result = None if inquiry is None else inquiry.receive(message, local, remote)
        if inquiry is None or result is None:
            return False
        self._take(inquiry, result, now)
        self._conclude(now)
        return True

    def _take(self, inquiry: Inquiry, result: QueryResult, now: float) -> None:
        query = result.query
        if result.mapped is not None:
            inquiry.note_answer(query, result.mapped, now)
            self._reflect(query.host, result.mapped, query.url, query.server, now)
        else:
            inquiry.note_error(
                CandidateError(query.url, result.code, result.text, query.host.address)
            )
        if inquiry.is_hopeless(query.url):
            self._report(inquiry, query.url, now)

    def _reflect(
        self,
        host: Candidate,
        mapped: Address,
        url: str | None,
        server: Address | None,
        now: float,
    ) -> None:
        """Take a server-reflexive candidate, unless it is redundant (RFC 8445 5.1.3).

        That is so if the peer was told of the address: there is no NAT, or another server said
        the same. A check that showed it first makes nothing redundant: what checks reveal is
        never signalled. No server is needed for what the user knows.
        """
        generation = self._generation
        if generation is None or generation.gathered or (mapped, host.base) in self._told:
            return
        disclosure = self._disclosures.get(host.base, OPEN)
        if mapped == host.base and disclosure.hosts:
            return  # a server on this side of the NAT: what it sees is what others must not know
        related = disclosure.related(host.base)
        candidate = self._maker.reflected(host, mapped, related, url, server)
        known = generation.local_candidate(mapped, host.base)
        if known is not None and known.type is CandidateType.PEER_REFLEXIVE:
            generation.replace_learned(known, candidate)
        if known is None or not known.is_base:
            generation.local_candidates.append(candidate)
        self._tell(candidate, generation, now)

    def _report(self, inquiry: Inquiry, url: str, now: float) -> None:
        """Tell once of a server from which nothing is to be hoped for any more."""
        error = inquiry.take_error(url)
        if error is not None:
            self._trace.record(
                now, "ice", "server-failed", url=url, code=error.code, text=error.text
            )
            self._emit(error)

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """The earliest retransmission, expiry or keepalive."""
        return None if self._inquiry is None else self._inquiry.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Ask again, give up, refresh NAT bindings: whatever is due."""
        inquiry = self._inquiry
        if inquiry is None:
            return
        expired = inquiry.handle_timeout(now)
        for result in expired:
            self._take(inquiry, result, now)
        if expired:
            self._conclude(now)

    def stop_keepalives(self) -> None:
        """A pair is selected: the bindings of the others may lapse (RFC 8445 11)."""
        if self._inquiry is not None:
            self._inquiry.stop_keepalives()

    # --- results ------------------------------------------------------------------------------

    def _tell(self, candidate: Candidate, generation: Generation, now: float) -> None:
        """The peer may learn of ``candidate``."""
        self._told[candidate.address, candidate.base] = None
        ufrag = generation.local.ufrag if generation.local else ""
        self._trace.record(
            now,
            "ice",
            "local-candidate",
            type=candidate.type,
            address=f"{candidate.address[0]}:{candidate.address[1]}",
            ufrag=ufrag,
        )
        self._emit(CandidateGathered(candidate, ufrag))

    def _conclude(self, now: float) -> None:
        """End the gathering once nothing can come any more."""
        generation = self._generation
        if generation is None or generation.gathered:
            return
        inquiry = self._inquiry
        if not self._hosts_done or not (inquiry is None or inquiry.is_over):
            return
        if inquiry is not None:
            for url in inquiry.unanswered():
                self._report(inquiry, url, now)
        self._end_generation()
        self._move(RTCIceGathererState.COMPLETE, "every address and server was tried", now)

    def _end_generation(self) -> None:
        """No further candidate will come for the generation (RFC 8838 13)."""
        generation = self._generation
        if generation is not None and not generation.gathered:
            generation.gathered = True
            self._emit(CandidatesEnded(generation.local.ufrag if generation.local else ""))

    def _move(self, state: RTCIceGathererState, text: str, now: float) -> None:
        self.state = state
        generation = self._generation
        ufrag = generation.local.ufrag if generation and generation.local else ""
        self._trace.record(now, "ice", "gathering", state=state, text=text)
        reason = Reason(f"gathering-{state}", "webrtc-pc 5.6.1", text, (("ufrag", ufrag),))
        self._emit(GatheringStateChanged(state, ufrag, reason))

    def _emit(self, event: IceEvent) -> None:
        (self._held if self._is_early else self.events).append(event)
