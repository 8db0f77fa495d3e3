"""The network of the machine this process runs on."""

import asyncio
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from frazil.aio import interface, resolver, stream, udp
from frazil.aio.interface_watch import SharedWatch
from frazil.aio.network import (
    AcceptHandler,
    DatagramHandler,
    Interface,
    InterfaceWatch,
    Network,
    Stream,
    StreamHandlers,
    StreamListener,
    Tls,
    UdpSocket,
)
from frazil.types import Address

INTERFACES_FRESH_S: Final = 1.0
"""How long a look at the interfaces and routes serves: it costs a third of a handshake."""


class SystemNetwork(Network):
    """Real sockets, real interfaces, real names.

    All connections share one, unless they are given another network.

    Args:
        offload: Let a Linux kernel cut and join runs of equal datagrams (UDP GSO and GRO) where
            it can. A refusal is noticed and survived without this switch; turn it off for a
            driver that accepts such runs and then garbles them.
    """

    def __init__(self, *, offload: bool = True) -> None:
        self._offload = offload
        self._interfaces: tuple[Interface, ...] = ()
        self._sources: set[str] = set()
        self._seen_at: float | None = None
        # By the id of the loop, which lives as long as its watch; and that, as long as a listener.
        self._watches: WeakValueDictionary[int, SharedWatch] = WeakValueDictionary()

    def interfaces(self) -> list[Interface]:
        """All addresses of this machine, loopback and link-local ones included.

        They are those of a moment at most :data:`INTERFACES_FRESH_S` ago.

        Raises:
            OSError: The operating system refused to tell.
        """
        self._refresh()
        return list(self._interfaces)

    def default_sources(self) -> set[str]:
        """The addresses on the default routes; as old as what :meth:`interfaces` says.

        Raises:
            OSError: The operating system refused to tell.
        """
        self._refresh()
        return set(self._sources)

    def _refresh(self) -> None:
        now = time.monotonic()
        if self._seen_at is None or now - self._seen_at >= INTERFACES_FRESH_S:
            self._interfaces = tuple(interface.list_interfaces())
            self._sources = super().default_sources()
            self._seen_at = now

    def source_address(self, remote: str) -> str:
        """The address from which this machine writes to ``remote``. Nothing is sent.

        Raises:
            OSError: No route leads there.
            ValueError: ``remote`` is not an IP literal.
        """
        return interface.source_address(remote)

    def watch_interfaces(self, on_change: Callable[[], None]) -> InterfaceWatch:
        """Have ``on_change`` called after changes; see :class:`frazil.aio.Network`."""
        loop = asyncio.get_running_loop()
        key = id(loop)
        watch = self._watches.get(key)
        if watch is None:
            forget = partial(self._watches.pop, key, None)
            watch = self._watches[key] = SharedWatch(loop, self._look, forget)
        return watch.subscribe(on_change)

    def _look(self) -> tuple[list[Interface], set[str]]:
        """The addresses of this very moment, and those on the default routes."""
        self._seen_at = None
        return self.interfaces(), self.default_sources()

    def open_udp(self, host: str, port: int, on_datagrams: DatagramHandler) -> UdpSocket:
        """Bind a UDP socket and hand what it receives to ``on_datagrams``.

        Raises:
            OSError: The address is not there, the port is taken, or the like.
            ValueError: ``host`` is not an IP literal.
        """
        loop = asyncio.get_running_loop()
        return udp.open_udp(loop, host, port, on_datagrams, offload=self._offload)

    def open_multicast(self, host: str, group: Address, on_datagrams: DatagramHandler) -> UdpSocket:
        """Join a multicast group on a link; see :class:`frazil.aio.Network`.

        Raises:
            OSError: The address is not there, or its link has no multicast.
        """
        return udp.open_multicast(asyncio.get_running_loop(), host, group, on_datagrams)

    async def connect_tcp(
        self,
        remote: Address,
        handlers: StreamHandlers,
        *,
        local: str | None = None,
        tls: Tls | None = None,
    ) -> Stream:
        """Open a TCP or TLS stream; see :class:`frazil.aio.Network`.

        Raises:
            OSError: Nobody answers, or refuses, or is not who he should be (``ssl.SSLError``).
        """
        return await stream.connect(remote, handlers, local=local, tls=tls)

    async def listen_tcp(self, host: str, port: int, accept: AcceptHandler) -> StreamListener:
        """Bind a TCP port; see :class:`frazil.aio.Network`.

        Raises:
            OSError: The address is not there, the port is taken, or the like.
            ValueError: ``host`` is not an IP literal.
        """
        return await stream.listen(host, port, accept)

    async def resolve(self, host: str, port: int) -> list[Address]:
        """The addresses of ``host``, best first; an IP literal stands for itself.

        Raises:
            OSError: There is no such name, or it cannot be looked up.
        """
        return await resolver.resolve(host, port)

    random_bytes = staticmethod(os.urandom)  # as the module secrets does
    """``n`` bytes from the operating system's source for secrets."""
