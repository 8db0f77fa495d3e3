"""UDP segmentation offload: a run of equal datagrams in one system call (Linux GSO and GRO).

One pass through the kernel's network stack costs about 4 µs, whether it carries one datagram or
fifty: between two hosts that both do this, bulk transfer nearly doubles.
"""

import errno
import socket
import sys
from typing import Final

_SOL_UDP: Final = 17
_UDP_SEGMENT: Final = 103
_UDP_GRO: Final = 104

MAX_SEGMENTS: Final = 48
"""Datagrams per call. Kernels allow 64; short queues on the way suffer from long trains."""
MAX_PAYLOAD: Final = 65_507
"""Bytes per call: what fits in one IPv4 packet beside its headers."""
ANCILLARY_SIZE: Final = 64
"""Bytes to reserve for the control message that tells the segment size."""

REFUSALS: Final = frozenset(
    {
        errno.EINVAL,  # the kernel allows fewer segments
        errno.EIO,  # the device cannot compute the checksums
        errno.EMSGSIZE,  # a segment exceeds the path MTU: plain datagrams may be fragmented
        errno.ENOPROTOOPT,
        errno.EOPNOTSUPP,
    }
)
"""Errors of a segmented send that say nothing about sending the same datagrams one by one."""


def can_segment(sock: socket.socket) -> bool:
    """Whether this kernel cuts a buffer into datagrams (Linux 4.18)."""
    return _accepts(sock, _UDP_SEGMENT, 0)


def enable_coalescing(sock: socket.socket) -> bool:
    """Ask for runs to be received in one piece; False if this kernel cannot (Linux 5.0)."""
    return _accepts(sock, _UDP_GRO, 1)


def _accepts(sock: socket.socket, option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        sock.setsockopt(_SOL_UDP, option, value)
    except OSError:
        return False
    return True


def segment_control(segment_size: int) -> tuple[tuple[int, int, bytes]]:
    """The control message that has a buffer cut into datagrams of ``segment_size`` bytes."""
    return ((_SOL_UDP, _UDP_SEGMENT, segment_size.to_bytes(2, sys.byteorder)),)


def coalesced_size(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The size of the datagrams that were joined, out of the received control messages."""
    return int.from_bytes(ancillary[0][2], sys.byteorder)
