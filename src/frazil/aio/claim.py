"""Who on a shared port gets what comes from where."""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from frazil.types import Address

MAX_CLAIMANTS: Final = 4
"""Views with no more than a hint that a remote address is theirs; the newest are remembered."""
MAX_HINTS: Final = 64
"""Remote addresses that one view has a hint of."""
MAX_PATHS: Final = 16
"""Remote addresses that one view sends data to."""

V = TypeVar("V")


class Claims(Generic[V]):
    """Remote addresses, and the views that what comes from there may be for.

    A view that sends data to an address has it as a path: its session has validated the address,
    and nobody can take it away. An authentic check from an address is a hint: whoever has
    credentials of his own can send one with another's source address, so hints are only so many,
    and add to paths, but never replace one. Who has a path needs no hint.
    """

    __slots__ = ("_hints", "_of_view", "_paths", "_paths_of_view")

    def __init__(self) -> None:
        self._hints: dict[Address, list[V]] = {}
        self._paths: dict[Address, list[V]] = {}
        self._of_view: dict[V, OrderedDict[Address, None]] = {}
        self._paths_of_view: dict[V, OrderedDict[Address, None]] = {}

    def __len__(self) -> int:
        return len(self._hints) + len(self._paths)

    def views(self, remote: Address) -> list[V]:
        """Those that get what comes from ``remote``: who sends data there, then hints."""
        paths, hints = self._paths.get(remote), self._hints.get(remote)
        if not hints:
            return paths or []
        return [*paths, *hints] if paths else hints

    def has_path(self, view: V, remote: Address) -> bool:
        """Whether ``view`` sends data to ``remote``."""
        known = self._paths_of_view.get(view)
        return known is not None and remote in known

    def hint(self, view: V, remote: Address) -> None:
        """An authentic check of ``view``'s peer came from ``remote``, or an answer."""
        if self.has_path(view, remote):
            return
        _note(self._hints, self._of_view, view, remote, MAX_HINTS)
        views = self._hints[remote]
        if len(views) > MAX_CLAIMANTS:
            oldest = views.pop(0)
            del self._of_view[oldest][remote]

    def add_path(self, view: V, remote: Address) -> None:
        """``view`` sends data to ``remote``."""
        hinted = self._of_view.get(view)
        if hinted is not None and remote in hinted:
            del hinted[remote]
            _drop(self._hints, view, remote)
        _note(self._paths, self._paths_of_view, view, remote, MAX_PATHS)

    def forget(self, view: V) -> None:
        """The view is closed: what it knew goes with it."""
        for table, of_view in (
            (self._hints, self._of_view),
            (self._paths, self._paths_of_view),
        ):
            for remote in of_view.pop(view, ()):
                _drop(table, view, remote)


def _note(
    table: dict[Address, list[V]],
    of_view: dict[V, OrderedDict[Address, None]],
    view: V,
    remote: Address,
    limit: int,
) -> None:
    """Enter a claim as the newest, and let the view forget its oldest beyond ``limit``."""
    known = of_view.setdefault(view, OrderedDict())
    if remote in known:
        known.move_to_end(remote)
        return
    if len(known) >= limit:
        forgotten, _ = known.popitem(last=False)
        _drop(table, view, forgotten)
    known[remote] = None
    table.setdefault(remote, []).append(view)


def _drop(table: dict[Address, list[V]], view: V, remote: Address) -> None:
    views = table[remote]
    views.remove(view)
    if not views:
        del table[remote]
