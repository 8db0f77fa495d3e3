"""Offers and answers of several m-sections."""

import pytest

from frazil.peer.codec import CODECS, MediaKind
from frazil.peer.configuration import BundlePolicy, Configuration
from frazil.sdp import parse_sdp
from support.peer_pair import Peer, candidate, connect, media_peer, negotiate, sections

MAX_COMPAT = Configuration(bundle_policy=BundlePolicy.MAX_COMPAT)


def gathered(peer: Peer) -> None:
    """Let every session find a candidate."""
    for at, session in enumerate(peer.sessions):
        if not session.called("close"):
            (credentials,) = session.called("set_local_credentials")[-1]
            session.gather(credentials.ufrag, candidate(1000 + at))
    peer.run()


def test_candidates_stand_in_the_section_of_their_transport() -> None:
    peer = media_peer("audio", "audio", "video")
    peer.set_local()
    gathered(peer)
    media = parse_sdp(peer.pc.local_description.sdp).media
    assert [len(each.candidates) for each in media] == [1, 0, 1]
    assert [each.port for each in media] == [1000, 0, 1001]
    assert [each.end_of_candidates for each in media] == [True, False, True]
    again = parse_sdp(peer.complete(peer.pc.create_offer()).sdp).media
    assert [len(each.candidates) for each in again] == [1, 0, 1]


def test_section_before_the_tag_of_a_group_is_not_recycled_while_the_group_lives() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    negotiate(one, two)
    one.sessions[1:] = []
    connect(one)
    one.pc.transceivers[0].stop()
    negotiate(one, two)
    one.transceiver("audio")
    offer = parse_sdp(one.complete(one.pc.create_offer(ice_restart=True)).sdp)
    assert offer.bundle_groups == (("1", "2"),)
    assert [(each.mid, each.bundle_only) for each in offer.media] == [
        ("0", False),
        ("1", False),
        ("2", True),
    ]
    one.set_local()
    gathered(one)
    media = parse_sdp(one.pc.local_description.sdp).media
    assert [len(each.candidates) for each in media] == [0, 1, 0]
    places = [seen.payload for seen in one.seen if seen.type == "icecandidate" and seen.payload]
    assert (places[-1].sdp_mid, places[-1].sdp_m_line_index) == ("1", 1)


def ufrags(sdp: str) -> list[str | None]:
    return [each.ice_ufrag for each in parse_sdp(sdp).media]


def test_bundled_section_says_what_it_said_until_the_transport_restarts() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    one.channel()
    negotiate(one, two)
    used = one.pc.transports.stacks[0].ice.local_parameters
    first = ufrags(one.pc.local_description.sdp)
    assert len(set(first)) == 3, "each had a transport of its own"
    one.transceiver("video")
    negotiate(one, two)
    assert ufrags(one.pc.local_description.sdp) == [*first, first[0]]
    negotiate(two, one)
    assert ufrags(one.pc.local_description.sdp) == [*first, first[0]]
    assert len(set(ufrags(two.pc.local_description.sdp))) == 1
    assert one.pc.transports.stacks[0].ice.local_parameters == used, "that of the tag"
    two.pc.restart_ice()
    negotiate(two, one)
    again = ufrags(one.pc.local_description.sdp)
    assert len(set(again)) == 1
    assert not set(again) & set(first)
    negotiate(one, two)
    assert ufrags(one.pc.local_description.sdp) == again


@pytest.mark.parametrize("stopped_later", [False, True])
def test_ice_restarts_when_a_section_becomes_the_tag_that_had_other_credentials(
    stopped_later: bool,
) -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    one.channel()
    negotiate(one, two)
    if stopped_later:
        negotiate(one, two)
        negotiate(two, one)
    first = ufrags(one.pc.local_description.sdp)
    one.pc.transceivers[0].stop()
    offer = one.set_local().sdp
    rejected, *again = ufrags(offer)
    assert rejected is None
    assert len(set(again)) == 1, "all sections take part"
    assert not set(again) & set(first)
    assert ufrags(one.complete(one.pc.create_offer()).sdp) == [None, *again], "once"
    two.set_remote(one.pc.local_description)
    one.set_remote(two.set_local())
    for peer in (one, two):
        (stack,) = peer.pc.transports.stacks
        assert stack.ice.local_parameters == stack.stable_local
        assert len(peer.sessions[0].called("set_local_credentials")) == 2
    one.pc.transceivers[0].stop()
    negotiate(one, two)
    assert ufrags(one.pc.local_description.sdp) == [None, None, again[0]], "it had those"


def test_ice_restarts_when_the_last_of_a_group_had_other_credentials() -> None:
    one, two = media_peer("audio", "video", configuration=MAX_COMPAT), Peer(seed=2)
    one.channel()
    offer = one.set_local().sdp
    two.set_remote({"type": "offer", "sdp": offer.replace("BUNDLE 0 1 2", "BUNDLE 0 1")})
    one.set_remote(two.set_local())
    assert len(one.pc.transports.dtls) == 2
    one.pc.transceivers[0].stop()
    again = parse_sdp(one.set_local().sdp)
    assert again.bundle_groups == ()
    assert not set(ufrags(offer)) & set(ufrags(one.pc.local_description.sdp))


def test_tag_that_had_the_credentials_of_the_transport_moves_without_a_restart() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    negotiate(one, two)
    negotiate(two, one)
    used = two.pc.transports.stacks[0].ice.local_parameters
    two.pc.transceivers[0].stop()
    assert ufrags(two.set_local().sdp) == [None, used.ufrag]
    assert two.pc.transports.stacks[0].ice.local_parameters == used


def test_first_section_is_recycled_when_no_group_lives_behind_it() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    negotiate(one, two)
    for each in one.pc.transceivers:
        each.stop()
    negotiate(one, two)
    one.transceiver("audio")
    negotiate(one, two)
    assert [(mid, refused) for _, mid, _, refused in sections(one)] == [("2", False), ("1", True)]


def test_section_behind_the_tag_is_recycled_before_a_new_one_is_added() -> None:
    one, two = media_peer("audio", "video", "audio"), Peer(seed=2)
    negotiate(one, two)
    one.pc.transceivers[1].stop()
    negotiate(one, two)
    one.transceiver("audio")
    negotiate(one, two)
    assert [mid for _, mid, _, _ in sections(one)] == ["0", "3", "2"]


def test_section_before_the_next_tag_is_not_recycled_by_the_offer_that_refuses_the_tag() -> None:
    one, two = media_peer("audio", "video", "audio"), Peer(seed=2)
    one.channel()
    negotiate(one, two)
    one.pc.transceivers[1].stop()
    negotiate(one, two)
    one.pc.transceivers[0].stop()
    one.transceiver("video")
    offer = parse_sdp(one.set_local().sdp)
    assert offer.bundle_groups == (("2", "3", "4"),)
    assert [each.mid for each in offer.media] == ["0", "1", "2", "3", "4"]


def test_replacing_the_only_section_again_and_again_adds_no_more_than_one() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    negotiate(one, two)
    for _ in range(6):
        one.pc.transceivers[0].stop()
        one.transceiver("audio")
        negotiate(one, two)
        assert len(sections(one)) == 2
        assert [refused for *_, refused in sections(one)].count(False) == 1


def test_sections_without_a_bundle_keep_their_transports_and_offer_no_common_group() -> None:
    one, two = media_peer("audio", "video", configuration=MAX_COMPAT), Peer(seed=2)
    offer = one.set_local().sdp
    two.set_remote({"type": "offer", "sdp": offer.replace("a=group:BUNDLE 0 1\r\n", "")})
    one.set_remote(two.set_local())
    for peer in (one, two):
        found = parse_sdp(peer.complete(peer.pc.create_offer()).sdp)
        assert found.bundle_groups == ()
        assert len({each.ice_ufrag for each in found.media}) == 2
    one.transceiver("audio")
    one.set_local()
    assert one.pc.local_description.model.bundle_groups == (("0", "2"),)
    assert len(one.pc.transports.dtls) == 3


def test_answerer_does_not_bundle_what_runs_apart() -> None:
    one, two = media_peer("audio", "video", configuration=MAX_COMPAT), Peer(seed=2)
    offer = one.set_local().sdp
    two.set_remote({"type": "offer", "sdp": offer.replace("a=group:BUNDLE 0 1\r\n", "")})
    one.set_remote(two.set_local())
    again = one.complete(one.pc.create_offer()).sdp.replace(
        "t=0 0\r\n", "t=0 0\r\na=group:BUNDLE 0 1\r\n"
    )
    two.set_remote({"type": "offer", "sdp": again})
    two.set_local()
    assert two.pc.local_description.model.bundle_groups == (("0",),)
    assert len(two.pc.transports.dtls) == 2
    assert [each[3] for each in sections(two)] == [False, False]


@pytest.mark.parametrize("kinds", [("audio",), ("audio", "video")])
def test_section_outlives_the_tag_on_its_transport(kinds: tuple[str, ...]) -> None:
    one, two = media_peer(*kinds), Peer(seed=2)
    negotiate(one, two)
    if len(kinds) == 1:
        one.transceiver("video")  # it is bundle-only
    used = [peer.pc.transports.stacks[0].ice.local_parameters for peer in (one, two)]
    opus, other = [each for each in CODECS[MediaKind.AUDIO] if each.is_media][:2]
    one.pc.transceivers[0].prefer((opus,))
    two.pc.transceivers[0].prefer((other,))
    two.set_remote(one.set_local())
    one.set_remote(two.set_local())
    for peer in (one, two):
        assert [each[3] for each in sections(peer)] == [peer is two, False]
        assert len(peer.pc.transports.stacks) == 1, "the transport of the refused tag goes on"
        assert not peer.sessions[0].called("close")
    (mine,), (theirs,) = one.pc.transports.stacks, two.pc.transports.stacks
    assert (mine.ice.local_parameters, mine.ice.remote_parameters) == (used[0], used[1])
    assert (theirs.ice.local_parameters, theirs.ice.remote_parameters) == (used[1], used[0])
