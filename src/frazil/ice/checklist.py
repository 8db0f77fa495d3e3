"""The checklist: which pairs exist and which is checked next (RFC 8445 6.1.2 and 6.1.4)."""

import ipaddress
from collections import deque
from collections.abc import Iterator

from frazil.ice.candidate import Candidate, CandidateProtocol
from frazil.ice.config import MAX_PAIRS
from frazil.ice.pair import CandidatePair, PairKey, PairState


def can_pair(local: Candidate, remote: Candidate) -> bool:
    """Whether a packet from ``local`` could reach ``remote`` at all (RFC 8445 6.1.2.2)."""
    return (
        local.protocol is remote.protocol is CandidateProtocol.UDP
        and local.component == remote.component
        and local.is_ipv6 == remote.is_ipv6
        and _scope(local.address[0]) == _scope(remote.address[0])
    )


def is_reachable_kind(remote: Candidate) -> bool:
    """Whether a remote candidate names one host and port at all, not a group or nothing."""
    if not remote.is_resolved or remote.address[1] == 0:
        return False
    ip = ipaddress.ip_address(remote.address[0])
    return not (ip.is_unspecified or ip.is_multicast)


def _scope(host: str) -> str:
    ip = ipaddress.ip_address(host)
    if ip.is_loopback:
        return "loopback"
    return "link" if ip.version == 6 and ip.is_link_local else "global"


class Checklist:
    """The pairs of one generation, highest priority first, and the queue of triggered checks."""

    __slots__ = ("_by_key", "_pairs", "_triggered")

    def __init__(self) -> None:
        self._pairs: list[CandidatePair] = []
        self._by_key: dict[PairKey, CandidatePair] = {}
        self._triggered: deque[CandidatePair] = deque()

    def __iter__(self) -> Iterator[CandidatePair]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def find(self, key: PairKey) -> CandidatePair | None:
        """The pair with this local base and remote address."""
        return self._by_key.get(key)

    def add(self, pair: CandidatePair) -> bool:
        """Insert a pair unless it is redundant or the list is full of better ones.

        A pair whose foundation nobody is checking starts ``waiting``, others ``frozen``
        (RFC 8838 12).

        Returns:
            Whether the pair is in the list now.
        """
        if pair.key in self._by_key:
            return False
        if len(self._pairs) >= MAX_PAIRS and not self._make_room(pair):
            return False
        group = [other for other in self._pairs if other.foundation == pair.foundation]
        taken = any(other.state in (PairState.WAITING, PairState.IN_PROGRESS) for other in group)
        pair.state = PairState.FROZEN if taken else PairState.WAITING
        self._pairs.append(pair)
        self._by_key[pair.key] = pair
        self.sort()
        return True

    def _make_room(self, newcomer: CandidatePair) -> bool:
        """Drop the worst pair that has not been tried, if it is worse than ``newcomer``."""
        for pair in reversed(self._pairs):
            if pair.priority >= newcomer.priority:
                return False
            if pair.state in (PairState.FROZEN, PairState.WAITING, PairState.FAILED):
                self.remove(pair)
                return True
        return False

    def remove(self, pair: CandidatePair) -> None:
        """Forget a pair."""
        self._pairs.remove(pair)
        del self._by_key[pair.key]
        if pair in self._triggered:
            self._triggered.remove(pair)

    def sort(self) -> None:
        """Restore the order after priorities changed."""
        self._pairs.sort(key=lambda pair: -pair.priority)

    def trigger(self, pair: CandidatePair) -> None:
        """Queue a triggered check (RFC 8445 7.3.1.4)."""
        pair.state = PairState.WAITING
        if pair not in self._triggered:
            self._triggered.append(pair)

    def next_triggered(self) -> CandidatePair | None:
        """Take the next triggered check out of the queue."""
        return self._triggered.popleft() if self._triggered else None

    def next_ordinary(self, above: int) -> CandidatePair | None:
        """The pair for the next ordinary check (RFC 8445 6.1.4.2), thawing one if none waits.

        Args:
            above: Pairs of this priority or less need no check any more.
        """
        busy: set[tuple[str, str]] = set()
        for pair in self._pairs:
            if pair.priority <= above:
                break
            if pair.state is PairState.WAITING:
                return pair
            if pair.state is PairState.IN_PROGRESS:
                busy.add(pair.foundation)
        for pair in self._pairs:
            if pair.priority <= above:
                break
            if pair.state is PairState.FROZEN and pair.foundation not in busy:
                pair.state = PairState.WAITING
                return pair
        return None

    def thaw(self, foundation: tuple[str, str]) -> None:
        """Let the pairs of a foundation that just proved to work be checked (7.2.5.3.3)."""
        for pair in self._pairs:
            if pair.state is PairState.FROZEN and pair.foundation == foundation:
                pair.state = PairState.WAITING

    def is_pending(self, above: int) -> bool:
        """Whether a pair better than ``above`` has no result yet."""
        return any(pair.is_pending for pair in self._pairs if pair.priority > above)

    def best_valid(self) -> CandidatePair | None:
        """The valid pair of highest priority."""
        return next((pair for pair in self._pairs if pair.is_valid), None)

    def count(self, *states: PairState) -> int:
        """How many pairs are in one of ``states``."""
        return sum(pair.state in states for pair in self._pairs)
