"""The messages of all streams that wait to be sent, and whose turn it is."""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.chunk import (
    BEGIN,
    DATA,
    DATA_HEADER_SIZE,
    END,
    I_DATA,
    I_DATA_HEADER_SIZE,
    IMMEDIATE,
    UNORDERED,
    WHOLE,
    encode_data,
    encode_i_data,
    pack_data,
    pack_i_data,
    urgent,
)
from frazil.sctp.event import BufferReleased
from frazil.sctp.message import OutboundMessage, QueuedMessage
from frazil.sctp.serial import MASK_16, MASK_32
from frazil.sctp.stream_scheduler import DEFAULT_WEIGHT, OutboundStream, StreamScheduler
from frazil.sctp.tlv import padded

MIN_FRAGMENT_SIZE: Final = 64
"""A fragment that would be smaller than this waits for the next packet."""


@mypyc_attr(acyclic=True)
class SendQueue:
    """Cuts queued messages into DATA chunks, taking streams in turn by their weights.

    The turn passes on after each message, or after each fragment if messages are interleaved
    (RFC 8260). A message that fits a packet is never cut; a longer one fills what is left of a
    packet, so that bulk traffic makes packets of equal size.

    Attributes:
        turns: Whose turn it is, if anything is queued at all.
        released: Bytes that left the buffer since :meth:`take_released`, by stream.
    """

    __slots__ = (
        "_capacity",
        "_header_size",
        "_interleaving",
        "_open_bytes",
        "_open_limit",
        "_sequence_mask",
        "_streams",
        "_waiting",
        "_weights",
        "released",
        "turns",
    )

    def __init__(self, capacity: int) -> None:
        """Make an empty queue for packets that hold ``capacity`` bytes of chunks."""
        self._capacity = capacity
        self._interleaving = False
        self._header_size = DATA_HEADER_SIZE
        self._sequence_mask = MASK_16
        self._streams: dict[int, OutboundStream] = {}
        self._weights: dict[int, int] = {}
        self.turns = StreamScheduler()
        self.released: dict[int, int] = {}
        # Interleaving only: messages under way, and streams that may not begin another one yet, the
        # one that waits longest first.
        self._open_bytes = 0
        self._open_limit = 0
        self._waiting: list[OutboundStream] = []

    def interleave(self, open_limit: int) -> None:
        """Use I-DATA from now on.

        Messages under way at the same time are kept below ``open_limit`` bytes together: a
        receiver whose window is full of beginnings could never finish one. Those that have to wait
        for that begin in turn, or else a long one might wait for ever while shorter ones fit.
        """
        self._interleaving = True
        self._header_size = I_DATA_HEADER_SIZE
        self._sequence_mask = MASK_32
        self._open_limit = open_limit

    def weigh(self, stream_id: int, weight: int) -> None:
        """Give a stream ``weight`` parts of what is sent while others wait, instead of 256."""
        if weight == DEFAULT_WEIGHT:
            self._weights.pop(stream_id, None)
        else:
            self._weights[stream_id] = weight
        if stream_id in self._streams:
            self._streams[stream_id].weight = weight

    def put(self, stream_id: int, message: QueuedMessage) -> None:
        """Queue a message behind the others of its stream."""
        stream = self._streams.get(stream_id)
        if stream is None:
            weight = self._weights.get(stream_id, DEFAULT_WEIGHT)
            stream = self._streams[stream_id] = OutboundStream(stream_id, weight)
        _, data, _, _, _, is_counted = message
        if is_counted:
            stream.buffered += len(data)
        if not stream.messages:
            self.turns.add(stream)
        stream.messages.append(message)

    def buffered(self, stream_id: int) -> int:
        """User bytes of the stream that were not sent yet."""
        stream = self._streams.get(stream_id)
        return 0 if stream is None else stream.buffered

    def is_drained(self, stream_id: int) -> bool:
        """Whether everything queued on the stream was sent at least once."""
        stream = self._streams.get(stream_id)
        return stream is None or not stream.messages

    def end(self, stream_id: int) -> None:
        """Nothing more will be queued on the stream, which is to be reset.

        That waits for the acknowledgement of the last chunk, so it asks for one at once (the I bit,
        RFC 9260 3.3.1).
        """
        stream = self._streams.get(stream_id)
        if stream is not None:
            stream.is_ending = True

    def restart_streams(self, stream_ids: tuple[int, ...]) -> None:
        """Begin these drained streams again at sequence number zero (RFC 6525)."""
        for stream_id in stream_ids:
            self._streams.pop(stream_id, None)

    def take_plain(self, chunks: list[bytes], tsn: int, room: int) -> bool:
        """Append the plain messages that come next to a packet, as many as fit it.

        Plain are those that fit a packet and are sent until they arrive. They are whole and never
        given up, so that nothing is to be remembered of them but their chunks.

        Args:
            chunks: Where to append them.
            tsn: The TSN of the first.
            room: What is left of the packet; no stream has begun a message that is not plain.

        Returns:
            Whether the packet is full: the next one is plain, but too long for it.
        """
        stream = self.turns.current
        assert stream is not None
        messages = stream.messages
        taken = released = 0
        is_full = False
        while messages:
            ppid, data, is_unordered, max_retransmits, expires_at, is_counted = messages[0]
            size = len(data)
            length = self._header_size + size
            if length > self._capacity or max_retransmits is not None or expires_at is not None:
                break
            if length > room:
                is_full = True
                break
            messages.popleft()
            if is_unordered:
                flags, sequence = WHOLE | UNORDERED, self._number_unordered(stream)
            else:
                flags, sequence = WHOLE, stream.next_ordered
                stream.next_ordered = (sequence + 1) & self._sequence_mask
            number, id_ = tsn & MASK_32, stream.stream_id
            if self._interleaving:
                chunk = pack_i_data(I_DATA, flags, length, number, id_, 0, sequence, ppid) + data
            else:
                chunk = pack_data(DATA, flags, length, number, id_, sequence, ppid) + data
            if size & 3:
                chunk = padded(chunk)
            chunks.append(chunk)
            tsn += 1
            room -= len(chunk)
            taken += size
            if is_counted:
                released += size
            if self.turns.waiting:
                break
        if taken:
            if stream.is_ending and not messages:
                chunks[-1] = urgent(chunks[-1])
            self._end_plain(stream, taken, released)
        return is_full

    def _end_plain(self, stream: OutboundStream, taken: int, released: int) -> None:
        """So many bytes of plain messages were cut: the turn passes on."""
        if released:
            self._release(stream, released)
        self.turns.charge(taken)
        if stream.messages:
            self.turns.pass_on()
        else:
            self.turns.remove()

    def next_message(self, now: float) -> OutboundMessage | None:
        """The message whose turn it is, possibly partly sent.

        Messages that were abandoned, or expired before a byte of them was sent, are dropped.
        """
        while (stream := self.turns.current) is not None:
            message = stream.begun
            if message is None:
                message = stream.begun = _begin(stream.stream_id, stream.messages[0])
            if message.abandoned:
                self._drop(message, stream)
            elif message.offset:
                return message
            elif message.expires_at is not None and message.is_expired(now):
                self._drop(message, stream)
            elif self._open_bytes and not self._may_open(message):
                self._waiting.append(self.turns.remove())
            else:
                return message
        return None

    def cut(self, message: OutboundMessage, tsn: int, room: int) -> bytes | None:
        """The next chunk of the message whose turn it is, or None if ``room`` is too little."""
        stream = self.turns.current
        assert stream is not None
        data, offset, stream_id = message.data, message.offset, message.stream_id
        whole = len(data)
        size, space = whole - offset, room - self._header_size
        if size > space:
            if self._header_size + whole <= self._capacity or space < MIN_FRAGMENT_SIZE:
                return None
            size = space
        message.offset = end = offset + size
        flags = UNORDERED if message.unordered else 0
        if not offset:
            flags |= BEGIN
            self._open(message, stream)
        if end == whole:
            flags |= END
            if stream.is_ending and len(stream.messages) == 1:
                flags |= IMMEDIATE
        payload = data if size == whole else data[offset:end]
        if self._interleaving:
            last = message.fragments if offset else message.ppid
            chunk = encode_i_data(flags, tsn & MASK_32, stream_id, message.sequence, last, payload)
        else:
            chunk = encode_data(
                flags, tsn & MASK_32, stream_id, message.sequence, message.ppid, payload
            )
        message.fragments += 1
        if message.is_counted:
            self._release(stream, size)
        if offset and not self._interleaving:
            stream.used += size / stream.weight  # in the turn that the first piece began
        else:
            self.turns.charge(size)
        if end == whole:
            self._finish(message, stream)
        elif self._interleaving:
            self.turns.pass_on()
        return chunk

    def _open(self, message: OutboundMessage, stream: OutboundStream) -> None:
        """Number a message whose first byte is about to be sent."""
        if self._interleaving and not message.is_open:
            self._open_bytes += len(message.data)
            message.is_open = True
        if not message.unordered:
            message.sequence = stream.next_ordered
            stream.next_ordered = (stream.next_ordered + 1) & self._sequence_mask
        else:
            message.sequence = self._number_unordered(stream)

    def _number_unordered(self, stream: OutboundStream) -> int:
        """The number of an unordered message; without interleaving it needs none."""
        if not self._interleaving:
            return 0
        sequence = stream.next_unordered
        stream.next_unordered = (sequence + 1) & MASK_32
        return sequence

    def _may_open(self, message: OutboundMessage) -> bool:
        """Whether it may be under way beside others; a long one comes after those that wait."""
        size = len(message.data)
        if message.is_open or size + I_DATA_HEADER_SIZE <= self._capacity:
            return True
        return not self._waiting and self._open_bytes + size <= self._open_limit

    def _finish(self, message: OutboundMessage, stream: OutboundStream) -> None:
        """Take the message whose turn it is off the queue and pass the turn on."""
        stream.begun = None
        stream.messages.popleft()
        if stream.messages:
            self.turns.pass_on()
        else:
            self.turns.remove()
        if message.is_open:
            self._open_bytes -= len(message.data)
            if self._waiting:
                self._open_waiting()

    def _open_waiting(self) -> None:
        """Give room to those that have waited longest, before their turn: none may take it."""
        while self._waiting:
            stream = self._waiting[0]
            message = stream.begun
            assert message is not None
            size = len(message.data)
            if self._open_bytes and self._open_bytes + size > self._open_limit:
                break
            self._open_bytes += size
            message.is_open = True
            del self._waiting[0]
            self.turns.add(stream)

    def _drop(self, message: OutboundMessage, stream: OutboundStream) -> None:
        """Give up what was not sent of the message whose turn it is."""
        if message.is_counted:
            self._release(stream, len(message.data) - message.offset)
        self._finish(message, stream)

    def _release(self, stream: OutboundStream, size: int) -> None:
        stream.buffered -= size
        stream_id = stream.stream_id
        self.released[stream_id] = self.released.get(stream_id, 0) + size

    def drop_streams_from(self, limit: int) -> None:
        """Give up everything on streams the peer did not agree to: ``limit`` and above."""
        refused = [stream_id for stream_id in self._streams if stream_id >= limit]
        for stream_id in refused:
            stream = self._streams.pop(stream_id)
            self._release(stream, stream.buffered)
        self.turns.remove_from(limit)
        self._waiting = [each for each in self._waiting if each.stream_id < limit]

    def take_released(self) -> list[BufferReleased]:
        """What left the buffer since the last call, one event for each stream."""
        events = [BufferReleased(stream_id, size) for stream_id, size in self.released.items()]
        self.released.clear()
        return events

    def clear(self) -> None:
        """Forget everything."""
        self._streams.clear()
        self.turns.clear()
        self._waiting.clear()
        self.released.clear()


def _begin(stream_id: int, message: QueuedMessage) -> OutboundMessage:
    ppid, data, unordered, max_retransmits, expires_at, is_counted = message
    return OutboundMessage(
        stream_id, ppid, data, unordered, max_retransmits, expires_at, is_counted
    )
