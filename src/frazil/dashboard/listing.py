"""The list of connections, a window of it at a time, and only what changed."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from frazil.dashboard.identity import id_of
from frazil.dashboard.live import row_of
from frazil.dashboard.recording import Recording
from frazil.dashboard.row import Row
from frazil.record import Json
from frazil.w3c.census import Census
from frazil.w3c.peerconnection import RTCPeerConnection

MAX_WINDOW: Final = 100
"""Rows in one answer."""


class Window(NamedTuple):
    """What of the list a page shows.

    Attributes:
        first: Its first row.
        length: How many rows.
        state: Only connections in this state; all if empty.
        version: The version that the page has; 0 if it has none of these rows.
    """

    first: int = 0
    length: int = MAX_WINDOW
    state: str = ""
    version: int = 0


class _Item(NamedTuple):
    id: str
    state: str
    make_row: Callable[[], Row]


class Listing:
    """All connections of a census, newest first, after the recordings.

    A page asks for a window of it again and again, and gets the rows that changed since the version
    that it has. A row is made only when somebody looks at it.

    Args:
        census: The connections.
        recordings: The recordings by their ids.
    """

    def __init__(
        self, census: Census[RTCPeerConnection], recordings: Mapping[str, Recording]
    ) -> None:
        self._census = census
        self._recordings = [_item(each.row(id_)) for id_, each in recordings.items()]
        self._rows: dict[str, tuple[Row, int]] = {}
        self._version = 0

    def look(self, window: Window) -> dict[str, Json]:
        """The ids in the window, the rows of it that changed, and the number of each state."""
        everything = items = self._items()
        counts = Counter(each.state for each in everything)
        if window.state:
            items = [each for each in everything if each.state == window.state]
        first = max(0, window.first)
        shown = items[first : first + max(0, min(window.length, MAX_WINDOW))]
        self._forget(everything)
        rows = [self._row(each) for each in shown]
        return {
            "version": self._version,
            "total": len(items),
            "counts": dict(counts),
            "ids": [each.id for each in shown],
            "rows": [row.to_json() for row, version in rows if version > window.version],
        }

    def _items(self) -> list[_Item]:
        live = []
        for number, connection in self._census:
            entry = self._census.get(number)
            if entry is not None:
                state = str(connection.connectionState)
                live.append(_Item(id_of(number), state, partial(row_of, entry, connection)))
        return [*self._recordings, *reversed(live)]

    def _row(self, item: _Item) -> tuple[Row, int]:
        row = item.make_row()
        known = self._rows.get(item.id)
        if known is not None and known[0] == row:
            return known
        self._version += 1
        entry = self._rows[item.id] = row, self._version
        return entry

    def _forget(self, items: Sequence[_Item]) -> None:
        if len(self._rows) > len(items):
            alive = {each.id for each in items}
            for id_ in [each for each in self._rows if each not in alive]:
                del self._rows[id_]


def _item(row: Row) -> _Item:
    """Of what does not change any more."""
    return _Item(row.id, row.state, lambda: row)
