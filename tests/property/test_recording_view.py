"""Whatever a file says, there is a view of it, which browsers can read."""

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from frazil.dashboard.encoding import dump
from frazil.dashboard.recording import Recording
from frazil.trace import EVENTS

_WORDS = ["", "failed", "connected", "closed", "offer", "answer", "connection", "close", "turn:x"]
_PLACES = ["10.0.0.1:1->10.0.0.2:2", "10.0.0.1:1", "peer.example:1", "host", "relay", "->"]
_NUMBERS = [0, -1, 3.5, 1e308, float("nan"), float("inf"), 2**70, None, True, False]
_NESTED = [[], {}, [["a", 1]], [[1, 2]], [["silent_s", "x"]], [["a", [1]]], [3], {"hex": "00"}]
_FACTS = [*_WORDS, *_PLACES, *_NUMBERS, *_NESTED]
_INSTANTS = [0.0, 1, 39.5, 60.0, float("nan"), 1e300, None, "1"]
_KINDS = [kind for kinds in EVENTS.values() for kind in kinds.values()]


def decision(dice: random.Random) -> list[object]:
    kind = dice.choice(_KINDS)
    facts = [dice.choice(_FACTS) for _ in kind.facts]
    return [dice.choice(_INSTANTS), kind.layer, kind.name, dice.choice(["", "0"]), *facts]


def line(dice: random.Random) -> object:
    one = decision(dice)
    return dice.choice([one, {"api": one}, {"trace": [one, decision(dice)]}, {"trace": one}])


@given(st.integers(0, 2**32))
def test_there_is_a_view_of_everything(seed):
    dice = random.Random(seed)
    recording = Recording("x")
    for _ in range(dice.randrange(60)):
        recording.feed(json.dumps(line(dice)))
    view = recording.view()
    assert json.loads(dump(view)) == view
    assert recording.row("file-1").name == "x"


@given(st.text(max_size=200))
def test_any_line_is_taken_or_left_out(text):
    recording = Recording("x")
    recording.feed(text)
    assert len(recording.records) <= 1
