"""How much a recorded connection carried, second by second."""

from typing import Any, Final

from frazil.record import Json

MAX_SECONDS: Final = 3600
"""Points of the plot; a longer session gets fewer per hour."""
_MAX_SIZE: Final = 2**16
"""No datagram has as many bytes."""


class Traffic:
    """Adds up the datagrams in the lines of a recording."""

    __slots__ = ("_received", "_sent", "_width_s")

    def __init__(self) -> None:
        self._width_s = 1
        self._sent: dict[int, int] = {}
        self._received: dict[int, int] = {}

    def take(self, line: dict[str, Any]) -> None:
        """Count what one line sent or received; lines that make no sense count nothing."""
        match line:
            case {"call": "transports.receive", "args": {"now": int() | float() as at} as args}:
                size = sum(_size(each[0]) for each in _lists(args.get("datagrams")) if each)
                self._add(self._received, at, size)
            case {
                "call": "transports.poll_transmits",
                "args": {"now": int() | float() as at},
                "result": list() as result,
            }:
                runs = [each[3] for each in _lists(result) if len(each) > 3]
                self._add(self._sent, at, sum(_size(each) for run in _lists(runs) for each in run))

    def to_json(self) -> Json:
        """Where each step begins, in seconds, and the bytes per second in it."""
        steps = sorted(self._sent.keys() | self._received.keys())
        width_s = self._width_s
        return {
            "width_s": width_s,
            "points": [
                [step * width_s, self._sent.get(step, 0), self._received.get(step, 0)]
                for step in steps
            ],
        }

    def _add(self, series: dict[int, int], at: float, size: int) -> None:
        if not size or not -1e15 < at < 1e15:
            return
        step = int(at // self._width_s)
        series[step] = series.get(step, 0) + size
        while len(series) > MAX_SECONDS:
            self._widen()

    def _widen(self) -> None:
        self._width_s *= 2
        for series in (self._sent, self._received):
            finer = dict(series)
            series.clear()
            for step, size in finer.items():
                series[step // 2] = series.get(step // 2, 0) + size


def _lists(value: object) -> list[list[Any]]:
    return [each for each in value if isinstance(each, list)] if isinstance(value, list) else []


def _size(data: object) -> int:
    """The bytes of a datagram as recordings write it."""
    match data:
        case {"hex": str(text), **rest}:
            zeros = rest.get("zeros", 0)
            return len(text) // 2 + (
                zeros if isinstance(zeros, int) and 0 < zeros < _MAX_SIZE else 0
            )
    return 0
