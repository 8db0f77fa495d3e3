"""What the driver finds for a transport on its host: addresses, streams, and servers."""

from frazil.ice import OPEN, Disclosure, IceAgent, TcpType
from frazil.session.relay_set import RelaySet
from frazil.turn import TurnConfig
from frazil.types import Address


class Gathering:
    """Takes each find to those it is for: the ICE agent, the relays, or both.

    Args:
        ice: Makes candidates of addresses.
        relays: Ask TURN servers from them.
    """

    __slots__ = ("_local", "_relays")

    def __init__(self, ice: IceAgent, relays: RelaySet) -> None:
        self._local = ice.local
        self._relays = relays

    def gather_from(self, hosts: list[str], urls: list[str]) -> None:
        """This round uses these addresses of the host, and no others.

        The servers of ``urls``, of whatever kind, are wanted, even while there is no address from
        which they could be asked.
        """
        self._relays.gather_from(hosts)
        for url in urls:
            self._relays.expect_server(url)

    def add_local_address(
        self,
        address: Address,
        now: float,
        *,
        hidden: bool = False,
        disclosure: Disclosure = OPEN,
    ) -> None:
        """A socket is bound to ``address``.

        Args:
            address: Where.
            now: The instant.
            hidden: Use it to reach servers, and for nothing else.
            disclosure: What the peer is told of it otherwise.
        """
        if not hidden:
            self._local.add_address(address, now, disclosure)
        self._relays.add_host(address, now, hidden=hidden, conceals=disclosure.conceals)

    def local_address_failed(self, host: str, text: str, now: float) -> None:
        """The address ``host`` gives no candidate to tell of, for the reason ``text``."""
        self._local.address_failed(host, text, now)

    def add_local_tcp(
        self,
        address: Address,
        tcp_type: TcpType,
        now: float,
        disclosure: Disclosure = OPEN,
    ) -> None:
        """Streams lead away from ``address``, or arrive there; see :class:`frazil.ice.LocalEnd`."""
        self._local.add_tcp(address, tcp_type, now, disclosure)

    def lose_stream(self, local: Address, remote: Address, text: str, now: float) -> None:
        """The stream between these addresses has ended or could not be opened."""
        self._local.lose_stream(local, remote, text, now)

    def local_addresses_done(self, now: float) -> None:
        """Every local address of this generation has been added."""
        self._relays.hosts_done(now)
        self._local.addresses_done(now)

    def gather_again(self, now: float) -> None:
        """There are other local addresses or routes; all are added anew, and the servers too."""
        self._local.gather_again(now)

    def remove_local_address(self, address: Address, now: float) -> None:
        """The interface of ``address`` is gone, and with it the socket."""
        self.lose_host(address[0], now)
        self._relays.remove_host(address, now)
        self._local.remove_address(address, now)

    def lose_host(self, host: str, now: float) -> None:
        """The address ``host`` of this host is gone, whether or not a socket was bound to it."""
        self._relays.leave(host, now)

    def expect_server(self, url: str) -> None:
        """The server of ``url``, of whatever kind, is being resolved; gathering waits for it."""
        self._local.expect_server(url)

    def add_stun_server(self, url: str, addresses: list[Address], now: float) -> None:
        """The STUN server of ``url`` was resolved."""
        self._local.add_stun_server(url, addresses, now)

    def add_turn_server(
        self, url: str, addresses: list[Address], config: TurnConfig, now: float
    ) -> None:
        """The expected TURN server of ``url`` was resolved."""
        self._relays.add_server(url, addresses, config, now)

    def add_turn_stream(
        self, url: str, local: Address, server: Address, config: TurnConfig, now: float
    ) -> None:
        """A stream leads from ``local`` to the expected TURN server of ``url``.

        Its messages are exchanged like datagrams; :meth:`turn_stream_lost` tells of its end.
        """
        self._relays.add_stream(url, local, server, config, now)

    def turn_stream_lost(self, local: Address, text: str, now: float) -> None:
        """The stream from ``local`` to a TURN server has ended; ``text`` says why."""
        self._relays.remove_host(local, now, text)

    def relay_stream_opened(self, number: int, local: Address, now: float) -> None:
        """A stream leads from ``local`` to the server of this :class:`RelayStreamRequested`."""
        self._relays.stream_opened(number, local, now)

    def relay_stream_failed(self, number: int, text: str, now: float) -> None:
        """The stream of this :class:`RelayStreamRequested` cannot be had; ``text`` says why."""
        self._relays.stream_failed(number, text, now)

    def turn_streams_done(self, url: str, text: str, now: float) -> None:
        """All streams to the server of ``url`` were added; ``text`` says why if there is none."""
        self._relays.streams_done(url, text, now)

    def server_failed(self, url: str, text: str, now: float) -> None:
        """The server of ``url`` cannot be used."""
        self._relays.server_failed(url, text, now)
