"""How a channel carries what is said on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from frazil import RTCDataChannel


@dataclass(frozen=True, slots=True)
class Manner:
    """What a channel promises; of the two limits there is one at most.

    Attributes:
        is_ordered: Whether messages keep their order.
        max_retransmits: How often one is repeated at most.
        max_life_ms: For how long one is sent at most.
    """

    is_ordered: bool = True
    max_retransmits: int | None = None
    max_life_ms: int | None = None

    @classmethod
    def draw(cls, random: Random) -> "Manner":
        """One that may lose messages."""
        is_ordered = random.random() < 0.5
        if random.random() < 0.5:
            return cls(is_ordered, max_retransmits=random.choice((0, 0, 1, 3)))
        return cls(is_ordered, max_life_ms=random.choice((1, 100, 1000, 10_000)))

    @property
    def is_reliable(self) -> bool:
        """Whether everything arrives that is said."""
        return self.max_retransmits is None and self.max_life_ms is None

    @property
    def loses_only_on_the_way(self) -> bool:
        """Whether everything arrives on a network that loses nothing.

        What lives for a second may wait longer for its turn where the network was bad until just
        now: the pace rises no faster than there is something to send.
        """
        return self.max_life_ms is None or self.max_life_ms > 1000

    def options(self) -> dict[str, object]:
        """What ``createDataChannel`` is to be told."""
        return {
            "ordered": self.is_ordered,
            "maxRetransmits": self.max_retransmits,
            "maxPacketLifeTime": self.max_life_ms,
        }

    def matches(self, channel: RTCDataChannel) -> bool:
        """Whether a channel is like this."""
        actual = (channel.ordered, channel.maxRetransmits, channel.maxPacketLifeTime)
        return actual == (self.is_ordered, self.max_retransmits, self.max_life_ms)

    def allows(self, said: Sequence[object], heard: Sequence[object]) -> bool:
        """Whether that may be heard where this was said, in which nothing is there twice."""
        if self.is_ordered:
            rest = iter(said)
            is_like = all(each in rest for each in heard)
        else:
            is_like = len(set(heard)) == len(heard) and set(heard) <= set(said)
        return is_like and (not self.is_reliable or len(heard) == len(said))
