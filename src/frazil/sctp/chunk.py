"""The chunks and their layout on the wire (RFC 9260 section 3.3, RFC 3758, RFC 6525, RFC 8260)."""

from collections.abc import Callable, Sequence
from enum import IntEnum
from struct import Struct, pack, unpack_from
from typing import Final, NamedTuple, TypeAlias, TypeVar

from frazil.compiled import mypyc_attr
from frazil.sctp.tlv import ChunkError, Tlv, decode_tlvs, encode_tlv, padded
from frazil.value import Value

T = TypeVar("T")
Unpack: TypeAlias = Callable[[bytes, int], T]
"""Reads the fields that a structure has at an offset."""


class ChunkType(IntEnum):
    """The chunk types we know."""

    DATA = 0
    INIT = 1
    INIT_ACK = 2
    SACK = 3
    HEARTBEAT = 4
    HEARTBEAT_ACK = 5
    ABORT = 6
    SHUTDOWN = 7
    SHUTDOWN_ACK = 8
    ERROR = 9
    COOKIE_ECHO = 10
    COOKIE_ACK = 11
    SHUTDOWN_COMPLETE = 14
    I_DATA = 64
    RE_CONFIG = 130
    FORWARD_TSN = 192
    I_FORWARD_TSN = 194


class ParameterType(IntEnum):
    """Parameters of INIT, INIT ACK and HEARTBEAT."""

    HEARTBEAT_INFO = 1
    IPV4_ADDRESS = 5
    IPV6_ADDRESS = 6
    STATE_COOKIE = 7
    UNRECOGNIZED = 8
    COOKIE_PRESERVATIVE = 9
    HOST_NAME_ADDRESS = 11
    SUPPORTED_ADDRESS_TYPES = 12
    SUPPORTED_EXTENSIONS = 0x8008
    FORWARD_TSN_SUPPORTED = 0xC000


# Flags of DATA and I-DATA (RFC 9260 section 3.3.1).
END: Final = 0x01
BEGIN: Final = 0x02
UNORDERED: Final = 0x04
IMMEDIATE: Final = 0x08
WHOLE: Final = BEGIN | END

REFLECTED_TAG: Final = 0x01
"""The T bit of ABORT and SHUTDOWN COMPLETE: the tag is the one the receiver itself sends."""

DATA_HEADER_SIZE: Final = 16
I_DATA_HEADER_SIZE: Final = 20

DATA: Final = int(ChunkType.DATA)
I_DATA: Final = int(ChunkType.I_DATA)
_SACK: Final = int(ChunkType.SACK)
unpack_chunk: Final[Unpack[tuple[int, int, int]]] = Struct("!BBH").unpack_from
unpack_data: Final[Unpack[tuple[int, int, int, int, int, int, int]]] = Struct(
    "!BBHIHHI"
).unpack_from
"""Type, flags, length, TSN, stream, stream sequence number, PPID."""
unpack_i_data: Final[Unpack[tuple[int, int, int, int, int, int, int]]] = Struct(
    "!BBHIH2xII"
).unpack_from
"""Type, flags, length, TSN, stream, message identifier, then PPID or fragment number."""

pack_data: Final = Struct("!BBHIHHI").pack
pack_i_data: Final = Struct("!BBHIHHII").pack
_pack_chunk: Final = Struct("!BBH").pack
_INIT: Final = Struct("!IIHHI")
_SACK_SIZE: Final = 12
_pack_sack: Final = Struct("!BBHIIHH").pack
_unpack_sack: Final[Unpack[tuple[int, int, int, int]]] = Struct("!IIHH").unpack_from
_FORWARD_SKIP: Final = Struct("!HH")
_I_FORWARD_SKIP: Final = Struct("!HHI")


@mypyc_attr(acyclic=True)
class Init(Value):
    """The body of INIT and INIT ACK (RFC 9260 section 3.3.2)."""

    __slots__ = (
        "inbound_streams",
        "initial_tsn",
        "outbound_streams",
        "parameters",
        "receive_window",
        "tag",
    )

    def __init__(
        self,
        tag: int,
        receive_window: int,
        outbound_streams: int,
        inbound_streams: int,
        initial_tsn: int,
        parameters: tuple[Tlv, ...],
    ) -> None:
        self.tag = tag
        self.receive_window = receive_window
        self.outbound_streams = outbound_streams
        self.inbound_streams = inbound_streams
        self.initial_tsn = initial_tsn
        self.parameters = parameters

    def as_tuple(self) -> tuple[object, ...]:
        """The fields of the chunk."""
        return (
            self.tag,
            self.receive_window,
            self.outbound_streams,
            self.inbound_streams,
            self.initial_tsn,
            self.parameters,
        )


@mypyc_attr(acyclic=True)
class Sack(Value):
    """The body of SACK (RFC 9260 section 3.3.4), as on the wire.

    Attributes:
        cumulative_tsn: Everything up to this TSN has arrived.
        receive_window: ``a_rwnd``.
        gaps: Further ranges that arrived, as offsets from the cumulative TSN, both ends included.
        duplicates: TSNs that arrived more than once.
    """

    __slots__ = ("cumulative_tsn", "duplicates", "gaps", "receive_window")

    def __init__(
        self,
        cumulative_tsn: int,
        receive_window: int,
        gaps: tuple[tuple[int, int], ...],
        duplicates: tuple[int, ...],
    ) -> None:
        self.cumulative_tsn = cumulative_tsn
        self.receive_window = receive_window
        self.gaps = gaps
        self.duplicates = duplicates

    def as_tuple(self) -> tuple[object, ...]:
        """The fields of the chunk."""
        return self.cumulative_tsn, self.receive_window, self.gaps, self.duplicates


class Skip(NamedTuple):
    """A stream and the highest sequence number (or message identifier) given up on it."""

    stream_id: int
    unordered: bool
    sequence: int


class ForwardTsn(NamedTuple):
    """The body of FORWARD TSN (RFC 3758) and I-FORWARD-TSN (RFC 8260 section 2.3.1)."""

    cumulative_tsn: int
    skips: tuple[Skip, ...]


def encode_chunk(type_: int, value: bytes = b"", flags: int = 0) -> bytes:
    """One chunk, padded."""
    return padded(_pack_chunk(type_, flags, 4 + len(value)) + value)


def urgent(data: bytes) -> bytes:
    """A DATA or I-DATA chunk that is to be acknowledged at once."""
    return b"%c%c%b" % (data[0], data[1] | IMMEDIATE, data[2:])


def encode_data(
    flags: int, tsn: int, stream_id: int, sequence: int, ppid: int, data: bytes
) -> bytes:
    """A DATA chunk, padded."""
    size = len(data)
    chunk = pack_data(DATA, flags, DATA_HEADER_SIZE + size, tsn, stream_id, sequence, ppid) + data
    return padded(chunk) if size & 3 else chunk


def encode_i_data(
    flags: int, tsn: int, stream_id: int, message_id: int, ppid_or_fsn: int, data: bytes
) -> bytes:
    """An I-DATA chunk, padded (RFC 8260 section 2.1)."""
    size = len(data)
    length = I_DATA_HEADER_SIZE + size
    chunk = pack_i_data(I_DATA, flags, length, tsn, stream_id, 0, message_id, ppid_or_fsn) + data
    return padded(chunk) if size & 3 else chunk


def encode_init(type_: ChunkType, init: Init) -> bytes:
    """An INIT or INIT ACK chunk."""
    fixed = _INIT.pack(
        init.tag,
        init.receive_window,
        init.outbound_streams,
        init.inbound_streams,
        init.initial_tsn,
    )
    return encode_chunk(
        type_, fixed + b"".join([encode_tlv(each.type, each.value) for each in init.parameters])
    )


def decode_init(value: bytes) -> Init:
    """The body of an INIT or INIT ACK chunk.

    Raises:
        ChunkError: It is cut off, or a mandatory field is zero.
    """
    if len(value) < _INIT.size:
        raise ChunkError("INIT is cut off")
    tag, window, outbound, inbound, tsn = _INIT.unpack_from(value)
    if not (tag and outbound and inbound):
        raise ChunkError("INIT has a zero where RFC 9260 section 3.3.2 forbids it")
    return Init(tag, window, outbound, inbound, tsn, tuple(decode_tlvs(value[_INIT.size :])))


def encode_sack(
    cumulative_tsn: int,
    receive_window: int,
    gaps: Sequence[tuple[int, int]],
    duplicates: Sequence[int],
) -> bytes:
    """A SACK chunk; the arguments are those of :class:`Sack`."""
    if not gaps and not duplicates:
        return _pack_sack(_SACK, 0, 16, cumulative_tsn, receive_window, 0, 0)
    length = 16 + 4 * len(gaps) + 4 * len(duplicates)
    chunk = _pack_sack(_SACK, 0, length, cumulative_tsn, receive_window, len(gaps), len(duplicates))
    edges = [edge for gap in gaps for edge in gap]
    return chunk + pack(f"!{len(edges)}H{len(duplicates)}I", *edges, *duplicates)


def decode_sack(value: bytes) -> Sack:
    """The body of a SACK chunk.

    Raises:
        ChunkError: It is cut off.
    """
    if len(value) < _SACK_SIZE:
        raise ChunkError("SACK is cut off")
    cumulative_tsn, window, gap_count, duplicate_count = _unpack_sack(value, 0)
    if not gap_count and not duplicate_count:
        return Sack(cumulative_tsn, window, (), ())
    if len(value) < _SACK_SIZE + 4 * (gap_count + duplicate_count):
        raise ChunkError("SACK is cut off")
    numbers = unpack_from(f"!{2 * gap_count}H{duplicate_count}I", value, _SACK_SIZE)
    edges = numbers[: 2 * gap_count]
    gaps = tuple(zip(edges[::2], edges[1::2], strict=True))
    return Sack(cumulative_tsn, window, gaps, numbers[2 * gap_count :])


def encode_forward_tsn(forward: ForwardTsn, *, interleaving: bool) -> bytes:
    """A FORWARD TSN chunk, or I-FORWARD-TSN if messages are interleaved."""
    head = (forward.cumulative_tsn & 0xFFFFFFFF).to_bytes(4, "big")
    if not interleaving:
        skips = [_FORWARD_SKIP.pack(skip.stream_id, skip.sequence) for skip in forward.skips]
        return encode_chunk(ChunkType.FORWARD_TSN, head + b"".join(skips))
    skips = [
        _I_FORWARD_SKIP.pack(skip.stream_id, skip.unordered, skip.sequence)
        for skip in forward.skips
    ]
    return encode_chunk(ChunkType.I_FORWARD_TSN, head + b"".join(skips))


def decode_forward_tsn(value: bytes, *, interleaving: bool) -> ForwardTsn:
    """The body of a FORWARD TSN or I-FORWARD-TSN chunk.

    Raises:
        ChunkError: It is cut off.
    """
    skip = _I_FORWARD_SKIP if interleaving else _FORWARD_SKIP
    if len(value) < 4 or (len(value) - 4) % skip.size:
        raise ChunkError("FORWARD TSN is cut off")
    cumulative_tsn = int.from_bytes(value[:4], "big")
    if interleaving:
        skips = [
            Skip(stream_id, bool(flags & 1), message_id)
            for stream_id, flags, message_id in skip.iter_unpack(value[4:])
        ]
    else:
        skips = [Skip(stream_id, False, ssn) for stream_id, ssn in skip.iter_unpack(value[4:])]
    return ForwardTsn(cumulative_tsn, tuple(skips))
