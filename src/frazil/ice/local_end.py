"""Our end of a transport: its addresses, its streams, and what servers say of them."""

from frazil.ice.candidate import Candidate, TcpType
from frazil.ice.checker import Checker
from frazil.ice.disclosure import OPEN, Disclosure
from frazil.ice.event import CandidateError
from frazil.ice.gatherer import Gatherer
from frazil.ice.lineage import Lineage
from frazil.ice.lite import LiteChecker
from frazil.ice.outcome import Outcome
from frazil.ice.role import Role
from frazil.ice.settlement import Settlement
from frazil.ice.validated import ValidatedAddresses
from frazil.states.enums import RTCIceGathererState
from frazil.trace import Trace
from frazil.turn import RelayProtocol
from frazil.types import Address


class LocalEnd:
    """Takes what is found at our end to those it matters to: gathering, pairs, the one in use.

    Its methods are inputs of the agent that it belongs to, whose outputs are to be drained after
    each of them.

    Args:
        lineage: The generations, whose pairs a local candidate joins.
        role: Ranks these pairs.
        gatherer: Makes candidates of addresses, and asks servers.
        checker: Loses pairs with their addresses.
        validated: Where authentic messages came.
        outcome: Takes what is to be told.
        settlement: Ends each input.
        trace: Where decisions are recorded.
    """

    __slots__ = (
        "_checker",
        "_gatherer",
        "_lineage",
        "_outcome",
        "_role",
        "_settlement",
        "_trace",
        "_validated",
    )

    def __init__(
        self,
        lineage: Lineage,
        role: Role,
        gatherer: Gatherer,
        checker: Checker | LiteChecker,
        validated: ValidatedAddresses,
        outcome: Outcome,
        settlement: Settlement,
        trace: Trace,
    ) -> None:
        self._lineage = lineage
        self._role = role
        self._gatherer = gatherer
        self._checker = checker
        self._validated = validated
        self._outcome = outcome
        self._settlement = settlement
        self._trace = trace

    # --- a round of gathering -----------------------------------------------------------------

    def gather_early(self, now: float) -> None:
        """Gather before our credentials are set: add addresses and servers next.

        The first credentials adopt what was found, and only then events tell of it. Once there
        are credentials this does nothing.
        """
        if not self._outcome.is_closed and self._gatherer.state is RTCIceGathererState.NEW:
            self._gatherer.begin_early(now)
            self._settlement.settle(now)

    def gather_again(self, now: float) -> None:
        """There are other addresses or routes: the caller adds all addresses and servers anew.

        The generation stays the same, and so does everything that is known already.
        """
        if not self._outcome.is_closed and self._gatherer.begin_again(now):
            self._settlement.settle(now)

    def addresses_done(self, now: float) -> None:
        """Every local address of this generation has been added."""
        self._gatherer.hosts_done(now)
        self._settlement.settle(now)

    # --- addresses ----------------------------------------------------------------------------

    def add_address(self, address: Address, now: float, disclosure: Disclosure = OPEN) -> None:
        """A socket is bound to ``address``; the peer learns what ``disclosure`` says."""
        self._pair(self._gatherer.add_host(address, now, disclosure), now)

    def add_tcp(
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

    def add_relayed(
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
            self._settlement.settle(now)

    def add_reflected(
        self, base: Address, mapped: Address, url: str, server: Address, now: float
    ) -> None:
        """The server of ``url``, which relays for us, sees the socket at ``base`` as ``mapped``."""
        self._gatherer.add_reflected(base, mapped, url, server, now)
        self._checker.selection.describe_again(now)
        self._settlement.settle(now)

    def address_failed(self, host: str, text: str, now: float) -> None:
        """The address ``host`` gives no candidate to tell of, for the reason ``text``."""
        self._gatherer.host_failed(host, text, now)
        self._settlement.settle(now)

    def remove_address(self, address: Address, now: float) -> None:
        """The interface of ``address`` is gone: nothing can be sent or received there."""
        self._trace.record(now, "ice", "local-address-lost", address=address[0])
        self._remove(address, now)

    def remove_relayed(self, address: Address, now: float) -> None:
        """There is no relay at ``address`` any more."""
        text = f"{address[0]}:{address[1]}"
        self._trace.record(now, "ice", "relayed-address-lost", address=text)
        self._remove(address, now)

    def _remove(self, address: Address, now: float) -> None:
        self._validated.remove(address)
        self._gatherer.remove_host(address, now)
        self._checker.remove_base(address, list(self._lineage), now)
        self._settlement.settle(now)

    def lose_stream(self, local: Address, remote: Address, text: str, now: float) -> None:
        """The stream between these addresses has ended or could not be opened; ``text`` says why.

        One that leads away may be opened again by the next datagram.
        """
        if self._outcome.is_closed:
            return
        self._trace.record(now, "ice", "stream-lost", remote=remote[0], text=text)
        self._validated.discard((local, remote))
        self._checker.lose_stream((local, remote), list(self._lineage), now)
        self._settlement.settle(now)

    def refuse_peer(self, local: Address, ip: str, code: int | None, now: float) -> None:
        """The relay at ``local`` must not exchange anything with ``ip``, whatever the port."""
        self._checker.refuse_peer(local, ip, code, now)
        self._settlement.settle(now)

    # --- servers ------------------------------------------------------------------------------

    def expect_server(self, url: str) -> None:
        """The server of ``url`` is being resolved; gathering waits for it."""
        self._gatherer.expect_server(url)

    def add_stun_server(self, url: str, addresses: list[Address], now: float) -> None:
        """The server of ``url`` was resolved to ``addresses``."""
        self._gatherer.add_server(url, addresses, now)
        self._settlement.settle(now)

    def server_done(self, url: str, now: float) -> None:
        """The expected server of ``url``, which others ask, has given all that it gives."""
        self._gatherer.server_done(url, now)
        self._settlement.settle(now)

    def server_failed(self, error: CandidateError, now: float) -> None:
        """An expected server cannot be used."""
        self._gatherer.server_failed(error, now)
        self._settlement.settle(now)

    def report(self, error: CandidateError, now: float) -> None:
        """A server that gave a candidate has taken it back; nothing but an event follows."""
        if not self._outcome.is_closed:
            self._trace.record(
                now, "ice", "server-failed", url=error.url, code=error.code, text=error.text
            )
            self._outcome.events.append(error)
            self._outcome.has_news = True
