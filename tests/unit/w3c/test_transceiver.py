"""The public face of audio and video m-sections."""

import asyncio

import pytest

from frazil import (
    Event,
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    NotSupportedError,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCTrackEvent,
)
from support.virtual_pair import VirtualPair, on_virtual_pair


@on_virtual_pair
async def test_transceivers_connect_and_show_their_transport(pair: VirtualPair):
    events: list[RTCTrackEvent] = []
    pair.b.ontrack = events.append
    mine = pair.a.addTransceiver("audio", {"streams": ["s"], "direction": "sendonly"})
    assert (mine.mid, mine.direction, mine.currentDirection) == (None, "sendonly", None)
    assert mine.sender.track is None
    assert mine.sender.transport is mine.receiver.transport is None
    await pair.negotiate()
    await pair.a.wait_connected(10)
    await pair.b.wait_connected(10)
    (theirs,) = pair.b.getTransceivers()
    assert (mine.mid, mine.currentDirection) == ("0", "sendonly")
    assert (theirs.mid, theirs.currentDirection) == ("0", "recvonly")
    (event,) = events
    assert event.transceiver is theirs
    assert event.receiver is theirs.receiver is pair.b.getReceivers()[0]
    assert event.track is theirs.receiver.track
    assert event.streams == ("s",)
    assert (event.track.kind, event.track.muted, event.track.readyState) == ("audio", True, "live")
    assert mine.sender.transport is mine.receiver.transport
    assert mine.sender.transport.state == "connected"
    assert mine.sender.transport.iceTransport.getSelectedCandidatePair() is not None
    assert pair.a.sctp is None


@on_virtual_pair
async def test_objects_are_the_same_each_time(pair: VirtualPair):
    one = pair.a.addTransceiver("video")
    two = pair.a.addTransceiver("audio")
    assert pair.a.getTransceivers() == [one, two]
    assert pair.a.getSenders() == [one.sender, two.sender]
    assert pair.a.getReceivers() == [one.receiver, two.receiver]
    assert one.receiver.track is one.receiver.track
    assert one.receiver.track.label == "remote video"
    assert len(one.receiver.track.id) == 32


@on_virtual_pair
async def test_stopping_ends_the_track_and_negotiates_the_section_away(pair: VirtualPair):
    ended, needed = [], []
    mine = pair.a.addTransceiver("audio")
    await pair.negotiate()
    mine.receiver.track.onended = ended.append
    pair.a.on("negotiationneeded", lambda: needed.append(1))
    theirs = pair.b.getTransceivers()[0]
    mine.stop()
    await asyncio.sleep(0.1)
    assert mine.direction == "stopped"
    assert [event.target for event in ended] == [mine.receiver.track]
    assert mine.receiver.track.readyState == "ended"
    assert needed == [1]
    await pair.negotiate()
    assert pair.a.getTransceivers() == pair.b.getTransceivers() == []
    assert theirs.currentDirection == mine.currentDirection == "stopped"
    await asyncio.sleep(1)
    assert pair.a.connectionState == pair.b.connectionState == "new"
    with pytest.raises(InvalidStateError):
        mine.direction = "sendrecv"


@on_virtual_pair
async def test_a_track_whose_section_is_refused_tells_its_end_whoever_looks_meanwhile(
    pair: VirtualPair,
):
    ended: list[Event] = []
    codecs = RTCRtpSender.getCapabilities("audio")["codecs"]
    of = {each["mimeType"].lower(): [each] for each in codecs}
    mine = pair.a.addTransceiver("audio")
    mine.setCodecPreferences(of["audio/opus"])
    pair.a.createDataChannel("chat")
    track = mine.receiver.track
    track.onended = ended.append
    await pair.a.setLocalDescription()
    await pair.b.setRemoteDescription(pair.a.localDescription)
    pair.b.getTransceivers()[0].setCodecPreferences(of["audio/pcmu"])
    await pair.b.setLocalDescription()
    await pair.a.setRemoteDescription(pair.b.localDescription)
    assert pair.a.remoteDescription.type == "answer"
    await asyncio.sleep(0.1)
    assert [event.target for event in ended] == [track]


@on_virtual_pair
async def test_a_track_that_a_rollback_takes_away_tells_its_end_whoever_looks_meanwhile(
    pair: VirtualPair,
):
    ended: list[Event] = []
    pair.a.addTransceiver("audio")
    await pair.a.setLocalDescription()
    await pair.b.setRemoteDescription(pair.a.localDescription)
    track = pair.b.getTransceivers()[0].receiver.track
    track.onended = ended.append
    await pair.b.setRemoteDescription({"type": "rollback"})
    pair.b.addTransceiver("video")
    await asyncio.sleep(0.1)
    assert [event.target for event in ended] == [track]


@on_virtual_pair
async def test_direction_is_negotiated(pair: VirtualPair):
    mine = pair.a.addTransceiver("audio")
    await pair.negotiate()
    (theirs,) = pair.b.getTransceivers()
    theirs.direction = "sendrecv"
    await pair.negotiate()
    assert mine.currentDirection == theirs.currentDirection == "sendrecv"
    with pytest.raises(TypeError):
        mine.direction = "stopped"


@on_virtual_pair
async def test_wrong_arguments_are_refused(pair: VirtualPair):
    with pytest.raises(TypeError):
        pair.a.addTransceiver("data")
    with pytest.raises(NotSupportedError):
        pair.a.addTransceiver(object())
    with pytest.raises(TypeError):
        pair.a.addTransceiver("audio", {"direction": "stopped"})
    await pair.a.close()
    with pytest.raises(InvalidStateError):
        pair.a.addTransceiver("audio")
    assert pair.a.getTransceivers() == []


def test_capabilities_list_what_can_be_negotiated():
    audio = RTCRtpSender.getCapabilities("audio")
    assert audio == RTCRtpReceiver.getCapabilities("audio")
    assert audio["codecs"][:2] == [
        {
            "mimeType": "audio/opus",
            "clockRate": 48000,
            "channels": 2,
            "sdpFmtpLine": "minptime=10;useinbandfec=1",
        },
        {"mimeType": "audio/PCMU", "clockRate": 8000, "channels": 1},
    ]
    assert audio["headerExtensions"] == [{"uri": "urn:ietf:params:rtp-hdrext:sdes:mid"}]
    video = RTCRtpReceiver.getCapabilities("video")["codecs"]
    assert [each["mimeType"] for each in video].count("video/rtx") == 1
    assert RTCRtpSender.getCapabilities("text") is None


@on_virtual_pair
async def test_codec_preferences_are_those_of_the_capabilities(pair: VirtualPair):
    transceiver = pair.a.addTransceiver("video")
    codecs = RTCRtpSender.getCapabilities("video")["codecs"]
    chosen = [each for each in codecs if each["mimeType"] in ("video/H264", "video/rtx")]
    transceiver.setCodecPreferences(chosen)
    sdp = (await pair.a.createOffer()).sdp
    assert "VP8" not in sdp
    assert "a=rtpmap:108 H264/90000" in sdp
    with pytest.raises(InvalidModificationError):
        transceiver.setCodecPreferences([{"mimeType": "video/AV1", "clockRate": 90000}])
    with pytest.raises(InvalidModificationError):
        transceiver.setCodecPreferences([{"mimeType": "video/rtx", "clockRate": 90000}])
    for wrong in ({}, {"mimeType": "video/VP8"}, {"mimeType": 5, "clockRate": 1}, "VP8"):
        with pytest.raises(TypeError):
            transceiver.setCodecPreferences([wrong])
    transceiver.setCodecPreferences([])
    assert "VP8" in (await pair.a.createOffer()).sdp


@on_virtual_pair
async def test_closing_stops_everything_at_once(pair: VirtualPair):
    mine = pair.a.addTransceiver("audio")
    await pair.negotiate()
    await pair.a.close()
    assert (mine.direction, mine.currentDirection) == ("stopped", "stopped")
    assert mine.receiver.track.readyState == "ended"
    assert pair.a.getSenders() == pair.a.getReceivers() == []
    assert mine.sender.transport.state == "closed"
    with pytest.raises(InvalidStateError):
        mine.stop()


@on_virtual_pair
async def test_statistics_of_a_track_say_nothing_yet(pair: VirtualPair):
    track = pair.a.addTransceiver("audio").receiver.track
    assert len(await pair.a.getStats(track)) == 0
    assert len(await pair.a.getStats()) > 0
    with pytest.raises(InvalidAccessError):
        await pair.b.getStats(track)
