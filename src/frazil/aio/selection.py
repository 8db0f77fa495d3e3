"""Which addresses of this host a connection uses, as the user has decided."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from frazil.aio.network import Interface, Network, untracked, usable

InterfaceFilter: TypeAlias = Callable[[Interface], bool]
"""Says whether candidates are gathered from an address of this host."""


class IpHandlingPolicy(StrEnum):
    """How much of this host's addresses a connection uses and tells: RFC 8828 5.2.

    The values are those that browsers give their policies.
    """

    ALL = "default"
    """Mode 1: every interface. The most paths, and the peer learns every address."""
    DEFAULT_ROUTE_AND_PRIVATE = "default_public_and_private_interfaces"
    """Mode 2: the addresses on the default routes. No other path is tried or told of."""
    DEFAULT_ROUTE = "default_public_interface_only"
    """Mode 3: the same, but the peer learns only what STUN and TURN servers see of them."""
    NO_UDP = "disable_non_proxied_udp"
    """Mode 4: no UDP at all. Without a proxy that leaves TURN servers over TCP and TLS."""


class Patterns:
    """Wanted and unwanted texts: one matches if any wanted pattern does, and no unwanted.

    Args:
        member: The option that holds them, for messages.
        patterns: A leading ``!`` marks an unwanted one. Without wanted ones everything is wanted.
        match: Whether a text matches a pattern; raises :class:`ValueError` for a bad pattern.

    Raises:
        TypeError: They are not a sequence of texts.
        ValueError: There is none, or one is malformed.
    """

    __slots__ = ("_match", "_unwanted", "_wanted")

    def __init__(self, member: str, patterns: object, match: Callable[[str, str], bool]) -> None:
        if isinstance(patterns, str) or not isinstance(patterns, Sequence):
            raise TypeError(f"{member} must be a sequence of texts, not {patterns!r}")
        if not all(isinstance(each, str) for each in patterns):
            raise TypeError(f"{member} must hold texts only, not {patterns!r}")
        if not patterns:
            raise ValueError(f"{member} is empty; leave it out to allow everything")
        self._match = match
        self._wanted = [each for each in patterns if not each.startswith("!")]
        self._unwanted = [each[1:] for each in patterns if each.startswith("!")]

    def allow(self, text: str) -> bool:
        """Whether ``text`` is wanted."""
        wanted = not self._wanted or any(self._match(text, each) for each in self._wanted)
        return wanted and not any(self._match(text, each) for each in self._unwanted)


class Selection:
    """Chooses among the addresses of a host.

    Args:
        include_loopback: Whether loopback addresses count although there are others.
        interfaces: A filter, or names of interfaces with wildcards; everything if ``None``.
        addresses: Addresses and networks; everything if ``None``.
        families: Versions of IP.
        policy: Which routes to use.

    Raises:
        TypeError, ValueError: An argument is no such thing.
    """

    __slots__ = ("_addresses", "_families", "_include_loopback", "_interfaces", "_policy")

    def __init__(
        self,
        *,
        include_loopback: bool,
        interfaces: InterfaceFilter | Sequence[str] | None,
        addresses: Sequence[str] | None,
        families: Iterable[int],
        policy: IpHandlingPolicy,
    ) -> None:
        self._include_loopback = include_loopback
        self._policy = policy
        if not isinstance(families, Iterable):
            raise TypeError(f"families must be a collection such as [4], not {families!r}")
        wanted = frozenset(families)
        if not wanted or not wanted <= {4, 6}:
            raise ValueError(f"families must hold 4, 6 or both, not {families!r}")
        self._families = wanted
        self._interfaces: InterfaceFilter | Patterns | None = None
        if callable(interfaces):
            self._interfaces = interfaces
        elif interfaces is not None:
            self._interfaces = Patterns("interfaces", interfaces, fnmatchcase)
        self._addresses: Patterns | None = None
        if addresses is not None:
            self._addresses = Patterns("addresses", addresses, _contains)
            for each in addresses:
                ip_network(each.removeprefix("!"))  # raises now rather than while gathering

    def choose(self, network: Network) -> list[Interface]:
        """What to gather candidates from, in the order of the operating system.

        Raises:
            OSError: The operating system refused to tell.
        """
        found = usable(network.interfaces(), include_loopback=self._include_loopback)
        if self._policy is not IpHandlingPolicy.ALL:
            routed = network.default_sources()
            found = [one for one in found if one.address in routed]
        return untracked([one for one in found if self._allows(one)])

    def _allows(self, one: Interface) -> bool:
        if one.family not in self._families or not self._wants(one):
            return False
        return self._addresses is None or self._addresses.allow(one.address)

    def _wants(self, one: Interface) -> bool:
        """Whether its interface is to be used; a filter that raises has not said so."""
        if self._interfaces is None:
            return True
        if isinstance(self._interfaces, Patterns):
            return self._interfaces.allow(one.name)
        try:
            return self._interfaces(one)
        except Exception:  # the application's, and none of the connection's business
            return False


def _contains(address: str, network: str) -> bool:
    return ip_address(address) in ip_network(network)
