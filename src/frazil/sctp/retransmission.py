"""Chunks that were sent and are not acknowledged: SACKs, losses, abandonment (RFC 9260 6.2)."""

from collections.abc import Iterable

from frazil.compiled import mypyc_attr
from frazil.sctp.chunk import ForwardTsn, Sack, Skip
from frazil.sctp.delivery import Burst
from frazil.sctp.loss_detection import LossDetector
from frazil.sctp.message import ABANDONED, ACKED, IN_FLIGHT, LOST, OutboundChunk, OutboundMessage
from frazil.sctp.serial import MASK_32, unwrap


@mypyc_attr(acyclic=True)
class Acknowledged:
    """What one SACK changed.

    Attributes:
        size: Bytes newly acknowledged.
        advanced: Whether the cumulative TSN moved.
        undone: Whether all that was taken for lost lately has turned out to have arrived.
    """

    __slots__ = ("advanced", "size", "undone")

    def __init__(self, size: int, advanced: bool, undone: bool) -> None:
        self.size = size
        self.advanced = advanced
        self.undone = undone


@mypyc_attr(acyclic=True)
class RetransmissionQueue:
    """The outstanding chunks in TSN order, and what is known about each.

    TSNs are unwrapped. Chunks are keyed by TSN: a dictionary keeps them in the order they were
    added, which is TSN order.

    Attributes:
        next_tsn: The TSN the next new chunk gets.
        acked: Everything up to this TSN is acknowledged.
        flight: Bytes of chunks that are in flight.
        lost: Chunks to send again, next first; some may have been acknowledged meanwhile.
        detector: Finds out what is lost.
        packet: The number of the packet that is being filled.
        burst: What the packets belong to that are sent at this instant.
        may_abandon: Whether the peer understands FORWARD TSN.
        forward_changed: Whether something happened that may call for another FORWARD TSN.
    """

    __slots__ = (
        "_abandoned",
        "_chunks",
        "_doubted",
        "_highest_acked",
        "_known_gaps",
        "_last_tsns",
        "_messages",
        "acked",
        "burst",
        "detector",
        "flight",
        "forward_changed",
        "lost",
        "may_abandon",
        "next_tsn",
        "packet",
    )

    def __init__(self, initial_tsn: int, detector: LossDetector) -> None:
        self.detector = detector
        self.next_tsn = initial_tsn
        self.acked = initial_tsn - 1
        self.flight = 0
        self.may_abandon = True
        self.forward_changed = False
        self._chunks: dict[int, OutboundChunk] = {}
        self._messages: dict[int, OutboundMessage] = {}  # of the chunks that may be given up
        self.lost: list[OutboundChunk] = []  # mostly none: a deque would weigh more
        self._abandoned = 0  # how many chunks are in that state
        self._known_gaps: list[tuple[int, int]] = []
        self._last_tsns: dict[int, int] = {}  # of streams that are reset, before they begin again
        self.packet = 0
        self.burst = Burst(0.0, 0.0, 0, 0.0, 0, False)
        self._highest_acked = self.acked
        # Chunks taken for lost since the last recovery began, until they prove not to have been.
        self._doubted: set[int] = set()

    def __bool__(self) -> bool:
        """Whether anything is not cumulatively acknowledged."""
        return bool(self._chunks)

    def add(self, wires: list[bytes], message: OutboundMessage | None = None) -> int:
        """New chunks are sent in a packet, with TSNs from ``next_tsn`` on.

        Args:
            wires: The chunks.
            message: What they are pieces of; ``None`` if that is not to be given up.

        Returns:
            Their size.
        """
        packet, burst, sent = self.packet, self.burst, self.detector.sent
        tsn, size = self.next_tsn, 0
        for wire in wires:
            chunk = self._chunks[tsn] = OutboundChunk(tsn, wire, packet, burst)
            if message is not None and message.chunks is not None:
                message.chunks.append(chunk)
                self._messages[tsn] = message
            tsn += 1
            size += chunk.size
            sent.append(chunk)
        self.next_tsn = tsn
        self.flight = burst.flight = self.flight + size
        return size

    def next_lost(self, now: float) -> OutboundChunk | None:
        """The next chunk to send again, or None. Those not worth it are abandoned."""
        lost = self.lost
        while lost:
            chunk = lost[0]
            if chunk.state == LOST:
                message = self._messages.get(chunk.tsn)
                if message is None or not (self.may_abandon and message.is_expired(now)):
                    return chunk
                self.abandon(message)
            del lost[0]
        return None

    def resend(self, chunk: OutboundChunk) -> bytes:
        """The chunk from :meth:`next_lost` is sent again."""
        del self.lost[0]
        chunk.state = IN_FLIGHT
        self.flight += chunk.size
        return self._send_again(chunk)

    def probe(self, room: int, now: float) -> bytes | None:
        """The chunk in flight that was sent last is sent again, if it may be and fits ``room``."""
        chunk = self.detector.take_last()
        if chunk is None:
            return None
        if chunk.size > room or self._is_spent(chunk, now):
            self.detector.sent.append(chunk)
            return None
        return self._send_again(chunk)

    def _is_spent(self, chunk: OutboundChunk, now: float) -> bool:
        """Whether the chunk must not be repeated any more."""
        message = self._messages.get(chunk.tsn)
        if message is None or not self.may_abandon:
            return False
        return message.is_spent(chunk.transmissions, now)

    def _send_again(self, chunk: OutboundChunk) -> bytes:
        chunk.transmissions += 1
        chunk.packet = self.packet
        chunk.burst = self.burst
        self.burst.flight = self.flight
        self.detector.sent.append(chunk)
        return chunk.wire

    def acknowledge(self, cumulative: int, sack: Sack, now: float) -> Acknowledged:
        """Apply a SACK that is not older than what is known, and acknowledges nothing unsent.

        Args:
            cumulative: Its cumulative TSN, unwrapped.
            sack: The SACK.
            now: The time.
        """
        if self._abandoned:
            self.forward_changed = True
        advanced = cumulative > self.acked
        had_doubts = bool(self._doubted)
        size = self._acknowledge_up_to(cumulative, now)
        if sack.gaps:
            limit = self.next_tsn - 1
            gaps = sorted(
                (cumulative + first, min(cumulative + last, limit)) for first, last in sack.gaps
            )
            size += self._acknowledge_gaps(gaps, now)
            self._known_gaps = gaps
        elif self._known_gaps:
            self._known_gaps = []
        if had_doubts:
            self._clear_doubts(sack.duplicates)
        return Acknowledged(size, advanced, had_doubts and not self._doubted)

    def _clear_doubts(self, duplicates: tuple[int, ...]) -> None:
        """The peer got these TSNs twice: the first copy had not been lost."""
        for wire_tsn in duplicates:
            tsn = unwrap(wire_tsn, self.acked)
            if tsn in self._doubted:
                self._doubted.discard(tsn)
                self.detector.mistaken()

    def acknowledge_cumulative(self, wire_tsn: int, now: float) -> None:
        """Apply the cumulative TSN of a SHUTDOWN chunk."""
        cumulative = unwrap(wire_tsn, self.acked)
        if self.acked < cumulative < self.next_tsn:
            self._acknowledge_up_to(cumulative, now)

    def _acknowledge_up_to(self, cumulative: int, now: float) -> int:
        size = usual = 0
        newest: OutboundChunk | None = None
        pop, highest = self._chunks.pop, self._highest_acked
        for tsn in range(self.acked + 1, cumulative + 1):
            chunk = pop(tsn)
            state = chunk.state
            if state == IN_FLIGHT and chunk.transmissions == 1 and tsn > highest:
                usual += chunk.size
                newest = chunk  # of those sent once, as they were sent in this order
            elif state <= LOST:
                size += self._take_arrived(chunk, now)
            elif state == ABANDONED:
                self._abandoned -= 1
            chunk.state = ACKED
        if self._messages:
            for tsn in range(self.acked + 1, cumulative + 1):
                self._messages.pop(tsn, None)
        self.acked = cumulative
        if newest is not None:
            self.flight -= usual
            self._highest_acked = max(self._highest_acked, newest.tsn)
            if newest.packet > self.detector.latest_packet:
                self.detector.arrived(newest, now)
        return size + usual

    def _take_arrived(self, chunk: OutboundChunk, now: float) -> int:
        """Its size: what was in flight, or taken for lost, has arrived."""
        detector = self.detector
        if chunk.state == LOST:
            self._doubted.discard(chunk.tsn)
            detector.mistaken()
        else:
            self.flight -= chunk.size
            if chunk.packet > detector.latest_packet:
                detector.arrived(chunk, now)
        if chunk.tsn > self._highest_acked:
            self._highest_acked = chunk.tsn
        elif chunk.transmissions == 1:
            detector.overtaken()
        return chunk.size

    def _acknowledge_gaps(self, gaps: list[tuple[int, int]], now: float) -> int:
        """Mark what these ranges newly cover; ranges seen before are stepped over."""
        size = tsn = 0
        known = iter(self._known_gaps)
        known_first, known_last = next(known, (self.next_tsn, self.next_tsn))
        for first, last in gaps:
            if tsn < first:
                tsn = first  # else it overlaps the one before
            while tsn <= last:
                while known_last < tsn:
                    known_first, known_last = next(known, (self.next_tsn, self.next_tsn))
                if known_first <= tsn:
                    tsn = known_last + 1
                    continue
                end = min(last, known_first - 1)
                size += self._acknowledge_range(tsn, end, now)
                tsn = end + 1
        return size

    def _acknowledge_range(self, first: int, last: int, now: float) -> int:
        size = 0
        for tsn in range(first, last + 1):
            chunk = self._chunks.get(tsn)
            if chunk is not None and chunk.state <= LOST:
                size += self._take_arrived(chunk, now)
                chunk.state = ACKED
        return size

    def find_losses(self, now: float, *, is_recovering: bool) -> list[OutboundChunk]:
        """Take for lost what took too long; these chunks, in the order they were sent.

        Args:
            now: The time.
            is_recovering: Whether losses found earlier are not all repaired yet.
        """
        found = self.detector.find(now, is_recovering=is_recovering)
        if found and not is_recovering:
            self._doubted.clear()
        for chunk in found:
            if chunk.state == IN_FLIGHT:  # not given up with another piece of its message
                self._lose(chunk, now)
        return found

    def _lose(self, chunk: OutboundChunk, now: float) -> None:
        self.flight -= chunk.size
        chunk.state = LOST
        self._doubted.add(chunk.tsn)
        message = self._messages.get(chunk.tsn)
        if message is not None and self._is_spent(chunk, now):
            self.abandon(message)
        else:
            self.lost.append(chunk)

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
        self.detector.forget()
        self._doubted.clear()
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
            chunk.state = ABANDONED
            self._abandoned += 1
        if message.offset < len(message.data):
            end = OutboundChunk(self.next_tsn, b"", self.packet, self.burst)
            end.state = ABANDONED
            self._abandoned += 1
            self._chunks[self.next_tsn] = end
            self._messages[self.next_tsn] = message
            self.next_tsn += 1

    def end_streams(self, stream_ids: Iterable[int], last_tsn: int) -> None:
        """The peer is asked to reset streams, as soon as it has everything up to ``last_tsn``."""
        self._last_tsns = {id_: tsn for id_, tsn in self._last_tsns.items() if tsn > self.acked}
        self._last_tsns.update(dict.fromkeys(stream_ids, last_tsn))

    def forward(self, max_skips: int, *, interleaving: bool) -> ForwardTsn | None:
        """How far the peer may move its cumulative TSN, or None if it need not be told.

        What lists a stream that is being reset goes no further than the stream did: the peer has to
        recognise it as old if it comes after the reset. Else it would skip messages of those who
        use the stream next.

        Args:
            max_skips: How many streams fit one FORWARD TSN chunk.
            interleaving: Whether unordered messages are listed, too (RFC 8260).
        """
        self.forward_changed = False
        if not self._abandoned:
            return None
        point, end = self.acked, self.next_tsn
        skips: dict[tuple[int, bool], int] = {}
        for tsn, chunk in self._chunks.items():
            if tsn > end:
                break
            if chunk.state == ABANDONED:
                message = self._messages[tsn]
                if interleaving or not message.unordered:
                    stream = (message.stream_id, message.unordered)
                    if stream not in skips and len(skips) == max_skips:
                        break
                    skips[stream] = message.sequence
                    last_tsn = self._last_tsns.get(message.stream_id, end)
                    if tsn <= last_tsn < end:
                        end = last_tsn
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
        self._messages.clear()
        self.lost.clear()
        self._doubted.clear()
        self.detector.forget()
        self._abandoned = self.flight = 0
