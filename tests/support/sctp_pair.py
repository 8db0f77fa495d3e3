"""Two associations joined by a virtual network with seeded loss, reordering and duplication."""

import heapq
import random
from collections.abc import Callable

from frazil.sctp import (
    Association,
    AssociationClosed,
    AssociationState,
    MessagesReceived,
    SctpConfig,
    SctpEvent,
    SignalledInits,
    announce,
    settled,
)
from frazil.sctp.chunk import ChunkType
from frazil.sctp.packet import HEADER_SIZE
from frazil.trace import Trace

MAX_STEPS = 200_000


def seeded(seed: int) -> Callable[[int], bytes]:
    """A random source that repeats itself."""
    return random.Random(seed).randbytes


def chunk_types(packet: bytes) -> list[int]:
    """The chunk types of a packet, in order."""
    return [type_ for type_, _, _ in chunks_of(packet)]


def chunks_of(packet: bytes) -> list[tuple[int, int, bytes]]:
    """Type, flags and value of each chunk of a packet."""
    chunks = []
    offset = HEADER_SIZE
    while offset < len(packet):
        length = int.from_bytes(packet[offset + 2 : offset + 4], "big")
        chunks.append((packet[offset], packet[offset + 1], packet[offset + 4 : offset + length]))
        offset += (length + 3) & ~3
    return chunks


class Side:
    """One association with all it ever told."""

    def __init__(
        self, config: SctpConfig, seed: int, signalled: SignalledInits | None = None
    ) -> None:
        self.trace = Trace()
        self.association = Association(config, seeded(seed), self.trace, signalled)
        self.events: list[SctpEvent] = []
        self.sent: list[bytes] = []
        self.drop: Callable[[bytes], bool] = lambda packet: False

    @property
    def state(self) -> AssociationState:
        return self.association.state

    @property
    def messages(self) -> list[tuple[int, int, bytes]]:
        return [message for event in self.of(MessagesReceived) for message in event.messages]

    @property
    def closed(self) -> AssociationClosed | None:
        return next((e for e in self.events if isinstance(e, AssociationClosed)), None)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def count_sent(self, type_: ChunkType) -> int:
        return sum(chunk_types(packet).count(type_) for packet in self.sent)


class Pair:
    """``a`` and ``b`` in virtual time; packets that arrive at one instant form a batch."""

    def __init__(
        self,
        config_a: SctpConfig | None = None,
        config_b: SctpConfig | None = None,
        *,
        seed: int = 1,
        delay_s: float = 0.01,
        loss: float = 0.0,
        jitter_s: float = 0.0,
        duplication: float = 0.0,
        signalled: bool = False,
    ) -> None:
        config_a, config_b = config_a or SctpConfig(), config_b or SctpConfig()
        inits_a = inits_b = None
        if signalled:
            chunk_a = announce(config_a, seeded(2 * seed))
            chunk_b = announce(config_b, seeded(2 * seed + 1))
            inits_a, inits_b = settled(chunk_a, chunk_b), settled(chunk_b, chunk_a)
        self.a = Side(config_a, 2 * seed, inits_a)
        self.b = Side(config_b, 2 * seed + 1, inits_b)
        self.now = 0.0
        self.delay_s = delay_s
        self.loss = loss
        self.jitter_s = jitter_s
        self.duplication = duplication
        self._random = random.Random(seed)
        self._queue: list[tuple[float, int, Side, bytes]] = []
        self._serial = 0

    def start(self, *, both: bool = True) -> None:
        self.a.association.start(self.now)
        if both:
            self.b.association.start(self.now)
        self.flush()

    def connect(self) -> "Pair":
        self.start()
        self.run_until(lambda: self.a.state == self.b.state == AssociationState.ESTABLISHED)
        return self

    def flush(self) -> None:
        for side, other in ((self.a, self.b), (self.b, self.a)):
            while packets := side.association.poll_packets(self.now):
                for packet in packets:
                    side.sent.append(packet)
                    if not side.drop(packet):
                        self._transmit(packet, other)
            side.events += side.association.poll_events()

    def _transmit(self, packet: bytes, to: Side) -> None:
        draw = self._random.random
        copies = 0 if draw() < self.loss else 1 + (draw() < self.duplication)
        for _ in range(copies):
            self.inject(packet, to, self.delay_s + draw() * self.jitter_s)

    def inject(self, packet: bytes, to: Side, delay_s: float = 0.0) -> None:
        self._serial += 1
        heapq.heappush(self._queue, (self.now + delay_s, self._serial, to, packet))

    def next_at(self) -> float | None:
        deadlines = [side.association.next_timeout() for side in (self.a, self.b)]
        if self._queue:
            deadlines.append(self._queue[0][0])
        return min((at for at in deadlines if at is not None), default=None)

    def step(self) -> bool:
        """Go on to the next instant at which something happens; False if there is none."""
        at = self.next_at()
        if at is None:
            return False
        self.now = max(self.now, at)
        for side in (self.a, self.b):
            batch = []
            while self._queue and self._queue[0][0] <= self.now and self._queue[0][2] is side:
                batch.append(heapq.heappop(self._queue)[3])
            if batch:
                side.association.receive(batch, self.now)
            side.association.handle_timeout(self.now)
        self.flush()
        return True

    def run_until(self, done: Callable[[], bool], limit_s: float = 600.0) -> None:
        """Run until ``done``; fails when that takes longer than ``limit_s`` of virtual time."""
        end = self.now + limit_s
        self.flush()
        for _ in range(MAX_STEPS):
            if done():
                return
            at = self.next_at()
            assert at is not None, "nothing will ever happen again"
            assert at <= end, f"not done after {limit_s} s"
            self.step()
        raise AssertionError("too many steps")

    def run_for(self, duration_s: float) -> None:
        """Let virtual time pass."""
        end = self.now + duration_s
        self.flush()
        while (at := self.next_at()) is not None and at <= end:
            self.step()
        self.now = end
