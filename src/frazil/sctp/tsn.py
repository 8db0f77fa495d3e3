"""Which TSNs have arrived: the cumulative TSN and the ranges above it (RFC 9260 section 6.2)."""

from bisect import bisect_left
from typing import Final

from frazil.compiled import mypyc_attr

MAX_RANGES: Final = 1024
"""More separate ranges than this are not kept; a SACK cannot report even a third of them."""
MAX_SPAN: Final = 0x7FFF
"""TSNs further above the cumulative one are not taken. Behind them there could be a message more
than half of the stream sequence numbers ahead, which is told apart from an old one no more."""
MAX_DUPLICATES: Final = 32


@mypyc_attr(acyclic=True)
class ReceivedTsns:
    """The TSNs that arrived, all unwrapped.

    Attributes:
        cumulative: Everything up to this TSN has arrived or was given up by the peer.
        firsts: Where the ranges above it begin, ascending; empty if there is no gap.
        duplicates: TSNs that arrived again since the last SACK, a bounded list.
    """

    __slots__ = ("_lasts", "cumulative", "duplicates", "firsts")

    def __init__(self, initial_tsn: int) -> None:
        self.cumulative = initial_tsn - 1
        self.duplicates: list[int] = []
        self.firsts: list[int] = []  # the ranges never touch each other
        self._lasts: list[int] = []

    def gaps(self, limit: int) -> list[tuple[int, int]]:
        """The first ``limit`` ranges as offsets from the cumulative TSN."""
        base = self.cumulative
        return [
            (first - base, last - base)
            for first, last in zip(self.firsts[:limit], self._lasts[:limit], strict=True)
        ]

    def is_new(self, tsn: int) -> bool:
        """Whether this TSN is missing; if not it is noted as a duplicate."""
        if tsn > self.cumulative:
            at = bisect_left(self._lasts, tsn)
            if at == len(self._lasts) or tsn < self.firsts[at]:
                return True
        if len(self.duplicates) < MAX_DUPLICATES:
            self.duplicates.append(tsn)
        return False

    def can_hold(self, tsn: int) -> bool:
        """Whether a missing TSN can be remembered within the bounds."""
        return tsn - self.cumulative <= MAX_SPAN and len(self.firsts) < MAX_RANGES

    def add(self, tsn: int) -> None:
        """A missing TSN has arrived."""
        firsts, lasts = self.firsts, self._lasts
        if tsn == self.cumulative + 1:
            if firsts and firsts[0] == tsn + 1:
                del firsts[0]
                tsn = lasts.pop(0)
            self.cumulative = tsn
            return
        at = bisect_left(lasts, tsn - 1)
        joins_left = at < len(lasts) and lasts[at] == tsn - 1
        after = at + joins_left
        joins_right = after < len(firsts) and firsts[after] == tsn + 1
        if joins_left and joins_right:
            lasts[at] = lasts.pop(after)
            del firsts[after]
        elif joins_left:
            lasts[at] = tsn
        elif joins_right:
            firsts[after] = tsn
        else:
            firsts.insert(at, tsn)
            lasts.insert(at, tsn)

    def skip_to(self, tsn: int) -> None:
        """Do not wait for anything up to ``tsn`` (RFC 3758 section 3.6)."""
        count = bisect_left(self._lasts, tsn + 1)
        del self.firsts[:count]
        del self._lasts[:count]
        self.cumulative = max(self.cumulative, tsn)
        if self.firsts and self.firsts[0] <= self.cumulative + 1:
            del self.firsts[0]
            self.cumulative = self._lasts.pop(0)
