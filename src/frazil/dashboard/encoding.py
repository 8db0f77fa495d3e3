"""What the page is sent: plain JSON, whatever the network said."""

import json
import math
from typing import Any, Final

from frazil.record import Json
from frazil.trace import EVENTS, Fact, TraceRecord

MEANINGS: Final[dict[str, Json]] = {
    f"{layer} {name}": kind.meaning
    for layer, kinds in EVENTS.items()
    for name, kind in kinds.items()
}
"""What each kind of event means, in words."""
_MAX_EXACT: Final = 2**53
"""From here on, JavaScript rounds integers."""


def record_json(key: int, record: TraceRecord) -> dict[str, Json]:
    """One record; ``key`` is how the page knows it when it changes."""
    return {
        "key": key,
        "at": _scalar(record.at),
        "last_at": _scalar(record.last_at),
        "count": record.count,
        "layer": record.layer,
        "event": record.event,
        "transport": record.transport,
        "facts": {name: _fact(value) for name, value in record.facts.items()},
    }


def dump(value: Any) -> str:
    """JSON text that every browser can read."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def dump_for_html(value: Any) -> str:
    """The same, to stand inside a ``<script>``: nothing in it can end one, or begin a comment."""
    return dump(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _fact(value: Fact) -> Json:
    if isinstance(value, tuple):
        return {name: _scalar(each) for name, each in value}
    return _scalar(value)


def _scalar(value: str | int | float | bool | None) -> Json:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) > _MAX_EXACT:
        return str(int(value))
    return str(value) if isinstance(value, str) else value
