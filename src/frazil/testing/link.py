"""One direction of the connection between two places."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from frazil.testing.blackout import Ends
from frazil.testing.conditions import Conditions
from frazil.testing.packet import Fate


class Link:
    """One direction between two hosts or addresses; its conditions can change at any time.

    Attributes:
        counters: How many datagrams met which :class:`frazil.testing.Fate` on this link.
    """

    __slots__ = ("_conditions", "_free_at", "_last_arrival_at", "_random", "counters")

    def __init__(self, conditions: Conditions, random: Random) -> None:
        self.counters: Counter[Fate] = Counter()
        self._random = random
        self._conditions = conditions
        self._free_at = 0.0
        self._last_arrival_at = 0.0

    @property
    def conditions(self) -> Conditions:
        """The conditions that datagrams meet which are sent from now on.

        They do not wait for what was sent before, which arrives when it would have: a new rate
        begins with an empty queue.
        """
        return self._conditions

    @conditions.setter
    def conditions(self, conditions: Conditions) -> None:
        if conditions.rate_bps != self._conditions.rate_bps:
            self._free_at = 0.0
        self._conditions = conditions
        self._last_arrival_at = 0.0  # another path: it owes the old one no order

    def admit(self, size: int, now: float) -> float | None:
        """When a datagram of ``size`` bytes will have left; None if the queue has no room."""
        rate = self._conditions.rate_bps
        if rate is None:
            return now
        starts_at = max(now, self._free_at)
        waiting_bytes = (starts_at - now) * rate / 8
        if waiting_bytes + size > max(self._conditions.queue_bytes, size):
            return None
        self._free_at = starts_at + size * 8 / rate
        return self._free_at

    def arrivals(self, left_at: float) -> list[float]:
        """When a datagram arrives, once for each copy: no time at all if it is lost."""
        conditions, draw = self._conditions, self._random.random
        # Always the same number of draws: a changed probability does not reroll the other dice.
        lost = draw() < conditions.loss
        copies = 2 if draw() < conditions.duplication else 1
        held_back = draw() < conditions.reordering
        arrives_at = left_at + conditions.delay_s + draw() * conditions.jitter_s
        if lost:
            return []
        if held_back:
            arrives_at += conditions.holdback_s
        else:
            arrives_at = self._last_arrival_at = max(arrives_at, self._last_arrival_at)
        return [arrives_at] * copies


class Links:
    """All links, by the places that they join.

    Args:
        default: What the conditions are of links that nobody has set up.
        random: Gives each link dice of its own, by a text that tells what for.
    """

    __slots__ = ("_all", "_random", "default")

    def __init__(self, default: Conditions, random: Callable[[str], Random]) -> None:
        self.default = default
        self._random = random
        self._all: dict[tuple[str, str], Link] = {}

    def link(self, sources: Sequence[str], destinations: Sequence[str]) -> Link:
        """The direction from one place to another, a new link if they have none of their own.

        It begins with the conditions that hold there.

        Args:
            sources: The place, a name or an address; then the names of those it belongs to.
            destinations: The other place, likewise.
        """
        source, destination = sources[0], destinations[0]
        link = self._all.get((source, destination))
        if link is None:
            wider = self._find(sources, destinations)
            conditions = self.default if wider is None else wider.conditions
            link = Link(conditions, self._random(f"link {source} > {destination}"))
            self._all[source, destination] = link
        return link

    def between(self, ends: Ends) -> Link:
        """The link that was set up most specifically."""
        link = self._find((ends.source, ends.sender), (ends.destination, ends.receiver))
        return self.link((ends.sender,), (ends.receiver,)) if link is None else link

    def _find(self, sources: Sequence[str], destinations: Sequence[str]) -> Link | None:
        """The most specific link, if there is one; the most specific places come first."""
        for destination in destinations:
            for source in sources:
                link = self._all.get((source, destination))
                if link is not None:
                    return link
        return None

    def reset(self, conditions: Conditions) -> None:
        """Have ``conditions`` on every link, made or not."""
        self.default = conditions
        for link in self._all.values():
            link.conditions = conditions
