"""One line of the list of connections."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from frazil.explain.story import fact
from frazil.record import Json
from frazil.trace import TraceRecord

CONNECTION: Final = "connection"
"""The state machine that a row is about."""

_ANSWERS: Final = ("consent-renewed", "pair-valid")


@dataclass(frozen=True, slots=True)
class Row:
    """What the list says of a connection; instants are seconds since 1970, if those are known.

    Attributes:
        id: What its page is asked for by.
        name: What it is called.
        state: Its ``connectionState``.
        since: Since when.
        why: The reason of its last change.
        pair: The pair in use: local base and remote address.
        rtt_s: Its last round trip.
    """

    id: str
    name: str
    state: str
    since: float | None
    why: str
    pair: str
    rtt_s: float | None

    def to_json(self) -> dict[str, Json]:
        """As the page gets it."""
        return asdict(self)


def path_of(records: Sequence[TraceRecord]) -> tuple[str, float | None]:
    """The pair in use by these records, oldest first, and its last round trip."""
    pair = ""
    for record in reversed(records):
        if record.layer != "ice":
            continue
        if not pair:
            if record.event == "unselected":
                break
            if record.event in ("selected", "consent-renewed"):
                pair = str(fact(record, "pair"))
        if record.event in _ANSWERS and pair == fact(record, "pair"):
            rtt_s = fact(record, "rtt_s")
            return pair, float(rtt_s) if isinstance(rtt_s, int | float) else None
    return pair, None
