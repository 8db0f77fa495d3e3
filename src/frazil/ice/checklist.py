"""The checklist: which pairs exist and which is checked next (RFC 8445 6.1.2 and 6.1.4)."""

import ipaddress
from bisect import insort
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from typing import Final

from frazil.ice.candidate import Candidate, TcpType
from frazil.ice.config import MAX_PAIRS
from frazil.ice.pair import CandidatePair, Foundation, PairKey, PairState
from frazil.types import Address

_FROZEN: Final = PairState.FROZEN
_WAITING: Final = PairState.WAITING
_IN_PROGRESS: Final = PairState.IN_PROGRESS
_NONE: Final = dict.fromkeys(PairState, 0)
_UNCHECKED: Final = (_FROZEN, _WAITING)
_DISPENSABLE: Final = (_FROZEN, _WAITING, PairState.FAILED)


OPPOSITE: Final = {
    TcpType.ACTIVE: TcpType.PASSIVE,
    TcpType.PASSIVE: TcpType.ACTIVE,
    TcpType.SIMULTANEOUS_OPEN: TcpType.SIMULTANEOUS_OPEN,
    None: None,
}
"""What a TCP candidate can be paired with (RFC 6544 6.2); UDP has no such types."""


def can_pair(local: Candidate, remote: Candidate) -> bool:
    """Whether a packet from ``local`` could reach ``remote`` at all (RFC 8445 6.1.2.2)."""
    return (
        local.protocol is remote.protocol
        and OPPOSITE[local.tcp_type] is remote.tcp_type
        and local.component == remote.component
        and local.is_ipv6 == remote.is_ipv6
        and _scope(local.address[0]) == _scope(remote.address[0])
    )


def can_receive(address: Address) -> bool:
    """Whether ``address`` names one host and port at all: not a name, a group or nothing."""
    host, port = address
    return port != 0 and _scope(host) != "none"


@lru_cache(maxsize=256)
def _scope(host: str) -> str:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return "none"  # a name that was not resolved
    if ip.is_unspecified or ip.is_multicast or host == "255.255.255.255":
        return "none"
    if ip.is_loopback:
        return "loopback"
    return "link" if ip.version == 6 and ip.is_link_local else "global"


def _order(pair: CandidatePair) -> int:
    return -pair.priority


class Checklist:
    """The pairs of one generation, highest priority first, and the queue of triggered checks.

    It alone writes the state of its pairs, and counts them by state: what is asked after every
    packet of an established connection costs no walk over the pairs.

    Attributes:
        news: The pairs that were added (true) or removed; the caller empties it.
        siblings: The checklists of the other components of the stream. Pairs of one foundation are
            likely to share their fate, whatever their component.
    """

    __slots__ = (
        "_by_key",
        "_counts",
        "_pairs",
        "_settled",
        "_triggered",
        "_wanted",
        "news",
        "siblings",
    )

    def __init__(self) -> None:
        self._pairs: list[CandidatePair] = []
        self._by_key: dict[PairKey, CandidatePair] = {}
        self._counts = _NONE.copy()
        self._triggered: list[CandidatePair] = []  # few: a deque would weigh more
        self._settled = -1
        self.news: list[tuple[CandidatePair, bool]] = []
        self.siblings: tuple[Checklist, ...] = ()
        self._wanted: list[CandidatePair] = []

    def __iter__(self) -> Iterator[CandidatePair]:
        return iter(self._pairs)

    def __contains__(self, pair: CandidatePair) -> bool:
        return pair in self._pairs

    def __len__(self) -> int:
        return len(self._pairs)

    def find(self, key: PairKey) -> CandidatePair | None:
        """The pair with this local base and remote address."""
        return self._by_key.get(key)

    def count(self, state: PairState) -> int:
        """How many pairs are in ``state``."""
        return self._counts[state]

    @property
    def pending(self) -> int:
        """How many pairs have no result yet."""
        counts = self._counts
        return counts[_FROZEN] + counts[_WAITING] + counts[_IN_PROGRESS]

    # --- which pairs there are ----------------------------------------------------------------

    def add(self, pair: CandidatePair) -> bool:
        """Insert a pair unless it is redundant or the list is full of better ones.

        The best pair of its foundation starts ``waiting``, as does one whose foundation has
        proven to work; others wait ``frozen`` for the outcome of that one (RFC 8838 12).

        Returns:
            Whether the pair is in the list now.
        """
        if pair.key in self._by_key:
            return False
        if len(self._pairs) >= MAX_PAIRS and not self._make_room(pair):
            return False
        lists = (self, *self.siblings)
        group = [other for each in lists for other in each if other.foundation == pair.foundation]
        is_first = all(other.priority < pair.priority for other in group)
        works = any(other.is_valid for other in group)
        pair.state = _WAITING if is_first or works else _FROZEN
        insort(self._pairs, pair, key=_order)
        self._by_key[pair.key] = pair
        self._counts[pair.state] += 1
        self.news.append((pair, True))
        return True

    def _make_room(self, newcomer: CandidatePair) -> bool:
        """Drop the worst pair that nothing is known for, if it is worse than ``newcomer``."""
        for pair in reversed(self._pairs):
            if pair.priority >= newcomer.priority:
                return False
            if pair.state in _DISPENSABLE and not pair.is_barred:
                self.remove(pair)
                return True
        return False

    def remove(self, pair: CandidatePair) -> None:
        """Forget a pair."""
        self._pairs.remove(pair)
        del self._by_key[pair.key]
        self._counts[pair.state] -= 1
        self.news.append((pair, False))
        for queue in (self._triggered, self._wanted):
            if pair in queue:
                queue.remove(pair)

    def sort(self) -> None:
        """Restore the order after priorities changed."""
        self._pairs.sort(key=_order)

    # --- the states of the pairs --------------------------------------------------------------

    def mark(self, pair: CandidatePair, state: PairState) -> None:
        """Write the state of ``pair``, which may have left the list meanwhile."""
        if pair in self._pairs:
            self._counts[pair.state] -= 1
            self._counts[state] += 1
        pair.state = state

    def trigger(self, pair: CandidatePair) -> None:
        """Queue a triggered check (RFC 8445 7.3.1.4)."""
        self.mark(pair, _WAITING)
        if pair not in self._triggered:
            self._triggered.append(pair)

    def take_triggered(self) -> CandidatePair | None:
        """Take the next triggered check out of the queue."""
        return self._triggered.pop(0) if self._triggered else None

    def want(self, pair: CandidatePair) -> None:
        """Have an ordinary check of ``pair``, if there was none, whatever the other pairs are."""
        if pair.state in _UNCHECKED:
            self._wanted.append(pair)

    def next_ordinary(self, above: int) -> CandidatePair | None:
        """The pair for the next ordinary check (RFC 8445 6.1.4.2).

        That is a wanted pair, else the best waiting one, else the best frozen one whose foundation
        nobody checks, or for so long in vain that no answer is to be expected.

        Args:
            above: Pairs of this priority or less need no check any more.
        """
        self._settled = above
        if not self._counts[_WAITING] and not self._counts[_FROZEN]:
            return None
        while self._wanted:
            if self._wanted[0].state in _UNCHECKED:
                return self._wanted[0]
            del self._wanted[0]
        busy = {each for sibling in self.siblings for each in sibling.foundations_under_way()}
        frozen: list[CandidatePair] = []
        for pair in self.above(above):
            if pair.state is _WAITING:
                return pair
            if pair.state is _FROZEN:
                frozen.append(pair)
            elif pair.state is _IN_PROGRESS and pair.holds_back:
                busy.add(pair.foundation)
        return next((pair for pair in frozen if pair.foundation not in busy), None)

    def awaits_result(self, pair: CandidatePair) -> bool:
        """Whether ``pair`` is being checked, or will be as things are."""
        if pair.state not in _UNCHECKED:
            return pair.state is _IN_PROGRESS
        return pair.priority > self._settled or pair in self._triggered or pair in self._wanted

    def foundations_under_way(self) -> Iterator[Foundation]:
        """Those of the pairs whose outcome will be known soon."""
        return (
            pair.foundation
            for pair in self.above(self._settled)
            if pair.state is _WAITING or (pair.state is _IN_PROGRESS and pair.holds_back)
        )

    def thaw(self, foundation: Foundation) -> None:
        """Let the pairs of a foundation that just proved to work be checked (7.2.5.3.3)."""
        for each in (self, *self.siblings):
            each._thaw(foundation)

    def _thaw(self, foundation: Foundation) -> None:
        if self._counts[_FROZEN]:
            for pair in self._pairs:
                if pair.state is _FROZEN and pair.foundation == foundation:
                    self.mark(pair, _WAITING)

    def is_pending(self, above: int) -> bool:
        """Whether a pair better than ``above`` has no result yet.

        Beside a nominated pair in use (``above`` is its priority) those do not count that had their
        chance: their results may come late, and are welcome, but nobody waits for them.
        """
        if not self.pending:
            return False
        for pair in self._pairs:
            if pair.priority <= above:
                break
            if pair.is_pending and not (above >= 0 and pair.is_conceded):
                return True
        return False

    def above(self, priority: int) -> Iterator[CandidatePair]:
        """The pairs that are better than ``priority``, best first."""
        return takewhile(lambda pair: pair.priority > priority, self._pairs)
