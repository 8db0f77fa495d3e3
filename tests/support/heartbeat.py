"""Messages at a steady rate both ways over a reliable channel, and how long none arrived."""

from itertools import pairwise
from typing import Any


class Heartbeat:
    """Beats on the channel ``chat`` of both peers of a stage.

    Args:
        stage: With two connected peers.
        interval_s: Between two messages of one peer.
    """

    def __init__(self, stage: Any, interval_s: float = 0.02) -> None:
        self._stage = stage
        self._interval_s = interval_s
        self._arrivals: dict[str, list[float]] = {}
        self._before = {peer.name: len(peer.inbox["chat"]) for peer in stage.peers}
        self._count = 0
        for peer in stage.peers:
            times = self._arrivals.setdefault(peer.name, [])
            peer.channels["chat"].on("message", lambda _, times=times: times.append(stage.now))

    async def beat(self, for_s: float) -> None:
        """Send for ``for_s``."""
        for _ in range(round(for_s / self._interval_s)):
            for peer in self._stage.peers:
                peer.channels["chat"].send(f"{self._count}")
            self._count += 1
            await self._stage.sleep(self._interval_s)

    def verify(self) -> None:
        """Every message arrived once, in order."""
        for peer in self._stage.peers:
            inbox = peer.inbox["chat"][self._before[peer.name] :]
            assert inbox == [f"{number}" for number in range(self._count)]

    def gap_s(self, name: str) -> float:
        """The longest time between two arrivals at one peer."""
        return max(two - one for one, two in pairwise(self._arrivals[name]))

    def longest_gap_s(self) -> float:
        """The longest time between two arrivals at either peer."""
        return max(self.gap_s(name) for name in self._arrivals)
