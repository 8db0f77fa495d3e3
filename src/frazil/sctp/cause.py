"""Error causes: why an ABORT or ERROR chunk was sent (RFC 9260 section 3.3.10)."""

from enum import IntEnum
from typing import Final

from frazil.printable import printable
from frazil.sctp.tlv import ChunkError, decode_tlvs, encode_tlv

MAX_CAUSE_SIZE: Final = 512
"""We quote at most this much of what we did not understand, or of a reason."""


class CauseCode(IntEnum):
    """RFC 9260 section 3.3.10."""

    INVALID_STREAM_IDENTIFIER = 1
    MISSING_MANDATORY_PARAMETER = 2
    STALE_COOKIE = 3
    OUT_OF_RESOURCE = 4
    UNRESOLVABLE_ADDRESS = 5
    UNRECOGNIZED_CHUNK_TYPE = 6
    INVALID_MANDATORY_PARAMETER = 7
    UNRECOGNIZED_PARAMETERS = 8
    NO_USER_DATA = 9
    COOKIE_WHILE_SHUTTING_DOWN = 10
    RESTART_WITH_NEW_ADDRESSES = 11
    USER_INITIATED_ABORT = 12
    PROTOCOL_VIOLATION = 13


_WITH_TEXT: Final = frozenset({CauseCode.USER_INITIATED_ABORT, CauseCode.PROTOCOL_VIOLATION})


def encode_cause(code: CauseCode, information: bytes = b"") -> bytes:
    """One error cause; longer information is cut at ``MAX_CAUSE_SIZE``."""
    return encode_tlv(code, information[:MAX_CAUSE_SIZE])


def describe_causes(value: bytes) -> tuple[int | None, str]:
    """The first cause code of an ABORT or ERROR chunk, and a sentence about it, printable.

    Never raises: a peer that aborts may do so with causes nobody can read.
    """
    try:
        causes = decode_tlvs(value)
    except ChunkError:
        return None, "the error causes cannot be read"
    if not causes:
        return None, "no error cause was given"
    code, information = causes[0].type, causes[0].value
    try:
        name = CauseCode(code).name.lower().replace("_", " ")
    except ValueError:
        return code, f"error cause {code}"
    if code in _WITH_TEXT and information:
        reason = information[:MAX_CAUSE_SIZE].decode("utf-8", "replace")
        return code, f"{name}: {printable(reason)}"
    return code, name
