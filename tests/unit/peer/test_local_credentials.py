"""ICE restarts with several transports."""

import re

from support.peer_pair import Peer, media_peer, negotiate

NO_BUNDLE = re.compile(r"a=group:BUNDLE.*\r\n")


def ufrags(peer: Peer) -> list[str]:
    return re.findall(r"a=ice-ufrag:(\S+)", peer.pc.local_description.sdp)


def unbundled() -> tuple[Peer, Peer]:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    offer = NO_BUNDLE.sub("", one.set_local().sdp)
    two.set_remote({"type": "offer", "sdp": offer})
    one.set_remote(two.set_local())
    assert len(one.pc.transports.dtls) == len(two.pc.transports.dtls) == 2
    return one, two


def test_each_transport_has_credentials_of_its_own() -> None:
    one, two = unbundled()
    assert len({*ufrags(one), *ufrags(two)}) == 4


def test_offers_and_answers_keep_them() -> None:
    one, two = unbundled()
    before = ufrags(one), ufrags(two)
    negotiate(one, two)
    assert (ufrags(one), ufrags(two)) == before
    negotiate(two, one)
    assert (ufrags(one), ufrags(two)) == before


def test_restart_renews_every_transport_once() -> None:
    one, two = unbundled()
    before = {*ufrags(one), *ufrags(two)}
    one.pc.restart_ice()
    negotiate(one, two)
    after = ufrags(one), ufrags(two)
    assert len({*after[0], *after[1]} | before) == 8
    negotiate(one, two)
    assert (ufrags(one), ufrags(two)) == after


def test_restart_of_one_transport_by_the_peer_renews_that_one() -> None:
    one, two = unbundled()
    before = ufrags(two)
    offer = one.set_local().sdp.replace(ufrags(one)[0], "abcd")
    two.set_remote({"type": "offer", "sdp": offer})
    two.set_local()
    after = ufrags(two)
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_new_section_of_a_group_has_the_credentials_of_the_group() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    negotiate(one, two)
    (first,) = ufrags(one)
    one.transceiver("video")
    one.set_local()
    assert ufrags(one) == [first, first]


def test_offer_again_repeats_the_credentials_of_every_section() -> None:
    peer = media_peer("audio", "video")
    peer.set_local()
    before = ufrags(peer)
    peer.transceiver("audio")
    peer.set_local()
    assert ufrags(peer)[:2] == before
    assert len(peer.pc.transports.dtls) == 2
