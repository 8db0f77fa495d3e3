"""ICE restarts with several transports."""

import re

import pytest

from frazil.peer.event import EventType
from frazil.peer.reader import read_configuration
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


STUN = {"iceServers": [{"urls": "stun:stun.example"}]}
TURN = {"urls": "turn:turn.example", "username": "user"}


@pytest.mark.parametrize("changed", [STUN, {"iceTransportPolicy": "relay"}])
def test_other_servers_or_policy_restart_with_the_next_offer(changed: dict) -> None:
    """RFC 9429 5.2.2: once, and for every transport; no negotiation is needed for it."""
    one, two = unbundled()
    before = ufrags(one)
    one.pc.set_configuration(read_configuration(changed), one.now)
    assert EventType.NEGOTIATION_NEEDED not in one.run()
    negotiate(one, two)
    after = ufrags(one)
    assert set(before).isdisjoint(after)
    negotiate(one, two)
    assert ufrags(one) == after


def test_an_answer_waits_for_the_next_offer_of_ours() -> None:
    one, two = unbundled()
    before = ufrags(one)
    one.pc.set_configuration(read_configuration(STUN), one.now)
    negotiate(two, one)
    assert ufrags(one) == before
    negotiate(one, two)
    assert set(before).isdisjoint(ufrags(one))


def test_a_restart_by_the_peer_was_the_gathering_that_others_were_to_be_asked_in() -> None:
    one, two = unbundled()
    one.pc.set_configuration(read_configuration(STUN), one.now)
    two.pc.restart_ice()
    negotiate(two, one)
    after = ufrags(one)
    negotiate(one, two)
    assert ufrags(one) == after


def test_new_credentials_for_the_same_servers_restart_nothing() -> None:
    one, two = unbundled()
    for credential in ("first", "second"):
        servers = {"iceServers": [{**TURN, "credential": credential}]}
        one.pc.set_configuration(read_configuration(servers), one.now)
        negotiate(one, two)
        if credential == "first":
            before = ufrags(one)
    assert ufrags(one) == before
