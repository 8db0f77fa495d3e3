"""Audio, video and data on one transport, or on a transport each."""

import re

import pytest

from frazil import ConnectivityError
from support.scenario import states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
GATHERING = "iceGatheringState"
T_ICE = "RTCIceTransport.state"
T_DTLS = "RTCDtlsTransport.state"


def separately(stage):
    """Let the answering side refuse to bundle: its peer's group gets lost on the way."""
    deliver = stage.there.receive

    async def receive(message):
        if "sdp" in message:
            lines = message["sdp"].split("\r\n")
            lines = [each for each in lines if not each.startswith("a=group:BUNDLE")]
            message = message | {"sdp": "\r\n".join(lines)}
        await deliver(message)

    stage.there.receive = receive


def transports(peer):
    """The DTLS transports of the m-sections, in the order of the sections."""
    found = [each.sender.transport for each in peer.pc.getTransceivers()]
    return [*found, *([peer.pc.sctp.transport] if peer.pc.sctp else [])]


def bundled(peer):
    """The mids of the only group, in the order of our last description."""
    (group,) = re.findall(r"a=group:BUNDLE (.*)\r", peer.pc.localDescription.sdp)
    return group.split()


def deafen(stage, *transports):
    """Let nothing reach the sockets of ICE transports; returns what undoes it."""
    used = [each.getSelectedCandidatePair().local for each in transports]
    places = {(each.address, each.port) for each in used}
    sockets = [each for each in stage.net.sockets() if each.local in places]
    heard = [each._on_datagrams for each in sockets]
    assert len(sockets) == len(transports)

    def listen(handlers):
        for each, handler in zip(sockets, handlers, strict=True):
            each._on_datagrams = handler

    listen([lambda batch: None] * len(sockets))
    return lambda: listen(heard)


async def test_everything_bundles_on_the_first_transport(stage):
    alice, bob = stage.pair()
    for kind in ("audio", "video"):
        alice.pc.addTransceiver(kind)
    alice.channel()
    await stage.negotiate()
    await stage.until(lambda: bob.channels and bob.channels["chat"].readyState == "open")
    await stage.sleep(5)
    for peer in (alice, bob):
        assert len(set(transports(peer))) == 1
        assert peer.pc.sctp.state == "connected"
        assert states(peer, CONNECTION) == "new connecting connected"
    assert states(alice, ICE) == "new checking connected completed"
    assert states(bob, ICE) == "new checking connected completed"
    assert states(alice, T_ICE) == "new checking connected completed"
    assert [states(alice, T_ICE, transport=at) for at in (1, 2)] == ["new closed"] * 2
    assert [states(alice, T_DTLS, transport=at) for at in (1, 2)] == ["new closed"] * 2
    assert states(bob, T_ICE, transport=1) == "new", "the answerer never makes a second one"


@pytest.mark.parametrize(
    ("policy", "gathering"), [("balanced", 3), ("max-compat", 3), ("max-bundle", 1)]
)
async def test_policy_says_how_many_transports_gather(stage, policy, gathering):
    alice, _ = stage.pair(configuration={"bundlePolicy": policy})
    for kind in ("audio", "video"):
        alice.pc.addTransceiver(kind)
    alice.channel()
    await alice.pc.setLocalDescription()
    await alice.pc.gathering_complete()
    lines = [each for each in alice.candidates if each is not None and each.candidate]
    assert sorted({(each.sdpMid, each.sdpMLineIndex) for each in lines}) == [
        (str(at), at) for at in range(gathering)
    ]
    ends = [each for each in alice.candidates if each is not None and not each.candidate]
    assert sorted(each.sdpMid for each in ends) == [str(at) for at in range(gathering)]
    assert alice.candidates.count(None) == 1
    assert alice.candidates[-1] is None
    assert len({each.usernameFragment for each in lines}) == gathering
    assert alice.pc.localDescription.sdp.count("a=end-of-candidates") == gathering
    assert alice.pc.localDescription.sdp.count("a=bundle-only") == 3 - gathering
    assert states(alice, GATHERING) == "new gathering complete"


@pytest.mark.parametrize("with_data", [False, True])
async def test_every_section_has_a_transport_of_its_own_without_a_bundle(stage, with_data):
    alice, bob = stage.pair()
    for kind in ("audio", "video"):
        alice.pc.addTransceiver(kind)
    if with_data:
        alice.channel()
    separately(stage)
    await stage.negotiate()
    for peer in (alice, bob):
        await peer.pc.wait_connected(timeout=10)
    await stage.sleep(5)
    count = 3 if with_data else 2
    for peer in (alice, bob):
        assert len(set(transports(peer))) == count
        assert {each.state for each in transports(peer)} == {"connected"}
        assert {each.iceTransport.state for each in transports(peer)} == {"completed"}
        assert states(peer, CONNECTION) == "new connecting connected"
        assert states(peer, ICE) == "new checking connected completed"
        for at in range(count):
            assert states(peer, T_ICE, transport=at) == "new checking connected completed"
            assert states(peer, T_DTLS, transport=at) == "new connecting connected"
    if with_data:
        alice.channels["chat"].send("over the third")
        await stage.sleep(1)
        assert bob.inbox["chat"] == ["over the third"]


@pytest.mark.parametrize("kinds", [("audio",), ("audio", "video")])
async def test_one_of_several_transports_loses_its_path(stage, kinds):
    alice, bob = stage.pair()
    for kind in kinds:
        alice.pc.addTransceiver(kind)
    alice.channel()
    separately(stage)
    await stage.negotiate()
    for peer in (alice, bob):
        await peer.pc.wait_connected(timeout=10)
    await stage.sleep(5)
    cut = [peer.pc.getSenders()[0].transport.iceTransport for peer in (alice, bob)]
    deafen(stage, *cut)
    start = stage.now
    await stage.sleep(60)
    # The answerer makes the transport of the data channels first: it has an object at once.
    for peer, transport, lost in ((alice, cut[0], 0), (bob, cut[1], 1)):
        for at in range(len(kinds) + 1):
            whole = "new checking connected completed"
            seen = f"{whole} disconnected failed" if at == lost else whole
            assert states(peer, T_ICE, transport=at) == seen
            assert states(peer, T_DTLS, transport=at) == "new connecting connected"
        assert states(peer, ICE) == "new checking connected completed disconnected failed"
        assert states(peer, CONNECTION) == "new connecting connected disconnected failed"
        assert transport.state == "failed"
        assert start < peer.witness.at(ICE, "disconnected") < start + 8
    with pytest.raises(ConnectivityError) as caught:
        await alice.pc.wait_connected()
    transports = {each.transport for each in caught.value.report.findings}
    assert transports == {"0"}, "only the lost one is told"
    alice.channels["chat"].send("still here")
    await stage.sleep(1)
    assert bob.inbox["chat"] == ["still here"], "the other transport is not concerned"


async def test_one_of_two_transports_has_the_wrong_certificate(stage):
    alice, bob = stage.pair()
    alice.pc.addTransceiver("audio")
    alice.pc.addTransceiver("video")
    separately(stage)
    deliver = stage.back.receive

    async def receive(message):
        if "sdp" in message:
            head, audio, video = message["sdp"].split("m=")
            video = re.sub("(?<=sha-256 )[0-9A-F:]+", ":".join(["00"] * 32), video)
            message = message | {"sdp": "m=".join((head, audio, video))}
        await deliver(message)

    stage.back.receive = receive
    errors = []
    await stage.negotiate()
    alice.pc.getSenders()[1].transport.onerror = lambda event: errors.append(event.error)
    await stage.sleep(5)
    assert states(alice, T_DTLS) == "new connecting connected"
    assert states(alice, T_DTLS, transport=1) == "new connecting failed"
    assert states(bob, T_DTLS) == "new connecting connected"
    assert states(bob, T_DTLS, transport=1) == "new connecting failed"
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
        assert states(peer, CONNECTION).split()[-1] == "failed"
    (error,) = errors
    assert (error.errorDetail, error.name) == ("fingerprint-failure", "OperationError")


async def test_restart_heals_the_transport_that_failed(stage):
    alice, bob = stage.pair()
    alice.pc.addTransceiver("audio")
    alice.pc.addTransceiver("video")
    separately(stage)
    await stage.negotiate()
    for peer in (alice, bob):
        await peer.pc.wait_connected(timeout=10)
    await stage.sleep(5)
    ice = [peer.pc.getSenders()[0].transport.iceTransport for peer in (alice, bob)]
    hear = deafen(stage, *ice)
    await stage.sleep(60)
    assert alice.pc.connectionState == "failed"
    hear()
    since = stage.now
    await stage.negotiate(ice_restart=True)
    await stage.sleep(5)
    for peer in (alice, bob):
        assert states(peer, CONNECTION, since) == "failed connecting connected"
        assert {each.iceTransport.state for each in transports(peer)} == {"completed"}
        assert len(set(transports(peer))) == 2


async def test_section_that_is_added_later_changes_no_state(stage):
    alice, bob = await stage.connect()
    await stage.sleep(5)
    before = {peer: (states(peer, ICE), states(peer, GATHERING)) for peer in (alice, bob)}
    bob.pc.addTransceiver("video")
    await stage.negotiate(bob)
    await stage.sleep(5)
    for peer in (alice, bob):
        assert (states(peer, ICE), states(peer, GATHERING)) == before[peer]
        assert len(set(transports(peer))) == 1
    assert "a=bundle-only" in bob.pc.localDescription.sdp


async def test_data_may_be_refused_while_audio_goes_on(stage):
    alice, bob = stage.pair()
    alice.pc.addTransceiver("audio")
    chat = alice.channel()
    await stage.negotiate()
    await chat.wait_open()
    await stage.sleep(5)
    await bob.pc.setRemoteDescription(await _offer(alice))
    answer = bob.pc.createAnswer()
    sdp = _without_data((await answer).sdp)
    sctp = alice.pc.sctp
    await alice.pc.setRemoteDescription({"type": "answer", "sdp": sdp})
    await stage.sleep(5)
    assert alice.pc.sctp is None
    assert (sctp.state, chat.readyState) == ("closed", "closed")
    assert alice.pc.connectionState == "connected"


async def test_association_that_ended_is_followed_by_another_on_the_same_transport(stage):
    alice, bob = await stage.connect()
    before = {peer: (peer.pc.sctp, peer.dtls) for peer in (alice, bob)}
    session = alice.pc._peer.transports.stacks[0].session
    session.data._association.shutdown(stage.now)  # like a peer that ends nothing else
    session.handle_timeout(stage.now)
    alice.pc._backend.driver.wake()
    await stage.sleep(1)
    for peer in (alice, bob):
        assert (peer.pc.sctp.state, peer.channels["chat"].readyState) == ("closed", "closed")
        assert peer.pc.connectionState == "connected"
    await stage.negotiate()
    for peer in (alice, bob):
        assert peer.pc.sctp is not before[peer][0]
        assert peer.dtls is before[peer][1]
    again = await stage.connect_channel("again")
    again.send("over the second association")
    await stage.sleep(1)
    assert bob.inbox["again"] == ["over the second association"]
    for peer in (alice, bob):
        assert states(peer, "RTCSctpTransport.state", transport=1) == "connecting connected"


async def _offer(peer):
    await peer.pc.setLocalDescription()
    return peer.pc.localDescription


def _without_data(sdp):
    sdp = sdp.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0")
    return sdp.replace("m=application 9", "m=application 0")


async def test_a_transport_that_the_answer_bundles_away_closes_after_the_promise(stage):
    alice, _ = stage.pair()
    alice.pc.addTransceiver("audio")
    alice.channel()
    order = []
    await alice.pc.setLocalDescription()
    extra = alice.pc.sctp.transport
    assert extra is not alice.pc.getTransceivers()[0].sender.transport
    for each in (extra, extra.iceTransport):
        each.onstatechange = lambda event: order.append((type(event.target), event.target.state))
    await stage.there.describe(alice.pc.localDescription)
    await stage.peers[1].pc.setLocalDescription()
    answer = stage.peers[1].pc.localDescription.toJSON()
    alice.pc.onsignalingstatechange = lambda event: order.append(event.type)
    await alice.pc.setRemoteDescription(answer)
    assert order == ["signalingstatechange"], "nothing was closed before the promise"
    assert alice.pc.sctp.transport is alice.pc.getTransceivers()[0].sender.transport
    await stage.sleep(0.01)
    assert order[0] == "signalingstatechange"
    assert set(order[1:]) == {
        (type(extra), "closed"),
        (type(extra.iceTransport), "closed"),
    }
    assert len(order) == 3


@pytest.mark.parametrize("offerer", [0, 1])
@pytest.mark.parametrize("stopper", [0, 1])
@pytest.mark.parametrize("when", ["connected", "at once"])
async def test_transport_outlives_the_section_that_was_its_tag(stage, when, stopper, offerer):
    peers = stage.pair()
    alice, bob = peers
    alice.pc.addTransceiver("audio")
    alice.channel()
    await stage.negotiate()
    if when == "connected":
        await alice.channels["chat"].wait_open()
    peers[stopper].pc.getTransceivers()[0].stop()
    await stage.negotiate(peers[offerer])
    await stage.negotiate(peers[stopper])  # an answer does not end a section
    assert bundled(alice) == bundled(bob) == ["1"]
    peers[offerer].pc.addTransceiver("audio")
    await stage.negotiate(peers[offerer])
    assert bundled(alice) == bundled(bob) == ["1", "2"]
    peers[1 - offerer].pc.addTransceiver("video")
    await stage.negotiate(peers[1 - offerer], ice_restart=True)
    assert bundled(alice) == bundled(bob) == ["1", "2", "3"]
    await stage.until(lambda: bob.channels and bob.channels["chat"].readyState == "open")
    alice.channels["chat"].send("still here")
    await stage.sleep(5)
    assert bob.inbox["chat"] == ["still here"]
    for peer in peers:
        assert len(set(transports(peer))) == 1
        assert states(peer, CONNECTION) == "new connecting connected"
        assert states(peer, "RTCSctpTransport.state") == "connecting connected"


async def test_tag_may_move_from_section_to_section(stage):
    alice, bob = stage.pair()
    for kind in ("audio", "video", "audio"):
        alice.pc.addTransceiver(kind)
    alice.channel()
    await stage.negotiate()
    await alice.channels["chat"].wait_open()
    for number in range(3):
        (alice, bob)[number % 2].pc.getTransceivers()[0].stop()
        await stage.negotiate((alice, bob)[number % 2])
        assert bundled(alice) == bundled(bob) == ["0", "1", "2", "3"][number + 1 :]
    alice.pc.addTransceiver("video")
    await stage.negotiate()
    assert bundled(alice) == bundled(bob) == ["3", "4"]
    alice.channels["chat"].send("still here")
    await stage.sleep(5)
    assert bob.inbox["chat"] == ["still here"]
    assert states(alice, T_DTLS) == states(bob, T_DTLS) == "new connecting connected"


@pytest.mark.parametrize("group", ["2 1", "1 2"])
async def test_peer_may_recycle_the_section_before_the_tag(stage, group):
    alice, bob = stage.pair()
    alice.pc.addTransceiver("audio")
    alice.channel()
    await stage.negotiate()
    await alice.channels["chat"].wait_open()
    alice.pc.getTransceivers()[0].stop()
    await stage.negotiate()
    alice.pc.addTransceiver("audio")
    await alice.pc.setLocalDescription()
    head, _, data, audio = alice.pc.localDescription.sdp.split("m=")
    if group == "2 1":  # only who is not the tag is bundle-only
        audio = audio.replace("audio 0", "audio 9").replace("a=bundle-only\r\n", "")
    sdp = "m=".join((head.replace("BUNDLE 1 2", f"BUNDLE {group}"), audio, data))
    await bob.pc.setRemoteDescription({"type": "offer", "sdp": sdp})
    await bob.pc.setLocalDescription()
    assert bundled(bob) == group.split()
    assert len(set(transports(bob))) == 1
    assert states(bob, T_DTLS) == "new connecting connected"
