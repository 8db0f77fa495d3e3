"""What the trace of a connection tells, and what it costs."""

import pytest

from frazil import RTCError


def facts(peer, layer, event):
    """The facts of every record of one kind."""
    found = [each for each in peer.pc.trace.records if (each.layer, each.event) == (layer, event)]
    return [each.facts for each in found]


def order(peer, *events):
    """Which of ``events`` were recorded, in order."""
    return [each.event for each in peer.pc.trace.records if each.event in events]


async def test_the_whole_way_to_a_connection(stage):
    alice, bob = await stage.connect()
    methods = [each["method"] for each in facts(alice, "api", "called")]
    assert methods == [
        "createOffer",
        "createDataChannel",
        "setLocalDescription",
        "setRemoteDescription",
    ]
    way = ["pair-formed", "check", "pair-valid", "selected", "nominated"]
    assert order(alice, *way) == way
    connected = next(each for each in facts(alice, "ice", "state") if each["new"] == "connected")
    assert connected["rule"].startswith("webrtc-pc")
    assert dict(connected["evidence"])
    assert order(bob, "flight-received", "flight-sent")[:2] == ["flight-sent", "flight-received"]
    assert [each["new"] for each in facts(alice, "sctp", "association")][-1] == "established"
    assert {each.transport for each in alice.pc.trace.records} == {"", "0"}


async def test_an_hour_of_silence_adds_three_records(stage):
    alice, bob = await stage.connect()
    await stage.sleep(60)
    before = [len(peer.pc.trace.records) for peer in (alice, bob)]
    await stage.sleep(3600)
    assert [len(peer.pc.trace.records) for peer in (alice, bob)] == before
    renewed = [each for each in alice.pc.trace.records if each.event == "consent-renewed"][-1]
    assert renewed.count > 3600 / 6
    assert renewed.last_at > stage.now - 6


async def test_messages_leave_no_records(stage):
    alice, bob = await stage.connect()
    before = len(alice.pc.trace.records)
    for number in range(1000):
        alice.channels["chat"].send(f"message {number}")
    await stage.sleep(0.5)
    assert len(bob.inbox["chat"]) == 1000
    assert len(alice.pc.trace.records) == before


async def test_a_lost_path_is_told_with_counts(stage):
    alice, _ = await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob")
    await stage.sleep(60)
    (silent,) = facts(alice, "ice", "liveness-lost")
    assert silent["silent_s"] >= 5
    assert silent["unanswered"] >= 2
    (lost,) = facts(alice, "ice", "consent-lost")
    assert lost["unanswered_s"] == pytest.approx(30, abs=1)
    assert 0 < lost["unasked_s"] <= 0.5


async def test_checks_in_vain_are_told_with_counts(stage):
    alice, _ = stage.pair()
    stage.net.block("alice", "bob")
    alice.channel()
    await stage.negotiate()
    await stage.sleep(60)
    (vain,) = facts(alice, "ice", "check-timed-out")
    assert vain["purpose"] == "connectivity"
    assert vain["sends"] > 1
    assert vain["waited_s"] > 1


async def test_a_refused_call_is_told(stage):
    alice, _ = stage.pair()
    with pytest.raises(RTCError, match="not valid SDP"):
        await alice.pc.setRemoteDescription({"type": "offer", "sdp": "v=0\r\n"})
    (refused,) = facts(alice, "api", "rejected")
    assert refused["method"] == "setRemoteDescription"
    assert (refused["error"], "line 2" in refused["text"]) == ("OperationError", True)
