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

    def add(self, candidate: Candidate) -> None:
        """Surface one more candidate."""
        self.lines.append(candidate.to_line())
        if candidate.is_tcp or not candidate.is_resolved:
            return  # a name is no default: c= stays as it is when nothing is known
        if self._default is None or _reach(candidate) > _reach(self._default):
            self._default = candidate

    def write_to(self, description: Description, ufrag: str) -> None:
        """Bring the m-section where the generation ``ufrag`` stands up to date, if there is one."""
        index = description.place_of(ufrag)
        if index is None:
            return
        for line in self.lines:
            description.add_candidate(index, line)
        if self._default is not None:
            description.set_default_address(index, self._default.address)
        if self.is_gathered:
            description.end_candidates(index)


def _reach(candidate: Candidate) -> tuple[int, bool]:
    return _REACH[candidate.type], not candidate.is_ipv6
