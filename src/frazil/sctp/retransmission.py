"""Chunks that were sent and are not acknowledged: SACKs, losses, abandonment (RFC 9260 6.2)."""

from collections import deque
from typing import NamedTuple

from frazil.sctp.chunk import ForwardTsn, Sack, Skip
from frazil.sctp.message import ABANDONED, ACKED, IN_FLIGHT, LOST, OutboundChunk, OutboundMessage
from frazil.sctp.serial import MASK_32, unwrap

REORDERING_PACKETS = 3
"""A chunk is lost once a packet sent this many later was acknowledged.

RFC 9260 section 7.2.4 counts three SACKs that miss the chunk. One SACK may cover a batch of
packets, so packets are counted instead (as in RFC 9002 section 6.1.1). That finds a lost
retransmission, too.
"""


class Acknowledged(NamedTuple):
    """What one SACK changed.

    Attributes:
        size: Bytes newly acknowledged.
        advanced: Whether the cumulative TSN moved.
        lost: Whether chunks were newly found lost.
        rtt_s: A fresh round trip measurement, or None.
    """

    size: int
    advanced: bool
    lost: bool
    rtt_s: float | None


class RetransmissionQueue:
    """The outstanding chunks in TSN order, and what is known about each.

    TSNs are unwrapped. Chunks are keyed by TSN: a dictionary keeps them in the order they were
    added, which is TSN order.

    Attributes:
        next_tsn: The TSN the next new chunk gets.
        acked: Everything up to this TSN is acknowledged.
        flight: Bytes of chunks that are in flight.
        lost: Chunks to send again, next first; some may have been acknowledged meanwhile.
        may_abandon: Whether the peer understands FORWARD TSN.
        forward_changed: Whether something happened that may call for another FORWARD TSN.
    """

    __slots__ = (
        "_abandoned",
        "_chunks",
        "_known_gaps",
        "_latest_acked_packet",
        "_packet",
        "_timed",
        "_timed_at",
        "acked",
        "flight",
        "forward_changed",
        "lost",
        "may_abandon",
        "next_tsn",
    )

    def __init__(self, initial_tsn: int) -> None:
        self.next_tsn = initial_tsn
        self.acked = initial_tsn - 1
        self.flight = 0
        self.may_abandon = True
        self.forward_changed = False
        self._chunks: dict[int, OutboundChunk] = {}
        self.lost: deque[OutboundChunk] = deque()
        self._abandoned = 0  # how many chunks are in that state
        self._known_gaps: list[tuple[int, int]] = []
        self._packet = 0
        self._latest_acked_packet = 0
        self._timed: OutboundChunk | None = None  # the one that measures the round trip
        self._timed_at = 0.0

    def __bool__(self) -> bool:
        """Whether anything is not cumulatively acknowledged."""
        return bool(self._chunks)

    def begin_packet(self) -> None:
        """The chunks that follow travel in a packet of their own."""
        self._packet += 1

    def add(self, message: OutboundMessage, wire: bytes, now: float) -> None:
        """A new chunk with TSN ``next_tsn`` is sent."""
        chunk = OutboundChunk(self.next_tsn, wire, message, self._packet)
        self._chunks[self.next_tsn] = chunk
        self.next_tsn += 1
        self.flight += chunk.size
        if message.chunks is not None:
            message.chunks.append(chunk)
        if self._timed is None:
            self._timed = chunk
            self._timed_at = now

    def next_lost(self, now: float) -> OutboundChunk | None:
        """The next chunk to send again, or None. Those not worth it are abandoned."""
        lost = self.lost
        while lost:
            chunk = lost[0]
            if chunk.state == LOST:
                if not (self.may_abandon and chunk.message.is_expired(now)):
                    return chunk
                self.abandon(chunk.message)
            lost.popleft()
        return None

    def resend(self, chunk: OutboundChunk) -> bytes:
        """The chunk from :meth:`next_lost` is sent again."""
        self.lost.popleft()
        chunk.state = IN_FLIGHT
        chunk.transmissions += 1
        chunk.packet = self._packet
        self.flight += chunk.size
        return chunk.wire

    def acknowledge(self, sack: Sack, now: float) -> Acknowledged | None:
        """Apply a SACK; None if it is older than what is known or acknowledges the unsent."""
        cumulative = unwrap(sack.cumulative_tsn, self.acked)
        if not self.acked <= cumulative < self.next_tsn:
            return None
        if self._abandoned:
            self.forward_changed = True
        advanced = cumulative > self.acked
        latest = self._latest_acked_packet
        size = self._acknowledge_up_to(cumulative)
        lost = False
        if sack.gaps:
            limit = self.next_tsn - 1
            gaps = sorted(
                (cumulative + first, min(cumulative + last, limit)) for first, last in sack.gaps
            )
            size += self._acknowledge_gaps(gaps)
            if self._latest_acked_packet > latest:
                lost = self._detect_losses(gaps, now)
            self._known_gaps = gaps
        else:
            self._known_gaps = []
        return Acknowledged(size, advanced, lost, self._measure(now))

    def acknowledge_cumulative(self, wire_tsn: int) -> None:
        """Apply the cumulative TSN of a SHUTDOWN chunk."""
        cumulative = unwrap(wire_tsn, self.acked)
        if self.acked < cumulative < self.next_tsn:
            self._acknowledge_up_to(cumulative)

    def _acknowledge_up_to(self, cumulative: int) -> int:
        size = 0
        pop = self._chunks.pop
        for tsn in range(self.acked + 1, cumulative + 1):
            chunk = pop(tsn)
            state = chunk.state
            if state == IN_FLIGHT:
                self.flight -= chunk.size
                size += chunk.size
                if chunk.transmissions == 1 and chunk.packet > self._latest_acked_packet:
                    self._latest_acked_packet = chunk.packet
            elif state == LOST:
                size += chunk.size
            elif state == ABANDONED:
                self._abandoned -= 1
            chunk.state = ACKED
        self.acked = cumulative
        return size

    def _acknowledge_gaps(self, gaps: list[tuple[int, int]]) -> int:
        """Mark what these ranges newly cover; ranges seen before are stepped over."""
        size = 0
        known = iter(self._known_gaps)
        known_first, known_last = next(known, (self.next_tsn, self.next_tsn))
        for first, last in gaps:
            tsn = first
            while tsn <= last:
                while known_last < tsn:
                    known_first, known_last = next(known, (self.next_tsn, self.next_tsn))
                if known_first <= tsn:
                    tsn = known_last + 1
                    continue
                end = min(last, known_first - 1)
                size += self._acknowledge_range(tsn, end)
                tsn = end + 1
        return size

    def _acknowledge_range(self, first: int, last: int) -> int:
        size = 0
        for tsn in range(first, last + 1):
            chunk = self._chunks.get(tsn)
            if chunk is None or chunk.state in (ACKED, ABANDONED):
                continue
            size += chunk.size
            if chunk.state == IN_FLIGHT:
                self.flight -= chunk.size
                # A repeated chunk may have been acknowledged by its first copy: no evidence.
                if chunk.transmissions == 1 and chunk.packet > self._latest_acked_packet:
                    self._latest_acked_packet = chunk.packet
            chunk.state = ACKED
        return size

    def _detect_losses(self, gaps: list[tuple[int, int]], now: float) -> bool:
        """Look at the holes between the acknowledged ranges."""
        found = False
        late = self._latest_acked_packet - REORDERING_PACKETS
        hole = self.acked + 1
        for first, last in gaps:
            for tsn in range(hole, first):
                chunk = self._chunks.get(tsn)
                if chunk is not None and chunk.state == IN_FLIGHT and chunk.packet <= late:
                    self._lose(chunk, now)
                    found = True
            hole = max(hole, last + 1)
        return found

    def _lose(self, chunk: OutboundChunk, now: float) -> None:
        self.flight -= chunk.size
        chunk.state = LOST
        if chunk is self._timed:
            self._timed = None  # ambiguous once it is repeated (Karn)
        if self.may_abandon and chunk.message.is_spent(chunk.transmissions, now):
            self.abandon(chunk.message)
        else:
            self.lost.append(chunk)

    def _measure(self, now: float) -> float | None:
        timed = self._timed
        if timed is None or timed.state != ACKED:
            return None
        self._timed = None
        return now - self._timed_at

    def lose_all(self, now: float) -> None:
        """The retransmission timer expired: nothing is in flight any more (RFC 9260 6.3.3)."""
        self.forward_changed = True
        for chunk in self._chunks.values():
            if chunk.state == ACKED:
                # The lowest outstanding TSN cannot have arrived unless the peer discarded it
                # again, and then it may have discarded the others as well (section 6.2.1).
                self._forget_gaps()
            break
        self.lost.clear()
        for chunk in list(self._chunks.values()):
            if chunk.state == IN_FLIGHT:
                self._lose(chunk, now)
            elif chunk.state == LOST:
                self.lost.append(chunk)

    def _forget_gaps(self) -> None:
        self._known_gaps = []
        for chunk in self._chunks.values():
            if chunk.state == ACKED:
                chunk.state = LOST

    def abandon(self, message: OutboundMessage) -> None:
        """Give up a message of which at least one chunk was sent (RFC 3758 section 3.5).

        If not all of it was sent, its end gets a TSN that is never transmitted, so that the peer
        is told to skip the whole message.
        """
        message.abandoned = True
        self.forward_changed = True
        for chunk in message.chunks or ():
            if chunk.tsn <= self.acked or chunk.state == ABANDONED:
                continue
            if chunk.state == IN_FLIGHT:
                self.flight -= chunk.size
            if chunk is self._timed:
                self._timed = None
            chunk.state = ABANDONED
            self._abandoned += 1
        if message.offset < len(message.data):
            end = OutboundChunk(self.next_tsn, b"", message, self._packet)
            end.state = ABANDONED
            self._abandoned += 1
            self._chunks[self.next_tsn] = end
            self.next_tsn += 1

    def forward(self, max_skips: int, *, interleaving: bool) -> ForwardTsn | None:
        """How far the peer may move its cumulative TSN, or None if it need not be told.

        Args:
            max_skips: How many streams fit one FORWARD TSN chunk.
            interleaving: Whether unordered messages are listed, too (RFC 8260).
        """
        self.forward_changed = False
        if not self._abandoned:
            return None
        point = self.acked
        skips: dict[tuple[int, bool], int] = {}
        for tsn, chunk in self._chunks.items():
            if chunk.state == ABANDONED:
                message = chunk.message
                if interleaving or not message.unordered:
                    stream = (message.stream_id, message.unordered)
                    if stream not in skips and len(skips) == max_skips:
                        break
                    skips[stream] = message.sequence
                point = tsn
            elif chunk.state != ACKED:
                break
        if point == self.acked:
            return None
        listed = tuple(Skip(*stream, sequence) for stream, sequence in skips.items())
        return ForwardTsn(point & MASK_32, listed)

    def clear(self) -> None:
        """Forget everything."""
        self._chunks.clear()
        self.lost.clear()
        self._timed = None
        self._abandoned = self.flight = 0
