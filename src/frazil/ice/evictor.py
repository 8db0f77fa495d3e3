"""Makes room for what is learned of candidates: the limits are on what is known at a time.

A connection may live for weeks. Each time that a NAT moves one of its ends, a check or the answer
to one shows another address; each time that an end changes networks, it signals more candidates.
"""

from collections.abc import Iterable

from frazil.ice.candidate import Candidate
from frazil.ice.check_table import CheckTable
from frazil.ice.config import IceConfig
from frazil.ice.generation import Generation
from frazil.ice.pair import CandidatePair
from frazil.ice.selection import Selection
from frazil.types import Address


class Evictor:
    """Forgets the oldest candidate that nobody needs, where there is no room for another.

    Args:
        config: How long consent lasts.
        selection: The pair in use.
        table: The checks in flight; ``None`` for a lite agent, which has none.
    """

    __slots__ = ("_consent_timeout_s", "_selection", "_table")

    def __init__(self, config: IceConfig, selection: Selection, table: CheckTable | None) -> None:
        self._consent_timeout_s = config.consent_timeout_s
        self._selection = selection
        self._table = table

    def make_room_for_remote(self, remote: Address, generation: Generation, now: float) -> None:
        """The peer is at ``remote``: if that is new, a remote candidate is to be learned."""
        known = generation.remote_candidates
        if known.has_room or any(each.address == remote for each in known):
            return
        for candidate in known.learned:
            if not self._needs_any(generation.pairs_to(candidate), generation, now):
                self._forget(candidate, generation)
                return

    def make_room_for_signalled(
        self, newcomer: Candidate, generation: Generation, now: float
    ) -> None:
        """A remote candidate is signalled, which is to be paired with all of ours.

        What never answered goes first. While ours are gathered, nothing does: those signalled
        before have had no chance yet.
        """
        if not generation.is_active or not generation.gathered:
            return
        known = generation.remote_candidates
        if not known.are_enough and generation.has_room_for_pairs(newcomer):
            return
        candidates = known.signalled
        place = (newcomer.address, newcomer.protocol)
        if any(place == (each.address, each.protocol) for each in candidates):
            return
        dead = [each for each in candidates if not self._has_worked(each, generation)]
        for candidate in (*dead, *[each for each in candidates if each not in dead]):
            if not known.are_enough and generation.has_room_for_pairs(newcomer):
                return
            pairs = generation.pairs_to(candidate)
            is_in_the_way = known.are_enough or bool(pairs)
            is_needed = known.awaits_address(candidate) or self._needs_any(pairs, generation, now)
            if is_in_the_way and not is_needed:
                self._forget(candidate, generation)

    def _has_worked(self, candidate: Candidate, generation: Generation) -> bool:
        return any(pair.is_valid for pair in generation.pairs_to(candidate))

    def _forget(self, candidate: Candidate, generation: Generation) -> None:
        for pair in generation.forget_remote(candidate):
            if self._table is not None:
                self._table.forget(pair)

    def make_room_for_mapped(self, generation: Generation, now: float) -> None:
        """The peer sees us at another address: a local candidate may have to be learned."""
        known = generation.local_candidates
        if known.has_room:
            return
        for candidate in known.learned:
            if not self._needs_any(generation.pairs_from(candidate), generation, now):
                generation.forget_mapped(candidate)
                return

    def _needs_any(
        self, pairs: Iterable[CandidatePair], generation: Generation, now: float
    ) -> bool:
        return any(self._needs(pair, generation, now) for pair in pairs)

    def _needs(self, pair: CandidatePair, generation: Generation, now: float) -> bool:
        """Whether the pair is used, chosen or about to be, or must not be used again."""
        if pair in (self._selection.pair, generation.agreement.pair, generation.pinned):
            return True
        if pair.is_barred or generation.checklist.awaits_result(pair):
            return True
        at = pair.consented_at
        return at is not None and now < at + self._consent_timeout_s
