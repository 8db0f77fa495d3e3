"""What payload asks of a transport, and what it shows of the peer."""

from frazil.ice.checker import Checker
from frazil.ice.lineage import Lineage
from frazil.ice.lite import LiteChecker
from frazil.ice.outcome import Outcome
from frazil.ice.pair import CandidatePair, PairKey
from frazil.ice.settlement import Settlement
from frazil.ice.validated import ValidatedAddresses
from frazil.types import Address


class Passage:
    """Says which pair payload passes on, whether it may, and takes it as a sign of life.

    The notes are inputs of the agent that the passage belongs to.

    Args:
        lineage: The generations, whose pairs carry payload.
        checker: Looks, or goes, where the peer seems to be.
        validated: Where authentic messages came.
        outcome: Is told that there is news.
        settlement: Ends an input that changes anything.
        trusts_lite: We are lite: between two lite agents signalling has to be trusted.
    """

    __slots__ = (
        "_checker",
        "_lineage",
        "_outcome",
        "_selection",
        "_settlement",
        "_trusts_lite",
        "_validated",
    )

    def __init__(
        self,
        lineage: Lineage,
        checker: Checker | LiteChecker,
        validated: ValidatedAddresses,
        outcome: Outcome,
        settlement: Settlement,
        *,
        trusts_lite: bool,
    ) -> None:
        self._lineage = lineage
        self._checker = checker
        self._selection = checker.selection
        self._validated = validated
        self._outcome = outcome
        self._settlement = settlement
        self._trusts_lite = trusts_lite

    # --- what payload asks --------------------------------------------------------------------

    def pair_at(self, local: Address, remote: Address) -> CandidatePair | None:
        """The pair between two addresses: the one in use before all others."""
        key, monitor = (local, remote), self._selection.monitor
        if monitor is not None and monitor.key == key:
            return monitor.pair
        relevant = self._lineage.relevant(self._selection.generation)
        found = (generation.checklist.find(key) for generation in relevant)
        return next((pair for pair in found if pair is not None), None)

    def is_validated(self, local: Address, remote: Address) -> bool:
        """Whether an authenticated STUN message came from ``remote`` to ``local``.

        Nothing but STUN may be accepted from anywhere else. Between two lite agents no such message
        comes, and signalling has to be trusted.
        """
        key = (local, remote)
        return self._validated.has(key) or (self._trusts_lite and self._is_trusted(key))

    def _is_trusted(self, key: PairKey) -> bool:
        return any(
            generation.remote_traits.is_lite and generation.checklist.find(key) is not None
            for generation in self._lineage.relevant(self._selection.generation)
        )

    @property
    def peer_knows_us(self) -> bool:
        """Whether the peer has the description with our credentials.

        If we answered, its checks show that. A lite peer sends none, and is believed to have it.
        """
        return any(
            generation.is_answered
            or generation.remote_traits.is_lite
            or any(pair.requests_received for pair in generation.checklist)
            for generation in self._lineage.relevant(self._selection.generation)
        )

    @property
    def is_alive(self) -> bool:
        """Whether there is a pair in use and its peer was heard lately."""
        return self._selection.is_alive

    @property
    def quiet_at(self) -> float | None:
        """When the pair in use will be asked if nothing more is heard of it."""
        monitor = self._selection.monitor
        return None if monitor is None else monitor.quiet_at

    @property
    def revivals(self) -> int:
        """How often the selected pair works again, or leads elsewhere, and is still the same."""
        return self._selection.revivals

    # --- what payload shows -------------------------------------------------------------------

    def note_authentic(self, local: Address, remote: Address, now: float) -> None:
        """A DTLS record that verified arrived: a sign of life of that pair."""
        monitor = self._selection.monitor
        if monitor is not None and monitor.key == (local, remote) and not monitor.is_cut:
            if monitor.unanswered == 0 and monitor.is_alive:
                monitor.note_heard(now)  # nearly always, hence in short
                return
            self._outcome.has_news = True
            has_changed = self._selection.note_heard(local, remote, now)
        else:
            self._outcome.has_news = True
            has_changed = self._checker.follow(local, remote, now)
        if has_changed:
            self._settlement.settle(now)

    def note_stray(self, local: Address, remote: Address, now: float) -> None:
        """Payload that may be the peer's came from another address than it should.

        That is a hint and no proof: at most it causes a check there, seldom enough to be harmless.
        """
        self._outcome.has_news = True
        self._checker.look(local, remote, now)

    def note_sent(self, now: float) -> float | None:
        """Payload that the peer must acknowledge leaves on the pair in use.

        Returns:
            The earliest that the pair will be asked if nothing comes back; ``None`` if that is
            known already.
        """
        monitor = self._selection.monitor
        return None if monitor is None else monitor.note_sent(now)
