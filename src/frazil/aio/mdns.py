"""Multicast DNS for all connections of a network: one socket per link, however many they are."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from weakref import WeakValueDictionary

from frazil.aio.mdns_link import MdnsLink
from frazil.aio.network import Interface, InterfaceWatch, Network, usable
from frazil.mdns import is_host_name

MAX_LINKS: Final = 32
"""Interfaces on which names are looked up and answered for."""


class MdnsService:
    """Looks up names on every link, and answers for names of this host.

    The connections of one network share it: :func:`acquire` and :meth:`release` count them, and
    with the last one the sockets go.
    """

    def __init__(self, network: Network) -> None:
        self._loop = asyncio.get_running_loop()
        self._network = network
        self._links: dict[str, MdnsLink] = {}
        self._waiting: dict[str, tuple[asyncio.Future[str | None], set[MdnsLink]]] = {}
        self._published: dict[str, Interface] = {}
        self._watch: InterfaceWatch | None = None
        self.users = 0

    async def resolve(self, name: str) -> str:
        """The IP address of ``name``.

        Raises:
            OSError: Nobody answers within five seconds, there is no link to ask on, too many other
                names are being looked up on each, or nobody can have that name.
        """
        if not is_host_name(name):
            raise OSError(
                "this cannot be the name of a host on a link: at most 63 letters, digits and "
                "hyphens, and .local"
            )
        key = name.lower()
        if key not in self._waiting:
            self._ask(key)
        address = await asyncio.shield(self._waiting[key][0])
        if address is None:
            raise OSError(f"nobody on a link of this host answers for {name}")
        return address

    def _ask(self, name: str) -> None:
        links = self._join()
        if not links:
            raise OSError("no link of this host has multicast")
        asked: set[MdnsLink] = set()
        refusal = ""
        for link in links:
            try:
                link.look_up(name)
            except ValueError as error:
                refusal = str(error)
            else:
                asked.add(link)
        if not asked:
            raise OSError(refusal)
        self._waiting[name] = (self._loop.create_future(), asked)

    def _on_ended(self, link: MdnsLink, name: str, address: str | None) -> None:
        """The first address counts, or the last of the links that have none."""
        waiting = self._waiting.get(name)
        if waiting is None:
            return
        future, asked = waiting
        if link not in asked:
            return
        asked.discard(link)
        if address is not None or not asked:
            del self._waiting[name]
            future.set_result(address)
            for other in asked:
                other.cancel(name)

    def publish(self, name: str, interface: Interface) -> None:
        """Answer for ``name`` with an address, on its own link only, whenever there is that link.

        Raises:
            OSError: The link has no multicast, or there are too many names.
        """
        self._join()
        link = self._links.get(interface.name)
        if link is None:
            raise OSError(f"{interface.name} has no multicast over IPv4")
        try:
            link.publish(name, interface.address)
        except ValueError as error:
            raise OSError(str(error)) from None
        self._published[name] = interface

    def withdraw(self, names: Iterable[str]) -> None:
        """Answer for these names no more."""
        for name in names:
            interface = self._published.pop(name, None)
            link = self._links.get(interface.name) if interface is not None else None
            if link is not None:
                link.withdraw(name)

    def release(self) -> None:
        """One connection less; after the last one nothing is left."""
        self.users -= 1
        if self.users:
            return
        del _services[id(self._loop), id(self._network)]
        if self._watch is not None:
            self._watch.close()
        for link in self._links.values():
            link.close()
        if not self._loop.is_closed():
            for future, _ in self._waiting.values():
                future.cancel()

    def _join(self) -> list[MdnsLink]:
        """The links that there are now: one for each interface with an IPv4 address."""
        if self._watch is None:
            self._watch = self._network.watch_interfaces(self._on_change)
        hosts: dict[str, str] = {}
        for interface in usable(self._network.interfaces()):
            if interface.family == 4 and not interface.is_loopback:
                hosts.setdefault(interface.name, interface.address)
        for name, link in list(self._links.items()):
            if hosts.get(name) != link.host:
                self._links.pop(name).close()
                for awaited in list(self._waiting):
                    self._on_ended(link, awaited, None)
        for name, host in list(hosts.items())[:MAX_LINKS]:
            if name not in self._links:
                try:
                    link = MdnsLink(self._network, host, self._on_ended)
                except OSError:
                    continue  # no multicast there: others may have it
                self._links[name] = link
                for published, interface in self._published.items():
                    if interface.name == name:  # from before: the peers were told
                        link.publish(published, interface.address)
        return list(self._links.values())

    def _on_change(self) -> None:
        """Leave a link as soon as it is gone.

        Its device may come back with the same address, and the old socket would hear nothing there.
        """
        with suppress(OSError):  # it does not tell the addresses
            self._join()


_services: "WeakValueDictionary[tuple[int, int], MdnsService]" = WeakValueDictionary()
"""A host has one port for multicast DNS, whatever the number of connections.

By the ``id`` of the loop and of the network, which live as long as the service; and that, as long
as a user.
"""


def acquire(network: Network) -> MdnsService:
    """The service that the connections of ``network`` on this loop share; release it in the end."""
    key = id(asyncio.get_running_loop()), id(network)
    service = _services.get(key)
    if service is None:
        service = _services[key] = MdnsService(network)
    service.users += 1
    return service
