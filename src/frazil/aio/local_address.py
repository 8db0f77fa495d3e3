"""The addresses of this host as one connection uses them, and what it tells of them."""

from collections.abc import Collection

from frazil.aio.address_map import AddressMap
from frazil.aio.ice_option import AddressMapMode, IceOptions, MdnsMode
from frazil.aio.naming import Naming
from frazil.aio.network import Interface, Network
from frazil.aio.selection import IpHandlingPolicy
from frazil.ice import OPEN, Disclosure


class LocalAddresses:
    """Chooses local addresses, and decides what the peer is told of each.

    Attributes:
        chosen: What :meth:`choose` gave last; ``None`` before the first time.
        has_udp: Whether UDP sockets may be opened at all.
        routed: Those of ``chosen`` that were on a default route then: from others no server on the
            internet may have been reached.
    """

    __slots__ = (
        "_hides_in_names",
        "_map",
        "_mode",
        "_naming",
        "_network",
        "_options",
        "_policy",
        "_used",
        "chosen",
        "has_udp",
        "routed",
    )

    def __init__(self, network: Network, options: IceOptions, naming: Naming) -> None:
        self._network = network
        self._options = options
        self._naming = naming
        self._hides_in_names = options.mdns == MdnsMode.PUBLISH
        self._policy = options.ip_handling
        self._map = AddressMap(options.address_map) if options.address_map else None
        self._mode = options.address_map_mode
        self._used: list[str] = []
        self.chosen: list[Interface] | None = None
        self.routed: set[str] = set()
        self.has_udp = self._policy != IpHandlingPolicy.NO_UDP

    def choose(self) -> list[Interface]:
        """What to gather from, right now; nothing if the operating system refuses to tell."""
        try:
            chosen = self._options.selection.choose(self._network)
            sources = self._network.default_sources()
        except OSError:  # as on a host without a network: gathering ends without a candidate
            chosen, sources = [], set()
        addresses = [each.address for each in chosen]
        self._used += [each for each in addresses if each not in self._used]
        self.chosen, self.routed = chosen, sources.intersection(addresses)
        return chosen

    def forget_all_but(self, present: Collection[str]) -> list[str]:
        """Forget the addresses that were ever chosen and are not ``present``, and return them.

        One that the last choice left out may be in use all the same.
        """
        gone = [each for each in self._used if each not in present]
        self._used = [each for each in self._used if each in present]
        return gone

    def present(self) -> set[str] | None:
        """Every address of the host: also what is not chosen now, but was and may be in use.

        ``None`` if the operating system refuses to tell: nobody knows then that any has gone.
        """
        try:
            return {each.address for each in self._network.interfaces()}
        except OSError:
            return None

    def disclosure(self, interface: Interface) -> Disclosure:
        """What the peer is told of a socket on one address.

        Raises:
            OSError: It should have a name instead, and cannot get one.
        """
        public = self._map.public(interface.address) if self._map else ()
        if public and self._mode == AddressMapMode.REPLACE:
            return Disclosure(hosts=public)
        if self._policy == IpHandlingPolicy.DEFAULT_ROUTE:
            return Disclosure(hosts=(), reflected=public)
        if self._hides_in_names and not interface.is_loopback:
            return Disclosure(hosts=(self._naming.publish(interface),), reflected=public)
        return Disclosure(reflected=public) if public else OPEN
