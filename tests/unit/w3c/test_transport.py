import asyncio

import pytest

from frazil import RTCIceParameters, RTCPeerConnection
from frazil.testing import run
from frazil.testing.network import VirtualNetwork
from support.virtual_pair import VirtualPair, on_virtual_pair


@on_virtual_pair
async def test_both_sides_name_the_pair_in_the_same_words(pair: VirtualPair):
    await pair.connect()
    ice_a = pair.a.sctp.transport.iceTransport
    ice_b = pair.b.sctp.transport.iceTransport
    ours, theirs = ice_a.getSelectedCandidatePair(), ice_b.getSelectedCandidatePair()
    assert ours.local == theirs.remote
    assert ours.remote == theirs.local
    assert ours.local.toJSON() == theirs.remote.toJSON()
    assert ours.local.sdpMid == "0"
    assert ours.local.usernameFragment == ice_a.getLocalParameters().usernameFragment
    assert ours.remote.usernameFragment == ice_a.getRemoteParameters().usernameFragment
    assert ours.local in ice_a.getLocalCandidates()
    assert ours.remote in ice_a.getRemoteCandidates()


@on_virtual_pair
async def test_objects_are_the_same_at_every_look(pair: VirtualPair):
    await pair.connect()
    assert pair.a.sctp is pair.a.sctp
    assert pair.a.sctp.transport is pair.a.sctp.transport
    ice = pair.a.sctp.transport.iceTransport
    assert ice is pair.a.sctp.transport.iceTransport
    selected = ice.getSelectedCandidatePair()
    assert selected is ice.getSelectedCandidatePair()
    assert selected.local is selected.local


@on_virtual_pair
async def test_transports_before_and_after_the_connection(pair: VirtualPair):
    assert pair.a.sctp is None
    pair.a.createDataChannel("chat")
    assert pair.a.sctp is None
    await pair.a.setLocalDescription()
    sctp, dtls, ice = pair.a.sctp, pair.a.sctp.transport, pair.a.sctp.transport.iceTransport
    assert (sctp.state, sctp.maxChannels, sctp.maxMessageSize) == ("connecting", None, None)
    assert (dtls.state, dtls.getRemoteCertificates()) == ("new", [])
    assert (ice.state, ice.gatheringState, ice.role, ice.component) == (
        "new",
        "new",
        "controlling",
        "rtp",
    )
    assert ice.getSelectedCandidatePair() is None
    assert ice.getRemoteParameters() is None
    local = ice.getLocalParameters()
    assert isinstance(local, RTCIceParameters)
    assert f"a=ice-ufrag:{local.usernameFragment}" in pair.a.localDescription.sdp

    await pair.connect("second")
    assert pair.a.sctp is sctp
    assert (sctp.state, sctp.maxMessageSize) == ("connected", 262_144)
    assert sctp.maxChannels > 0
    assert dtls.state == "connected"
    assert len(dtls.getRemoteCertificates()) == 1
    assert pair.b.sctp.transport.iceTransport.role == "controlled"
    assert repr(sctp) == "<RTCSctpTransport connected>"
    assert repr(dtls) == "<RTCDtlsTransport connected>"
    assert repr(ice).startswith("<RTCIceTransport controlling ")

    await pair.a.close()
    assert (sctp.state, dtls.state, ice.state) == ("closed", "closed", "closed")
    assert ice.getSelectedCandidatePair() is None


@on_virtual_pair
async def test_a_pair_that_survives_an_unanswered_restart_keeps_its_words(pair: VirtualPair):
    await pair.connect()
    ice = pair.a.sctp.transport.iceTransport
    line = ice.getSelectedCandidatePair().local.candidate
    pair.a.restartIce()
    await pair.a.setLocalDescription()
    assert ice.getSelectedCandidatePair().local.candidate == line
    assert ice.getSelectedCandidatePair().local.sdpMid == "0"


@on_virtual_pair
async def test_after_a_restart_the_pair_is_one_of_the_new_generation(pair: VirtualPair):
    await pair.connect()
    await asyncio.sleep(5)
    transports = [each.sctp.transport.iceTransport for each in (pair.a, pair.b)]
    before = [ice.getSelectedCandidatePair() for ice in transports]
    told = []
    for ice in transports:
        ice.onselectedcandidatepairchange = lambda event: told.append(event.target)
    pair.a.restartIce()
    await pair.negotiate()
    await asyncio.sleep(5)
    assert set(told) == set(transports)
    for ice, old in zip(transports, before, strict=True):
        selected = ice.getSelectedCandidatePair()
        assert selected is not old
        assert selected is ice.getSelectedCandidatePair()
        assert selected.local.usernameFragment == ice.getLocalParameters().usernameFragment
        assert selected.remote.usernameFragment == ice.getRemoteParameters().usernameFragment
        assert selected.local in ice.getLocalCandidates()
        assert selected.remote in ice.getRemoteCandidates()


def test_a_peer_reflexive_candidate_was_never_signalled():
    async def main(net: VirtualNetwork) -> None:
        a = RTCPeerConnection(network=net.host("a", "10.0.0.1"))
        b = RTCPeerConnection(network=net.host("b", "10.0.0.2"))
        a.createDataChannel("chat")
        await a.setLocalDescription()
        await b.setRemoteDescription(a.localDescription)  # without candidates, and none follow
        await b.setLocalDescription()
        await b.gathering_complete()
        await a.setRemoteDescription(b.localDescription)
        await b.wait_connected(30)
        selected = b.sctp.transport.iceTransport.getSelectedCandidatePair()
        assert selected.remote.candidate == ""
        assert selected.remote.address is None
        assert selected.remote.foundation is None, "it is a checksum of the address"
        assert selected.remote.type == "prflx"
        assert selected.remote.protocol == "udp"
        assert selected.remote.priority
        assert selected.remote.sdpMid == "0"
        assert selected.remote.sdpMLineIndex == 0
        assert b.sctp.transport.iceTransport.getRemoteCandidates() == []
        assert selected.local.candidate.startswith("candidate:")
        await a.close()
        await b.close()

    run(main)


@on_virtual_pair
async def test_transport_events_reach_their_listeners(pair: VirtualPair):
    seen = []
    pair.a.createDataChannel("chat")
    await pair.a.setLocalDescription()
    sctp = pair.a.sctp
    ice = sctp.transport.iceTransport
    sctp.onstatechange = lambda event: seen.append(("sctp", event.target.state))
    sctp.transport.onstatechange = lambda event: seen.append(("dtls", event.target.state))
    ice.onselectedcandidatepairchange = lambda event: seen.append(("pair", ice.state))
    await pair.connect("second")
    assert [each for each in seen if each != ("pair", "completed")] == [
        ("pair", "connected"),
        ("dtls", "connecting"),
        ("dtls", "connected"),
        ("sctp", "connected"),
    ]
    with pytest.raises(AttributeError):
        ice.onerror = print
