"""One-to-one NATs that the user knows of: which public addresses lead to which local ones."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from frazil.address import canonical_ip

MAX_PUBLIC_ADDRESSES: Final = 8
"""Public addresses of one local address: each is another candidate for the peer to check."""


class AddressMap:
    """Finds the public addresses of a local one.

    Args:
        addresses: A local IP address, or a network such as ``"10.0.0.0/8"``, to one or several
            public IP addresses of the same family.

    Raises:
        TypeError: It is not a mapping from texts to texts, or to sequences of them.
        ValueError: A text is not an IP address or network, the families differ, or there are
            none or more than :data:`MAX_PUBLIC_ADDRESSES`.
    """

    __slots__ = ("_entries",)

    def __init__(self, addresses: Mapping[str, str | Sequence[str]]) -> None:
        if not isinstance(addresses, Mapping):
            raise TypeError(f"address_map must be a mapping, not {addresses!r}")
        entries = [_entry(local, public) for local, public in addresses.items()]
        self._entries = sorted(entries, key=lambda entry: -entry[0].prefixlen)

    def public(self, address: str) -> tuple[str, ...]:
        """Those of the most specific entry for ``address``; none if no entry matches."""
        if not self._entries:
            return ()
        own = ip_address(address)
        return next((public for network, public in self._entries if own in network), ())


def _entry(local: object, public: object) -> tuple[IPv4Network | IPv6Network, tuple[str, ...]]:
    shown = [public] if isinstance(public, str) else public
    if not isinstance(local, str) or not isinstance(shown, Sequence):
        raise TypeError(f"address_map must lead from texts to texts, not {local!r} to {public!r}")
    try:
        network = ip_network(local)
        found = tuple(dict.fromkeys(canonical_ip(each) for each in shown))
    except ValueError as error:
        raise ValueError(f"address_map: {error}") from None
    if not 1 <= len(found) <= MAX_PUBLIC_ADDRESSES:
        raise ValueError(f"address_map needs 1 to {MAX_PUBLIC_ADDRESSES} addresses for {local}")
    if any(ip_address(each).version != network.version for each in found):
        raise ValueError(f"address_map leads {local} to an address of the other family")
    return network, found
