"""The relays of one transport, between ICE and the sockets (RFC 8656, RFC 8445 5.1.1.2).

To ICE, DTLS and everything above, a relayed address is one more local address. Here what they send
from it is wrapped for its server, and what comes from the server is unwrapped before anybody else
sees it. Allocations outlive an ICE restart, so that the old path keeps working until the new one
is agreed; a new generation that asks for the same relay gets the same one. A round of gathering
waits only so long for an answer, and an allocation that is there lives on without it; what was lost
is asked for in the next round as well, until there is another.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from frazil.ice import SERVER_UNREACHABLE, IceAgent
from frazil.session.event import RelayStreamReleased
from frazil.session.relay import Relay
from frazil.session.relay_demand import RelayDemand, unreached
from frazil.session.relay_supply import RelaySupply
from frazil.session.vacancy import VacancyTable
from frazil.trace import Trace
from frazil.turn import (
    Allocated,
    AllocationFailed,
    AllocationLost,
    Closed,
    Confirmed,
    PermissionFailed,
    Redirected,
    TurnConfig,
    TurnEvent,
)
from frazil.types import Address, Datagram, RandomBytes, Transmit, end_of_path

_WAY_GONE: Final = "the way to the server is gone"
"""Why a relay is lost whose interface is."""
_SILENT: Final = "the server does not answer"
_END: Final = (AllocationFailed, Redirected, AllocationLost, Closed)
"""After these a client has nothing more to say to its server, or to hear from it."""
_ANSWERS_OF_STUN: Final = frozenset({b"\x01\x01", b"\x01\x11"})
"""How responses to Binding requests begin (RFC 8489 5)."""


class RelaySet:
    """Asks every TURN server from every local address, in parallel, and keeps what it gets.

    Args:
        ice: Is told of relayed addresses, of servers that give none, and of peers they refuse.
        patience_s: How long gathering waits for one server.
        random_bytes: The source of transaction ids.
        trace: Where decisions are recorded.

    Attributes:
        is_used: Whether there is a relay, so that whatever arrives may be news of it.
        vacancies: What takes the place of lost relays, and the streams that are wanted for it.
    """

    __slots__ = (
        "_by_address",
        "_demand",
        "_ice",
        "_local",
        "_relays",
        "_supply",
        "_trace",
        "is_used",
        "vacancies",
    )

    def __init__(
        self, ice: IceAgent, patience_s: float, random_bytes: RandomBytes, trace: Trace
    ) -> None:
        self._ice = ice
        self._local = ice.local
        self._trace = trace
        self.is_used = False
        self._by_address: dict[Address, Relay] = {}
        self.vacancies = VacancyTable(trace)
        self._demand = RelayDemand(ice.local)
        self._supply = RelaySupply(self._demand, self.vacancies, patience_s, random_bytes, trace)
        self._relays = self._supply.by_way

    # --- gathering ----------------------------------------------------------------------------

    def begin(self, ufrag: str, now: float) -> None:
        """The generation ``ufrag`` gathers: the caller adds its addresses and servers next.

        If it is a new one, the relays of the one before stay for it; those that even that one did
        not want are given back, except one in use. What a wanted server gave counts as unwanted
        only where another relay of it is there, or asked for, and no further way may be found.
        """
        unasked = self._unasked()
        is_new = self._demand.begin(ufrag)
        self.vacancies.clear()
        path = self._ice.path
        for relay in self._relays.values():
            is_in_use = path is not None and path[0] in relay.addresses
            is_unwanted = not relay.wanted_for and unasked.isdisjoint(relay.origins)
            if is_new and is_unwanted and not is_in_use:
                self._give_back(relay, now)
            relay.wanted_for.clear()
            relay.refused.clear()
        self._collect(now)

    def _unasked(self) -> set[str]:
        """The wanted servers of which the round has and awaits no relay, or may ask for more."""
        demand = self._demand
        relays = [relay for relay in self._relays.values() if relay.gives or relay.is_pending]
        asked = {url for relay in relays for url in relay.wanted_for}
        done = {url for url in asked if demand.servers[url].is_complete}
        return demand.expected - done

    def gather_from(self, ips: Collection[str]) -> None:
        """The round gathers from these addresses of this host, and asks nothing from others."""
        self._demand.gather_from(ips)

    def leave(self, ip: str, now: float) -> None:
        """The interface of ``ip`` is gone: nothing that is lost there is replaced."""
        self._demand.leave(ip)
        self.vacancies.leave(ip)
        self._collect(now)

    def add_host(
        self, address: Address, now: float, *, hidden: bool, conceals: bool = False
    ) -> None:
        """A socket is bound to ``address``.

        Args:
            address: Where.
            now: The instant.
            hidden: ICE is not told of it: nobody but servers may write to it.
            conceals: The peer must not learn where it is.
        """
        self._demand.add_host(address, hidden=hidden, conceals=conceals)
        for server in self._demand.servers.values():
            self._supply.ask(server, address, now)
        self._collect(now)

    def hosts_done(self, now: float) -> None:
        """Every local address of the generation has been added."""
        self._demand.hosts_done()
        self._collect(now)

    def remove_host(self, address: Address, now: float, text: str = _WAY_GONE) -> None:
        """Nothing can be sent or received at ``address`` any more; ``text`` says why."""
        self._demand.remove_host(address)
        for relay in self._relays.values():
            if relay.host == address:
                relay.client.lose_transport(text, now)
        self._collect(now)

    def expect_server(self, url: str) -> None:
        """The round wants the server of ``url``, of whatever kind, whether or not it can ask it."""
        self._demand.expect(url)

    def add_server(
        self, url: str, addresses: Sequence[Address], config: TurnConfig, now: float
    ) -> None:
        """The TURN server of ``url`` was resolved: ask it from every address of its families."""
        server = self._demand.add_server(url, addresses, config, is_complete=True)
        if server is None:
            return
        for host in self._demand.hosts:
            self._supply.ask(server, host, now)
        self._collect(now)

    def add_stream(
        self, url: str, local: Address, server: Address, config: TurnConfig, now: float
    ) -> None:
        """A stream leads from ``local`` to the TURN server of ``url``, and to nothing else.

        Where it comes from says nothing of any UDP socket, so the peer is not told.
        """
        self._demand.add_server(url, (), config, is_complete=False)
        known = self._demand.servers.get(url)
        if known is None:
            return
        self._supply.want(url, local, server, known.config, now)
        self._collect(now)

    def streams_done(self, url: str, text: str, now: float) -> None:
        """No further stream will lead to the server of ``url``; ``text`` says why none does."""
        self._end(url, text, now)

    def server_failed(self, url: str, text: str, now: float) -> None:
        """The server of ``url``, of whatever kind, cannot be resolved; ``text`` says why."""
        self._end(url, text, now)

    def _end(self, url: str, text: str, now: float) -> None:
        """No further way to the server of ``url`` will be found."""
        self._supply.insist(url, text, now)
        server = self._demand.servers.get(url)
        if server is None:
            self._local.server_failed(unreached(url, text), now)
        else:
            server.is_complete = True
            self._collect(now)

    def stream_opened(self, number: int, local: Address, now: float) -> None:
        """The stream of this request leads from ``local`` to its server."""
        self._supply.stream_opened(number, local, now)
        self._collect(now)

    def stream_failed(self, number: int, text: str, now: float) -> None:
        """There is no stream for this request; ``text`` says why."""
        self._supply.stream_failed(number, text, now)
        self._collect(now)

    def set_credentials(self, configs: Mapping[str, TurnConfig]) -> None:
        """The servers of these URLs are to be asked like this from now on."""
        demand = self._demand
        demand.set_credentials(configs)
        for vacancy in self.vacancies.items:
            vacancy.config = demand.renewed(vacancy.config, vacancy.origins)
        for relay in self._relays.values():
            relay.prove_by(demand.renewed(relay.config, relay.origins))

    def _tell(self, relay: Relay, now: float) -> None:
        """Tell ICE what the allocation gives, if the newest generation wants it."""
        if not relay.wanted_for:
            return
        local, url, server = self._local, relay.wanted_for[0], relay.server
        if relay.mapped is not None and not relay.is_hidden:
            local.add_reflected(relay.host, relay.mapped, url, server, now)
        for address in relay.addresses:
            local.add_relayed(
                address, relay.related(address), url, server, relay.config.protocol, now
            )
        self._permit(now)

    def has(self, host: Address, server: Address) -> bool:
        """Whether the server relays for ``host``, or is asked to."""
        return self._supply.living(host, server) is not None

    # --- what ICE decided ---------------------------------------------------------------------

    def permit(self, now: float) -> None:
        """Let the relays exchange datagrams with every candidate that they are paired with.

        Those of a generation that no longer matters are given up: what they have sent still
        passes, but nothing is renewed for them.
        """
        if self._by_address:
            self._permit(now)
            self._collect(now)

    def _permit(self, now: float) -> None:
        keys = [pair.key for each in self._ice.generations for pair in each.checklist]
        path = self._ice.path
        if path is not None:
            keys.append(path)  # though its pair may have had to make room for others
        for relay in self._relays.values():
            relay.permit([remote[0] for local, remote in keys if local in relay.addresses], now)

    def use(self, path: tuple[Address, Address], now: float) -> None:
        """Data takes this path from now on: it is worth a channel if it is relayed.

        If it is one of another generation, the addresses of that before have had their time.
        """
        self._permit(now)
        relay = self._by_address.get(path[0])
        if relay is not None:
            relay.client.bind_channel(path[1], now)

    def doubt(self, path: tuple[Address, Address], now: float) -> None:
        """Nothing comes on this path any more: if it is relayed, ask whether it still is.

        If relays stand by, now is the time to ask for permissions that were not to be had.
        """
        relay = self._by_address.get(path[0])
        if relay is not None:
            relay.client.confirm(now)
        self.permit(now)

    # --- network ------------------------------------------------------------------------------

    def unwrap(self, datagrams: list[Datagram], now: float) -> list[Datagram]:
        """The datagrams for the layers above: what peers sent through relays, and all others."""
        if not self._relays and not self._demand.has_untold:
            return datagrams
        out: list[Datagram] = []
        at = 0
        while at < len(datagrams):
            end = end_of_path(datagrams, at)
            out += self._unwrap(datagrams[at:end], now)
            at = end
        return out

    def _unwrap(self, datagrams: list[Datagram], now: float) -> list[Datagram]:
        """The same for datagrams that took one path."""
        local, remote = datagrams[0].local, datagrams[0].remote
        relay = self._relays.get((local, remote))
        if relay is None:
            if not self._demand.is_untold(local):
                return datagrams
            self._trace.count("datagram-at-hidden-address")
            return []
        # A STUN server may share the address: its answers are not for the relay.
        out = [each for each in datagrams if each.data[:2] in _ANSWERS_OF_STUN]
        messages = [each.data for each in datagrams if each.data[:2] not in _ANSWERS_OF_STUN]
        out += relay.client.receive(messages, now)
        self._collect(now)
        return out

    def wrap(self, transmits: list[Transmit], now: float) -> list[Transmit]:
        """What the sockets are to send: what was sent from relayed addresses goes to servers."""
        if not self._relays:
            return transmits
        out: list[Transmit] = []
        for transmit in transmits:
            relay = self._by_address.get(transmit.local)
            if relay is None:
                out.append(transmit)
            else:
                relay.send(transmit, now)
        for relay in self._relays.values():
            out += relay.poll_transmits()
        return out

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """The earliest deadline of any relay."""
        return self._supply.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due at every relay; do not wait any longer for the slow."""
        for relay in list(self._relays.values()):
            relay.client.handle_timeout(now)
            if relay.is_overdue(now):
                self._give_up(relay, now)
        self._collect(now)

    def close(self, now: float) -> None:
        """Give every allocation back; the goodbye is among what :meth:`wrap` then returns."""
        for relay in self._relays.values():
            self._give_back(relay, now)
        self.vacancies.clear()

    def _give_back(self, relay: Relay, now: float) -> None:
        relay.client.close(now)
        for address in relay.addresses:
            del self._by_address[address]
        relay.addresses = ()

    # --- what the clients report --------------------------------------------------------------

    def _collect(self, now: float) -> None:
        for relay in list(self._relays.values()):
            for event in relay.client.poll_events():
                self._take(relay, event, now)
        self._supply.fill(now)
        self.is_used = bool(self._relays)
        self._demand.conclude(self._relays.values(), self.vacancies, now)

    def _take(self, relay: Relay, event: TurnEvent, now: float) -> None:
        if isinstance(event, _END):
            self._supply.drop(relay, now)
            if relay.config.is_reliable:
                self.vacancies.requests.append(RelayStreamReleased(relay.host, relay.server))
        match event:
            case Allocated():
                relay.mapped = event.mapped_address
                relay.allocated_at, relay.lifetime_s = now, event.lifetime_s
                self._endow(relay, event.relayed_addresses, now)
                self._supply.obtain(relay)
                self._tell(relay, now)
            case Confirmed():
                relay.is_doubtful = False
                self._tell(relay, now)
            case AllocationFailed():
                self._supply.fail(relay, event.code or SERVER_UNREACHABLE, event.text, now)
            case Redirected():
                self._supply.redirect(relay, event, now)
            case AllocationLost():
                self._withdraw(relay, now)
                self._supply.lose(relay, event.code or SERVER_UNREACHABLE, event.text, now)
            case PermissionFailed():
                relay.refuse(event.ip, is_passing=event.is_passing)
                for address in relay.addresses:
                    self._local.refuse_peer(address, event.ip, event.code, now)

    def _give_up(self, relay: Relay, now: float) -> None:
        """The server has not answered for so long that gathering waits no longer.

        Whether an allocation that was there lives on is for its refreshes to find out.
        """
        relay.gives_up_at = None
        if relay.is_doubtful:
            error = relay.error(SERVER_UNREACHABLE, _SILENT)
            self._demand.note(relay.wanted_for, error, now)
        else:
            relay.client.close(now)
            self._supply.fail(relay, SERVER_UNREACHABLE, _SILENT, now)

    def _endow(self, relay: Relay, addresses: tuple[Address, ...], now: float) -> None:
        """The server grants these addresses to ``relay``, whoever had them before it restarted."""
        for address in addresses:
            former = self._by_address.get(address)
            if former is not None:
                former.cede(address, now)
            self._by_address[address] = relay
        relay.addresses = addresses

    def _withdraw(self, relay: Relay, now: float) -> None:
        for address in relay.addresses:
            del self._by_address[address]
            self._local.remove_relayed(address, now)
        relay.addresses = ()
