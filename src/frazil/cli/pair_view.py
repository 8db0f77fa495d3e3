"""The joint report of two machines."""

from frazil.cli.pair_measurement import Side
from frazil.cli.table import milliseconds, table


def describe(ours: Side, theirs: Side) -> list[str]:
    """The report in lines, this side in the left column."""
    rows = [
        ("machine", ours.machine, theirs.machine),
        ("path", ours.path, theirs.path),
        ("round trip", milliseconds(ours.rtt_s), milliseconds(theirs.rtt_s)),
        ("received", _rate(ours.received_bps), _rate(theirs.received_bps)),
        *_states(ours, theirs),
    ]
    return table(("", "this side", "other side"), rows)


def _states(ours: Side, theirs: Side) -> list[tuple[str, str, str]]:
    """The states of both sides next to each other."""
    count = max(len(ours.states), len(theirs.states))
    return [
        ("" if number else "states", _state(ours, number), _state(theirs, number))
        for number in range(count)
    ]


def _state(side: Side, number: int) -> str:
    if number >= len(side.states):
        return ""
    at, state = side.states[number]
    return f"{at:7.3f} s  {state}"


def _rate(bps: float | None) -> str:
    return "-" if bps is None else f"{bps / 1e6:.1f} Mbit/s"
