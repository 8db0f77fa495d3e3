"""Something a server grants for a while: the allocation, each permission, each channel."""

from typing import Final

RETRY_PAUSE_S: Final = 5.0
"""How long a server that has trouble is left alone before a renewal is tried again."""


class Lease:
    """When to ask for it again, and when the server has forgotten it.

    Attributes:
        expires_at: When the server forgets it; None while it is not granted.
        renew_at: When to ask for it (again); None while a request is under way or nobody wants it.
    """

    __slots__ = ("expires_at", "renew_at")

    def __init__(self) -> None:
        self.expires_at: float | None = None
        self.renew_at: float | None = None

    @property
    def is_granted(self) -> bool:
        """Whether the server keeps it, as far as we know."""
        return self.expires_at is not None

    @property
    def is_at_rest(self) -> bool:
        """Whether the server keeps it, as far as we know, and is to be asked later."""
        return self.expires_at is not None and self.renew_at is not None

    def grant(self, asked_at: float, lifetime_s: float, renew_after_s: float) -> None:
        """The server keeps it for ``lifetime_s``, at the least from when it was first asked."""
        self.expires_at = asked_at + lifetime_s
        self.renew_at = asked_at + renew_after_s

    def is_due(self, now: float) -> bool:
        """Whether it is time to ask."""
        return self.renew_at is not None and now >= self.renew_at

    def lapse(self, now: float) -> bool:
        """Whether it has just expired: it then is not granted any more."""
        if self.expires_at is None or now < self.expires_at:
            return False
        self.expires_at = None
        return True

    def next_timeout(self) -> float | None:
        """When one of the two is due."""
        if self.renew_at is None or self.expires_at is None:
            return self.expires_at if self.renew_at is None else self.renew_at
        return min(self.renew_at, self.expires_at)
