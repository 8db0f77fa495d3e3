"""Flows that share a bottleneck, in virtual time: associations, and TCP flows to compare with."""

import heapq
import math
import random
from typing import Protocol

from frazil.sctp import AssociationState, MessagesReceived, SctpConfig
from support.sctp_pair import Side

OVERHEAD = 28 + 37
"""Bytes that IP, UDP and DTLS add to an SCTP packet."""
TICK_S = 0.001
"""Timers fire up to this late, as those of an event loop."""
GRAIN_S = 0.0005
"""Packets that arrive within this time form a batch."""


class Flow(Protocol):
    """A sender and a receiver on the two sides of the bottleneck."""

    received: int

    def start(self, network: "Bottleneck") -> None: ...
    def arrive(self, packets: list[bytes], *, forward: bool) -> None: ...
    def next_at(self) -> float | None: ...
    def handle_timeout(self) -> None: ...


class Bottleneck:
    """One queue with a rate, drop-tail, that all flows share forward; the way back is free.

    Attributes:
        delays: How long each packet that passed had waited.
        dropped: How many packets found the queue full.
    """

    def __init__(
        self,
        rate_bps: float = 50e6,
        *,
        rtt_s: float = 0.02,
        queue_s: float = 0.02,
        loss: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.now = 0.0
        self.rate_bps = rate_bps
        self.rtt_s = rtt_s
        self.queue_s = queue_s
        self.loss = loss
        self.delays: list[float] = []
        self.dropped = 0
        self.flows: list[Flow] = []
        self._random = random.Random(seed)
        self._free_at = 0.0
        self._events: list[tuple[float, int, int, bool, bytes]] = []
        self._serial = 0

    def add(self, flow: Flow) -> Flow:
        self.flows.append(flow)
        flow.start(self)
        return flow

    def send(self, flow: Flow, packet: bytes, size: int, *, forward: bool) -> None:
        at = self.now + self.rtt_s / 2
        if forward:
            waits_s = max(self._free_at - self.now, 0.0)
            if waits_s > self.queue_s:
                self.dropped += 1
                return
            self._free_at = self.now + waits_s + size * 8 / self.rate_bps
            self.delays.append(waits_s)
            at = self._free_at + self.rtt_s / 2
            if self._random.random() < self.loss:
                return
        at = math.ceil(at / GRAIN_S) * GRAIN_S
        self._serial += 1
        heapq.heappush(self._events, (at, self._serial, self.flows.index(flow), forward, packet))

    def run_for(self, duration_s: float) -> None:
        end = self.now + duration_s
        while True:
            timers = [flow.next_at() for flow in self.flows]
            at = min((at for at in timers if at is not None), default=end + 1)
            # Timers fire on ticks, packets when they come.
            at = max(self.now, at, math.ceil(at / TICK_S) * TICK_S)
            if self._events:
                at = min(at, self._events[0][0])
            if at > end:
                break
            self.now = max(at, self.now)
            batches: dict[tuple[int, bool], list[bytes]] = {}
            while self._events and self._events[0][0] <= self.now:
                _, _, index, forward, packet = heapq.heappop(self._events)
                batches.setdefault((index, forward), []).append(packet)
            for (index, forward), packets in batches.items():
                self.flows[index].arrive(packets, forward=forward)
            for flow, timer_at in zip(self.flows, timers, strict=True):
                if timer_at is not None and timer_at <= self.now:
                    flow.handle_timeout()
        self.now = end

    @property
    def delay_s(self) -> float:
        """How long 95 of 100 packets had to wait at most."""
        return sorted(self.delays)[len(self.delays) * 95 // 100]

    def measure(self, duration_s: float) -> list[float]:
        """Let time pass; what each flow got through, as a part of what the bottleneck carries."""
        before = [flow.received for flow in self.flows]
        self.delays.clear()
        self.run_for(duration_s)
        return [
            (flow.received - start) * 8 / duration_s / self.rate_bps
            for flow, start in zip(self.flows, before, strict=True)
        ]


def fairness(shares: list[float]) -> float:
    """Jain's index: 1 if all got the same, 1/n if one got everything."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


class SctpFlow:
    """An association that has always something to send, unless ``is_greedy`` is cleared."""

    def __init__(
        self, seed: int = 1, *, is_greedy: bool = True, receiver: SctpConfig | None = None
    ) -> None:
        self.a = Side(SctpConfig(), 2 * seed)
        self.b = Side(receiver or SctpConfig(), 2 * seed + 1)
        self.received = 0
        self.received_at: list[float] = []
        self.is_greedy = is_greedy

    def start(self, network: Bottleneck) -> None:
        self.network = network
        self.a.association.start(network.now)
        self._flush()

    def send(self, size: int) -> None:
        self.a.association.send(0, 51, bytes(size), self.network.now)
        self._flush()

    def path_changed(self) -> None:
        self.a.association.path_changed(self.network.now)
        self._flush()

    def _feed(self) -> None:
        association = self.a.association
        while association.buffered_amount(0) < 256 * 1024:
            association.send(0, 51, bytes(16384), self.network.now)

    def arrive(self, packets: list[bytes], *, forward: bool) -> None:
        side = self.b if forward else self.a
        side.association.receive(packets, self.network.now)
        self._flush()

    def next_at(self) -> float | None:
        deadlines = [side.association.next_timeout() for side in (self.a, self.b)]
        return min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self) -> None:
        for side in (self.a, self.b):
            side.association.handle_timeout(self.network.now)
        self._flush()

    def _flush(self) -> None:
        now = self.network.now
        if self.is_greedy and self.a.state is AssociationState.ESTABLISHED:
            self._feed()
        for side in (self.a, self.b):
            while packets := side.association.poll_packets(now):
                for packet in packets:
                    size = len(packet) + OVERHEAD
                    self.network.send(self, packet, size, forward=side is self.a)
            for event in side.association.poll_events():
                if isinstance(event, MessagesReceived):
                    self.received += sum(len(data) for _, _, data in event.messages)
                    self.received_at += [now] * len(event.messages)


class TcpFlow:
    """The congestion avoidance of TCP with perfect loss detection: Reno, or CUBIC (RFC 9438)."""

    SEGMENT = 1448

    def __init__(self, kind: str = "cubic") -> None:
        self.kind = kind
        self.received = 0
        self.window = 10.0
        self._threshold = 1e9
        self._next = 0
        self._flight: dict[int, None] = {}
        self._recover = -1
        self._max = 0.0
        self._epoch_at: float | None = None
        self._rtt_s = 0.0
        self._sent_at: dict[int, float] = {}
        self._deadline_at: float | None = None

    def start(self, network: Bottleneck) -> None:
        self.network = network
        self._send()

    def next_at(self) -> float | None:
        return self._deadline_at

    def handle_timeout(self) -> None:
        self._flight.clear()
        self._threshold = max(self.window / 2, 2.0)
        self.window = 1.0
        self._epoch_at = None
        self._send()

    def arrive(self, packets: list[bytes], *, forward: bool) -> None:
        for packet in packets:
            if forward:
                self.received += self.SEGMENT
                self.network.send(self, packet, 52, forward=False)
            else:
                self._acked(int.from_bytes(packet, "big"))
        if not forward:
            self._send()

    def _acked(self, number: int) -> None:
        now = self.network.now
        sent_at = self._sent_at.pop(number, None)
        if sent_at is not None:
            self._rtt_s = now - sent_at
        was_full = len(self._flight) + 1 >= self.window
        self._flight.pop(number, None)
        lost = False
        while self._flight:
            oldest = next(iter(self._flight))
            if oldest + 3 > number:
                break
            del self._flight[oldest]
            self._sent_at.pop(oldest, None)
            lost |= oldest > self._recover
        if lost:
            self._recover = self._next - 1
            self._max = self.window
            self.window = self._threshold = max(
                self.window * (0.5 if self.kind == "reno" else 0.7), 2.0
            )
            self._epoch_at = None
        elif was_full:
            self._grow(now)

    def _grow(self, now: float) -> None:
        if self.window < self._threshold:
            self.window += 1
        elif self.kind == "reno":
            self.window += 1 / self.window
        else:
            if self._epoch_at is None:
                self._epoch_at = now
                self._max = max(self._max, self.window)
                self._start = self.window
                self._friendly = self.window
            k_s = ((self._max - self._start) / 0.4) ** (1 / 3)
            target = 0.4 * (now - self._epoch_at + self._rtt_s - k_s) ** 3 + self._max
            self._friendly += 3 * 0.3 / 1.7 / self.window
            self.window += max(min(target, 1.5 * self.window) - self.window, 0.0) / self.window
            self.window = max(self.window, self._friendly)

    def _send(self) -> None:
        while len(self._flight) < int(self.window):
            self._flight[self._next] = None
            self._sent_at[self._next] = self.network.now
            self.network.send(self, self._next.to_bytes(8, "big"), self.SEGMENT + 52, forward=True)
            self._next += 1
        self._deadline_at = self.network.now + max(self._rtt_s * 3, 0.3)
