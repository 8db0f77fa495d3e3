"""The addresses of this machine."""

import socket
import sys
from ipaddress import IPv6Address
from pathlib import Path
from struct import Struct
from typing import Final

import ifaddr

from frazil.address import canonical_ip
from frazil.aio.network import Interface

_DISCARD_PORT: Final = 9
if sys.platform == "linux":
    import fcntl

_SIOCGIFFLAGS: Final = 0x8913
_IFF_RUNNING: Final = 0x40
_IFREQ: Final = Struct("16sH22x")
"""``struct ifreq``, as far as it matters: the name and the flags."""

_IF_INET6: Final = Path("/proc/net/if_inet6")
"""For each IPv6 address of Linux a line: the address, the numbers of the interface, of the prefix
and of the scope, flags, and the name of the interface. All but the name is hexadecimal."""
_IFA_F_TEMPORARY: Final = 0x01
_IFA_F_OPTIMISTIC: Final = 0x04
_IFA_F_DEPRECATED: Final = 0x20
_IFA_F_TENTATIVE: Final = 0x40


def list_interfaces() -> list[Interface]:
    """Every address of every interface that works, in the operating system's order.

    Linux also lists the addresses of interfaces that are switched off or have no carrier, and
    those that another host may turn out to have (RFC 4862 5.4), to which nothing can be bound: they
    are left out. Elsewhere the system is believed.

    Raises:
        OSError: The operating system refused to tell.
    """
    adapters = ifaddr.get_adapters()
    dead = _dead({adapter.nice_name for adapter in adapters})
    found = [
        Interface(adapter.nice_name, canonical_ip(ip.ip if isinstance(ip.ip, str) else ip.ip[0]))
        for adapter in adapters
        if adapter.nice_name not in dead
        for ip in adapter.ips
    ]
    flags = _ipv6_flags() if any(each.family == 6 for each in found) else {}
    return [
        each._replace(is_temporary=_is_temporary(flags.get(each, 0)))
        for each in found
        if not _is_tentative(flags.get(each, 0))
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


def _dead(names: set[str]) -> set[str]:
    """The interfaces that carry nothing now, as far as the system can tell."""
    if sys.platform != "linux":
        return set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return {name for name in names if not _is_running(sock, name)}


def _is_running(sock: socket.socket, name: str) -> bool:
    """Whether an interface is up and has a carrier; one that cannot be asked counts as such."""
    try:
        answer = fcntl.ioctl(sock, _SIOCGIFFLAGS, _IFREQ.pack(name.encode(), 0))
    except OSError:
        return True
    return bool(_IFREQ.unpack(answer)[1] & _IFF_RUNNING)


def _ipv6_flags() -> dict[Interface, int]:
    """What the system knows about each IPv6 address, if it tells."""
    if sys.platform != "linux":
        return {}
    try:
        lines = _IF_INET6.read_text().splitlines()
    except OSError:
        return {}
    return {
        Interface(name, canonical_ip(str(IPv6Address(bytes.fromhex(address))))): int(flags, 16)
        for address, _, _, _, flags, name in map(str.split, lines)
    }


def _is_tentative(flags: int) -> bool:
    """Whether the system does not know yet if another host has the address."""
    return flags & (_IFA_F_TENTATIVE | _IFA_F_OPTIMISTIC) == _IFA_F_TENTATIVE


def _is_temporary(flags: int) -> bool:
    """Whether the address is temporary and to be preferred to others."""
    return flags & (_IFA_F_TEMPORARY | _IFA_F_DEPRECATED) == _IFA_F_TEMPORARY
