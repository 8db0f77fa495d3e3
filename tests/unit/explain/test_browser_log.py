import json

import pytest

from frazil.explain.browser_log import BrowserEvent, read_dump

CANDIDATE = "candidate:1 1 udp 2122 192.168.1.7 50000 typ host generation 0"
DESCRIPTION = (
    '{"type":"offer","sdp":"v=0\\r\\na=ice-ufrag:c9kb\\r\\n'
    'a=candidate:1 1 udp 1 10.0.0.1 5000 typ host\\r\\na=candidate:1 1 tcp 1 10.0.0.1 9 typ host"}'
)


def dump(*log):
    """A dump of one connection."""
    updates = [{"time": time, "type": kind, "value": value} for time, kind, value in log]
    return json.dumps({"PeerConnections": {"7-1": {"updateLog": updates}}}).encode()


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


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", b"[]", b"null", b'{"PeerConnections": 3}', b"{", b"\xff\xfe", b"[" * 100_000),
    ],
)
def test_what_is_no_dump_is_refused(content):
    with pytest.raises(ValueError, match="no dump"):
        read_dump(content)


@pytest.mark.parametrize(
    "log", [None, 3, [None], [{}], [{"time": "noon"}], [{"time": 10**400}], {"time": 1}]
)
def test_a_log_that_makes_no_sense_is_empty(log):
    assert read_dump(json.dumps({"PeerConnections": {"1": {"updateLog": log}}}).encode()) == [[]]


def test_a_summary_is_one_line_of_printable_text():
    event = BrowserEvent(0.0, "on\nicecandidate", "candidate:1\x1b[2J")
    assert event.summary == "browser on\ufffdicecandidate candidate:1\ufffd[2J"


def test_the_form_of_today():
    """As Chromium 156 writes it."""
    updates = [
        {"type": "setLocalDescription", "value": "", "timestamp": 1795267869422.244},
        {"type": "onsignalingstatechange", "value": '"stable"', "timestamp": 1795267869422.3},
        {
            "type": "setLocalDescriptionOnSuccess",
            "value": DESCRIPTION,
            "timestamp": 1795267869423.5,
        },
        {
            "type": "onicecandidate",
            "value": '{"sdpMid":"0","sdpMLineIndex":0,"candidate":"' + CANDIDATE + '"}',
            "timestamp": 1795267869427.753,
        },
    ]
    content = json.dumps({"PeerConnections": {"8-1": {"pid": 8, "updateLog": updates}}}).encode()
    ((call, change, success, candidate),) = read_dump(content)
    assert call.at == pytest.approx(1795267869.422244)
    assert (call.description, call.summary) == ("", "browser setLocalDescription")
    assert (change.name, change.summary) == (
        "signalingstatechange",
        "browser onsignalingstatechange stable",
    )
    assert (success.description, success.ufrags) == ("offer", ["c9kb"])
    assert success.addresses == ["10.0.0.1:5000"]
    assert (candidate.name, candidate.addresses) == ("icecandidate", ["192.168.1.7:50000"])
    assert candidate.summary == (
        "browser onicecandidate candidate:1 1 udp 2122 192.168.1.7 50000 typ host"
    )
