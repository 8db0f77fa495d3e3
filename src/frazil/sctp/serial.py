"""Wrapping counters of the wire, carried inside as plain growing integers.

TSNs are 32-bit serial numbers (RFC 9260 section 1.6). Inside they are *unwrapped*: ordinary
integers that never wrap, so that comparing, ranges and dictionaries just work. The wire sees the
low 32 bits.
"""

from typing import Final

MASK_16: Final = 0xFFFF
MASK_32: Final = 0xFFFFFFFF

HALF_32: Final = 0x80000000


def unwrap(wire: int, near: int) -> int:
    """The unwrapped number closest to ``near`` whose low 32 bits are ``wire``."""
    return near + ((wire - near + HALF_32) & MASK_32) - HALF_32


def is_behind(number: int, expected: int, mask: int) -> bool:
    """Whether a serial number of ``mask`` bits comes before ``expected`` (RFC 1982)."""
    return (number - expected) & mask > mask >> 1
