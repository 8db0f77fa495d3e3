"""The receiving half of an association: TSNs, reassembly, and when to acknowledge."""

from enum import StrEnum
from typing import Final

from frazil.sctp.chunk import (
    DATA_HEADER_SIZE,
    I_DATA_HEADER_SIZE,
    IMMEDIATE,
    WHOLE,
    ChunkType,
    ForwardTsn,
    encode_sack,
    unpack_data,
    unpack_i_data,
)
from frazil.sctp.config import SctpConfig
from frazil.sctp.event import UserMessage
from frazil.sctp.packet import HEADER_SIZE
from frazil.sctp.reassembly import Reassembly
from frazil.sctp.serial import MASK_32, unwrap
from frazil.sctp.tsn import ReceivedTsns

SACK_EVERY_PACKETS: Final = 8
"""A batch is acknowledged at least this often, so that a peer that grows its window with each
SACK (RFC 9260 section 7.2.1) is not held back."""

_SACK_HEADER_SIZE: Final = 16


class DataProblem(StrEnum):
    """Why the user data of a chunk was not taken."""

    REDUNDANT = "redundant"
    NO_ROOM = "no-room"
    OVERRUN = "overrun"
    """The window is full of data that nothing can complete."""
    EMPTY = "empty"
    CUT_OFF = "cut-off"
    INVALID_STREAM = "invalid-stream"


class Inbound:
    """Receives DATA and answers with SACK.

    Attributes:
        data_type: DATA, or I-DATA if messages are interleaved.
        expires_at: When a delayed SACK is due.
        must_acknowledge: Whether a SACK has to be sent now, even alone.
        reassembly: Where the data goes.
        unacknowledged: How many packets a SACK would acknowledge.
    """

    __slots__ = (
        "_batch_is_long",
        "_delay_s",
        "_header_size",
        "_max_gaps",
        "_messages",
        "_streams",
        "_tsns",
        "_unpack",
        "_window",
        "data_type",
        "expires_at",
        "must_acknowledge",
        "reassembly",
        "unacknowledged",
    )

    def __init__(self, config: SctpConfig, messages: list[UserMessage]) -> None:
        """Receive what is sent to us; whole messages are appended to ``messages``."""
        self._messages = messages
        self._window = config.receive_window
        self._delay_s = config.sack_delay_s
        self._max_gaps = (config.mtu - HEADER_SIZE - _SACK_HEADER_SIZE) // 4
        self.begin(0, streams=config.inbound_streams, interleaving=False)

    def begin(self, initial_tsn: int, *, streams: int, interleaving: bool) -> None:
        """The peer's INIT or INIT ACK is known: its first TSN, how many streams it may use."""
        self.data_type = int(ChunkType.I_DATA if interleaving else ChunkType.DATA)
        self._header_size = I_DATA_HEADER_SIZE if interleaving else DATA_HEADER_SIZE
        self._unpack = unpack_i_data if interleaving else unpack_data
        self._streams = streams
        self._tsns = ReceivedTsns(initial_tsn)
        self.reassembly = Reassembly(self._messages, interleaving=interleaving)
        self.unacknowledged = 0
        self.must_acknowledge = False
        self._batch_is_long = False
        self.expires_at: float | None = None

    @property
    def cumulative_tsn(self) -> int:
        """Everything up to this TSN has arrived, unwrapped."""
        return self._tsns.cumulative

    def unwrap(self, tsn: int) -> int:
        """A TSN of the peer, unwrapped."""
        return unwrap(tsn, self._tsns.cumulative)

    def take_due(self, packet: bytes, offset: int) -> int:
        """Take the chunks of type ``data_type`` from ``offset`` on that are just the ones due.

        Nearly always those are all: nothing is missing, there is room, and their form is right.

        Returns:
            Where the first chunk begins that is to be looked at with more care.
        """
        tsns, reassembly = self._tsns, self.reassembly
        if tsns.firsts or reassembly.buffered > self._window:
            return offset
        header_size, size = self._header_size, len(packet)
        while (start := offset + header_size) < size:
            type_, flags, length, number, stream_id, sequence, ppid = self._unpack(packet, offset)
            tsn, end = tsns.cumulative + 1, offset + length
            if number != tsn & MASK_32 or type_ != self.data_type or stream_id >= self._streams:
                break
            if end <= start or end > size:
                break
            tsns.cumulative = tsn
            if flags & IMMEDIATE:
                self.must_acknowledge = True
            data = packet[start:end]
            if flags & WHOLE == WHOLE:
                reassembly.add_whole(tsn, flags, stream_id, sequence, ppid, data)
            else:
                reassembly.add_fragment(tsn, flags, stream_id, sequence, ppid, data)
            offset = (end + 3) & ~3
        return offset

    def receive_data(self, packet: bytes, offset: int, end: int) -> DataProblem | None:
        """Take the chunk of type ``data_type`` between ``offset`` and ``end``."""
        start = offset + self._header_size
        if end <= start:
            return DataProblem.EMPTY if end == start else DataProblem.CUT_OFF
        _, flags, _, tsn, stream_id, sequence, ppid = self._unpack(packet, offset)
        if flags & IMMEDIATE:
            self.must_acknowledge = True
        tsn = unwrap(tsn, self._tsns.cumulative)
        problem = self._judge(tsn)
        if problem is not None:
            return problem
        self._tsns.add(tsn)
        if stream_id >= self._streams:
            return DataProblem.INVALID_STREAM
        self.reassembly.add(tsn, flags, stream_id, sequence, ppid, packet[start:end])
        return None

    def _judge(self, tsn: int) -> DataProblem | None:
        """Whether a TSN is news and there is room for its data.

        The TSN that is due is taken even when the window is full, because only it can make room;
        but a window full of data that nothing can complete is an overrun.
        """
        tsns = self._tsns
        buffered = self.reassembly.buffered
        is_due = tsn == tsns.cumulative + 1
        if is_due and not tsns.firsts:
            return DataProblem.OVERRUN if buffered > self._window else None
        self.must_acknowledge = True  # a duplicate, or a gap opens or closes (RFC 9260 section 6.7)
        if not tsns.is_new(tsn):
            return DataProblem.REDUNDANT
        if is_due:
            return DataProblem.OVERRUN if buffered > 2 * self._window else None
        if buffered >= self._window or not tsns.can_hold(tsn):
            return DataProblem.NO_ROOM
        return None

    def receive_forward(self, forward: ForwardTsn) -> None:
        """The peer gave up some messages; answered at once, whether it is news or not."""
        self.must_acknowledge = True
        self.unacknowledged += 1
        tsn = unwrap(forward.cumulative_tsn, self._tsns.cumulative)
        if tsn > self._tsns.cumulative:
            self._tsns.skip_to(tsn)
            self.reassembly.skip(tsn, forward.skips)

    def end_packet(self) -> bool:
        """A packet with DATA was taken; True if a SACK is due in the middle of a batch."""
        self.unacknowledged += 1
        if self.unacknowledged < SACK_EVERY_PACKETS:
            return False
        self._batch_is_long = True
        return True

    def end_batch(self, now: float) -> bool:
        """All packets that arrived together were taken (RFC 9260 section 6.2).

        Two packets, or one that tells of a loss, are acknowledged at once; a single one waits for
        company or for data to travel with.

        Returns:
            Whether something arrived that is not acknowledged yet.
        """
        if self.unacknowledged >= 2 or (self.unacknowledged and self._batch_is_long):
            self.must_acknowledge = True
        elif self.unacknowledged and not self.must_acknowledge and self.expires_at is None:
            self.expires_at = now + self._delay_s
        self._batch_is_long = False
        return self.unacknowledged > 0

    def expire(self, now: float) -> None:
        """The delayed SACK is due if its time has come."""
        if self.expires_at is not None and now >= self.expires_at:
            self.expires_at = None
            self.must_acknowledge = True

    def sack(self) -> bytes:
        """The SACK chunk that says what has arrived."""
        tsns = self._tsns
        room = self._window - self.reassembly.buffered
        if room < 0:
            room = 0
        if not tsns.firsts and not tsns.duplicates:
            return encode_sack(tsns.cumulative & MASK_32, room, (), ())
        gaps = tsns.gaps(self._max_gaps)
        duplicates = [tsn & MASK_32 for tsn in tsns.duplicates[: self._max_gaps - len(gaps)]]
        return encode_sack(tsns.cumulative & MASK_32, room, gaps, duplicates)

    def acknowledged(self) -> None:
        """The SACK was sent."""
        self._tsns.duplicates.clear()
        self.unacknowledged = 0
        self.must_acknowledge = False
        self.expires_at = None

    def clear(self) -> None:
        """The association ended."""
        self.reassembly.clear()
        self.acknowledged()
