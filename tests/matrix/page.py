"""The page that shows who reaches whom, and how."""

from collections.abc import Iterator, Mapping
from statistics import median
from typing import NamedTuple

from matrix.meeting import Cell
from matrix.place import PLACES

PAGE = "reference/nat-matrix.md"


class Outcome(NamedTuple):
    """All sessions of one cell, each of which went as predicted.

    Attributes:
        took_s: How long each took to connect; nothing if they could not.
    """

    sessions: int
    took_s: tuple[float, ...]


def cells(*, with_turn: bool) -> list[Cell]:
    """One half of the matrix, row by row."""
    return [Cell(ours, theirs, with_turn) for ours in PLACES for theirs in PLACES]


def all_cells() -> list[Cell]:
    """The whole matrix."""
    return [*cells(with_turn=False), *cells(with_turn=True)]


def render(outcomes: Mapping[Cell, Outcome]) -> str:
    """The page."""
    return "\n\n".join(_blocks(outcomes)) + "\n"


def _blocks(outcomes: Mapping[Cell, Outcome]) -> Iterator[str]:
    sessions = sum(outcome.sessions for outcome in outcomes.values())
    yield "<!-- Written by `make nat-matrix`. -->"
    yield "# Who reaches whom"
    yield (
        "Two peers, each in one of the places below, tried to connect through the virtual network "
        f"of `frazil.testing`: {sessions} sessions, {min(o.sessions for o in outcomes.values())} "
        "in each cell, each with another delay, jitter, order and repetition of datagrams and "
        "another delay of signalling. What had to come out was computed beforehand, from the "
        "filtering and mapping rules of RFC 4787 and the priorities of RFC 8445. It came out in "
        "every session."
    )
    yield (
        "A cell names the candidate of the peer on the left, which offers, and that of the peer on "
        "top, and the median time from the first call to `connected` at both ends, in seconds of "
        "virtual time. The addresses of a symmetric NAT differ by destination, so its peer is "
        "known by its checks only (`prflx`). The double NAT is a port-restricted home behind an "
        "address-restricted provider."
    )
    yield "## With a STUN server"
    yield _table(outcomes, with_turn=False)
    yield "## With a TURN server"
    yield (
        "It is reached by UDP and TCP on port 3478 and by TLS on port 443. The relay is used where "
        "there is no other way; one is enough if either end can send datagrams, and then the "
        "offering peer, which nominates, prefers its own socket."
    )
    yield _table(outcomes, with_turn=True)


def _table(outcomes: Mapping[Cell, Outcome], *, with_turn: bool) -> str:
    lines = ["|".join(["", " ", *(f" {place.name} " for place in PLACES), ""])]
    lines.append("|" + "---|" * (len(PLACES) + 1))
    for ours in PLACES:
        row = [Cell(ours, theirs, with_turn) for theirs in PLACES]
        texts = [f" {verdict(cell)}{_time(outcomes[cell])} " for cell in row]
        lines.append("|".join(["", f" {ours.name} ", *texts, ""]))
    return "\n".join(lines)


def verdict(cell: Cell) -> str:
    """What the page says of a cell, but for the time."""
    prediction = cell.prediction
    return "`failed`" if prediction is None else f"{prediction.local} – {prediction.remote}"


def _time(outcome: Outcome) -> str:
    return f", {median(outcome.took_s):.2f}" if outcome.took_s else ""
