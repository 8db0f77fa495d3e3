"""The pair that both ends agreed on, and the nominations by which they did (RFC 8445 8.1)."""

from frazil.compiled import mypyc_attr
from frazil.ice.pair import CandidatePair


@mypyc_attr(acyclic=True)
class Agreement:
    """What both ends of one generation agreed on, as far as this end knows.

    Nominations are numbered on both sides: ours as we send them, those of the peer as they say, if
    it knows of renomination. The numbers of the side that nominates count.

    Attributes:
        pair: The pair that both ends agreed on; ``None`` before that, and once it is lost.
        reached_at: When that became ``pair``.
        number: The highest nomination number sent, or believed.
    """

    __slots__ = ("_confirmed", "number", "pair", "reached_at")

    def __init__(self) -> None:
        self.pair: CandidatePair | None = None
        self.reached_at = 0.0
        self.number = 0
        self._confirmed: int | None = 0  # the number by which the peer is known to have agreed

    @property
    def is_doubtful(self) -> bool:
        """Whether the peer may not know of ``pair``, so that who nominates is to say it again.

        A later nomination was sent in vain, and the peer may have followed it; or something
        happened for which the peer forgets, or sees another pair.
        """
        return self._confirmed != self.number

    def propose(self) -> None:
        """Nominate a pair by the next number."""
        self.number += 1

    def confirm(self) -> None:
        """The peer has answered the latest nomination."""
        self._confirmed = self.number

    def believe(self, number: int) -> None:
        """Follow a nomination of the peer; ``number`` is 0 for one without number."""
        self.number = max(self.number, number)

    def reach(self, pair: CandidatePair, now: float) -> None:
        """Both ends agreed on ``pair``."""
        self.end()
        pair.nominated = True
        self.pair = pair
        self.reached_at = now

    def doubt(self, pair: CandidatePair) -> None:
        """The peer may know ``pair`` as another one, or not at all any more."""
        if pair is self.pair:
            self._confirmed = None

    def end(self) -> None:
        """The pair is gone, or may not be used any more."""
        if self.pair is not None:
            self.pair.nominated = False
        self.pair = None

    def start_over(self) -> None:
        """The other side nominates from now on, and cannot know what came of our nominations."""
        self.number = 0
        self._confirmed = None
