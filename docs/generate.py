"""Writes the reference pages that follow from the code: ``python docs/generate.py``.

A page is never edited by hand. The tables on it are computed from the tables the library runs on,
so they cannot disagree; a test compares the committed page with a fresh one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import combinations_with_replacement, product
from pathlib import Path
from typing import TypeVar

from frazil.ice.state import TRANSITIONS
from frazil.states.aggregate import (
    CONNECTION_RULES,
    ICE_CONNECTION_RULES,
    ICE_GATHERING_RULES,
    connection_state,
    ice_connection_state,
)
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceTransportState,
    RTCPeerConnectionState,
)
from frazil.states.renaming import OLD_NAMES, RTCIceState, current_ice_state
from frazil.states.rule import Rule
from frazil.states.ruleset import RULE_SETS, RuleSet
from frazil.trace import EVENTS, RING_COST

DOCS = Path(__file__).parent

Ice = RTCIceTransportState
Dtls = RTCDtlsTransportState
Connection = RTCPeerConnectionState

Row = TypeVar("Row", bound=StrEnum)
Column = TypeVar("Column", bound=StrEnum)

ICE_MEANINGS = {
    Ice.NEW: (
        "Local candidates are being gathered, or none of the peer's are known. Nothing was checked "
        "yet."
    ),
    Ice.CHECKING: (
        "At least one candidate of the peer is known, from signalling or from an incoming check, "
        "and pairs are tried. None works yet, or all that once did lost consent."
    ),
    Ice.CONNECTED: (
        "A pair works and data can flow. Better pairs may still be looked for, and more candidates "
        "may come."
    ),
    Ice.COMPLETED: (
        "A pair works and the search is over: both sides have said that no candidates follow, and "
        "every pair was checked."
    ),
    Ice.DISCONNECTED: (
        "The path went silent, or every pair known so far failed while more candidates may come. "
        "It often heals by itself."
    ),
    Ice.FAILED: (
        "Every pair failed or lost consent, no candidates follow, and the patience of RFC 8863 ran "
        "out. Only an ICE restart leads out. DTLS and the data channels are kept for it."
    ),
    Ice.CLOSED: (
        "Shut down: `close()` was called, or the transport was discarded. Checks are no longer "
        "answered."
    ),
}

CONNECTION_MEANINGS = {
    Connection.NEW: "No transport has begun to connect.",
    Connection.CONNECTING: (
        "Some transport is still on its way: checking, or waiting for its DTLS handshake."
    ),
    Connection.CONNECTED: "Every transport in use has a working path and a finished handshake.",
    Connection.DISCONNECTED: "Some transport lost its path and may get it back.",
    Connection.FAILED: (
        "Some transport failed: its path (an ICE restart may help) or its handshake (nothing does)."
    ),
    Connection.CLOSED: "`close()` was called.",
}


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """The generated pages by their path below ``docs``."""
    return {
        "reference/states.md": "\n\n".join(_states()) + "\n",
        "reference/trace.md": "\n\n".join(_trace()) + "\n",
    }


def _states() -> Iterator[str]:
    yield "<!-- Written by docs/generate.py. Change that file and run it. -->"
    yield "# Connection states"
    yield (
        "What each state means, how the states of a peer connection follow from its transports, "
        "and what other texts say. Every table below is computed from the tables that the library "
        "itself runs on."
    )
    yield from _ice_transport()
    yield from _ice_connection()
    yield from _connection()
    yield from _gathering()
    yield from _other_texts()
    yield from _old_names()


def _ice_transport() -> Iterator[str]:
    yield "## The state of an ICE transport"
    yield _table(("state", "meaning"), ((_code(state), ICE_MEANINGS[state]) for state in Ice))
    yield (
        "The state moves along these edges and no others. `connected` always comes before "
        "`completed`, even when one packet decides both. From every state but `closed` itself, "
        "closing leads to `closed`."
    )
    yield _diagram()
    yield _table(
        ("from", "cause", "to", "rule"),
        (
            (_code(old), cause, _code(edge.to), edge.rule)
            for (old, cause), edge in TRANSITIONS.items()
            if edge.to is not Ice.CLOSED
        ),
    )


def _diagram() -> str:
    labels: dict[tuple[Ice, Ice], list[str]] = {}
    for (old, cause), edge in TRANSITIONS.items():
        if edge.to is not Ice.CLOSED:
            labels.setdefault((old, edge.to), []).append(cause)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {Ice.NEW}"]
    lines += [f"    {old} --> {new}: {', '.join(causes)}" for (old, new), causes in labels.items()]
    return "\n".join([*lines, "```"])


def _ice_connection() -> Iterator[str]:
    yield "## iceConnectionState"
    yield (
        "The ICE transports of the current transceivers and of SCTP, taken together. `closed` if "
        "the peer connection was closed; otherwise the first row that holds for the transports. "
        "With one transport it equals the state of that transport, except that a discarded one "
        "leaves `new`. A transport joining or leaving may move it between any two values, for "
        "example from `completed` to `checking`."
    )
    yield _rules(ICE_CONNECTION_RULES)
    yield "Two transports:"
    yield _matrix(Ice, Ice, lambda one, two: ice_connection_state(False, (one, two)))


def _connection() -> Iterator[str]:
    yield "## connectionState"
    yield _table(
        ("state", "meaning"), ((_code(state), CONNECTION_MEANINGS[state]) for state in Connection)
    )
    yield (
        "`closed` if the peer connection was closed; otherwise the first row that holds for "
        "iceConnectionState and the states of all DTLS transports together. The Recommendation of "
        "2025 forgot `completed` in the row of `connected`; to the letter a connection would fall "
        "back to `connecting` when its ICE completes."
    )
    yield _rules(CONNECTION_RULES)
    yield "One transport, ICE downwards and DTLS across:"
    yield _matrix(
        Ice, Dtls, lambda ice, dtls: connection_state(ice_connection_state(False, (ice,)), (dtls,))
    )


def _gathering() -> Iterator[str]:
    yield "## iceGatheringState"
    yield "The first row that holds for the gatherers. Closing the connection does not move it."
    yield _rules(ICE_GATHERING_RULES)


def _other_texts() -> Iterator[str]:
    yield "## What other texts say"
    yield (
        "Pages written since 2012 give other rules, and code was written to them. Each is listed "
        "with its sentences and with what it makes of transports differently from the rules above. "
        "Where a text numbers its rows the first that holds wins; in the others several may hold "
        "at once (ambiguous) or none (undefined). Combinations that hold a closed transport are "
        "left out for the two texts that speak of ICE components, which are never closed."
    )
    for rules in list(RULE_SETS.values())[1:]:
        yield f"### {rules.title} (`{rules.name}`)"
        if rules.ice_rules is not ICE_CONNECTION_RULES:
            yield "iceConnectionState" if rules.connection_rules else "iceState"
            yield _rules(rules.ice_rules, numbered=rules.ordered)
            yield _ice_differences(rules)
        if rules.connection_rules:
            yield "connectionState"
            yield _rules(rules.connection_rules, numbered=rules.ordered)
            yield _connection_differences(rules)


def _ice_differences(rules: RuleSet) -> str:
    pairs = list(combinations_with_replacement(rules.ice_states, 2))
    rows = [
        (f"{_code(one)}, {_code(two)}", _verdict(theirs), _code(ours))
        for one, two in pairs
        if _renamed(theirs := rules.ice_connection_state((one, two)))
        != {ours := ice_connection_state(False, (one, two))}
    ]
    title = f"{len(rows)} of {len(pairs)} pairs of transports"
    return _table((title, "this text", "now"), rows)


def _connection_differences(rules: RuleSet) -> str:
    cells = list(product(Ice, Dtls))
    rows = [
        (f"{_code(ice)}, {_code(dtls)}", _verdict(theirs), _code(ours))
        for ice, dtls in cells
        if (theirs := rules.connection_state(((ice, dtls),)))
        != {ours := connection_state(ice_connection_state(False, (ice,)), (dtls,))}
    ]
    title = f"{len(rows)} of {len(cells)} combinations of ICE, DTLS"
    return _table((title, "this text", "now"), rows)


def _renamed(states: Iterable[StrEnum]) -> set[str]:
    return {
        current_ice_state(state) if isinstance(state, RTCIceState) else state for state in states
    }


def _verdict(states: Iterable[StrEnum]) -> str:
    return " or ".join(sorted(map(_code, states))) or "undefined"


def _old_names() -> Iterator[str]:
    yield "## Old names"
    yield (
        "Pages from 2012 use names that no longer exist. The library has no aliases for them; this "
        "is where they lead. After an ICE restart the state used to go back to `starting` from "
        "anywhere. Now it goes to `checking` from `disconnected` and `failed`, to `connected` from "
        "`completed`, and stays otherwise: a program that waits for `new` after a restart waits "
        "for ever."
    )
    yield _table(
        ("what", "old", "now", "note"),
        ((name.kind, _code(name.old), _code(name.new), name.note) for name in OLD_NAMES),
    )


def _trace() -> Iterator[str]:
    yield "<!-- Written by docs/generate.py. Change that file and run it. -->"
    yield "# The trace of a connection"
    yield (
        "`pc.trace.records` holds what a connection decided and why, oldest first, always. Each "
        "record has `at` (seconds on the clock of the event loop), `layer`, `event`, `facts` by "
        "name, and `transport`, the name of the transport it is about (empty for the connection "
        "as a whole). Facts whose name ends in `_s` are durations in seconds, `_at` instants on "
        "the same clock; evidence is a list of named facts. `pc.trace.listen(function)` calls a "
        "function with every further record. `pc.trace.counters` counts input that was dropped. "
        "What is not there, datagram by datagram, [recordings](recording.md) hold."
    )
    yield (
        f"The ring takes at most {RING_COST // 1024} KiB for each connection; the oldest records "
        "make room, and `pc.trace.forgotten` counts them. Events marked *routine* happen again "
        "and again while nothing changes: as long as no other event comes between, those of one "
        "transport with the same first fact share one record, whose `count` says how many there "
        "were, `last_at` when the last one came, and whose facts are those of the last one. "
        "Listeners hear of each."
    )
    for layer in dict.fromkeys(kind.layer for kind in EVENTS.values()):
        yield f"## {layer}"
        for kind in (each for each in EVENTS.values() if each.layer == layer):
            yield f"### {kind.name}"
            yield kind.meaning + (" *Routine.*" if kind.is_routine else "")
            if kind.facts:
                rows = zip(map(_code, kind.facts), kind.meanings, strict=True)
                yield _table(("fact", "meaning"), rows)


def _rules(rules: Sequence[Rule[StrEnum]], *, numbered: bool = True) -> str:
    if not numbered:
        return _table(("state", "if"), ((_code(rule.state), str(rule)) for rule in rules))
    return _table(
        ("", "state", "if"),
        ((str(row), _code(rule.state), str(rule)) for row, rule in enumerate(rules, 1)),
    )


def _matrix(rows: type[Row], columns: type[Column], cell: Callable[[Row, Column], StrEnum]) -> str:
    return _table(
        ("", *map(_code, columns)),
        ((_code(row), *(str(cell(row, column)) for column in columns)) for row in rows),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    main()
