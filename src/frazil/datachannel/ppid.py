"""Payload protocol identifiers: what kind of message an SCTP user message is (RFC 8831 8)."""

from enum import IntEnum
from typing import Final


class Ppid(IntEnum):
    """The identifiers that data channels use.

    SCTP has no empty messages, so an empty string or binary travels as one octet under an
    identifier of its own (RFC 8831 6.6). The partial kinds are deprecated: they marked pieces of a
    message. Only peers of long ago send them; each piece is taken for a message.
    """

    DCEP = 50
    STRING = 51
    BINARY_PARTIAL = 52
    BINARY = 53
    STRING_PARTIAL = 54
    STRING_EMPTY = 56
    BINARY_EMPTY = 57


TEXT_PPIDS: Final = frozenset({Ppid.STRING, Ppid.STRING_PARTIAL, Ppid.STRING_EMPTY})
BINARY_PPIDS: Final = frozenset({Ppid.BINARY, Ppid.BINARY_PARTIAL, Ppid.BINARY_EMPTY})
EMPTY_PPIDS: Final = frozenset({Ppid.STRING_EMPTY, Ppid.BINARY_EMPTY})

_STRING: Final = Ppid.STRING
_BINARY: Final = Ppid.BINARY


def encode_content(data: bytes, *, text: bool) -> tuple[Ppid, bytes]:
    """The identifier and the user data by which SCTP carries what an application sends."""
    if data:
        return _STRING if text else _BINARY, data
    return Ppid.STRING_EMPTY if text else Ppid.BINARY_EMPTY, b"\0"
