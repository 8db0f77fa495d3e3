"""IP addresses in the one text form in which the whole library compares them."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


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
