"""The parameters of RE-CONFIG (RFC 6525 section 4)."""

from collections.abc import Sequence
from enum import IntEnum
from struct import Struct, unpack_from
from typing import Final, NamedTuple, TypeAlias

from frazil.sctp.chunk import ChunkType, encode_chunk
from frazil.sctp.tlv import ChunkError, decode_tlvs, encode_tlv

MAX_PARAMETERS: Final = 2
"""No combination of more parameters is allowed in one chunk (RFC 6525 section 3.1)."""

_OUTGOING: Final = Struct("!III")
_NUMBER: Final = Struct("!I")
_RESPONSE: Final = Struct("!II")


class ReconfigType(IntEnum):
    """Parameter types of RFC 6525 section 4."""

    OUTGOING_RESET = 13
    INCOMING_RESET = 14
    TSN_RESET = 15
    RESPONSE = 16
    ADD_OUTGOING_STREAMS = 17
    ADD_INCOMING_STREAMS = 18


_TYPES: Final = frozenset(ReconfigType)


class ReconfigResult(IntEnum):
    """Result codes of RFC 6525 section 4.4."""

    NOTHING_TO_DO = 0
    PERFORMED = 1
    DENIED = 2
    WRONG_STREAM = 3
    ALREADY_IN_PROGRESS = 4
    BAD_SEQUENCE_NUMBER = 5
    IN_PROGRESS = 6


class OutgoingReset(NamedTuple):
    """The sender resets its sending side; no streams means all of them."""

    sequence: int
    answered_sequence: int
    last_tsn: int
    stream_ids: tuple[int, ...]


class OtherRequest(NamedTuple):
    """A request we deny: a reset of our sending side, a TSN reset, more streams."""

    sequence: int


class Response(NamedTuple):
    """The answer to the request with this sequence number; see :class:`ReconfigResult`."""

    sequence: int
    result: int


ReconfigParameter: TypeAlias = OutgoingReset | OtherRequest | Response


def encode_outgoing_reset(request: OutgoingReset) -> bytes:
    """A RE-CONFIG chunk with one request."""
    fixed = _OUTGOING.pack(request.sequence, request.answered_sequence, request.last_tsn)
    value = fixed + b"".join([number.to_bytes(2, "big") for number in request.stream_ids])
    return encode_chunk(ChunkType.RE_CONFIG, encode_tlv(ReconfigType.OUTGOING_RESET, value))


def encode_responses(responses: Sequence[Response]) -> bytes:
    """A RE-CONFIG chunk with these answers."""
    items = [
        encode_tlv(ReconfigType.RESPONSE, _RESPONSE.pack(response.sequence, response.result))
        for response in responses
    ]
    return encode_chunk(ChunkType.RE_CONFIG, b"".join(items))


def decode_reconfig(value: bytes) -> list[ReconfigParameter]:
    """The parameters of a RE-CONFIG chunk that we know.

    Raises:
        ChunkError: One is malformed, or there are more than ``MAX_PARAMETERS``.
    """
    items = decode_tlvs(value)
    if len(items) > MAX_PARAMETERS:
        raise ChunkError("RE-CONFIG has too many parameters")
    return [_decode_parameter(item.type, item.value) for item in items if item.type in _TYPES]


def _decode_parameter(type_: int, value: bytes) -> ReconfigParameter:
    match type_:
        case ReconfigType.OUTGOING_RESET if len(value) >= _OUTGOING.size:
            sequence, answered, last_tsn = _OUTGOING.unpack_from(value)
            return OutgoingReset(sequence, answered, last_tsn, _stream_ids(value[_OUTGOING.size :]))
        case ReconfigType.RESPONSE if len(value) >= _RESPONSE.size:
            return Response(*_RESPONSE.unpack_from(value))
        case (
            ReconfigType.INCOMING_RESET
            | ReconfigType.TSN_RESET
            | ReconfigType.ADD_OUTGOING_STREAMS
            | ReconfigType.ADD_INCOMING_STREAMS
        ) if len(value) >= _NUMBER.size:
            return OtherRequest(*_NUMBER.unpack_from(value))
        case _:
            raise ChunkError("a RE-CONFIG parameter is cut off")


def _stream_ids(data: bytes) -> tuple[int, ...]:
    if len(data) & 1:
        raise ChunkError("a list of streams is cut off")
    stream_ids: tuple[int, ...] = unpack_from(f"!{len(data) // 2}H", data)
    return stream_ids
