"""The addresses of this host as one connection uses them, and what it tells of them."""

from frazil.aio.address_map import AddressMap
from frazil.aio.ice_option import AddressMapMode, IceOptions
from frazil.aio.network import Interface, Network
from frazil.aio.selection import IpHandlingPolicy
from frazil.ice import OPEN, Disclosure


class LocalAddresses:
    """Chooses local addresses, and decides what the peer is told of each.

    Attributes:
        has_udp: Whether UDP sockets may be opened at all.
    """

    __slots__ = ("_map", "_mode", "_network", "_policy", "_selection", "has_udp")

    def __init__(self, network: Network, options: IceOptions) -> None:
        self._network = network
        self._selection = options.selection()
        self._policy = options.ip_handling
        self._map = AddressMap(options.address_map)
        self._mode = options.address_map_mode
        self.has_udp = self._policy != IpHandlingPolicy.NO_UDP

    def choose(self) -> list[Interface]:
        """What to gather from, right now; nothing if the operating system refuses to tell."""
        try:
            return self._selection.choose(self._network)
        except OSError:
            return []  # as on a host without a network: gathering ends, and without a candidate

    def present(self) -> list[str]:
        """All there are: also what is not worth gathering now, but was once and may be in use."""
        try:
            return [interface.address for interface in self._network.interfaces()]
        except OSError:
            return []

    def disclosure(self, address: str) -> Disclosure:
        """What the peer is told of a socket on ``address``."""
        public = self._map.public(address)
        if public and self._mode == AddressMapMode.REPLACE:
            return Disclosure(hosts=public)
        if self._policy == IpHandlingPolicy.DEFAULT_ROUTE:
            return Disclosure(hosts=(), reflected=public)
        return Disclosure(reflected=public) if public else OPEN
