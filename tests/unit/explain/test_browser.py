import pytest

from frazil.explain.browser import half_of, judge_signalling, offset
from frazil.explain.browser_log import BrowserEvent
from frazil.trace import Trace

CANDIDATE = "candidate:1 1 udp 2122 192.168.1.7 50000 typ host generation 0"


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
    facts = {"type": "host", "protocol": "udp", "address": "192.168.1.7:50000", "resolved": True}
    trace.record(1.0, "ice", "remote-candidate", **facts)
    came = BrowserEvent(1.0, "icecandidate", CANDIDATE)
    lost = BrowserEvent(1.0, "icecandidate", CANDIDATE.replace("192.168.1.7", "203.0.113.7"))
    active = BrowserEvent(1.0, "icecandidate", CANDIDATE.replace("50000", "9"))
    assert list(judge_signalling(trace.records, [came, active])) == []
    (finding,) = judge_signalling(trace.records, [came, lost, active])
    assert finding.code == "FZ-SIG-CANDIDATES-LOST"
    assert finding.sentence == (
        "The browser found 2 candidates, and 1 of them never came here: 203.0.113.7:50000."
    )


def test_a_candidate_that_was_refused_here_came_here():
    trace = Trace()
    trace.record(1.0, "ice", "candidate-refused", address="192.168.1.7:50000", why="filtered")
    events = [BrowserEvent(1.0, "icecandidate", CANDIDATE)]
    assert list(judge_signalling(trace.records, events)) == []


def test_candidates_that_the_browser_never_got():
    trace = Trace()
    for address in ("10.0.0.1:5000", "10.0.0.1:5001", "203.0.113.1:5000"):
        trace.record(1.0, "ice", "local-candidate", type="host", address=address, ufrag="u")
    line = "candidate:1 1 udp 2122 {} {} typ host"
    events = [
        BrowserEvent(1.0, "setRemoteDescription", f"a={line.format('10.0.0.1', 5000)}\\r\\na=x"),
        BrowserEvent(2.0, "addIceCandidate", line.format("10.0.0.1", 5001)),
    ]
    (finding,) = judge_signalling(trace.records, events)
    assert finding.sentence == (
        "We found 3 candidates, and 1 of them never came to the browser: 203.0.113.1:5000."
    )
    assert list(judge_signalling(trace.records, [])) == []


def test_what_the_page_left_to_the_browser_is_told_with_the_success():
    trace = Trace()
    for at, side, kind in ((10.0, "remote", "offer"), (10.5, "local", "answer")):
        trace.record(at, "peer", "description-applied", side=side, type=kind, sections=1)
    offer, answer = '{"type":"offer","sdp":""}', '{"type":"answer","sdp":""}'
    implicit = [
        BrowserEvent(999.0, "setLocalDescription", ""),
        BrowserEvent(999.9, "setLocalDescriptionOnSuccess", offer),
        BrowserEvent(1000.6, "setRemoteDescription", answer),
        BrowserEvent(1000.7, "setRemoteDescriptionOnSuccess", ""),
    ]
    assert offset(trace.records, implicit) == pytest.approx(990.0)
    told_twice = [BrowserEvent(999.9, "setLocalDescription", offer), *implicit[1:]]
    assert offset(trace.records, told_twice) == pytest.approx(990.0)


def test_the_right_connection_of_a_dump_with_many():
    trace = Trace()
    trace.record(1.0, "ice", "local-candidate", type="host", address="10.0.0.1:1", ufrag="ours")
    other = [BrowserEvent(1.0, "setRemoteDescription", "a=ice-ufrag:other\\r\\n")] * 2
    mine = [BrowserEvent(1.0, "setRemoteDescription", "v=0\\r\\na=ice-ufrag:ours\\r\\n")]
    assert half_of(trace.records, [other, mine]) is mine
    assert half_of([], [mine, other]) is other
    assert half_of(trace.records, []) == []


@pytest.mark.parametrize("guess", [False, True])
def test_what_was_gathered_ahead_tells_by_the_ufrag_with_which_it_was_released(guess):
    trace = Trace()
    place = {"type": "host", "address": "192.168.1.7:50000"}
    trace.record(1.0, "ice", "local-candidate", **place, ufrag="")
    trace.record(2.0, "ice", "candidate-released", **place, ufrag="ours")
    other = [BrowserEvent(1.0, "setRemoteDescription", "a=ice-ufrag:other\\r\\n")] * 3
    mine = [BrowserEvent(1.0, "setRemoteDescription", "v=0\\r\\na=ice-ufrag:ours\\r\\n")]
    assert half_of(trace.records, [other, mine], guess=guess) is mine


def test_another_connection_from_the_same_address_is_not_the_other_half():
    trace = Trace()
    for event, ufrag in (("local-candidate", ""), ("candidate-released", "ours")):
        trace.record(1.0, "ice", event, type="host", address="192.168.1.7:50000", ufrag=ufrag)
    other = [BrowserEvent(1.0, "setRemoteDescription", f"a=ice-ufrag:other\\r\\na={CANDIDATE}")]
    assert half_of(trace.records, [other], guess=False) == []


def test_what_was_gathered_ahead_and_never_released_is_not_lost():
    trace = Trace()
    found = ("10.0.0.1:5000", "10.0.0.1:5001", "10.0.0.1:5002")
    for address in found:
        trace.record(1.0, "ice", "local-candidate", type="host", address=address, ufrag="")
    for address in found[:2]:
        trace.record(2.0, "ice", "candidate-released", type="host", address=address, ufrag="u")
    line = "candidate:1 1 udp 2122 10.0.0.1 {} typ host"
    events = [BrowserEvent(3.0, "addIceCandidate", line.format(port)) for port in (5000, 5001)]
    assert list(judge_signalling(trace.records, events)) == []
    (finding,) = judge_signalling(trace.records, events[:1])
    assert finding.sentence == (
        "We found 2 candidates, and 1 of them never came to the browser: 10.0.0.1:5001."
    )
