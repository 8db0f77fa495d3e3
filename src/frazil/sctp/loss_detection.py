"""Which chunks in flight are lost, judged by time (RACK, RFC 8985)."""

import math
from collections import deque

from frazil.compiled import mypyc_attr
from frazil.sctp.message import IN_FLIGHT, OutboundChunk
from frazil.sctp.reordering import REORDERING_PACKETS, ReorderingWindow
from frazil.sctp.rtt import RoundTrip


@mypyc_attr(acyclic=True)
class LossDetector:
    """The chunks in the order they were sent, and the latest of those that arrived.

    A chunk is lost once one that was sent after it has arrived, and it took longer than that one's
    round trip and the reordering window. A lost retransmission is found like any other.

    Attributes:
        sent: The chunks in flight in the order they were sent last; others may be among them.
        latest: The acknowledged chunk that was sent last, None in the beginning.
        is_fresh: Whether ``latest`` is another one since losses were looked for.
        recheck_at: When a chunk that was overtaken will have taken too long, or None.
    """

    __slots__ = (
        "_old_path_until",
        "_round_trip",
        "_round_trip_s",
        "_widen_after",
        "_window",
        "is_fresh",
        "latest",
        "latest_packet",
        "recheck_at",
        "sent",
    )

    def __init__(self, round_trip: RoundTrip) -> None:
        self._round_trip = round_trip
        self._round_trip_s = 0.0
        self._old_path_until = -math.inf  # what was sent over it may be acknowledged
        self.sent: deque[OutboundChunk] = deque()
        self._widen_after = 0
        self._window = ReorderingWindow()
        self.latest: OutboundChunk | None = None
        self.latest_packet = 0
        self.is_fresh = False
        self.recheck_at: float | None = None

    def arrived(self, chunk: OutboundChunk, now: float) -> None:
        """A chunk in flight arrived that was sent after :attr:`latest`.

        A repeated one that was acknowledged by an earlier copy says nothing.
        """
        rtt_s = now - chunk.burst.sent_at
        if chunk.transmissions == 1 or self._is_last_copy(rtt_s, now):
            self.latest = chunk
            self.latest_packet = chunk.packet
            self.is_fresh = True
            self._round_trip_s = rtt_s

    def _is_last_copy(self, rtt_s: float, now: float) -> bool:
        """Whether it was the last copy of a repeated chunk that was acknowledged.

        An earlier one seems quicker than any round trip is. While none is known, as on another
        path, it may be one that went over the path before, until the last of those has had time.
        """
        least_s = self._round_trip.least_s
        if least_s < math.inf:
            return rtt_s >= least_s
        return now >= self._old_path_until

    def path_changed(self, now: float) -> None:
        """The path is another one, but what is on its way over the old one may still arrive.

        To be called before the round trip of the old path is forgotten.
        """
        smoothed_s = self._round_trip.smoothed_s
        if smoothed_s is not None:
            last_sent_at = self.sent[-1].burst.sent_at if self.sent else now
            self._old_path_until = last_sent_at + max(smoothed_s, self._round_trip_s)

    def overtaken(self) -> None:
        """A chunk arrived, sent once, although others sent later had arrived before."""
        self._window.seen()

    def mistaken(self) -> None:
        """A chunk that was taken for lost had arrived: once per round trip, be more patient."""
        if self.latest_packet >= self._widen_after:
            self._widen_after = self.sent[-1].packet if self.sent else self.latest_packet + 1
            self._window.widen()

    def recovered(self) -> None:
        """All losses of an episode are repaired."""
        self._window.recovered()

    def find(self, now: float, *, is_recovering: bool) -> list[OutboundChunk]:
        """The chunks that are lost now; they are not considered again until they are sent.

        Args:
            now: The time.
            is_recovering: Whether losses are under repair, so that patience has no point.
        """
        self.recheck_at = None
        self.is_fresh = False
        found: list[OutboundChunk] = []
        sent = self.sent
        while sent:
            chunk = sent[0]
            if chunk.state == IN_FLIGHT:
                if chunk.packet >= self.latest_packet:
                    break
                behind = self.latest_packet - chunk.packet
                wait_s = self._round_trip_s + self._window.wait_s(
                    self._round_trip, is_proven=is_recovering or behind >= REORDERING_PACKETS
                )
                if chunk.burst.sent_at + wait_s > now:
                    self.recheck_at = chunk.burst.sent_at + wait_s
                    break
                found.append(chunk)
            sent.popleft()
        return found

    def take_last(self) -> OutboundChunk | None:
        """The chunk sent last of those in flight, to be sent again as a probe."""
        while self.sent:
            chunk = self.sent.pop()
            if chunk.state == IN_FLIGHT:
                return chunk
        return None

    def forget(self) -> None:
        """Nothing is in flight any more."""
        self.sent.clear()
        self.recheck_at = None
        self.is_fresh = False
