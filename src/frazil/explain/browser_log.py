"""What chrome://webrtc-internals saves of a browser's connections, in the form of any version.

Chromium wrote JSON for years, with the instant in words, and writes it compressed by now, in
milliseconds, with the names of the events as pages know them.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from frazil.printable import printable

_FORMATS: Final = ("%m/%d/%Y, %I:%M:%S %p", "%d/%m/%Y, %H:%M:%S", "%d.%m.%Y, %H:%M:%S")
"""How browsers of some languages wrote the time, besides ISO 8601 and milliseconds."""
_CANDIDATE: Final = re.compile(r"candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) typ \w+")
_TYPE: Final = re.compile(
    r"type:\s*\"?(offer|answer|pranswer)|\"type\":\s*\"(offer|answer|pranswer)"
)
_UFRAG: Final = re.compile(r"a=ice-ufrag:([A-Za-z0-9+/]+)")
_ABOUT_DESCRIPTIONS: Final = ("setLocal", "setRemote", "createOffer", "createAnswer")
_MILLISECOND_S: Final = 1e-3
_MAX_VALUE: Final = 160


class BrowserEvent(NamedTuple):
    """One line of the log of the browser.

    Attributes:
        at: Seconds since 1970.
        type: What happened, in the words of the browser.
        value: More of it.
    """

    at: float
    type: str
    value: str

    @property
    def name(self) -> str:
        """What happened, in the words that all versions have in common."""
        return self.type.removeprefix("on")

    @property
    def description(self) -> str:
        """The type of the description that it is about, if it is about one."""
        if not self.type.startswith(_ABOUT_DESCRIPTIONS):
            return ""
        found = _TYPE.search(self.value)
        return (found[1] or found[2]) if found else ""

    @property
    def addresses(self) -> list[str]:
        """Where the candidates are that it is about, with their ports; no active ones."""
        return [f"{ip}:{port}" for ip, port in _CANDIDATE.findall(self.value) if port != "9"]

    @property
    def ufrags(self) -> list[str]:
        """The user name fragments of the description that it is about."""
        return _UFRAG.findall(self.value)

    @property
    def summary(self) -> str:
        """The event in a line: the first one of its value at most."""
        candidate = _CANDIDATE.search(self.value) if "andidate" in self.type else None
        text = self.description or (candidate[0] if candidate else self.value.strip('"'))
        line = f"browser {self.type} {' '.join(text.split())[:_MAX_VALUE]}"
        return printable(line.rstrip())


def read_dump(content: bytes) -> list[list[BrowserEvent]]:
    """The log of each connection in a dump of chrome://webrtc-internals.

    Raises:
        ValueError: It is no such dump.
    """
    try:
        dump = json.loads(content)
    except (ValueError, RecursionError):
        dump = None
    connections = dump.get("PeerConnections") if isinstance(dump, dict) else None
    if not isinstance(connections, dict):
        raise ValueError("no dump of chrome://webrtc-internals")
    return [_log(each) for each in connections.values() if isinstance(each, dict)]


def _log(connection: dict[str, Any]) -> list[BrowserEvent]:
    updates = connection.get("updateLog")
    events = []
    for each in updates if isinstance(updates, list) else ():
        if not isinstance(each, dict):
            continue
        at = _instant(each.get("timestamp", each.get("time")))
        if at is not None:
            events.append(BrowserEvent(at, str(each.get("type", "")), str(each.get("value", ""))))
    return sorted(events, key=lambda event: event.at)


def _instant(value: Any) -> float | None:
    """Seconds since 1970, from any way in which browsers have written an instant."""
    try:
        return float(value) * _MILLISECOND_S
    except (TypeError, ValueError, OverflowError):
        text = str(value).replace("\u202f", " ")
    try:
        return _seconds(datetime.fromisoformat(text))
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return _seconds(datetime.strptime(text, form))
        except ValueError:
            continue
    return None


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
