"""The generations of one transport: the one in force, its predecessor, and half-known ones."""

from collections.abc import Iterator
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.ice.config import MAX_PENDING_GENERATIONS
from frazil.ice.credential import Credentials
from frazil.ice.generation import Generation

_ACTIVE_KEPT: Final = 2


@mypyc_attr(acyclic=True)
class Lineage:
    """The generations of one transport, oldest first.

    One old active generation is kept beside the current one: its pair carries data until the
    restart has found a better one, and its checks are answered.
    """

    __slots__ = ("_items",)

    def __init__(self) -> None:
        self._items: list[Generation] = []

    def __iter__(self) -> Iterator[Generation]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def newest(self) -> Generation | None:
        """The generation that opened last, though it may have one half only."""
        return self._items[-1] if self._items else None

    @property
    def current(self) -> Generation | None:
        """The newest generation whose checks can run."""
        for item in reversed(self._items):  # asked after every input: a generator costs more
            if item.local is not None and item.remote is not None:
                return item
        return None

    @property
    def has_predecessor(self) -> bool:
        """Whether there was a generation whose checks could run before the current one."""
        return sum(item.is_active for item in self._items) > 1

    def relevant(self, in_use: Generation | None) -> tuple[Generation, ...]:
        """Those that matter now: the newest, the one whose checks run, the one in use."""
        found: list[Generation] = []
        for each in (self.newest, self.current, in_use):
            if each is not None and each not in found:
                found.append(each)
        return tuple(found)

    def set_local(self, credentials: Credentials, in_use: Generation | None) -> Generation | None:
        """Take our half of a generation.

        Args:
            in_use: The generation whose pair carries data: not to be forgotten.

        Returns:
            The generation it completes or opens; ``None`` if these credentials are in force.
        """
        newest = self._items[-1] if self._items else None
        if newest is not None and newest.local == credentials:
            return None
        if newest is None or newest.local is not None:
            newest = self._open(in_use)
        newest.local = credentials
        return newest

    def set_remote(self, credentials: Credentials, in_use: Generation | None) -> Generation | None:
        """Take their half of a generation; the rest is as in :meth:`set_local`."""
        newest = self._items[-1] if self._items else None
        if newest is not None and newest.remote == credentials:
            return None
        if newest is None or newest.remote is not None:
            newest = self._open(in_use)
        newest.remote = credentials
        newest.is_answered = newest.local is not None
        return newest

    def _open(self, in_use: Generation | None) -> Generation:
        """Append a generation, forgetting those that nothing uses.

        The new one counts among the kept: once it is active, its predecessor stays, and the one
        in use, if that is older (restart upon restart without success).
        """
        active = [item for item in self._items if item.is_active][1 - _ACTIVE_KEPT :]
        halves = [item for item in self._items if not item.is_active][1 - MAX_PENDING_GENERATIONS :]
        kept = {id(item) for item in (*active, *halves, in_use)}
        self._items = [item for item in self._items if id(item) in kept]
        newest = Generation()
        self._items.append(newest)
        return newest

    def rollback(self) -> Generation | None:
        """Forget the generations that opened after the one in force: offers that no answer came to.

        Returns:
            The newest of them, if there are any.
        """
        newest = self.newest
        while self._items and not self._items[-1].is_active:
            self._items.pop()
        return newest if newest is not self.newest else None

    def by_local_ufrag(self, ufrag: str) -> Generation | None:
        """The generation in which we are called ``ufrag``."""
        for item in reversed(self._items):
            if item.local is not None and item.local.ufrag == ufrag:
                return item
        return None

    def by_remote_ufrag(self, ufrag: str | None) -> Generation | None:
        """The generation in which the peer is called ``ufrag``; ``None`` means the newest."""
        for item in reversed(self._items):
            if item.remote is not None and (ufrag is None or item.remote.ufrag == ufrag):
                return item
        return None

    def give_up(self) -> None:
        """The transport has failed: nothing leads on but a generation that is not complete yet."""
        for generation in self._items:
            generation.is_given_up = generation.is_active

    def clear(self) -> None:
        """Forget all."""
        self._items.clear()
