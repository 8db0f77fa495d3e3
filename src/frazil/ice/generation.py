"""One generation of an ICE session: what an ICE restart replaces (RFC 8445 2.4, 9)."""

from collections.abc import Iterator
from dataclasses import dataclass

from frazil.ice.candidate import Candidate
from frazil.ice.checklist import Checklist
from frazil.ice.config import MAX_PENDING_GENERATIONS
from frazil.ice.credential import Credentials
from frazil.ice.pair import CandidatePair
from frazil.types import Address


@dataclass(frozen=True, slots=True)
class EarlyCheck:
    """An authenticated check that came before the remote credentials (RFC 8445 7.3)."""

    local: Address
    remote: Address
    priority: int
    use_candidate: bool
    nomination: int


class Generation:
    """Credentials, candidates and pairs that belong together.

    A generation exists from its first half on: our credentials (we offered) or theirs (they did).
    It is active, and checks run, once it has both.

    Attributes:
        gathered: No further local candidate will come.
        remote_ended: No further remote candidate will come (RFC 8838 13).
        nominated: The pair both ends agreed on.
        nomination: The highest nomination value sent or received.
        nominated_at: When ``nominated`` was set.
        patience_ends_at: When the PAC timer ends (RFC 8863); it starts with the checks.
        patience_is_over: The PAC timer has fired.
    """

    __slots__ = (
        "checklist",
        "early_checks",
        "gathered",
        "local",
        "local_candidates",
        "nominated",
        "nominated_at",
        "nomination",
        "patience_ends_at",
        "patience_is_over",
        "remote",
        "remote_candidates",
        "remote_ended",
        "remote_is_lite",
    )

    def __init__(self) -> None:
        self.local: Credentials | None = None
        self.remote: Credentials | None = None
        self.remote_is_lite = False
        self.local_candidates: list[Candidate] = []
        self.remote_candidates: list[Candidate] = []
        self.gathered = False
        self.remote_ended = False
        self.checklist = Checklist()
        self.early_checks: list[EarlyCheck] = []
        self.nominated: CandidatePair | None = None
        self.nominated_at = 0.0
        self.nomination = 0
        self.patience_ends_at: float | None = None
        self.patience_is_over = False

    @property
    def is_active(self) -> bool:
        """Whether both halves are known, so that checks can run."""
        return self.local is not None and self.remote is not None

    @property
    def is_over(self) -> bool:
        """Whether no candidate of either side can come any more."""
        return self.gathered and self.remote_ended

    def host_candidate(self, base: Address) -> Candidate | None:
        """The local candidate that sends from ``base``."""
        return next((c for c in self.local_candidates if c.address == c.base == base), None)

    def local_candidate(self, address: Address, base: Address) -> Candidate | None:
        """The local candidate with this address and base."""
        return next(
            (c for c in self.local_candidates if c.address == address and c.base == base), None
        )

    def remote_candidate(self, address: Address) -> Candidate | None:
        """The remote candidate with this address."""
        return next((c for c in self.remote_candidates if c.address == address), None)


class Generations:
    """The generations of one transport, oldest first.

    At most one old active generation is kept beside the current one: its pair carries data until
    the restart has found a better one, and its checks are answered.
    """

    __slots__ = ("_items",)

    def __init__(self) -> None:
        self._items: list[Generation] = []

    def __iter__(self) -> Iterator[Generation]:
        return iter(self._items)

    @property
    def current(self) -> Generation | None:
        """The newest generation whose checks can run."""
        return next((item for item in reversed(self._items) if item.is_active), None)

    def set_local(self, credentials: Credentials) -> Generation | None:
        """Take our half of a generation.

        Returns:
            The generation it completes or opens; ``None`` if these credentials are in force.
        """
        newest = self._items[-1] if self._items else None
        if newest is not None and newest.local == credentials:
            return None
        if newest is None or newest.local is not None:
            newest = self._open()
        newest.local = credentials
        return newest

    def set_remote(self, credentials: Credentials) -> Generation | None:
        """Take their half of a generation.

        Returns:
            The generation it completes or opens; ``None`` if these credentials are in force.
        """
        newest = self._items[-1] if self._items else None
        if newest is not None and newest.remote == credentials:
            return None
        if newest is None or newest.remote is not None:
            newest = self._open()
        newest.remote = credentials
        return newest

    def _open(self) -> Generation:
        """Append a generation, forgetting those that nothing uses."""
        active = [item for item in self._items if item.is_active][-2:]
        halves = [item for item in self._items if not item.is_active][1 - MAX_PENDING_GENERATIONS :]
        self._items = [item for item in self._items if item in active or item in halves]
        newest = Generation()
        self._items.append(newest)
        return newest

    def rollback(self) -> Generation | None:
        """Forget and return the newest generation if it has only one half."""
        if self._items and not self._items[-1].is_active:
            return self._items.pop()
        return None

    def by_local_ufrag(self, ufrag: str) -> Generation | None:
        """The generation in which we are called ``ufrag``."""
        return next((g for g in reversed(self._items) if g.local and g.local.ufrag == ufrag), None)

    def by_remote_ufrag(self, ufrag: str | None) -> Generation | None:
        """The generation in which the peer is called ``ufrag``; ``None`` means the newest."""
        return next(
            (g for g in reversed(self._items) if g.remote and ufrag in (None, g.remote.ufrag)), None
        )

    def clear(self) -> None:
        """Forget all."""
        self._items.clear()
