"""The sending half of an association: what goes into the next packet, and when to repeat it."""

import math
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.deadline import earlier
from frazil.sctp.abandonment import AbandonmentNotice
from frazil.sctp.bbr import Bbr
from frazil.sctp.chunk import Sack
from frazil.sctp.config import SctpConfig
from frazil.sctp.congestion import CongestionController
from frazil.sctp.delivery import DeliveryMeter
from frazil.sctp.loss_detection import LossDetector
from frazil.sctp.pacer import Pacer
from frazil.sctp.packet import HEADER_SIZE
from frazil.sctp.retransmission import RetransmissionQueue
from frazil.sctp.retransmission_timer import RetransmissionTimer
from frazil.sctp.rtt import RoundTrip
from frazil.sctp.send_queue import SendQueue
from frazil.sctp.serial import unwrap

MIN_ROOM: Final = 24
"""A packet with less room than this is full: no chunk is worth starting."""

MAX_OUTSTANDING: Final = 0x7C00
"""With so many chunks behind one that is missing, nothing new is sent: stream sequence numbers have
16 bits, and the peer would take an ordered message half of them ahead for an old one."""


@mypyc_attr(acyclic=True)
class Outbound:
    """Queue, outstanding chunks, congestion control and timers of one association.

    Attributes:
        round_trip: The measured path.
        controller: Says how much may be in flight, and how fast it is sent.
        queue: What waits to be sent.
        outstanding: What was sent and is not acknowledged.
        timer: How long to wait for acknowledgements.
        abandonment: Tells the peer what was given up.
    """

    __slots__ = (
        "_acked",
        "_advanced",
        "_burst_at",
        "_capacity",
        "_detector",
        "_has_sack",
        "_is_window_limited",
        "_meter",
        "_mtu",
        "_paced_until",
        "_pacer",
        "_peer_window",
        "_probe_is_due",
        "_recovery_ends",
        "_rush",
        "_sack",
        "_sacked_tsn",
        "_turns",
        "abandonment",
        "controller",
        "outstanding",
        "queue",
        "round_trip",
        "timer",
    )

    def __init__(self, config: SctpConfig, initial_tsn: int) -> None:
        self._mtu = config.mtu
        self._capacity = config.mtu - HEADER_SIZE
        self.round_trip = RoundTrip(config)
        self.controller: CongestionController = Bbr(self._capacity, initial_tsn)
        self.queue = SendQueue(self._capacity)
        self._turns = self.queue.turns
        self._detector = LossDetector(self.round_trip)
        self.outstanding = RetransmissionQueue(initial_tsn, self._detector)
        self.timer = RetransmissionTimer(self.round_trip)
        self.abandonment = AbandonmentNotice(config, self.outstanding, self.round_trip, self.timer)
        self._meter = DeliveryMeter()
        self._pacer = Pacer()
        self._paced_until: float | None = None  # a packet waits for this instant
        self._peer_window = 0
        self._burst_at: float | None = None
        self._rush = False  # the next packet is the fast retransmission, whatever the window
        self._probe_is_due = False  # the next packet is the tail loss probe
        self._is_window_limited = False
        self._recovery_ends: int | None = None  # the TSN whose acknowledgement ends it
        self._sack: Sack | None = None  # the last of this batch, if it was not applied yet
        self._sacked_tsn = 0  # its cumulative TSN, unwrapped
        self._has_sack = False  # in this batch; with what they acknowledged together
        self._acked = 0
        self._advanced = False

    def negotiated(
        self, *, peer_window: int, streams: int, interleaving: bool, partial_reliability: bool
    ) -> None:
        """The peer's INIT or INIT ACK is known."""
        self._peer_window = peer_window
        self.outstanding.may_abandon = partial_reliability
        self.queue.drop_streams_from(streams)
        self.abandonment.interleaving = interleaving
        if interleaving:
            self.queue.interleave(peer_window // 2)

    @property
    def last_tsn(self) -> int:
        """The TSN assigned last, unwrapped."""
        return self.outstanding.next_tsn - 1

    @property
    def acked_tsn(self) -> int:
        """Everything up to this TSN is acknowledged, unwrapped."""
        return self.outstanding.acked

    @property
    def is_idle(self) -> bool:
        """Whether everything queued was sent and acknowledged."""
        return self._turns.current is None and not self.outstanding

    @property
    def has_something(self) -> bool:
        """Whether there is anything to send, be it allowed or not."""
        return bool(self._turns.current is not None or self.outstanding.lost or self._probe_is_due)

    def fill(self, chunks: list[bytes], room: int, now: float) -> bool:
        """Append the DATA chunks that may be sent now and fit ``room``: repeated ones first.

        To be called only if :attr:`has_something`. The windows are looked at once per packet, so
        the flight may exceed the congestion window by less than a packet (RFC 9260 section 6.1 B).

        Returns:
            Whether another packet may follow at once.
        """
        outstanding = self.outstanding
        if now != self._burst_at:
            if self._paced_until is not None and now < self._paced_until:
                return False  # whoever looks earlier, for another reason, makes no difference
            self._begin_burst(now)
        is_open = outstanding.flight < self.controller.window and self._pacer.next_at <= now
        if not is_open and not self._rush and not self._probe_is_due:
            self._wait()
            return False
        outstanding.packet += 1
        if outstanding.lost or self._rush or self._probe_is_due:
            left = self._repair(chunks, room, now, is_open=is_open)
        else:
            left = self._fill_new(chunks, room, now)
        is_sent = left < room
        if is_sent:
            if self._pacer.rate < math.inf:
                self._pacer.sent(room - left)
            if self.timer.moved_at != now:
                self.timer.sent(now)
            if self._turns.current is not None or outstanding.lost:
                return True
        if is_sent or (is_open and self._turns.current is None and not outstanding.lost):
            # More could be sent, but there is nothing. To wait for the peer's window is no pause.
            self._meter.limit_by_app(outstanding.flight)
        return False

    def _repair(self, chunks: list[bytes], room: int, now: float, *, is_open: bool) -> int:
        """Repeat what was lost, or probe for it; the room that is left behind that and new data.

        Where other chunks leave too little room for that, it is due in the next packet.
        """
        outstanding = self.outstanding
        before = outstanding.next_tsn
        left = room
        if outstanding.lost:
            left = self._fill_lost(chunks, left, now)
        if left >= MIN_ROOM and not outstanding.lost and (is_open or self._probe_is_due):
            left = self._fill_new(chunks, left, now)
        if self._probe_is_due and outstanding.next_tsn == before and left == room:
            left = self._fill_probe(chunks, left, now)
        if left < room or room == self._capacity:
            self._rush = self._probe_is_due = False
        return left

    def _begin_burst(self, now: float) -> None:
        """The first packet of an instant is about to be sent."""
        self._burst_at = now
        flight = self.outstanding.flight
        if not flight:
            self.controller.on_idle_end(now)
        self._pacer.rate = self.controller.pacing_rate
        self._pacer.begin_burst(now)
        self.outstanding.burst = self._meter.begin_burst(flight, now)

    def _wait(self) -> None:
        """Another packet may not leave yet: remember why."""
        if self.outstanding.flight >= self.controller.window:
            self._is_window_limited = True
        else:
            self._paced_until = self._pacer.wait()

    def _fill_lost(self, chunks: list[bytes], room: int, now: float) -> int:
        """The room that is left; what does not fit it stays lost."""
        outstanding = self.outstanding
        while (chunk := outstanding.next_lost(now)) is not None:
            if chunk.size > room:
                break
            if chunk.tsn == outstanding.acked + 1:
                # Repeating the oldest chunk restarts its timer (RFC 9260 sections 7.2.4 and 6.3.2).
                self.timer.restart(now)
            chunks.append(outstanding.resend(chunk))
            room -= chunk.size
        return room

    def _fill_new(self, chunks: list[bytes], room: int, now: float) -> int:
        outstanding, queue, turns = self.outstanding, self.queue, self._turns
        is_probe = False
        if outstanding.flight + self._mtu > self._peer_window:
            if outstanding.flight:
                return room
            is_probe = self._peer_window < self._mtu  # a closed window is probed with one chunk
        if outstanding.next_tsn - outstanding.acked > MAX_OUTSTANDING:
            return room
        while room >= MIN_ROOM and (stream := turns.current) is not None:
            message = stream.begun
            if message is None and not is_probe:
                plain: list[bytes] = []
                is_full = queue.take_plain(plain, outstanding.next_tsn, room)
                if plain:
                    room -= outstanding.add(plain)
                    chunks += plain
                if is_full:
                    break
                if plain:
                    continue
            if message is None or not message.offset or message.chunks is not None:
                message = queue.next_message(now)
                if message is None:
                    break
                if message.chunks and outstanding.may_abandon and message.is_expired(now):
                    outstanding.abandon(message)
                    continue
            chunk = queue.cut(message, outstanding.next_tsn, room)
            if chunk is None:
                break
            room -= outstanding.add([chunk], None if message.chunks is None else message)
            chunks.append(chunk)
            if is_probe:
                break
        return room

    def _fill_probe(self, chunks: list[bytes], room: int, now: float) -> int:
        """There is nothing new to probe with: repeat what was sent last (RFC 8985 7.3)."""
        chunk = self.outstanding.probe(room, now)
        if chunk is None:
            return room
        chunks.append(chunk)
        return room - len(chunk)

    # What the peer acknowledges.

    def receive_sack(self, sack: Sack, now: float) -> bool:
        """Take a SACK; False if it is outdated or impossible.

        One that tells of no gaps is outdone by whatever SACK follows it in the batch, and waits.
        """
        outstanding = self.outstanding
        known = outstanding.acked if self._sack is None else self._sacked_tsn
        cumulative = unwrap(sack.cumulative_tsn, known)
        if not known <= cumulative < outstanding.next_tsn:
            return False
        self._peer_window = sack.receive_window
        self._has_sack = True
        self._sack = sack
        self._sacked_tsn = cumulative
        if sack.gaps or sack.duplicates:
            self.acknowledge(now)
        return True

    def acknowledge(self, now: float) -> None:
        """Apply the SACK that waits, if one does."""
        if self._sack is None:
            return
        result = self.outstanding.acknowledge(self._sacked_tsn, self._sack, now)
        self._sack = None
        self._acked += result.size
        self._advanced |= result.advanced
        if result.undone:
            self._undo()

    def end_batch(self, now: float) -> None:
        """All packets that arrived together were taken: draw the conclusions of their SACKs."""
        if not self._has_sack:
            return
        self._has_sack = False
        self.acknowledge(now)
        self._learn(now)
        if self.outstanding.acked + 1 == self.outstanding.next_tsn:
            self.timer.stop()
        else:
            if self._acked:
                self.timer.acked(now)
            if self._advanced:
                self.timer.restart(now)
        self._acked = 0
        self._advanced = False

    def _learn(self, now: float) -> None:
        """Measure, find what is lost, and tell the controller of both."""
        detector, meter = self._detector, self._meter
        latest = detector.latest if detector.is_fresh else None
        rtt_s = None
        if latest is not None and latest.transmissions == 1:  # else it is ambiguous (Karn)
            rtt_s = now - latest.burst.sent_at
            self.round_trip.measured(rtt_s)
        acked_tsn = self.outstanding.acked
        if self._recovery_ends is not None and acked_tsn >= self._recovery_ends:
            self._recovery_ends = None
            detector.recovered()
        if self.outstanding.flight:
            lost = self._find_losses(now)
        else:
            lost = 0
            detector.forget()
        if latest is None:
            meter.delivered += self._acked
            return
        burst = latest.burst
        self.controller.on_acked(
            meter.sample(
                burst,
                self._acked,
                lost,
                self.outstanding.flight,
                self._is_window_limited,
                rtt_s,
                now,
            ),
            now,
        )
        self._is_window_limited = False

    def _find_losses(self, now: float) -> int:
        """Bytes newly found lost."""
        is_recovering = self._recovery_ends is not None
        found = self.outstanding.find_losses(now, is_recovering=is_recovering)
        if not found:
            return 0
        if not is_recovering:
            self._recovery_ends = self.last_tsn
            self._rush = True
        size = sum(chunk.size for chunk in found)
        self._meter.lost += size
        latest = found[-1].burst
        self.controller.on_lost(size, latest, self._meter.lost - latest.lost, now)
        return size

    def _undo(self) -> None:
        """Nothing had been lost: the packets were late, or overtaken."""
        self._recovery_ends = None
        self.controller.on_spurious()

    def receive_cumulative_tsn(self, tsn: int, now: float) -> None:
        """Apply the cumulative TSN of a SHUTDOWN chunk."""
        self.outstanding.acknowledge_cumulative(tsn, now)
        if not self.outstanding:
            self.timer.stop()

    # Time.

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do."""
        earliest = self.timer.expires_at
        if earliest is None:
            return self._paced_until  # nothing is outstanding
        return earlier(
            earlier(earliest, self._probe_at()),
            earlier(self._detector.recheck_at, self._paced_until),
        )

    def handle_timeout(self, now: float) -> bool:
        """Do what is due; whether the T3-rtx timer expired."""
        if self._paced_until is not None and now >= self._paced_until:
            self._paced_until = None  # the next poll sends
        if self._expire(now):
            return True
        recheck_at = self._detector.recheck_at
        if recheck_at is not None and now >= recheck_at:
            self._find_losses(now)
        probe_at = self._probe_at()
        if probe_at is not None and now >= probe_at:
            self._probe_is_due = True
            self.timer.probed(now)
        return False

    def _probe_at(self) -> float | None:
        """When a tail loss probe is due: data is in flight, and nothing is known to be lost."""
        flight = self.outstanding.flight
        if not flight or self._recovery_ends is not None or self._peer_window < self._mtu:
            return None
        return self.timer.probe_at(is_single=flight <= self._capacity)

    def _expire(self, now: float) -> bool:
        """Whether the T3-rtx timer expired; if so everything outstanding is lost (6.3.3)."""
        if not self.timer.expire(now):
            return False
        flight = self.outstanding.flight
        if self._peer_window >= self._mtu or flight > self._capacity:
            # The probe of a closed window may be refused for want of room (RFC 9260 section 6.1 A).
            self.controller.on_timeout(flight, is_persistent=self.timer.expirations > 1)
        self._meter.lost += flight
        self._lose_all(now)
        return True

    def _lose_all(self, now: float) -> None:
        self.outstanding.lose_all(now)
        self._recovery_ends = None
        self._paced_until = None
        self.abandonment.repeat()

    def path_changed(self, now: float) -> None:
        """Send what is outstanding again, on a path nothing is known of."""
        self._detector.path_changed(now)
        self.round_trip.forget()
        self.controller.restart()
        self._pacer.restart()
        if self.outstanding:
            self._lose_all(now)
            self.timer.restart(now)

    def clear(self) -> None:
        """The association ended."""
        self.queue.clear()
        self.outstanding.clear()
        self._sack = None
        self._has_sack = False
        self.timer.stop()
        self._paced_until = None
