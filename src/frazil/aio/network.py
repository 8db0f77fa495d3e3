"""What a peer connection needs from the world: interfaces, sockets, streams, names, randomness.

:class:`frazil.aio.SystemNetwork` is the machine's own network. The hosts of
:class:`frazil.testing.VirtualNetwork` implement the same interface, so the same asyncio code runs
on both.
"""

import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from frazil.types import Address, Datagram, Transmit

MAX_UNSENT_BYTES: Final = 256 * 1024
"""How much may wait in a stream: what a TURN connection carries is worthless when it is old."""

_SOMEWHERE: Final = ("192.0.2.1", "2001:db8::1")
"""Addresses that nobody has (RFC 5737, 3849): the way to them is the default route."""

_EUI64_MARK: Final = b"\xff\xfe"
_PREFIX_SIZE: Final = 8
"""Bytes of an IPv6 prefix to which hosts add something of their own (RFC 4862)."""

DatagramHandler: TypeAlias = Callable[[list[Datagram]], None]
"""Gets the datagrams that one wake-up of a socket found, in the order of their arrival."""


class Interface(NamedTuple):
    """One address of one network interface.

    Attributes:
        name: What the operating system calls the interface, for example ``"wlan0"``.
        address: The IP address in canonical text form, without a zone.
        is_temporary: Whether it is a temporary IPv6 address (RFC 8981) that is to be preferred.
            Only Linux tells.
    """

    name: str
    address: str
    is_temporary: bool = False

    @property
    def family(self) -> Literal[4, 6]:
        """The version of IP."""
        return 6 if ":" in self.address else 4

    @property
    def is_loopback(self) -> bool:
        """Whether the address leads back to this very host."""
        return self.address.startswith("127.") or self.address == "::1"

    @property
    def is_link_local(self) -> bool:
        """Whether the address means something on its link only (fe80::/10, 169.254.0.0/16)."""
        return _is_link_local(self.address)

    @property
    def is_of_hardware(self) -> bool:
        """Whether it is made of the interface's MAC address (RFC 4291 A), and so tells the host."""
        return self.family == 6 and ip_address(self.address).packed[11:13] == _EUI64_MARK


@lru_cache(maxsize=256)
def _is_link_local(address: str) -> bool:
    return ip_address(address).is_link_local


def usable(interfaces: Iterable[Interface], *, include_loopback: bool = False) -> list[Interface]:
    """The addresses from which host candidates are worth gathering, in the given order.

    Link-local IPv6 addresses are left out, since they need a zone that no candidate can carry.
    Loopback addresses are left out (RFC 8445, 5.1.1.1) unless they are asked for, or there is
    nothing else: two programs on a machine without a network can still talk.
    """
    routable = [one for one in interfaces if not (one.family == 6 and one.is_link_local)]
    if include_loopback:
        return routable
    return [one for one in routable if not one.is_loopback] or routable


def untracked(interfaces: Sequence[Interface]) -> list[Interface]:
    """Those by which nobody can follow the host from network to network, where it has the choice.

    An address of a MAC address is left out beside a temporary one of the same interface and prefix
    (RFC 8445 5.1.1.1).
    """
    private = {_prefix_of(each) for each in interfaces if each.is_temporary}
    return [each for each in interfaces if not private or _is_untracked(each, private)]


def _is_untracked(interface: Interface, private: set[tuple[str, bytes]]) -> bool:
    if interface.is_temporary or not interface.is_of_hardware:
        return True
    return _prefix_of(interface) not in private


def _prefix_of(interface: Interface) -> tuple[str, bytes]:
    return interface.name, ip_address(interface.address).packed[:_PREFIX_SIZE]


class UdpSocket(Protocol):
    """A bound UDP socket that never blocks."""

    @property
    def local(self) -> Address:
        """The address it is bound to, with the real port."""

    @property
    def dropped(self) -> int:
        """How many datagrams were given to :meth:`send` and never left this host."""

    def expect(self, ufrag: str) -> None:
        """Connectivity checks for this ufrag are for the owner of the socket.

        Only a socket that is shared needs to know (:class:`frazil.SharedPort`).
        """

    def send(self, transmits: list[Transmit]) -> None:
        """Send, or lose, every datagram; in order for each remote address.

        Never blocks, and never raises for the network's sake: what the host cannot send is lost,
        as it could be anywhere on the way, and counted in :attr:`dropped`. So is everything
        after :meth:`close`.

        Raises:
            ValueError: A segment size is not positive.
        """

    def close(self) -> None:
        """Close. No datagram is handed over any more. Idempotent."""


@runtime_checkable
class MeasuringSocket(Protocol):
    """A UDP socket by which the size of the packets on a path can be measured."""

    def forbid_fragments(self) -> bool:
        """Lose what does not fit a link instead of sending it in pieces.

        Returns:
            Whether this system can, and does from now on.
        """


@runtime_checkable
class PooledSocket(Protocol):
    """A UDP socket that can be read for many connections."""

    def serve(self, connections: int) -> None:
        """So many connections get what comes here: read accordingly much at one wake-up.

        Timers come after what was read. With too little of it, those of some connections would
        take the silence of this host for that of their peers.
        """


class StreamHandlers(NamedTuple):
    """What a stream calls, from the event loop, never from within one of its methods.

    Attributes:
        on_data: Gets the bytes that came, cut anywhere; possibly before ``connect_tcp`` has
            returned. It may close the stream.
        on_end: Called once when the stream is over for another reason than its own ``close``.
    """

    on_data: Callable[[bytes], None]
    on_end: Callable[[], None]


class Stream(Protocol):
    """A TCP or TLS connection that never blocks."""

    @property
    def local(self) -> Address:
        """The address at this end."""

    @property
    def remote(self) -> Address:
        """The address at the other end."""

    @property
    def dropped(self) -> int:
        """How many messages were given to :meth:`send` and never sent."""

    def send(self, message: bytes) -> None:
        """Send a message as a whole, or lose it as a whole, so that framing survives.

        It is lost, and counted in :attr:`dropped`, if more than :data:`MAX_UNSENT_BYTES` wait
        already or the stream is over. Late media and data would be of no use to anyone.
        """

    def close(self) -> None:
        """Close. Nothing is called any more. Idempotent."""


class StreamListener(Protocol):
    """A TCP port at which streams arrive."""

    @property
    def local(self) -> Address:
        """The address it is bound to, with the real port."""

    def close(self) -> None:
        """Accept no more streams; those that were accepted live on. Idempotent."""


AcceptHandler: TypeAlias = Callable[[Stream], StreamHandlers]
"""Gets a stream that has arrived, and tells what it is to call."""


class InterfaceWatch(Protocol):
    """Somebody's wish to know when the addresses or the default routes of a host change."""

    def close(self) -> None:
        """Call nobody any more. Idempotent."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How to secure a stream.

    Attributes:
        server_name: Whom the certificate must name: a host name or an IP literal.
        context: What to trust; what the operating system trusts, unless told.
    """

    server_name: str
    context: ssl.SSLContext | None = None


class Network(Protocol):
    """The network as one host sees it."""

    def interfaces(self) -> list[Interface]:
        """All addresses of this host right now, loopback and link-local ones included.

        See :func:`usable` for a choice among them.
        """

    def source_address(self, remote: str) -> str:
        """The address of this host from which it would write to ``remote``. Nothing is sent.

        Args:
            remote: An IP literal.

        Raises:
            OSError: No route leads there.
            ValueError: ``remote`` is not an IP literal.
        """

    def default_sources(self) -> set[str]:
        """The addresses from which it writes to the world at large: those on its default routes."""
        sources = set()
        for remote in _SOMEWHERE:
            try:
                sources.add(self.source_address(remote))
            except OSError:
                continue  # there is no default route for this family
        return sources

    def watch_interfaces(self, on_change: Callable[[], None]) -> InterfaceWatch:
        """Have ``on_change`` called soon after the addresses or the default routes have changed.

        That is when :meth:`interfaces` or :meth:`default_sources` has another answer.

        To be called in a running event loop, from which ``on_change`` is called too, never from
        within another method. Several changes may come as one, and a call without any.
        """

    def open_udp(self, host: str, port: int, on_datagrams: DatagramHandler) -> UdpSocket:
        """Bind a UDP socket; to be called in a running event loop.

        Args:
            host: An IP literal: an address of this host.
            port: 0 takes any free port.
            on_datagrams: Called from the event loop, never from within another method of the
                socket. It may close the socket.

        Raises:
            OSError: The address is not there, the port is taken, or the like.
            ValueError: ``host`` is not an IP literal.
        """

    def open_multicast(self, host: str, group: Address, on_datagrams: DatagramHandler) -> UdpSocket:
        """Join a multicast group on the link of one address; others of the host may, too.

        What the socket sends leaves on that link and comes to every member, this host included.

        Args:
            host: An IPv4 literal: an address of this host.
            group: The group and its port.
            on_datagrams: As of :meth:`open_udp`.

        Raises:
            OSError: The address is not there, or its link has no multicast.
        """

    async def connect_tcp(
        self,
        remote: Address,
        handlers: StreamHandlers,
        *,
        local: str | None = None,
        tls: Tls | None = None,
    ) -> Stream:
        """Open a stream; it is ready, and secured if wanted, on return.

        Nobody waits for ever, but the operating system may wait for minutes: use
        ``asyncio.timeout``. A cancelled attempt leaves nothing behind.

        Args:
            remote: Where to.
            handlers: What the stream calls.
            local: The address of this host to come from; any, unless told.
            tls: Secure the stream.

        Raises:
            OSError: Nobody answers, or refuses, or is not who he should be (``ssl.SSLError``).
        """

    async def listen_tcp(self, host: str, port: int, accept: AcceptHandler) -> StreamListener:
        """Bind a TCP port.

        Args:
            host: An IP literal: an address of this host.
            port: 0 takes any free port.
            accept: Called for each stream that arrives.

        Raises:
            OSError: The address is not there, the port is taken, or the like.
            ValueError: ``host`` is not an IP literal.
        """

    async def resolve(self, host: str, port: int) -> list[Address]:
        """The addresses of ``host``, best first; an IP literal stands for itself.

        Raises:
            OSError: There is no such name, or it cannot be looked up.
        """

    def random_bytes(self, n: int, /) -> bytes:
        """``n`` bytes that nobody can predict (on a virtual network: that the seed determines)."""
