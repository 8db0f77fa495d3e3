"""The connections that a Linux router keeps in mind."""

import socket
import struct

from support.namespace import Namespace

_NETLINK_NETFILTER = 12
_CONNTRACK_DELETE = 0x0102
"""Subsystem 1, message 2; without saying which, it means all (linux/nfnetlink_conntrack.h)."""
_REQUEST_AND_ACKNOWLEDGE = 0x0005
_ERROR = 2
_HEADER = struct.Struct("=IHHII")
_GENERAL = struct.Struct(">BBH")
_CODE = struct.Struct("=i")


def forget_connections(router: Namespace) -> None:
    """Make a NAT forget all its mappings, as when it has lost power.

    Raises:
        OSError: The kernel refuses.
    """
    size = _HEADER.size + _GENERAL.size
    request = _HEADER.pack(size, _CONNTRACK_DELETE, _REQUEST_AND_ACKNOWLEDGE, 1, 0)
    with (
        router.entered(),
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as kernel,
    ):
        kernel.sendto(request + _GENERAL.pack(socket.AF_UNSPEC, 0, 0), (0, 0))
        answer = kernel.recv(4096)
    _, kind, *_ = _HEADER.unpack_from(answer)
    (code,) = _CODE.unpack_from(answer, _HEADER.size)
    if kind != _ERROR or code != 0:
        raise OSError(-code, "the kernel does not forget its connections")
