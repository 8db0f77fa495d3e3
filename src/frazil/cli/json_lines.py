"""The timeline for programs: one JSON object per line, as things happen.

Every object has ``type`` and ``at`` (seconds since the demo began), and:

============  ==============================================================================
``step``      ``title``, ``text``
``state``     ``peer``, ``machine``, ``old``, ``new``, ``cause``, ``rule``, ``reason``, and
              ``evidence``, an object
``sent``      ``peer``, ``text``
``arrived``   ``peer``, ``text``, ``after_s``
``path``      ``blocked``, ``text``
``note``      ``text``
``result``    ``ok``, ``summary``, ``differences``, a list of sentences; always the last line
============  ==============================================================================
"""

import json
from typing import Any, TextIO

from frazil.cli.entry import (
    Entry,
    Judged,
    MessageArrived,
    MessageSent,
    Noted,
    PathChanged,
    StateMoved,
    StepBegan,
)
from frazil.cli.line_writer import LineWriter
from frazil.trace import StateChange


class JsonLines:
    """Writes each entry as one line of JSON."""

    def __init__(self, output: TextIO) -> None:
        self._writer = LineWriter(output)

    def show(self, entry: Entry) -> None:
        """Write it at once."""
        self._writer.write(json.dumps(as_json(entry)))


def as_json(entry: Entry) -> dict[str, Any]:
    """The object that stands for an entry."""
    kind, members = _describe(entry)
    return {"type": kind, "at": round(entry.at, 6), **members}


def _describe(entry: Entry) -> tuple[str, dict[str, Any]]:
    match entry:
        case StepBegan():
            return "step", {"title": entry.title, "text": entry.text}
        case StateMoved():
            return "state", {"peer": entry.peer, **_change(entry.change)}
        case MessageSent():
            return "sent", {"peer": entry.peer, "text": entry.text}
        case MessageArrived():
            after_s = round(entry.after_s, 6)
            return "arrived", {"peer": entry.peer, "text": entry.text, "after_s": after_s}
        case PathChanged():
            return "path", {"blocked": entry.blocked, "text": entry.text}
        case Noted():
            return "note", {"text": entry.text}
        case Judged():
            differences = list(entry.differences)
            summary = entry.summary
            return "result", {"ok": entry.ok, "summary": summary, "differences": differences}


def _change(change: StateChange) -> dict[str, Any]:
    return {
        "machine": change.machine,
        "old": change.old,
        "new": change.new,
        "cause": change.reason.cause,
        "rule": change.reason.rule,
        "reason": change.reason.text,
        "evidence": dict(change.reason.evidence),
    }
