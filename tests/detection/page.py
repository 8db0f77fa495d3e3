"""The page that says how soon a connection tells what has happened to it."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from detection.measurement import (
    BACK_WITHIN_S,
    DISCONNECTED_WITHIN_S,
    FAILED_WITHIN_S,
    HOLE_S,
    STALL_WITHIN_S,
    Gone,
)
from detection.setting import SETTINGS, STEADY, Setting

PAGE = "reference/detection.md"


class Results(NamedTuple):
    """Everything that was measured.

    Attributes:
        gone: By setting, for each session in which the path went for good.
        back: By setting, for each session and end: seconds until ``connected`` again.
        stalls: By setting, for each restart: by how much the latest message was late.
        alarms: For each session that was left alone, how often it called itself disconnected.
    """

    gone: Mapping[Setting, Sequence[Gone]]
    back: Mapping[Setting, Sequence[float]]
    stalls: Mapping[Setting, Sequence[float]]
    alarms: Sequence[int]


def render(results: Results) -> str:
    """The page."""
    return "\n\n".join(_blocks(results)) + "\n"


def _blocks(results: Results) -> Iterator[str]:
    yield "<!-- Written by `make detection`. -->"
    yield "# How soon a connection knows"
    yield (
        "Two peers on the virtual network of `frazil.testing`, with the default timers. All times "
        "are seconds of virtual time; each row is many sessions, each interrupted at another "
        "moment between two checks, and both ends of each are counted. Busy means a message each "
        "way every 50 ms, idle none at all. A session that exceeds a bound fails the measurement."
    )
    yield "## The path is gone"
    yield (
        f"From the last moment in which anything passed to `disconnected`; the bound is "
        f"{DISCONNECTED_WITHIN_S:.0f} s. It is never earlier than 5 s after the last sign of life, "
        "of which on an idle connection the next comes after 2 to 3 s, or later if datagrams "
        "are lost."
    )
    yield _table(
        (setting, [at for gone in results.gone[setting] for at in gone.disconnected_s])
        for setting in SETTINGS
    )
    yield (
        f"From the same moment to `failed`; the bound is {FAILED_WITHIN_S:.0f} s. Consent to send "
        "ends 30 s after the last answer (RFC 7675)."
    )
    yield _table(
        (setting, [at for gone in results.gone[setting] for at in gone.failed_s])
        for setting in SETTINGS
    )
    yield "## The path is back"
    yield (
        f"After a gap of {HOLE_S:.0f} s, from the moment it ends to `connected` at that end; the "
        f"bound is {BACK_WITHIN_S:.0f} s."
    )
    yield _table((setting, results.back[setting]) for setting in SETTINGS)
    yield "## ICE restart"
    yield (
        "By how much the latest message was later than the earliest, while one left every 10 ms "
        f"and ICE was restarted in the middle of it; the bound is {STALL_WITHIN_S} s."
    )
    yield _table((setting, results.stalls[setting]) for setting in STEADY)
    yield "## False alarms"
    yield (
        f"{len(results.alarms)} idle connections of 30 minutes each, with a round trip of 300 ms "
        "and every tenth datagram lost at random in each direction, called themselves "
        f"`disconnected` {sum(results.alarms)} times."
    )


def _table(rows: Iterator[tuple[Setting, Sequence[float]]]) -> str:
    lines = [
        "| network | traffic | samples | earliest | median | 99 % | latest |",
        "|---|---|---|---|---|---|---|",
    ]
    for setting, values in rows:
        ordered = sorted(values)
        shown = (ordered[0], median(ordered), ordered[len(ordered) * 99 // 100], ordered[-1])
        figures = " | ".join(f"{value:.2f}" for value in shown)
        traffic = "busy" if setting.is_busy else "idle"
        lines.append(f"| {setting.network} | {traffic} | {len(ordered)} | {figures} |")
    return "\n".join(lines)
