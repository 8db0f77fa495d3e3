"""Gathering: host candidates at once, server-reflexive ones as the servers answer (RFC 8445 5.1.1).

Every server is asked from every address in parallel, so a dead server delays nothing but the end.
Relayed candidates come from outside: who holds the allocations adds them like local addresses.
What becomes of addresses is the business of :mod:`frazil.ice.host_table`, of servers that of
:mod:`frazil.ice.inquiry`; when it is told, that of :mod:`frazil.ice.announcement`.
"""

from collections.abc import Sequence

from frazil.ice.announcement import Announcement
from frazil.ice.candidate import Candidate, CandidateType, TcpType
from frazil.ice.candidate_maker import CandidateMaker
from frazil.ice.checklist import can_receive
from frazil.ice.config import IceConfig
from frazil.ice.disclosure import OPEN, Disclosure
from frazil.ice.event import CandidateError, IceEvent
from frazil.ice.generation import Generation
from frazil.ice.host_table import HostTable
from frazil.ice.inquiry import Inquiry
from frazil.ice.query import QueryResult
from frazil.states.enums import RTCIceGathererState
from frazil.stun import Message
from frazil.trace import Trace
from frazil.turn import RelayProtocol
from frazil.types import Address, RandomBytes, Transmit


class Gatherer:
    """Gathers the candidates of the newest generation; a restart starts it over.

    What was gathered before a restart stays at hand until that is answered: it may be rolled back.

    It may begin before there is a generation of ours (RFC 9429 3.5.4). What it finds, and has to
    tell, is then kept for the first one.

    Attributes:
        events: What happened, in order; the caller empties it.
    """

    __slots__ = (
        "_announcement",
        "_component",
        "_config",
        "_hosts",
        "_hosts_done",
        "_inquiry",
        "_predecessor",
        "_random_bytes",
        "events",
    )

    def __init__(
        self, config: IceConfig, random_bytes: RandomBytes, trace: Trace, component: int = 1
    ) -> None:
        self._component = component
        self._config = config
        self._random_bytes = random_bytes
        self.events: list[IceEvent] = []
        self._announcement = Announcement(self.events, trace)
        self._hosts: HostTable | None = None
        self._predecessor: HostTable | None = None
        self._begin_round()

    @property
    def _generation(self) -> Generation | None:
        """The generation that is gathered for."""
        return None if self._hosts is None else self._hosts.generation

    def _start_over(self, generation: Generation) -> None:
        """Gather for ``generation`` from now on, of which nothing is known."""
        maker = CandidateMaker(self._component)
        self._hosts = HostTable(generation, maker, self._announcement)
        self._begin_round()

    def _begin_round(self) -> None:
        """Expect all addresses and servers, whether or not they were added before."""
        self._hosts_done = False
        self._inquiry: Inquiry | None = None

    def _inquire(self) -> Inquiry:
        """What is asked of servers, from the first one on."""
        if self._inquiry is None:
            self._inquiry = Inquiry(self._config, self._random_bytes)
        return self._inquiry

    @property
    def state(self) -> RTCIceGathererState:
        """Of the newest generation's gathering."""
        return self._announcement.state

    # --- commands -----------------------------------------------------------------------------

    def begin_early(self, now: float) -> None:
        """Gather before there are credentials, and tell nobody of it yet."""
        self._start_over(Generation())
        self._announcement.begin_held()
        self._announcement.start("a pool of candidates is wanted", now)

    def begin(self, generation: Generation, now: float) -> None:
        """Gather for a new generation; the caller then adds addresses and servers.

        Gathering for the generation before ends here, with what it found. Nobody is told of that
        end: the peer would hear of it behind the new credentials, when it knows the old ones no
        more. What was found early is told now, as if it had just happened.
        """
        hosts = self._hosts
        if hosts is not None and self._announcement.is_held:
            self._adopt(hosts, generation)
            bases = {each.base for each in generation.local_candidates}
            self._announcement.release(_ufrag_of(generation), bases, now)
            return
        if hosts is not None:
            hosts.generation.gathered = True
            if hosts.generation.is_active:
                self._predecessor = hosts
        self._start_over(generation)
        self._announcement.begin(_ufrag_of(generation))
        self._announcement.start("local credentials were set", now)

    def _adopt(self, hosts: HostTable, generation: Generation) -> None:
        """What was found early is found for ``generation``."""
        early, hosts.generation = hosts.generation, generation
        generation.local_candidates = early.local_candidates
        generation.gathered = early.gathered

    def commit(self) -> None:
        """The newest generation is in force: it cannot be withdrawn any more."""
        self._predecessor = None

    def begin_again(self, now: float) -> bool:
        """Gather once more for the same generation, because the network has changed.

        What it has stays. The peer is told of what comes on top, and once more of the end: RFC
        8838 13 knows no second end, but an ICE restart for each address would be the alternative.

        Returns:
            Whether there is a generation to gather for.
        """
        if self._hosts is None:
            return False
        if self._predecessor is not None:
            self._predecessor.is_complete = False
        self._reopen(self._hosts, "the network has changed", now)
        return True

    def _reopen(self, hosts: HostTable, text: str, now: float) -> None:
        """Begin another round for the newest generation, for the reason ``text``."""
        self._begin_round()
        hosts.is_complete = False
        hosts.generation.gathered = False
        hosts.generation.is_reopened = True
        self._announcement.start(text, now)

    def withdraw(self, generation: Generation, now: float) -> None:
        """Forget ``generation``, which was rolled back; the one in force is the newest again.

        Its gathering has ended already. If that was too soon, or the network or the relays have
        changed since, it is gathered for again.
        """
        if generation is not self._generation:
            return
        if self.state is RTCIceGathererState.GATHERING:
            self._announcement.complete("the offer was rolled back", now)
        self._hosts, self._predecessor = self._predecessor, None
        self._begin_round()
        if self._hosts is not None:
            self._announcement.begin(_ufrag_of(self._hosts.generation))
            if not self._hosts.is_complete:
                self._reopen(self._hosts, "there are addresses and servers left to try", now)

    def cancel(self) -> None:
        """Forget everything, silently."""
        self._hosts = self._predecessor = None
        self._begin_round()
        self._announcement.cancel()

    # --- our addresses ------------------------------------------------------------------------

    def add_host(
        self, address: Address, now: float, disclosure: Disclosure = OPEN
    ) -> Candidate | None:
        """A socket is bound to ``address``: that is a host candidate.

        Args:
            address: Where the socket is bound.
            now: The instant.
            disclosure: What the peer is told of it; if the address is known, it counts only where
                there was nothing to tell before.

        Returns:
            The candidate that checks are sent from; ``None`` if the address is known, or no
            candidate may be added to the generation any more (RFC 8838 13).
        """
        candidate = self._add(address, None, now, disclosure)
        if candidate is not None and self._inquiry is not None:
            self._inquiry.ask_from(candidate, now)
        return candidate

    def add_tcp(
        self, address: Address, tcp_type: TcpType, now: float, disclosure: Disclosure = OPEN
    ) -> Candidate | None:
        """Streams lead away from ``address``, or arrive there: that is a host candidate too.

        STUN servers are asked about neither, for a NAT lets nobody in for what they see (RFC 6544
        5.2).

        Args:
            address: Where they arrive; with :data:`ACTIVE_PORT` if they lead away.
            tcp_type: Which of the two.
            now: The instant.
            disclosure: What the peer is told of the IP address.

        Returns:
            As in :meth:`add_host`.
        """
        return self._add(address, tcp_type, now, disclosure)

    def _add(
        self, address: Address, tcp_type: TcpType | None, now: float, disclosure: Disclosure
    ) -> Candidate | None:
        hosts = self._hosts
        if hosts is None or hosts.generation.gathered:
            return None
        known = hosts.generation.local_candidates.at_base(address)
        if known is None:
            return hosts.add(address, tcp_type, disclosure, now)
        hosts.reveal(known, disclosure, now)
        return None

    def host_failed(self, host: str, text: str, now: float) -> None:
        """The IP address ``host`` gives no candidate to tell of, for the reason ``text``."""
        generation = self._generation
        if generation is not None and not generation.gathered:
            self._announcement.host_failed(host, text, now)

    def remove_host(self, address: Address, now: float) -> None:
        """Nothing can be sent or received at ``address`` any more."""
        self._miss(address)
        tables = [each for each in (self._hosts, self._predecessor) if each is not None]
        if any(each.generation.local_candidates.at_base(address) for each in tables):
            self._announcement.withdraw(address)
        for hosts in tables:
            hosts.forget(address)
        if self._inquiry is not None:
            self._inquiry.remove_host(address)
        if self._announcement.is_held and self._generation is not None:
            self._generation.remove_base(address)
        self._conclude(now)

    def _miss(self, address: Address) -> None:
        """If a relay was there, the newest generation that has it is to have another one.

        That is being asked for already, but for that generation no more once another has begun.
        """
        for hosts in (self._hosts, self._predecessor):
            known = None if hosts is None else hosts.generation.local_candidates.at_base(address)
            if hosts is not None and known is not None:
                if known.type is CandidateType.RELAYED:
                    hosts.is_complete = False
                return

    def hosts_done(self, now: float) -> None:
        """Every local address has been added."""
        self._hosts_done = True
        self._conclude(now)

    # --- what servers give --------------------------------------------------------------------

    def expect_server(self, url: str) -> None:
        """A server of this URL will be added or fail; gathering waits for it."""
        self._inquire().expect(url)

    def add_server(self, url: str, addresses: list[Address], now: float) -> None:
        """The STUN server of ``url`` was resolved: ask it from every address of its families."""
        inquiry = self._inquire()
        inquiry.expect_no_more(url)
        generation = self._generation
        if generation is None or generation.gathered:
            return
        hosts = [
            each for each in generation.local_candidates.hosts() if each.is_base and not each.is_tcp
        ]
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
        generation = self._generation
        if generation is not None and not generation.gathered:
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
        hosts, before = self._hosts, self._predecessor
        if hosts is None or hosts.generation.local_candidates.at_base(address) is not None:
            return None
        if before is not None and before.generation.local_candidates.at_base(address) is None:
            before.is_complete = False
        candidate = hosts.maker.relayed(address, related, url, server, protocol)
        hosts.generation.local_candidates.add(candidate)
        self._announcement.tell(candidate, now)
        return candidate

    def add_reflected(
        self, base: Address, mapped: Address, url: str, server: Address, now: float
    ) -> None:
        """The server of ``url``, which others have asked from ``base``, sees it as ``mapped``."""
        generation = self._generation
        host = generation.local_candidates.at_base(base) if generation is not None else None
        if host is not None and can_receive(mapped) and (":" in mapped[0]) == host.is_ipv6:
            self._reflect(host, mapped, url, server, now)

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
        self, host: Candidate, mapped: Address, url: str, server: Address, now: float
    ) -> None:
        hosts = self._hosts
        if hosts is not None and not hosts.generation.gathered:
            hosts.reflect(host, mapped, url, server, now)

    def _report(self, inquiry: Inquiry, url: str, now: float) -> None:
        """Tell once of a server from which nothing is to be hoped for any more."""
        error = inquiry.take_error(url)
        if error is not None:
            self._announcement.server_failed(error, now)

    def poll_transmits(self) -> Sequence[Transmit]:
        """What is to be sent to servers, in order."""
        return () if self._inquiry is None else self._inquiry.poll_transmits()

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
        """ICE has concluded: bindings that serve no pair in use may lapse (RFC 8445 11)."""
        if self._inquiry is not None:
            self._inquiry.stop_keepalives()

    # --- the end ------------------------------------------------------------------------------

    def _conclude(self, now: float) -> None:
        """End the gathering once nothing can come any more."""
        hosts, inquiry = self._hosts, self._inquiry
        if hosts is None or hosts.generation.gathered:
            return
        if not self._hosts_done or not (inquiry is None or inquiry.is_over):
            return
        if inquiry is not None:
            for url in inquiry.unanswered():
                self._report(inquiry, url, now)
        hosts.is_complete = True
        hosts.generation.gathered = True
        self._announcement.end()
        self._announcement.complete("every address and server was tried", now)


def _ufrag_of(generation: Generation) -> str:
    """What the peer knows it by; nothing before there are credentials."""
    return generation.local.ufrag if generation.local else ""
