"""User messages on their way out, and the chunks they are cut into."""

from typing import Final, TypeAlias

from frazil.compiled import mypyc_attr
from frazil.sctp.delivery import Burst

QueuedMessage: TypeAlias = tuple[int, bytes, bool, int | None, float | None, bool]
"""A message that waits for its turn: the arguments of :class:`OutboundMessage` after the stream.

Many thousands may wait. The garbage collector does not follow plain tuples of plain values, and so
does not look at each of them over and over.
"""

# What has become of an outbound chunk. Plain integers: they are compared for every chunk.
IN_FLIGHT: Final = 0
LOST: Final = 1
"""Waits to be sent again."""
ACKED: Final = 2
"""Arrived, but above the cumulative TSN."""
ABANDONED: Final = 3
"""Given up: FORWARD TSN tells the peer not to wait for it."""


@mypyc_attr(acyclic=True)
class OutboundMessage:
    """A user message whose turn has come, or that was sent and may have to be repeated.

    Attributes:
        data: The user data, never empty.
        offset: How much of it was cut into chunks.
        fragments: How many chunks that made.
        sequence: Its stream sequence number or message identifier, once the first byte was sent.
        max_retransmits: How often a chunk of it may be repeated; None means always.
        expires_at: When it is not worth sending any more; None means never.
        chunks: The chunks sent so far, kept only if the message may be given up.
        abandoned: Whether it was given up.
        is_counted: Whether its bytes are the application's, to be told when they leave.
        is_open: Whether it counts as under way beside others; with interleaving only.
    """

    __slots__ = (
        "abandoned",
        "chunks",
        "data",
        "expires_at",
        "fragments",
        "is_counted",
        "is_open",
        "max_retransmits",
        "offset",
        "ppid",
        "sequence",
        "stream_id",
        "unordered",
    )

    def __init__(
        self,
        stream_id: int,
        ppid: int,
        data: bytes,
        unordered: bool,
        max_retransmits: int | None,
        expires_at: float | None,
        is_counted: bool = True,
    ) -> None:
        self.stream_id = stream_id
        self.ppid = ppid
        self.data = data
        self.unordered = unordered
        self.max_retransmits = max_retransmits
        self.expires_at = expires_at
        self.is_counted = is_counted
        self.offset = 0
        self.fragments = 0
        self.sequence = 0
        self.abandoned = False
        self.is_open = False
        self.chunks: list[OutboundChunk] | None = (
            None if max_retransmits is None and expires_at is None else []
        )

    def is_expired(self, now: float) -> bool:
        """Whether its lifetime is over (RFC 3758, timed reliability)."""
        return self.expires_at is not None and now >= self.expires_at

    def is_spent(self, transmissions: int, now: float) -> bool:
        """Whether a chunk that was sent so often and got lost is not worth repeating."""
        if self.max_retransmits is not None and transmissions > self.max_retransmits:
            return True
        return self.is_expired(now)


@mypyc_attr(acyclic=True)
class OutboundChunk:
    """A DATA or I-DATA chunk with a TSN.

    Thousands may be in flight. It does not refer to the message that it is a piece of, which refers
    to it: the garbage collector would look at each of them over and over.

    Attributes:
        tsn: Its unwrapped TSN.
        wire: The whole chunk, padded.
        size: ``len(wire)``: what it counts for in flight.
        state: One of the constants above.
        transmissions: How often it was sent.
        packet: The number of the packet that carried it last.
        burst: The burst that packet was sent in.
    """

    __slots__ = (
        "burst",
        "packet",
        "size",
        "state",
        "transmissions",
        "tsn",
        "wire",
    )

    def __init__(self, tsn: int, wire: bytes, packet: int, burst: Burst) -> None:
        self.tsn = tsn
        self.wire = wire
        self.size = len(wire)
        self.state = IN_FLIGHT
        self.transmissions = 1
        self.packet = packet
        self.burst = burst
