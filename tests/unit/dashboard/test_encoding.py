import json

import pytest

from frazil.dashboard.encoding import MEANINGS, dump, dump_for_html, record_json
from frazil.trace import EVENTS, TraceRecord

KIND = EVENTS["datachannel"]["added"]
HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> & \u2028"


def record(*values, kind=KIND, at=1.5):
    return TraceRecord(at, kind, values, "0")


def test_a_record():
    entry = record(1, "open", "chat")
    entry.count, entry.last_at = 3, 2.5
    assert record_json(7, entry) == {
        "key": 7,
        "at": 1.5,
        "last_at": 2.5,
        "count": 3,
        "layer": "datachannel",
        "event": "added",
        "transport": "0",
        "facts": {"stream_id": 1, "state": "open", "label": "chat"},
    }


def test_evidence_is_an_object():
    change = EVENTS["peer"]["state-changed"]
    evidence = (("silent_s", 5.0), ("pair", "a->b"))
    values = ("connection", "new", "failed", "c", "r", "t", evidence, None, None)
    facts = record_json(0, record(*values, kind=change))["facts"]
    assert facts["evidence"] == {"silent_s": 5.0, "pair": "a->b"}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (2**53, 2**53),
        (2**53 + 1, str(2**53 + 1)),
        (True, True),
        (None, None),
    ],
)
def test_what_json_of_browsers_cannot_hold(value, told):
    facts = record_json(0, record(value, "open", "chat"))["facts"]
    assert facts["stream_id"] == told
    assert json.loads(dump(facts)) == facts


def test_nothing_that_the_peer_says_ends_a_script():
    text = dump_for_html(record_json(0, record(1, "open", HOSTILE)))
    assert not set("<>&") & set(text)
    assert text.isascii()
    assert json.loads(text)["facts"]["label"] == HOSTILE


def test_every_kind_of_event_has_a_meaning():
    assert len(MEANINGS) == sum(map(len, EVENTS.values()))
    assert MEANINGS["datachannel added"] == "A data channel was opened by either side."
