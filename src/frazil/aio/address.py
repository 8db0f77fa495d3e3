"""Host addresses in the one text form in which the whole library compares them."""

from ipaddress import IPv6Address, ip_address


def canonical_ip(text: str) -> str:
    """The canonical text of an IP literal: no zone, an IPv4-mapped address as IPv4.

    The zone of a link-local address means something on this host only, so it has no place in a
    candidate; :func:`frazil.aio.network.usable` passes such addresses over.

    Raises:
        ValueError: ``text`` is not an IP literal.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)
