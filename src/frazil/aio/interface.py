"""The addresses of this machine."""

import socket
from typing import Final

import ifaddr

from frazil.address import canonical_ip
from frazil.aio.network import Interface

_DISCARD_PORT: Final = 9


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


def source_address(remote: str) -> str:
    """The address from which this machine writes to ``remote``: routing decides, nothing is sent.

    Raises:
        OSError: No route leads there.
        ValueError: ``remote`` is not an IP literal.
    """
    host = canonical_ip(remote)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((host, _DISCARD_PORT))
        return canonical_ip(sock.getsockname()[0])
