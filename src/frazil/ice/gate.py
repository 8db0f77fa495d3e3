"""Asks the application before a pair is nominated, if it wants to be asked."""

from frazil.compiled import mypyc_attr
from frazil.ice.pair import CandidatePair, PairKey


@mypyc_attr(acyclic=True)
class NominationGate:
    """Holds a nomination back until it is decided on.

    Attributes:
        is_shut: Whether nominations are proposed first, rather than just made.
        proposals: What is to be decided on and was not told yet; the caller empties it.
    """

    __slots__ = ("_proposed", "is_shut", "proposals")

    def __init__(self) -> None:
        self._proposed: CandidatePair | None = None
        self.is_shut = False
        self.proposals: list[CandidatePair] = []

    def admits(self, pair: CandidatePair) -> bool:
        """Whether ``pair`` may be nominated right now; if not, it is proposed, once."""
        if not self.is_shut:
            return True
        if pair is not self._proposed:
            self._proposed = pair
            self.proposals.append(pair)
        return False

    def take(self, key: PairKey) -> CandidatePair | None:
        """The pair that was proposed last, if it is this one: it is decided on now."""
        pair = self._proposed
        if pair is None or pair.key != key:
            return None  # events have overtaken the proposal
        self._proposed = None
        return pair

    def clear(self) -> None:
        """What was proposed is of no interest any more."""
        self._proposed = None
        self.proposals.clear()
