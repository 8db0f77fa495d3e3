"""What offers and answers do to transceivers (webrtc-pc 4.4.1.5, 4.7.3, RFC 9429 5.10)."""

import re
from pathlib import Path

from frazil.peer.event import EventType
from frazil.sdp import Direction, parse_sdp
from support.peer_pair import Peer, media_peer, negotiate, sections

CORPUS = Path(__file__).parents[2] / "support" / "sdp_corpus"
SIGNALING, NEEDED, TRACK = (
    EventType.SIGNALING_STATE_CHANGE,
    EventType.NEGOTIATION_NEEDED,
    EventType.TRACK,
)


def negotiated(*kinds: str, **members) -> tuple[Peer, Peer]:
    one, two = media_peer(*kinds, **members), Peer(seed=2)
    negotiate(one, two)
    for peer in (one, two):
        peer.run()
    return one, two


def test_offer_gives_sections_in_the_order_of_creation_and_data_last() -> None:
    peer = media_peer("video", "audio")
    peer.channel()
    peer.transceiver("audio", direction=Direction.INACTIVE)
    peer.set_local()
    assert sections(peer) == [
        ("video", "0", "sendrecv", False),
        ("audio", "1", "sendrecv", False),
        ("audio", "2", "inactive", False),
        ("application", "3", "sendrecv", False),
    ]
    assert [each.mid for each in peer.pc.transceivers] == ["0", "1", "2"]


def test_mids_are_given_by_set_local_only() -> None:
    peer = media_peer("audio")
    peer.complete(peer.pc.create_offer())
    assert peer.pc.transceivers[0].mid is None


def test_remote_offer_makes_transceivers_that_would_receive() -> None:
    one, two = media_peer("audio", "video", streams=("s1", "s2")), Peer(seed=2)
    operation = two.pc.set_remote_description(one.set_local())
    assert two.tasks()[0] == [SIGNALING, TRACK, TRACK, "settled"]
    assert operation.is_settled
    audio, video = two.pc.transceivers
    assert (audio.kind, audio.mid, audio.direction) == ("audio", "0", "recvonly")
    assert audio.current_direction is None
    assert audio.receiver.streams == ("s1", "s2")
    assert audio.receiver.track.id == one.pc.transceivers[0].sender.id
    assert video.sender.transport is None, "only the answer decides about transports"
    assert [each.payload for each in two.seen if each.type is TRACK] == [audio, video]


def test_answer_has_the_directions_that_both_want() -> None:
    one, two = negotiated("audio", "video")
    assert sections(two) == [
        ("audio", "0", "recvonly", False),
        ("video", "1", "recvonly", False),
    ]
    assert [t.current_direction for t in one.pc.transceivers] == ["sendonly"] * 2
    assert [t.current_direction for t in two.pc.transceivers] == ["recvonly"] * 2
    assert NEEDED not in [each.type for each in two.seen]


def test_one_transport_serves_all_senders_and_receivers_once_bundled() -> None:
    one, two = negotiated("audio", "video")
    for peer in (one, two):
        (dtls,) = peer.pc.transports.dtls
        for transceiver in peer.pc.transceivers:
            assert transceiver.sender.transport is transceiver.receiver.transport is dtls


def test_changed_direction_is_needed_and_negotiated() -> None:
    one, two = negotiated("audio")
    (mine,), (theirs,) = one.pc.transceivers, two.pc.transceivers
    theirs.set_direction("sendrecv")
    assert two.run() == [NEEDED]
    negotiate(two, one)
    assert (mine.current_direction, theirs.current_direction) == ("sendrecv", "sendrecv")
    one.run()
    assert [each.payload for each in one.seen if each.type is TRACK] == [mine]
    mine.set_direction("recvonly")
    assert one.run()[-1] is NEEDED
    negotiate(one, two)
    assert (mine.current_direction, theirs.current_direction) == ("recvonly", "sendonly")
    assert NEEDED not in two.run()


def test_direction_back_to_what_is_negotiated_needs_nothing() -> None:
    one, _ = negotiated("audio")
    (mine,) = one.pc.transceivers
    mine.set_direction("inactive")
    mine.set_direction("sendrecv")
    assert one.run() == []
    mine.set_direction("sendonly")
    assert one.run() == [], "that is what was negotiated"


def test_track_is_told_again_only_after_it_went_away() -> None:
    one, two = negotiated("audio")
    (mine,) = one.pc.transceivers
    for direction in ("sendonly", "inactive", "sendrecv"):
        mine.set_direction(direction)
        negotiate(one, two)
        one.run()
        two.run()
    assert [each.type for each in two.seen].count(TRACK) == 2


def test_stopped_transceiver_is_rejected_and_goes() -> None:
    one, two = negotiated("audio", "video")
    audio, video = one.pc.transceivers
    theirs = two.pc.transceivers[0]
    audio.stop()
    assert one.run() == [EventType.ENDED, NEEDED]
    two.set_remote(one.set_local())
    assert sections(one)[0] == ("audio", "0", "inactive", True)
    assert theirs.current_direction == "stopped"
    assert one.pc.transceivers == [audio, video], "until the answer"
    one.set_remote(two.set_local())
    assert one.pc.transceivers == [video]
    assert (audio.mid, audio.current_direction) == (None, "stopped")
    assert [each.kind for each in two.pc.transceivers] == ["video"]
    assert NEEDED not in (*one.run(), *two.run())
    assert one.pc.local_description.model.bundle_groups == (("1",),)


def test_rejected_section_is_recycled_for_any_kind() -> None:
    one, two = negotiated("video", "audio")
    one.pc.transceivers[1].stop()
    negotiate(one, two)
    added = one.transceiver("video")
    negotiate(one, two)
    assert sections(one) == [
        ("video", "0", "sendrecv", False),
        ("video", "2", "sendrecv", False),
    ]
    assert added.mid == "2"
    assert [(each.kind, each.mid) for each in two.pc.transceivers] == [
        ("video", "0"),
        ("video", "2"),
    ]
    assert len(one.pc.transports.dtls) == 1


def test_channels_recycle_the_section_of_a_stopped_transceiver() -> None:
    one, two = negotiated("audio", "video")
    one.pc.transceivers[1].stop()
    negotiate(one, two)
    one.channel()
    negotiate(one, two)
    assert [each[:2] for each in sections(one)] == [("audio", "0"), ("application", "2")]
    assert one.pc.sctp.dtls is one.pc.transports.dtls[0]


def test_answerer_that_stops_is_inactive_until_its_own_offer_ends_the_section() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    two.set_remote(one.set_local())
    (mine, _), (theirs, _) = one.pc.transceivers, two.pc.transceivers
    theirs.stop()
    one.set_remote(two.set_local())
    assert sections(two)[0] == ("audio", "0", "inactive", False)
    assert (mine.direction, mine.current_direction) == ("sendrecv", "inactive")
    assert (theirs.direction, theirs.current_direction) == ("stopped", "inactive")
    assert one.pc.local_description.model.bundle_groups == (("0", "1"),)
    assert NEEDED in two.run()
    negotiate(two, one)
    for peer in (one, two):
        assert [each.kind for each in peer.pc.transceivers] == ["video"]
        assert NEEDED not in peer.run()


def test_track_of_a_transceiver_that_is_stopping_is_told_though_it_has_ended() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    two.set_remote(one.set_local())
    two.pc.transceivers[0].set_direction("sendrecv")
    (mine,) = one.pc.transceivers
    mine.stop()
    one.set_remote(two.set_local())
    assert [each.payload for each in one.seen if each.type is TRACK] == [mine]
    assert (mine.direction, mine.current_direction) == ("stopped", "sendrecv")
    assert one.run()[-1] is NEEDED


def test_transceiver_that_was_never_offered_goes_without_a_section() -> None:
    one, two = negotiated("audio")
    spare = one.transceiver("video")
    spare.stop()
    assert NEEDED in one.run()
    negotiate(one, two)
    assert len(sections(one)) == 1
    assert spare not in one.pc.transceivers
    assert NEEDED not in one.run()


def test_transceiver_whose_offered_section_went_to_another_goes() -> None:
    one, two = negotiated("audio", "video")
    one.pc.transceivers[1].stop()
    negotiate(one, two)
    late = one.transceiver("audio")
    one.set_local()
    late.stop()
    other = one.transceiver("video")
    negotiate(one, two)
    assert [each.mid for each in one.pc.transceivers] == ["0", other.mid]
    assert (late.mid, late.current_direction) == (None, "stopped")
    assert NEEDED not in one.run()


def test_rollback_of_our_offer_takes_the_mids_back() -> None:
    peer = media_peer("audio")
    peer.set_local()
    assert peer.pc.transceivers[0].sender.transport is not None
    peer.set_local({"type": "rollback"})
    (transceiver,) = peer.pc.transceivers
    assert (transceiver.mid, transceiver.sender.transport) == (None, None)
    assert peer.run()[-1] is NEEDED


def test_rollback_of_a_remote_offer_removes_what_it_made() -> None:
    one, two = media_peer("audio"), media_peer("video", seed=2)
    own = two.pc.transceivers[0]
    two.set_remote(one.set_local())
    made = two.pc.transceivers[1]
    two.set_remote({"type": "rollback"})
    assert two.pc.transceivers == [own]
    assert made.current_direction == "stopped"
    assert made.receiver.track.is_ended
    assert made.mid is None


def test_rollback_returns_a_negotiated_transceiver_to_its_direction() -> None:
    one, two = negotiated("audio")
    one.pc.transceivers[0].set_direction("inactive")
    two.set_remote(one.set_local())
    two.set_remote({"type": "rollback"})
    (theirs,) = two.pc.transceivers
    assert (theirs.mid, theirs.current_direction) == ("0", "recvonly")
    assert theirs.announced is Direction.RECVONLY


def test_rollback_tells_of_a_track_that_is_back() -> None:
    one, two = negotiated("audio", streams=("s",))
    one.pc.transceivers[0].set_direction("recvonly")
    (theirs,) = two.pc.transceivers
    two.set_remote(one.set_local())
    assert theirs.receiver.streams == ()
    two.pc.set_remote_description({"type": "rollback"})
    assert two.tasks()[0] == [SIGNALING, TRACK, "settled"]
    assert theirs.receiver.streams == ("s",)


def test_track_is_told_again_when_it_joins_a_stream() -> None:
    one, two = negotiated("audio", streams=("s",))
    two.seen.clear()
    offer = one.set_local().sdp
    more = offer.replace("a=msid:s ", "a=msid:t track\r\na=msid:s ")
    two.set_remote({"type": "offer", "sdp": more})
    assert [each.type for each in two.seen].count(TRACK) == 1
    assert two.pc.transceivers[0].receiver.streams == ("t", "s")
    two.set_remote({"type": "offer", "sdp": offer})
    assert [each.type for each in two.seen].count(TRACK) == 1, "to leave one is not to begin"


def test_another_remote_offer_replaces_what_only_the_first_brought() -> None:
    two = Peer(seed=2)
    two.set_remote(media_peer("audio", "video").set_local())
    audio, video = two.pc.transceivers
    two.set_remote(media_peer("audio", seed=3).set_local())
    assert two.pc.transceivers == [audio]
    assert video.current_direction == "stopped"


def test_a_remote_section_never_takes_a_transceiver_of_ours() -> None:
    # Only those of addTrack are taken (RFC 9429 5.10), and without media there are none.
    one, two = media_peer("audio"), media_peer("audio", seed=2)
    negotiate(one, two)
    assert [each.mid for each in two.pc.transceivers] == [None, "0"]
    assert NEEDED in two.run()
    negotiate(two, one)
    assert [each.mid for each in two.pc.transceivers] == ["1", "0"]
    assert [each.mid for each in one.pc.transceivers] == ["0", "1"]


def test_glare_keeps_our_transceivers_and_offers_them_again() -> None:
    one, two = media_peer("audio"), media_peer("video", seed=2)
    one.set_local()
    one.set_remote(two.set_local())
    two.set_remote(one.set_local())
    assert [(each.kind, each.mid) for each in one.pc.transceivers] == [
        ("audio", None),
        ("video", "0"),
    ]
    negotiate(one, two)
    assert [(each.kind, each.mid) for each in two.pc.transceivers] == [
        ("video", "0"),
        ("audio", "1"),
    ]


def test_real_offers_make_a_transceiver_for_each_section() -> None:
    peer = Peer()
    offer = (CORPUS / "chromium-156-offer.sdp").read_text()
    peer.set_remote({"type": "offer", "sdp": offer})
    audio, video = peer.pc.transceivers
    assert (audio.kind, video.kind) == ("audio", "video")
    assert audio.receiver.streams == ("d1da8132-2867-4e25-a658-2cb3a766ff74",)
    assert video.receiver.track.id == "35fe62b8-87ce-4550-81fe-37480ef4fa0e"


def test_streams_of_the_sender_are_told_and_no_stream_is_a_dash() -> None:
    peer = media_peer("audio")
    peer.transceiver("video", streams=("a", "b"))
    peer.transceiver("audio", direction=Direction.RECVONLY)
    media = parse_sdp(peer.set_local().sdp).media
    lines = [[each for each in m.attributes if each.startswith("msid:")] for m in media]
    audio, video, _ = (each.sender.id for each in peer.pc.transceivers)
    assert lines == [[f"msid:- {audio}"], [f"msid:a {video}", f"msid:b {video}"], []]


def test_provisional_answer_has_directions_and_rejects_nothing_for_good() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    two.set_remote(one.set_local())
    answer = two.set_local({"type": "pranswer"}).sdp
    refused = re.sub(r"a=group.*\r\n", "", answer).replace("m=audio 9", "m=audio 0")
    one.set_remote({"type": "pranswer", "sdp": refused})
    assert one.pc.transceivers[0].direction == "sendrecv"
    one.set_remote({"type": "pranswer", "sdp": answer})
    assert one.pc.transceivers[0].current_direction == "sendonly"


def test_refusal_without_a_mid_finds_its_transceiver() -> None:
    one, two = negotiated("audio", "video")
    audio, video = one.pc.transceivers
    two.set_remote(one.set_local())
    text = two.complete(two.pc.create_answer()).sdp.replace("BUNDLE 0 1", "BUNDLE 0")
    text = text.replace("m=video 9", "m=video 0").replace("a=mid:1\r\n", "")
    one.set_remote({"type": "answer", "sdp": text})
    assert one.pc.transceivers == [audio]
    assert video.current_direction == "stopped"
