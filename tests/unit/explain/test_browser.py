import json

import pytest

from frazil.explain.browser import BrowserEvent, judge_signalling, offset, read_dump
from frazil.trace import Trace

CANDIDATE = "candidate:1 1 udp 2122 192.168.1.7 50000 typ host generation 0"


def dump(*log):
    """A dump of one connection."""
    updates = [{"time": time, "type": kind, "value": value} for time, kind, value in log]
    return json.dumps({"PeerConnections": {"7-1": {"updateLog": updates}}})


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-02T03:04:05.000Z",
        "2026-01-02T03:04:05",
        1767323045000,
        "1767323045000",
        "1/2/2026, 3:04:05 AM",
        "1/2/2026, 3:04:05\u202fAM",
        "2.1.2026, 03:04:05",
    ],
)
def test_every_way_to_write_the_time(time):
    ((event,),) = read_dump(dump((time, "icecandidate", CANDIDATE)))
    assert event == BrowserEvent(1767323045.0, "icecandidate", CANDIDATE)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"PeerConnections": 3}', "{"])
def test_what_is_no_dump_is_refused(text):
    with pytest.raises(ValueError, match="no dump"):
        read_dump(text)


@pytest.mark.parametrize("log", [None, 3, [None], [{}], [{"time": "noon"}], {"time": 1}])
def test_a_log_that_makes_no_sense_is_empty(log):
    assert read_dump(json.dumps({"PeerConnections": {"1": {"updateLog": log}}})) == [[]]


def test_the_halves_are_aligned_by_the_descriptions():
    trace = Trace()
    for at, side, kind in ((10.0, "local", "offer"), (10.5, "remote", "answer")):
        trace.record(at, "peer", "description-applied", side=side, type=kind, sections=1)
    events = [
        BrowserEvent(1000.1, "setRemoteDescription", "type: offer, sdp: v=0"),
        BrowserEvent(1000.2, "setLocalDescription", '{"type": "answer", "sdp": ""}'),
    ]
    assert offset(trace.records, events) == pytest.approx(989.9)
    assert offset(trace.records, []) is None
    assert offset([], events) is None


def test_candidates_that_signalling_lost():
    trace = Trace()
    facts = {"type": "host", "protocol": "udp", "resolved": True}
    trace.record(1.0, "ice", "remote-candidate", address="192.168.1.7:50000", **facts)
    came = BrowserEvent(1.0, "icecandidate", CANDIDATE)
    lost = BrowserEvent(1.0, "icecandidate", CANDIDATE.replace("192.168.1.7", "203.0.113.7"))
    active = BrowserEvent(1.0, "icecandidate", CANDIDATE.replace("50000", "9"))
    assert list(judge_signalling(trace.records, [came, active])) == []
    (finding,) = judge_signalling(trace.records, [came, lost, active])
    assert finding.code == "FZ-SIG-CANDIDATES-LOST"
    assert finding.sentence == (
        "The browser found 2 candidates, and 1 of them never came here: 203.0.113.7:50000."
    )
