"""The Data Channel Establishment Protocol: two messages (RFC 8832 5)."""

from enum import IntEnum
from struct import Struct
from typing import Final

from frazil.datachannel.parameter import ChannelParameters
from frazil.errors import ProtocolError

_OPEN_HEADER: Final = Struct("!BBHIHH")
_UNORDERED: Final = 0x80


class DcepDecodeError(ProtocolError):
    """A DCEP message that breaks RFC 8832."""


class DcepType(IntEnum):
    """The message types (RFC 8832 8.2.1)."""

    ACK = 0x02
    OPEN = 0x03


class _Reliability(IntEnum):
    """The channel types without their ordering bit (RFC 8832 8.2.2)."""

    RELIABLE = 0x00
    RETRANSMITS = 0x01
    LIFETIME = 0x02


ACK: Final = bytes([DcepType.ACK])
"""The whole DATA_CHANNEL_ACK message."""


def encode_open(parameters: ChannelParameters) -> bytes:
    """The DATA_CHANNEL_OPEN message that proposes ``parameters``."""
    kind, limit = _Reliability.RELIABLE, 0
    if parameters.max_retransmits is not None:
        kind, limit = _Reliability.RETRANSMITS, parameters.max_retransmits
    elif parameters.max_packet_life_time_ms is not None:
        kind, limit = _Reliability.LIFETIME, parameters.max_packet_life_time_ms
    label, protocol = parameters.label.encode(), parameters.protocol.encode()
    header = _OPEN_HEADER.pack(
        DcepType.OPEN,
        kind if parameters.ordered else kind | _UNORDERED,
        parameters.priority,
        limit,
        len(label),
        len(protocol),
    )
    return header + label + protocol


def decode(data: bytes) -> ChannelParameters | None:
    """What a DCEP message says: the parameters of an OPEN, ``None`` for an ACK.

    Octets behind the message are ignored.

    Raises:
        DcepDecodeError: It is neither, is cut off, has an unknown channel type, or its text is not
            UTF-8.
    """
    if not data:
        raise DcepDecodeError("empty message")
    if data[0] == DcepType.ACK:
        return None
    if data[0] != DcepType.OPEN:
        raise DcepDecodeError(f"unknown message type {data[0]:#04x}")
    if len(data) < _OPEN_HEADER.size:
        raise DcepDecodeError("OPEN cut off")
    _, channel_type, priority, limit, label_size, protocol_size = _OPEN_HEADER.unpack_from(data)
    label_end = _OPEN_HEADER.size + label_size
    protocol_end = label_end + protocol_size
    if len(data) < protocol_end:
        raise DcepDecodeError("label or protocol cut off")
    try:
        kind = _Reliability(channel_type & ~_UNORDERED)
        label = data[_OPEN_HEADER.size : label_end].decode()
        protocol = data[label_end:protocol_end].decode()
    except ValueError as error:
        raise DcepDecodeError(str(error)) from None
    return ChannelParameters(
        label=label,
        protocol=protocol,
        ordered=not channel_type & _UNORDERED,
        max_retransmits=limit if kind is _Reliability.RETRANSMITS else None,
        max_packet_life_time_ms=limit if kind is _Reliability.LIFETIME else None,
        priority=priority,
    )
