"""Where a replay leaves its recording."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from frazil.printable import printable
from frazil.record.value import Json
from frazil.version import __version__

_FIELDS: Final = ("call", "args", "trace", "random", "dtls", "error", "result")
"""The members of a line, in the order in which a difference in them tells most."""
_SHOWN: Final = 400
"""Characters of a value that are shown."""


class Divergence(NamedTuple):
    """The first difference.

    Attributes:
        line: The line of the recording, 1 for the header.
        call: The call, as recorded.
        now: Its instant, if it has one.
        member: ``"trace"`` for a decision, ``"result"`` for what left the core (datagrams,
            events), ``"random"``, ``"dtls"``, ``"error"``, ``"args"`` or ``"call"``.
        recorded: What the recording has there; ``None`` for nothing.
        replayed: What came instead.
        writer: The version of frazil that wrote the recording; empty if that is not told.
    """

    line: int
    call: str
    now: float | None
    member: str
    recorded: Any
    replayed: Any
    writer: str

    def __str__(self) -> str:
        at = "" if self.now is None else f" at {self.now:.6f} s"
        told = (
            f"line {self.line}, {self.call}{at}: {self.member} differs\n"
            f"  recorded: {_shown(self.recorded)}\n"
            f"  replayed: {_shown(self.replayed)}"
        )
        if self.writer == __version__:
            return told
        writer = printable(self.writer) or "of another version"
        return f"{told}\nFrazil {writer} made the recording, and this is {__version__}."


def difference(
    line: int, recorded: dict[str, Any], replayed: dict[str, Any], writer: str
) -> Divergence | None:
    """The first difference of two lines, if there is one, in a recording of ``writer``."""
    if recorded == replayed:
        return None
    member = next(each for each in _FIELDS if recorded.get(each) != replayed.get(each))
    one, other = recorded.get(member), replayed.get(member)
    if isinstance(one, list) and isinstance(other, list):
        one, other = first_unequal(one, other)
    now = recorded["args"].get("now")
    return Divergence(line, recorded["call"], now, member, one, other, writer)


def first_unequal(one: Sequence[Json], other: Sequence[Json]) -> tuple[Json, Json]:
    """The first elements that differ; ``None`` for one that is missing."""
    return next(
        ((a, b) for a, b in zip_longest(one, other) if a != b),
        (None, None),
    )


def _shown(value: object) -> str:
    text = "nothing" if value is None else printable(str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
