"""The table of events and the code that records them agree."""

import ast
from pathlib import Path

import frazil
from frazil.trace import EVENTS

SOURCE = Path(frazil.__file__).parent
KINDS = {(layer, name): kind for layer, kinds in EVENTS.items() for name, kind in kinds.items()}


def recordings():
    """Layer, event and fact names of every call that records a fixed event, with its place."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from _recording(path.relative_to(SOURCE), node)


def _recording(path, call):
    texts = [arg.value if isinstance(arg, ast.Constant) else None for arg in call.args]
    facts = {keyword.arg for keyword in call.keywords}
    place = f"{path}:{call.lineno}"
    # In SCTP the link adds the layer.
    if call.func.attr == "record" and path.parts[0] == "sctp" and len(texts) == 2 and texts[1]:
        yield place, ("sctp", texts[1]), facts
    elif call.func.attr == "record" and len(texts) == 3 and texts[1] and texts[2]:
        yield place, (texts[1], texts[2]), facts
    elif (call.func.attr == "routine" and len(texts) == 2 and texts[0] and texts[1]) or (
        call.func.attr == "record_change" and len(texts) == 3 and texts[0] and texts[1]
    ):
        yield place, (texts[0], texts[1]), set(EVENTS[texts[0]][texts[1]].facts)


def test_every_recording_is_in_the_table_with_its_facts():
    found = list(recordings())
    assert len(found) > 40
    missing = [(place, key) for place, key, _ in found if key not in KINDS]
    assert missing == [], "add these to src/frazil/trace/catalogue.py"
    assert [(place, facts) for place, key, facts in found if facts != set(KINDS[key].facts)] == []


def test_every_event_in_the_table_is_recorded_somewhere():
    by_machines = {(layer, "state") for layer in ("ice", "turn", "dtls", "datachannel")}
    by_history = {("peer", "state-changed")}
    unused = set(KINDS) - {key for _, key, _ in recordings()} - by_machines - by_history
    assert unused == set()


def test_each_event_says_what_it_means():
    for kind in KINDS.values():
        assert kind.meaning.endswith("."), kind
        assert all(kind.meanings), kind
        assert not kind.is_routine or kind.facts, f"{kind.name}: repetitions need a subject"
