"""Addresses in the one form in which they are compared.

A relay is asked to reach whatever a remote names, and deny lists of servers have been passed by
writing 127.0.0.1 as ``::ffff:127.0.0.1``: every address is made canonical before it is looked at.
"""

from ipaddress import ip_address

from frazil.address import canonical_ip
from frazil.stun import Attribute, Message
from frazil.types import Address


def canonical_peer(peer: Address) -> Address:
    """``peer`` with a canonical IP address.

    Raises:
        ValueError: Its IP address is not a literal, or its port is not 1 to 65535.
    """
    ip, port = peer
    if not 1 <= port <= 65535:
        raise ValueError(f"port {port} is not 1 to 65535")
    return canonical_ip(ip), port


def is_ipv6(ip: str) -> bool:
    """The family of a canonical address."""
    return ":" in ip


def is_plausible_server(address: Address) -> bool:
    """Whether a server elsewhere can be there: not this host, a group or nobody."""
    ip = ip_address(address[0])
    nowhere = ip.is_loopback or ip.is_multicast or ip.is_unspecified
    return address[1] != 0 and not nowhere


def relayed_addresses_of(message: Message) -> tuple[Address, ...]:
    """The relayed addresses that an allocation brings: at most one of each family.

    One with port 0 is none: nobody can send there.
    """
    by_family: dict[bool, Address] = {}
    for value in message.values(Attribute.XOR_RELAYED_ADDRESS):
        if isinstance(value, tuple) and value[1] != 0:
            by_family.setdefault(is_ipv6(value[0]), value)
    return tuple(by_family.values())
