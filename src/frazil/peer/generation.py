"""The local candidates of one ICE generation, as far as they were surfaced."""

from typing import Final

from frazil.ice import Candidate, CandidateType
from frazil.peer.description import Description
from frazil.types import Address

_REACH: Final = {
    CandidateType.RELAYED: 3,
    CandidateType.SERVER_REFLEXIVE: 2,
    CandidateType.PEER_REFLEXIVE: 1,
    CandidateType.HOST: 0,
}


class LocalGeneration:
    """What descriptions of this generation say about candidates.

    Attributes:
        lines: The candidate lines, oldest first.
        is_gathered: Whether the end was surfaced.
    """

    __slots__ = ("_default", "is_gathered", "lines")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.is_gathered = False
        self._default: Candidate | None = None

    @property
    def default_address(self) -> Address | None:
        """The candidate most likely to work with a peer without ICE (RFC 8445 5.1.4)."""
        return self._default.address if self._default else None

    def add(self, candidate: Candidate) -> str:
        """Surface one more candidate; its line."""
        line = candidate.to_line()
        self.lines.append(line)
        # A name is no default: c= stays as it is when nothing is known.
        may_be_default = not candidate.is_tcp and candidate.is_resolved
        best = self._default
        if may_be_default and (best is None or _reach(candidate) > _reach(best)):
            self._default = candidate
        return line

    def write_to(self, description: Description, index: int) -> None:
        """Bring the m-section at ``index``, where the generation stands, up to date."""
        for line in self.lines:
            description.add_candidate(index, line)
        if self._default is not None:
            description.set_default_address(index, self._default.address)
        if self.is_gathered:
            description.end_candidates(index)


def _reach(candidate: Candidate) -> tuple[int, bool]:
    return _REACH[candidate.type], not candidate.is_ipv6
