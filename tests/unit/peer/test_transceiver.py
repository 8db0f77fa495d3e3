import pytest

from frazil.errors import InvalidModificationError, InvalidStateError
from frazil.peer.codec import CODECS, MediaKind
from frazil.peer.event import EventType
from frazil.peer.reader import read_transceiver
from frazil.peer.transceiver import TransceiverInit, answer_direction, reverse
from frazil.sdp import Direction
from support.peer_pair import Peer, media_peer

NEEDED = EventType.NEGOTIATION_NEEDED


@pytest.mark.parametrize(
    ("wanted", "offered", "answered"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendrecv", "sendonly", "recvonly"),
        ("sendrecv", "recvonly", "sendonly"),
        ("recvonly", "sendrecv", "recvonly"),
        ("recvonly", "recvonly", "inactive"),
        ("sendonly", "sendonly", "inactive"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "inactive", "inactive"),
    ],
)
def test_direction_of_an_answer_is_what_both_want(wanted, offered, answered) -> None:
    assert answer_direction(Direction(wanted), Direction(offered)) == answered


def test_reverse_is_its_own_inverse() -> None:
    assert [reverse(each) for each in Direction] == ["sendrecv", "recvonly", "sendonly", "inactive"]
    assert all(reverse(reverse(each)) is each for each in Direction)


@pytest.mark.parametrize(
    "init",
    [
        {"direction": "stopped"},
        {"direction": 5},
        {"streams": "a"},
        {"streams": [5]},
        {"streams": [""]},
        {"streams": ["-"]},
        {"streams": ["a b"]},
        {"streams": ["a\r\nm=x"]},
        {"streams": ["x" * 65]},
        {"sendEncodings": [{}]},
    ],
)
def test_wrong_members_are_type_errors(init) -> None:
    with pytest.raises(TypeError):
        read_transceiver(init)


def test_init_takes_stream_ids_and_objects_with_one() -> None:
    stream = type("Stream", (), {"id": "{s-1}"})()
    init = read_transceiver({"streams": [stream, "s2", "s2"], "direction": "sendonly"})
    assert init == TransceiverInit(Direction.SENDONLY, ("{s-1}", "s2"))
    assert read_transceiver(None) == TransceiverInit()


def test_new_transceiver_has_nothing_negotiated() -> None:
    peer = media_peer("audio", direction=Direction.RECVONLY)
    (transceiver,) = peer.pc.transceivers
    assert (transceiver.mid, transceiver.direction) == (None, "recvonly")
    assert transceiver.current_direction is None
    assert transceiver.sender.transport is transceiver.receiver.transport is None
    assert not transceiver.receiver.track.is_ended
    assert peer.run() == [NEEDED]


def test_direction_can_be_asked_for() -> None:
    peer = media_peer("audio")
    (transceiver,) = peer.pc.transceivers
    transceiver.set_direction("inactive")
    assert transceiver.direction == "inactive"
    for value in ("stopped", "both", None):
        if value is not None:
            with pytest.raises(TypeError):
                transceiver.set_direction(value)


def test_stopping_ends_the_track_and_forbids_a_direction() -> None:
    peer = media_peer("audio")
    (transceiver,) = peer.pc.transceivers
    peer.run()
    transceiver.stop()
    transceiver.stop()
    assert (transceiver.direction, transceiver.current_direction) == ("stopped", None)
    assert transceiver.receiver.track.is_ended
    assert peer.run() == [EventType.ENDED]
    with pytest.raises(InvalidStateError):
        transceiver.set_direction("sendrecv")


def test_closed_connection_stops_silently_and_takes_nothing_more() -> None:
    peer = media_peer("audio")
    (transceiver,) = peer.pc.transceivers
    peer.pc.close(0.0)
    assert peer.run() == []
    assert (transceiver.direction, transceiver.current_direction) == ("stopped", "stopped")
    assert transceiver.receiver.track.is_ended
    with pytest.raises(InvalidStateError):
        transceiver.stop()
    with pytest.raises(InvalidStateError):
        transceiver.set_direction("inactive")
    with pytest.raises(InvalidStateError):
        peer.pc.add_transceiver(MediaKind.AUDIO, TransceiverInit())


def test_preferences_choose_and_order_codecs() -> None:
    peer = media_peer("audio")
    (transceiver,) = peer.pc.transceivers
    opus, pcmu, _, *events = CODECS[MediaKind.AUDIO]
    transceiver.prefer((pcmu, opus, pcmu))
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 0 111\r\n" in peer.set_local().sdp
    with pytest.raises(InvalidModificationError):
        transceiver.prefer(tuple(events))
    with pytest.raises(InvalidModificationError):
        transceiver.prefer(CODECS[MediaKind.VIDEO])
    transceiver.prefer(())
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 110 126\r\n" in peer.set_local().sdp


def test_preferences_outdate_an_offer_that_was_created_before() -> None:
    peer = media_peer("audio")
    peer.complete(peer.pc.create_offer())
    peer.pc.transceivers[0].prefer(CODECS[MediaKind.AUDIO][1:2])
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" in peer.set_local({"type": "offer"}).sdp


def test_preferences_of_the_answerer_decide() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    two.set_remote(one.set_local())
    (transceiver,) = two.pc.transceivers
    transceiver.prefer(CODECS[MediaKind.AUDIO][1:2])
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" in two.set_local().sdp
