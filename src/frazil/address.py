"""IP addresses: the one text form in which the whole library compares them, and their kinds."""

from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, TypeAlias

Ip: TypeAlias = IPv4Address | IPv6Address
IpNetwork: TypeAlias = IPv4Network | IPv6Network

_PRIVATE: Final = tuple(
    ip_network(each)
    for each in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)
STAND_IN_IPV4: Final = IPv4Network("240.0.0.0/8")
STAND_IN_IPV6: Final = IPv6Network("2001:db8::/32")
"""Whose addresses stand for public ones where those are not to be told: nobody has them."""


@lru_cache(maxsize=1024)
def canonical_ip(text: str) -> str:
    """The canonical text of an IP literal: no zone, an IPv4-mapped address as IPv4.

    Policies have been passed by writing 127.0.0.1 as ``::ffff:127.0.0.1``, so every address is
    brought into this form before it is looked at. The zone of a link-local address means something
    on one host only, so it has no place in what two hosts tell each other.

    Raises:
        ValueError: ``text`` is not an IP literal.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def is_private(ip: Ip) -> bool:
    """Whether an address leads nowhere from outside of a host, its site or its provider."""
    return any(ip in network for network in _PRIVATE)


def is_public(ip: Ip) -> bool:
    """Whether an address is of one host in the whole internet, or stands for such an address."""
    return ip.is_global or ip in STAND_IN_IPV4 or ip in STAND_IN_IPV6


def neighbourhood(ip: Ip) -> IpNetwork:
    """The network that an address most likely shares with its neighbours: a /24, a /64 of IPv6."""
    return ip_network(f"{ip}/{24 if ip.version == 4 else 64}", strict=False)
