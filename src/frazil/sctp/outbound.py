"""The sending half of an association: what goes into the next packet, and when to repeat it."""

from frazil.sctp.chunk import ForwardTsn, Sack, encode_forward_tsn
from frazil.sctp.config import SctpConfig
from frazil.sctp.congestion import CongestionWindow
from frazil.sctp.event import BufferReleased
from frazil.sctp.message import QueuedMessage
from frazil.sctp.packet import HEADER_SIZE
from frazil.sctp.retransmission import RetransmissionQueue
from frazil.sctp.rtt import RoundTrip
from frazil.sctp.send_queue import SendQueue

MIN_ROOM = 24
"""A packet with less room than this is full: no chunk is worth starting."""

_FORWARD_HEADER_SIZE = 8
_FORWARD_SKIP_SIZE = 4
_I_FORWARD_SKIP_SIZE = 8


class Outbound:
    """Queue, outstanding chunks, congestion window and T3 timer of one association.

    Attributes:
        round_trip: The measured path.
        window: The congestion window.
        expires_at: When the T3-rtx timer expires, None while nothing is outstanding.
    """

    __slots__ = (
        "_capacity",
        "_forward_again_at",
        "_forwarded_tsn",
        "_interleaving",
        "_mtu",
        "_outstanding",
        "_peer_window",
        "_queue",
        "_rush",
        "_window_was_full",
        "expires_at",
        "round_trip",
        "window",
    )

    def __init__(self, config: SctpConfig, initial_tsn: int) -> None:
        self._mtu = config.mtu
        self._capacity = config.mtu - HEADER_SIZE
        self._queue = SendQueue(self._capacity)
        self._outstanding = RetransmissionQueue(initial_tsn)
        self._interleaving = False
        self._peer_window = 0
        self._rush = False  # the next packet is the fast retransmission, whatever the window
        self._window_was_full = False
        self._forwarded_tsn = -1
        self._forward_again_at = 0.0
        self.window = CongestionWindow(self._capacity)
        self.round_trip = RoundTrip(config)
        self.expires_at: float | None = None

    def negotiated(
        self, *, peer_window: int, streams: int, interleaving: bool, partial_reliability: bool
    ) -> None:
        """The peer's INIT or INIT ACK is known."""
        self._peer_window = peer_window
        self._outstanding.may_abandon = partial_reliability
        self._queue.drop_streams_from(streams)
        self._interleaving = interleaving
        if interleaving:
            self._queue.interleave(peer_window // 2)

    @property
    def last_tsn(self) -> int:
        """The TSN assigned last, unwrapped."""
        return self._outstanding.next_tsn - 1

    @property
    def acked_tsn(self) -> int:
        """Everything up to this TSN is acknowledged, unwrapped."""
        return self._outstanding.acked

    @property
    def is_idle(self) -> bool:
        """Whether everything queued was sent and acknowledged."""
        return not self._queue and not self._outstanding

    def put(self, stream_id: int, message: QueuedMessage) -> None:
        """Queue a message."""
        self._queue.put(stream_id, message)

    def weigh(self, stream_id: int, weight: int) -> None:
        """Give a stream its share of what is sent."""
        self._queue.weigh(stream_id, weight)

    def buffered(self, stream_id: int) -> int:
        """User bytes of the stream that were not sent yet."""
        return self._queue.buffered(stream_id)

    def is_drained(self, stream_id: int) -> bool:
        """Whether everything queued on the stream was sent at least once."""
        return self._queue.is_drained(stream_id)

    @property
    def stream_ids(self) -> tuple[int, ...]:
        """The streams that were sent on."""
        return self._queue.stream_ids

    def restart_streams(self, stream_ids: tuple[int, ...]) -> None:
        """Begin these drained streams again at sequence number zero."""
        self._queue.restart_streams(stream_ids)

    @property
    def has_released(self) -> bool:
        """Whether anything left the buffer since :meth:`take_released`."""
        return self._queue.has_released

    def take_released(self) -> list[BufferReleased]:
        """What left the buffer since the last call."""
        return self._queue.take_released()

    def fill(self, chunks: list[bytes], room: int, now: float) -> None:
        """Append the DATA chunks that may be sent now and fit ``room``: repeated ones first.

        The windows are looked at once per packet, so the flight may exceed the congestion window
        by less than a packet (RFC 9260 section 6.1 B).
        """
        outstanding = self._outstanding
        flight = outstanding.flight
        is_open = flight < self.window.window and flight < self.window.burst_limit
        if not is_open and not self._rush:
            return
        outstanding.begin_packet()
        count = len(chunks)
        if outstanding.lost:
            room = self._fill_lost(chunks, room, now)
        if is_open and room >= MIN_ROOM:
            self._fill_new(chunks, room, now)
        self._rush = False
        if len(chunks) > count:
            self._start_timer(now)

    def _fill_lost(self, chunks: list[bytes], room: int, now: float) -> int:
        outstanding = self._outstanding
        while (chunk := outstanding.next_lost(now)) is not None:
            if chunk.size > room:
                return 0
            if chunk.tsn == outstanding.acked + 1:
                # Repeating the oldest chunk restarts its timer (RFC 9260 sections 7.2.4 and 6.3.2).
                self.expires_at = now + self.round_trip.rto_s
            chunks.append(outstanding.resend(chunk))
            room -= chunk.size
        return room

    def _fill_new(self, chunks: list[bytes], room: int, now: float) -> None:
        outstanding, queue = self._outstanding, self._queue
        if outstanding.flight + self._mtu > self._peer_window and outstanding.flight:
            return
        is_probe = self._peer_window < self._mtu  # a closed window is probed with one chunk
        while room >= MIN_ROOM and (message := queue.next_message(now)) is not None:
            if message.offset and outstanding.may_abandon and message.is_expired(now):
                outstanding.abandon(message)
                continue
            chunk = queue.cut(message, outstanding.next_tsn, room)
            if chunk is None:
                return
            outstanding.add(message, chunk, now)
            chunks.append(chunk)
            if is_probe:
                return
            room -= len(chunk)

    def _start_timer(self, now: float) -> None:
        if self.expires_at is None:
            self.expires_at = now + self.round_trip.rto_s

    def begin_batch(self) -> None:
        """A batch of packets arrived; remember how full the window was before its SACKs."""
        flight = self._outstanding.flight
        self._window_was_full = flight >= self.window.window
        self.window.permit_burst(flight)

    def receive_sack(self, sack: Sack, now: float) -> bool:
        """Apply a SACK; False if it is outdated or impossible."""
        result = self._outstanding.acknowledge(sack, now)
        if result is None:
            return False
        self._peer_window = sack.receive_window
        if result.rtt_s is not None:
            self.round_trip.measured(result.rtt_s)
        if result.advanced:
            self.window.recovered(self._outstanding.acked)
            self.window.acknowledged(result.size, fully_used=self._window_was_full)
        if result.lost and self.window.lost(self.last_tsn):
            self._rush = True
        if not self._outstanding:
            self.expires_at = None
        elif result.advanced:
            self.expires_at = now + self.round_trip.rto_s
        return True

    def receive_cumulative_tsn(self, tsn: int) -> None:
        """Apply the cumulative TSN of a SHUTDOWN chunk."""
        self._outstanding.acknowledge_cumulative(tsn)
        if not self._outstanding:
            self.expires_at = None

    def expire(self, now: float) -> bool:
        """Whether the T3-rtx timer expired; if so everything outstanding is lost (6.3.3)."""
        if self.expires_at is None or now < self.expires_at:
            return False
        if self._peer_window >= self._mtu:  # a closed window says nothing about congestion
            self.window.timed_out()
        self.window.permit_burst(0)
        self.round_trip.back_off()
        self._outstanding.lose_all(now)
        self._forwarded_tsn = -1
        self.expires_at = now + self.round_trip.rto_s
        return True

    def path_changed(self, now: float) -> None:
        """Send what is outstanding again, on a path nothing is known of."""
        self.round_trip.forget()
        self.window.restart()
        if self._outstanding:
            self._outstanding.lose_all(now)
            self._forwarded_tsn = -1
            self.expires_at = now + self.round_trip.rto_s

    def forward(self, now: float) -> bytes | None:
        """The FORWARD TSN chunk to send now, or None (RFC 3758 section 3.5).

        The same one is repeated at most once per round trip, however many SACKs come in.
        """
        if not self._outstanding.forward_changed:
            return None
        forward = self._outstanding.forward(self._max_skips(), interleaving=self._interleaving)
        if forward is None or not self._is_news(forward, now):
            return None
        self._forwarded_tsn = forward.cumulative_tsn
        self._forward_again_at = now + (self.round_trip.smoothed_s or self.round_trip.rto_s)
        self._start_timer(now)
        return encode_forward_tsn(forward, interleaving=self._interleaving)

    def _is_news(self, forward: ForwardTsn, now: float) -> bool:
        return forward.cumulative_tsn != self._forwarded_tsn or now >= self._forward_again_at

    def _max_skips(self) -> int:
        size = _I_FORWARD_SKIP_SIZE if self._interleaving else _FORWARD_SKIP_SIZE
        return (self._capacity - _FORWARD_HEADER_SIZE) // size

    def clear(self) -> None:
        """The association ended."""
        self._queue.clear()
        self._outstanding.clear()
        self.expires_at = None
