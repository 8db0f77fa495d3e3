"""Our candidates: those that were gathered, and those that answers to checks revealed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.ice.candidate import Candidate, CandidateType, foundation
from frazil.ice.config import MAX_LOCAL_PEER_REFLEXIVE
from frazil.types import Address

_HOST: Final = CandidateType.HOST
_PEER_REFLEXIVE: Final = CandidateType.PEER_REFLEXIVE


@mypyc_attr(acyclic=True)
class LocalCandidates:
    """The local candidates of one generation, in the order in which they were found.

    Attributes:
        had_any: Gathering has found one, whatever has become of it.
    """

    __slots__ = ("_items", "had_any")

    def __init__(self) -> None:
        self._items: list[Candidate] = []
        self.had_any = False

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self._items)

    def __contains__(self, candidate: Candidate) -> bool:
        return candidate in self._items

    def __len__(self) -> int:
        return len(self._items)

    def at_base(self, base: Address) -> Candidate | None:
        """The candidate that sends from ``base``."""
        return next((c for c in self._items if c.is_base and c.base == base), None)

    def find(self, address: Address, base: Address) -> Candidate | None:
        """The candidate with this address and base."""
        return next((c for c in self._items if c.address == address and c.base == base), None)

    def hosts(self) -> list[Candidate]:
        """The host candidates, and what stands for them."""
        return [each for each in self._items if each.type is _HOST]

    @property
    def learned(self) -> list[Candidate]:
        """Those that answers to checks revealed."""
        return [each for each in self._items if each.type is _PEER_REFLEXIVE]

    @property
    def has_room(self) -> bool:
        """Whether another one can be learned."""
        return len(self.learned) < MAX_LOCAL_PEER_REFLEXIVE

    # --- what is found ------------------------------------------------------------------------

    def add(self, candidate: Candidate) -> None:
        """Gathering has found it."""
        self._items.append(candidate)
        self.had_any = True

    def remove(self, candidate: Candidate) -> None:
        """Forget it."""
        self._items.remove(candidate)

    def remove_base(self, base: Address) -> None:
        """Forget those behind ``base``."""
        self._items = [c for c in self._items if c.base != base]

    def learn(self, local: Candidate, address: Address, priority: int) -> Candidate:
        """The candidate as which the peer sees what ``local`` sends: at ``address``.

        A peer-reflexive one is learned if it is new (RFC 8445 7.2.5.3.1).

        Args:
            local: Where the check was sent from.
            address: What its answer said.
            priority: The PRIORITY of the check.

        Returns:
            ``local`` itself if there are too many already.
        """
        known = self.find(address, local.base)
        if known is not None:
            return known
        if not self.has_room:
            return local
        candidate = replace(
            local,
            foundation=foundation(_PEER_REFLEXIVE, local.base, local.protocol, None),
            priority=priority,
            address=address,
            type=_PEER_REFLEXIVE,
            related=local.address,
        )
        self._items.append(candidate)
        return candidate
