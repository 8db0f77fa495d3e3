"""Patience and connectivity: how long a transport without a pair has not failed (RFC 8863)."""

from frazil.compiled import mypyc_attr


@mypyc_attr(acyclic=True)
class PacTimer:
    """The PAC timer of one generation, which starts with its checks.

    Attributes:
        is_over: It has fired.
    """

    __slots__ = ("_ends_at", "is_over")

    def __init__(self) -> None:
        self._ends_at: float | None = None
        self.is_over = False

    def start(self, ends_at: float) -> None:
        """Checks have begun; those of the peer may come until ``ends_at``."""
        self._ends_at = ends_at

    @property
    def deadline(self) -> float | None:
        """When it will fire; ``None`` if it has, or does not run."""
        return None if self.is_over else self._ends_at

    def handle_timeout(self, now: float) -> float | None:
        """Fire, if it is due.

        Returns:
            When it was due, if it fired now.
        """
        ends_at = self.deadline
        if ends_at is None or now < ends_at:
            return None
        self.is_over = True
        return ends_at
