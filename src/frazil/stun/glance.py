"""What can be told of a STUN message without decoding it: enough to find whom it is for."""

from struct import Struct
from typing import Final

from frazil.stun.message import MessageClass

MAX_GLANCED_ATTRIBUTES: Final = 16
"""An honest check has its USERNAME among the first of fewer attributes."""

_HEADER_SIZE: Final = 20
_ATTRIBUTE: Final = Struct("!2H")
_USERNAME: Final = 0x0006


def class_of(data: bytes) -> MessageClass:
    """The class of a datagram for which :func:`frazil.stun.is_stun` holds (RFC 8489 5)."""
    return MessageClass((data[0] & 1) << 1 | data[1] >> 4 & 1)


def transaction_id_of(data: bytes) -> bytes:
    """The transaction id of a datagram that has at least a header."""
    return data[8:_HEADER_SIZE]


def checked_ufrag(data: bytes) -> str | None:
    """The ufrag of the agent that a connectivity check is for: what USERNAME has before the colon.

    Returns:
        ``None`` if there is no such attribute among the first :data:`MAX_GLANCED_ATTRIBUTES`.
    """
    at = _HEADER_SIZE
    for _ in range(MAX_GLANCED_ATTRIBUTES):
        if at + _ATTRIBUTE.size > len(data):
            return None
        kind, size = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size
        if kind == _USERNAME:
            ufrag, colon, _ = data[at : at + size].partition(b":")
            return ufrag.decode("ascii", "replace") if colon else None
        at += size + -size % 4
    return None
