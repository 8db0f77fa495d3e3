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
_NOWHERE: Final = ("0.0.0.0", 9)
"""The default address where there is none (RFC 9429 5.2.1)."""


class LocalGeneration:
    """What descriptions of this generation say about candidates.

    Attributes:
        is_gathered: Whether the end was surfaced.
    """

    __slots__ = ("_candidates", "_had_default", "is_gathered")

    def __init__(self) -> None:
        self._candidates: dict[str, Candidate] = {}
        self._had_default = False
        self.is_gathered = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The candidate lines, oldest first."""
        return tuple(self._candidates)

    @property
    def default_address(self) -> Address | None:
        """The candidate most likely to work with a peer without ICE (RFC 8445 5.1.4)."""
        # A name is no default: c= stays as it is when nothing is known.
        suited = [c for c in self._candidates.values() if not c.is_tcp and c.is_resolved]
        if suited:
            return max(suited, key=_reach).address
        return _NOWHERE if self._had_default else None

    def add(self, candidate: Candidate) -> str:
        """Surface one more candidate; its line."""
        line = candidate.to_line()
        self._candidates[line] = candidate
        return line

    def remove(self, base: Address) -> list[str]:
        """Nothing can be reached at ``base`` any more; the lines that are gone."""
        self._had_default = self.default_address is not None
        gone = [line for line, each in self._candidates.items() if each.base == base]
        for line in gone:
            del self._candidates[line]
        return gone

    def write_to(self, description: Description, index: int) -> None:
        """Bring the m-section at ``index``, where the generation stands, up to date."""
        description.set_candidates(index, self.lines)
        address = self.default_address
        if address is not None:
            description.set_default_address(index, address)
        if self.is_gathered:
            description.end_candidates(index)


def _reach(candidate: Candidate) -> tuple[int, bool]:
    return _REACH[candidate.type], not candidate.is_ipv6
