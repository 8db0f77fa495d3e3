"""The sending half of an association, with a peer and a congestion control played by the test."""

import math

from frazil.sctp import SctpConfig
from frazil.sctp.chunk import Sack, decode_forward_tsn
from frazil.sctp.outbound import Outbound

CONFIG = SctpConfig(interleaving=False)
MTU = CONFIG.mtu
CAPACITY = MTU - 12
PAYLOAD = CAPACITY - 16


class Notes:
    """A congestion controller that decides nothing, and notes what it is told."""

    def __init__(self):
        self.window = 10 * CAPACITY
        self.pacing_rate = math.inf
        self.told = []

    def on_idle_end(self, now):
        self.told.append("idle end")

    def on_lost(self, size, latest, lost_since, now):
        self.told.append(("lost", size // CAPACITY, lost_since // CAPACITY))

    def on_acked(self, sample, now):
        self.told.append(sample)

    def on_timeout(self, flight, *, is_persistent):
        self.told.append(("timeout", flight // CAPACITY, is_persistent))

    def on_spurious(self):
        self.told.append("spurious")

    def restart(self):
        self.told.append("restart")


class Sender:
    """A sending half with a peer played by the test; TSNs begin at 1."""

    def __init__(self, *, window=1 << 20, interleaving=False):
        self.outbound = Outbound(CONFIG, 1)
        self.controller = self.outbound.controller = Notes()
        self.now = 0.0
        self.outbound.negotiated(
            peer_window=window, streams=65535, interleaving=interleaving, partial_reliability=True
        )

    def put(self, size, *, count=1, stream_id=0, limit=None, expires_at=None):
        for _ in range(count):
            self.outbound.queue.put(stream_id, (51, bytes(size), False, limit, expires_at, True))

    def packet(self, room=CAPACITY):
        chunks = []
        if self.outbound.has_something:
            self.outbound.fill(chunks, room, self.now)
        return chunks

    def flush(self):
        """TSNs of each packet that may be sent now."""
        packets = []
        while chunks := self.packet():
            packets.append([int.from_bytes(chunk[4:8], "big") for chunk in chunks])
        return packets

    def sack(self, cumulative, *gaps, window=1 << 20, delay_s=0.1, duplicates=()):
        self.now += delay_s
        sack = Sack(cumulative, window, gaps, duplicates)
        is_news = self.outbound.receive_sack(sack, self.now)
        self.outbound.end_batch(self.now)
        return is_news

    def forward(self):
        chunk = self.outbound.abandonment.next_chunk(self.now)
        return chunk and decode_forward_tsn(chunk[4:], interleaving=False)

    @property
    def flight(self):
        return self.outbound.outstanding.flight
