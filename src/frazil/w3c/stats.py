"""``RTCStatsReport`` (webrtc-pc 8.4, webrtc-stats)."""

import asyncio
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from frazil.errors import InvalidAccessError
from frazil.peer.stats import CandidateStats, Stats

_INSTANT: Final = "_at"


class RTCStatsReport(Mapping[str, dict[str, Any]]):
    """Statistics by id; each is a dictionary with the names of the standard and plain values.

    Members that do not apply are absent. Every statistic has ``id``, ``type`` and ``timestamp``,
    which is in milliseconds since the epoch, the same in the whole report::

        report = await pc.getStats()
        for transport in report.of_type("transport"):
            pair = report.get(transport.get("selectedCandidatePairId"))
    """

    __slots__ = ("_items",)

    def __init__(self, stats: Iterable[Stats], now: float, timestamp: float) -> None:
        """Translate ``stats``.

        Args:
            now: The instant on the clock of ``stats``.
            timestamp: The same instant in milliseconds since the epoch.
        """
        self._items = {each.id: _dictionary(each, now, timestamp) for each in stats}

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The statistics of one type, ``"candidate-pair"`` for example; an extension."""
        return [each for each in self._items.values() if each["type"] == kind]

    def __getitem__(self, key: str) -> dict[str, Any]:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"<RTCStatsReport {', '.join(each['type'] for each in self._items.values())}>"


def request_report(
    loop: asyncio.AbstractEventLoop,
    collect: Callable[[], Iterable[Stats]],
    selector: object,
    tracks: Container[object],
) -> "asyncio.Future[RTCStatsReport]":
    """A report of what ``collect`` gives once ``loop`` has flushed earlier calls.

    Args:
        loop: Its clock is that of the statistics.
        collect: Gives everything as it is then.
        selector: ``None``, or a track to report on, of which there is nothing to say.
        tracks: Those of the receivers.

    Rejected with:
        InvalidAccessError: ``selector`` is none of ``tracks``.
    """
    future: asyncio.Future[RTCStatsReport] = loop.create_future()
    if selector is not None and selector not in tracks:
        text = "the selector is the track of no receiver of this connection"
        future.set_exception(InvalidAccessError(text))
    else:
        loop.call_soon(_settle, future, collect if selector is None else _nothing, loop)
    return future


def _settle(
    future: "asyncio.Future[RTCStatsReport]",
    collect: Callable[[], Iterable[Stats]],
    loop: asyncio.AbstractEventLoop,
) -> None:
    if not future.done():
        future.set_result(RTCStatsReport(collect(), loop.time(), time.time() * 1000))


def _nothing() -> tuple[Stats, ...]:
    return ()


def _dictionary(stats: Stats, now: float, timestamp: float) -> dict[str, Any]:
    members: dict[str, Any] = {"id": stats.id, "timestamp": timestamp, "type": stats.type.value}
    for field in fields(stats):
        value = getattr(stats, field.name)
        if field.name in members:
            continue
        if field.name.endswith(_INSTANT) and value is not None:
            value = timestamp - (now - value) * 1000
        if value is not None:
            members[_w3c_name(field.name)] = value.value if isinstance(value, Enum) else value
    if isinstance(stats, CandidateStats):
        members.setdefault("address", None)  # the one member that says `null` (webrtc-stats 8.5)
    return members


def _w3c_name(name: str) -> str:
    stem = name.removesuffix(_INSTANT)
    first, *others = stem.split("_")
    words = (*others, "timestamp") if stem != name else others
    return first + "".join(word.capitalize() for word in words)
