"""What a check of the peer says."""

from frazil.compiled import mypyc_attr
from frazil.types import Address
from frazil.value import Value


@mypyc_attr(acyclic=True)
class ReceivedCheck(Value):
    """What an authentic check of the peer says.

    Attributes:
        local: Where it arrived.
        remote: Where it came from.
        priority: What the peer gives a prflx candidate that it may reveal.
        nomination: The number of the nomination in it, 0 for one without number; ``None`` if it
            nominates nothing.
    """

    __slots__ = ("local", "nomination", "priority", "remote")

    def __init__(
        self, local: Address, remote: Address, priority: int, nomination: int | None
    ) -> None:
        self.local = local
        self.remote = remote
        self.priority = priority
        self.nomination = nomination

    def as_tuple(self) -> tuple[object, ...]:
        """Where it arrived and came from, priority and nomination."""
        return self.local, self.remote, self.priority, self.nomination
