"""The mDNS names of one connection: its own, and those of its peer."""

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

from frazil.aio import mdns
from frazil.aio.ice_option import MdnsMode
from frazil.aio.network import Interface, Network
from frazil.aio.task_set import TaskSet
from frazil.peer.event import LookupRequested
from frazil.peer.transport_set import TransportSet

MAX_LOOKUPS_AT_ONCE: Final = 8
"""Names in candidates of one peer that are being looked up; the others wait for their turn."""
MAX_AWAITED_NAMES: Final = 100
"""Names of one peer that are being looked up or wait for their turn: those of two generations."""


class Naming:
    """Looks up the names in candidates of the peer, and names addresses of this host.

    Nothing is opened before the first name is needed.

    Args:
        transports: Are told what became of a name.
        network: Where names are looked up and published.
        flush: Called after an input to ``transports``.
        tasks: Where look-ups run.
        mode: What is allowed.
    """

    __slots__ = (
        "_awaiting",
        "_flush",
        "_mode",
        "_names",
        "_network",
        "_service",
        "_tasks",
        "_transports",
        "_turns",
    )

    def __init__(
        self,
        transports: TransportSet,
        network: Network,
        flush: Callable[[], None],
        tasks: TaskSet,
        mode: MdnsMode | str,
    ) -> None:
        self._transports = transports
        self._network = network
        self._flush = flush
        self._tasks = tasks
        self._mode = mode
        self._awaiting: dict[str, dict[str, None]] = {}  # by name: the transports to be told
        self._turns = asyncio.Semaphore(MAX_LOOKUPS_AT_ONCE)
        self._names: dict[str, str] = {}
        self._service: mdns.MdnsService | None = None

    def look_up(self, request: LookupRequested, now: float) -> None:
        """Find out which address the name has, and tell the transport."""
        transport, host = request.transport, request.host
        if self._mode == MdnsMode.OFF:
            text = "looking up names is switched off"
            self._transports.name_unresolved(transport, host, text, now)
        elif host in self._awaiting:
            self._awaiting[host][transport] = None
        elif len(self._awaiting) >= MAX_AWAITED_NAMES:
            text = f"{MAX_AWAITED_NAMES} other names of this peer are to be looked up"
            self._transports.name_unresolved(transport, host, text, now)
        else:
            self._awaiting[host] = {transport: None}
            self._tasks.start(self._resolve(host), f"look up {host}")

    async def _resolve(self, host: str) -> None:
        loop, transports = asyncio.get_running_loop(), self._transports
        try:
            async with self._turns:
                address = await self._shared().resolve(host)
        except OSError as error:
            text = str(error)
            for transport in self._awaiting.pop(host):
                transports.name_unresolved(transport, host, text, loop.time())
        else:
            for transport in self._awaiting.pop(host):
                transports.name_resolved(transport, host, address, loop.time())
        self._flush()

    def publish(self, interface: Interface) -> str:
        """The name that stands for an address, the same for the life of the connection.

        Raises:
            OSError: The name cannot be answered for.
        """
        name = self._names.get(interface.address)
        if name is None:
            name = f"{UUID(bytes=self._network.random_bytes(16), version=4)}.local"
        self._shared().publish(name, interface)
        self._names[interface.address] = name
        return name

    def _shared(self) -> mdns.MdnsService:
        if self._service is None:
            self._service = mdns.acquire(self._network)
        return self._service

    def close(self) -> None:
        """Answer for no name any more."""
        if self._service is not None:
            self._service.withdraw(self._names.values())
            self._service.release()
            self._service = None
