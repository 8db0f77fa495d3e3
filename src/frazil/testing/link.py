"""One direction of the connection between two places.

A place is a host or router, or an address, which is more specific than whoever has it. What goes
from one host or router to another is carried by the most specific link that was set, and by the
link of these two if none was. All links that fit count it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from frazil.testing.blackout import Ends
from frazil.testing.conditions import Conditions
from frazil.testing.packet import Fate


class Link:
    """One direction between two hosts or addresses; its conditions can change at any time.

    Args:
        default: The conditions of what it carries while none are set; of the links that fit, only
            that of the two hosts carries anything then.
        inherited: Gives what :attr:`conditions` are while none are set.
        random: The dice that decide what happens to datagrams.

    Attributes:
        counters: How many datagrams from the one to the other met which
            :class:`frazil.testing.Fate`.
        is_set: Whether somebody has set its conditions.
    """

    __slots__ = (
        "_conditions",
        "_free_at",
        "_inherited",
        "_last_arrival_at",
        "_random",
        "counters",
        "is_set",
    )

    def __init__(
        self, default: Conditions, inherited: Callable[[], Conditions], random: Random
    ) -> None:
        self.counters: Counter[Fate] = Counter()
        self.is_set = False
        self._conditions = default
        self._inherited = inherited
        self._random = random
        self._free_at = 0.0
        self._last_arrival_at = 0.0

    @property
    def conditions(self) -> Conditions:
        """The conditions that datagrams meet which are sent from now on.

        They do not wait for what was sent before, which arrives when it would have: a new rate
        begins with an empty queue.

        While none are set here, they are those of the most specific link that comprises this one
        and has some: that of the hosts, for their addresses. Without any they are
        :attr:`frazil.testing.VirtualNetwork.default`.
        """
        return self._conditions if self.is_set else self._inherited()

    @conditions.setter
    def conditions(self, conditions: Conditions) -> None:
        self.is_set = True
        self._change(conditions)

    def follow(self, default: Conditions) -> None:
        """Have another default, while no conditions are set."""
        if not self.is_set:
            self._change(default)

    def _change(self, conditions: Conditions) -> None:
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
        arrives_at = self._last_arrival_at = max(arrives_at, self._last_arrival_at)
        if held_back:
            arrives_at += conditions.holdback_s
        return [arrives_at] * copies


class Way(NamedTuple):
    """What a datagram goes by.

    Attributes:
        carrier: The link whose conditions it meets.
        links: All that count it.
    """

    carrier: Link
    links: Sequence[Link]

    def note(self, fate: Fate) -> None:
        """Count what became of the datagram."""
        for link in self.links:
            link.counters[fate] += 1


class Links:
    """All links, by the places that they join.

    Args:
        default: What the conditions are of links that nobody has set up.
        random: Gives each link dice of its own, by a text that tells what for.
        owners: Gives the names of those who have an address now.
    """

    __slots__ = ("_all", "_default", "_owners", "_random")

    def __init__(
        self,
        default: Conditions,
        random: Callable[[str], Random],
        owners: Callable[[str], Sequence[str]],
    ) -> None:
        self._default = default
        self._random = random
        self._owners = owners
        self._all: dict[tuple[str, str], Link] = {}

    @property
    def default(self) -> Conditions:
        """The conditions of links that nobody has set up."""
        return self._default

    @default.setter
    def default(self, conditions: Conditions) -> None:
        self._default = conditions
        for link in self._all.values():
            link.follow(conditions)

    def link(self, source: str, destination: str) -> Link:
        """The direction from one place to another, each a name or an address."""
        link = self._all.get((source, destination))
        if link is None:
            random = self._random(f"link {source} > {destination}")
            link = Link(self._default, lambda: self._inherited(source, destination), random)
            self._all[source, destination] = link
        return link

    def between(self, ends: Ends) -> Way:
        """What a datagram goes by from one host or router to another."""
        pairs = _pairs((ends.source, ends.sender), (ends.destination, ends.receiver))
        links = [self.link(source, destination) for source, destination in pairs]
        return Way(next((link for link in links if link.is_set), links[-1]), links)

    def reset(self, conditions: Conditions) -> None:
        """Have ``conditions`` on every link, made or not."""
        self.default = conditions
        for link in self._all.values():
            if link.is_set:
                link.conditions = conditions

    def _inherited(self, source: str, destination: str) -> Conditions:
        """The conditions between two places whose own link is not set."""
        sources, destinations = self._owners(source), self._owners(destination)
        for pair in _pairs((source, *sources), (destination, *destinations)):
            link = self._all.get(pair)
            if link is not None and link.is_set:
                return link.conditions
        return self._default


def _pairs(sources: Sequence[str], destinations: Sequence[str]) -> list[tuple[str, str]]:
    """Of places that come most specific first, all pairs, which do so too."""
    return [(source, destination) for destination in destinations for source in sources]
