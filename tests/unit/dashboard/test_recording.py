import json

import pytest

from frazil.dashboard import recording as module
from frazil.dashboard.encoding import dump
from frazil.dashboard.recording import Recording, read_recording
from frazil.explain.story import Story
from support.sample_recording import record_failed_session, record_session


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "short.jsonl"
    record_session(path)
    return path.read_text(encoding="utf-8").splitlines()


def decision(at, layer="ice", event="pair-conceded", *facts):
    return json.dumps([at, layer, event, "0", *facts])


def test_a_recording_is_shown_with_its_reasons(lines):
    view = read_recording("short.jsonl", lines).view()
    changes = [
        (each["facts"]["old"], each["facts"]["new"], each["facts"]["text"])
        for each in view["records"]
        if each["event"] == "state-changed" and each["facts"]["machine"] == "connection"
    ]
    assert changes == [
        ("new", "connecting", "the first remote candidate is known; checks begin"),
        (
            "connecting",
            "connected",
            "the handshake is complete and the peer's certificate is the one signalling promised",
        ),
        ("connected", "closed", "the application closed the connection"),
    ]
    assert [each["key"] for each in view["records"]] == list(range(len(view["records"])))
    assert (view["name"], view["is_live"], view["findings"]) == ("short.jsonl", False, [])
    assert view["now"] == view["records"][-1]["at"]
    assert sum(each[1] for each in view["traffic"]["points"]) > 1000
    assert json.loads(dump(view)) == view


def test_its_line_in_the_list(lines):
    row = read_recording("short.jsonl", lines).row("file-1")
    assert (row.id, row.name, row.state) == ("file-1", "short.jsonl", "closed")
    assert row.why == "the application closed the connection"
    assert (row.pair, row.rtt_s, row.since) == ("", None, None)  # it was closed


def test_the_findings_are_those_of_explain(tmp_path):
    path = tmp_path / "failed.jsonl"
    record_failed_session(path)
    view = read_recording("failed", path.read_text().splitlines()).view()
    (finding,) = view["findings"]
    assert finding["code"] == "FZ-ICE-CONSENT-LOST"
    assert finding["fix"].startswith("Once the cause is gone")


def test_a_trace_on_its_own_is_enough():
    view = read_recording("trace", [decision(1.0, "ice", "pair-conceded", "a->b")]).view()
    assert [each["facts"] for each in view["records"]] == [{"pair": "a->b"}]
    assert view["traffic"] == {"width_s": 1, "points": []}


@pytest.mark.parametrize(
    "lines", [[], [""], ["{}", "[]", "3", "null", '"x"'], ["not", "json"], ["[" * 100_000]]
)
def test_what_is_no_recording_is_refused(lines):
    with pytest.raises(ValueError, match="neither a recording nor a trace"):
        read_recording("some.txt", lines)


def test_damage_is_left_out(lines):
    damaged = [lines[0][:40], "\0", *lines, '{"call": "transports.receive", "args"']
    assert (
        read_recording("x", damaged).view()["records"]
        == read_recording("x", lines).view()["records"]
    )


def test_of_several_recordings_the_first_is_shown(lines):
    alone, view = (read_recording("x", each).view() for each in (lines, [*lines, *lines]))
    assert view["records"] == alone["records"]
    assert view["traffic"] == alone["traffic"]
    assert alone["remarks"] == []
    assert view["remarks"] == ["the file has other recordings behind this one, which are not shown"]


def test_a_beginning_that_is_missing_is_told(lines):
    (remark,) = read_recording("x", lines[-20:]).view()["remarks"]
    assert remark.startswith("the beginning of the recording is missing")


@pytest.mark.parametrize("at", ["NaN", "Infinity", "-1e300", "1" + "0" * 400, "null", '"1"'])
def test_what_happened_at_no_instant_is_left_out(at):
    lines = [
        f'[{at}, "ice", "pair-conceded", "0", "a->b"]',
        decision(2.0, "ice", "pair-conceded", ""),
    ]
    view = read_recording("x", lines).view()
    assert [each["at"] for each in view["records"]] == [2.0]
    assert view["now"] == 2.0


@pytest.mark.parametrize("rtt_s", ["9" * 400, "NaN", "Infinity"])
def test_a_round_trip_that_no_clock_shows_is_none(rtt_s):
    recording = read_recording("x", [f'[1.0, "ice", "consent-renewed", "0", "a->b", {rtt_s}]'])
    row = recording.row("1")
    assert (row.pair, row.rtt_s) == ("a->b", None)


def changed(at, old, new):
    """A change of the connection's state."""
    facts = ("connection", old, new, "why", "", "because", [], None, None)
    return decision(at, "peer", "state-changed", *facts)


def test_of_a_long_recording_the_newest_records_are_kept(monkeypatch):
    monkeypatch.setattr(module, "MAX_RECORDS", 2)
    recording = Recording("x")
    for at in range(5):
        recording.feed(decision(float(at), "ice", "pair-conceded", "a->b"))
    view = recording.view()
    assert [(each["key"], each["at"]) for each in view["records"]] == [(3, 3.0), (4, 4.0)]
    assert (view["now"], view["forgotten"]) == (4.0, 3)


def test_of_a_long_recording_the_failure_at_its_end_is_found(monkeypatch, tmp_path):
    path = tmp_path / "failed.jsonl"
    record_failed_session(path)
    lines = path.read_text().splitlines()
    whole = read_recording("failed", lines).view()
    monkeypatch.setattr(module, "MAX_RECORDS", len(whole["records"]) * 3 // 4)
    recording = read_recording("failed", lines)
    view = recording.view()
    assert [each["code"] for each in view["findings"]] == ["FZ-ICE-CONSENT-LOST"]
    assert (view["now"], recording.row("1").state) == (whole["now"], "closed")
    assert view["forgotten"] == len(whole["records"]) - len(view["records"]) > 0


def test_of_a_long_recording_no_state_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "MAX_RECORDS", 4)
    recording = Recording("x")
    for at, old, new in ((1.0, "new", "connecting"), (2.0, "connecting", "connected")):
        recording.feed(decision(at, "ice", "pair-conceded", "a->b"))
        recording.feed(changed(at, old, new))
    for at in range(10, 20):
        recording.feed(decision(float(at), "ice", "pair-conceded", "a->b"))
    assert [each["at"] for each in recording.view()["records"]] == [1.0, 2.0, 18.0, 19.0]
    assert recording.view()["forgotten"] == 10
    assert (recording.row("1").state, recording.row("1").why) == ("connected", "because")


def configured(at, servers):
    return json.dumps([at, "api", "configured", "", servers, "relay", "balanced"])


def test_of_a_long_recording_the_configuration_in_force_is_not_forgotten(monkeypatch):
    monkeypatch.setattr(module, "MAX_RECORDS", 4)
    recording = Recording("x")
    recording.feed(configured(0.0, "stun:a"))
    recording.feed(changed(1.0, "new", "connecting"))
    recording.feed(configured(2.0, "turn:b"))
    for at in range(10, 20):
        recording.feed(decision(float(at), "ice", "pair-conceded", "a->b"))
    story = Story(recording.records, 20.0)
    assert (story.servers, story.policy) == (("turn:b",), "relay")
    assert not story.is_whole
    assert [each.at for each in recording.records] == [1.0, 2.0, 18.0, 19.0]
    assert recording.view()["forgotten"] == 9
    recording.feed(configured(30.0, "stun:c"))
    assert Story(recording.records, 30.0).servers == ("stun:c",)


def test_of_a_long_recording_the_page_shows_the_configuration_in_its_place(monkeypatch):
    monkeypatch.setattr(module, "MAX_RECORDS", 4)
    recording = Recording("x")
    recording.feed(configured(0.0, "turn:a"))
    recording.feed(changed(1.0, "new", "connecting"))
    for at in range(10, 20):
        recording.feed(decision(float(at), "ice", "pair-conceded", "a->b"))
    shown = recording.view()["records"]
    assert [each["at"] for each in shown] == [0.0, 1.0, 18.0, 19.0]
    assert [each["key"] for each in shown] == [8, 9, 10, 11]


def test_the_oldest_of_too_many_state_changes_make_room(monkeypatch):
    monkeypatch.setattr(module, "MAX_RECORDS", 600)
    recording = Recording("x")
    for at in range(1000):
        recording.feed(changed(float(at), "connected", "disconnected"))
    records = recording.view()["records"]
    assert [each["at"] for each in records] == [float(at) for at in range(400, 1000)]


def test_a_line_that_is_too_long_is_not_even_looked_at(monkeypatch):
    monkeypatch.setattr(module, "MAX_LINE", 20)
    recording = Recording("x")
    recording.feed(decision(1.0, "ice", "pair-conceded", "a->b"))
    with pytest.raises(ValueError, match="neither"):
        recording.check()
