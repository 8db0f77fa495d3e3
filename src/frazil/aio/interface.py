"""The addresses of this machine."""

import ifaddr

from frazil.address import canonical_ip
from frazil.aio.network import Interface


def list_interfaces() -> list[Interface]:
    """Every address of every interface, in the operating system's order.

    Raises:
        OSError: The operating system refused to tell.
    """
    return [
        Interface(adapter.nice_name, canonical_ip(ip.ip if isinstance(ip.ip, str) else ip.ip[0]))
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    ]
