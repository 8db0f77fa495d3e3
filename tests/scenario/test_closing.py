"""The end: our own, which is silent, and the peer's, which is told."""

import asyncio

import pytest

from frazil import InvalidStateError, SessionConfig
from frazil.testing import Conditions
from support.scenario import states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
SERVER = {"iceServers": [{"urls": "stun:one.example"}]}


# --- phases: each leaves the pair in the middle of something ----------------------------------


async def nothing(stage):
    """Before any description."""


async def created(stage):
    stage.peers[0].channel()
    await stage.peers[0].pc.createOffer()


async def applying(stage):
    stage.peers[0].channel()
    stage.peers[0].pc.setLocalDescription()


async def gathering(stage):
    stage.peers[0].channel()
    await stage.peers[0].pc.setLocalDescription()


async def asking_a_silent_server(stage):
    await gathering(stage)
    await stage.sleep(1)
    assert stage.peers[0].pc.iceGatheringState == "gathering"


async def offered(stage):
    await asking_a_silent_server(stage)
    await stage.sleep(30)
    assert stage.peers[0].pc.iceGatheringState == "complete"


async def checking(stage):
    stage.net.block("alice", "bob")
    stage.peers[0].channel()
    await stage.negotiate()
    await stage.sleep(10)
    assert stage.peers[0].pc.iceConnectionState == "checking"


async def securing(stage):
    stage.net.connect("alice", "bob", Conditions(delay_s=0.3))
    stage.peers[0].channel()
    await stage.negotiate()
    await stage.until(lambda: stage.peers[0].dtls.state == "connecting")


async def associating(stage):
    stage.net.connect("alice", "bob", Conditions(delay_s=0.3))
    stage.peers[0].channel()
    await stage.negotiate()
    await stage.until(lambda: stage.peers[0].dtls.state == "connected")
    assert stage.peers[0].pc.sctp.state == "connecting"


async def connected(stage):
    await stage.connect()


async def sending(stage):
    await stage.connect()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.05, rate_bps=1_000_000))
    for _ in range(10):
        stage.peers[0].channels["chat"].send(bytes(100_000))
    await stage.sleep(1)


async def disconnected(stage):
    await stage.connect()
    stage.net.block("alice", "bob")
    await stage.sleep(10)
    assert stage.peers[0].pc.connectionState == "disconnected"


async def failed(stage):
    await disconnected(stage)
    await stage.sleep(60)
    assert stage.peers[0].pc.connectionState == "failed"


async def restarting(stage):
    await failed(stage)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(5)
    assert stage.peers[0].pc.iceConnectionState == "checking"


async def left_by_the_peer(stage):
    await stage.connect()
    await stage.peers[1].pc.close()
    await stage.sleep(1)
    assert stage.peers[0].dtls.state == "closed"


PHASES = [
    nothing,
    created,
    applying,
    gathering,
    asking_a_silent_server,
    offered,
    checking,
    securing,
    associating,
    connected,
    sending,
    disconnected,
    failed,
    restarting,
    left_by_the_peer,
]


def assert_closed(peer):
    pc = peer.pc
    assert pc.signalingState == pc.iceConnectionState == pc.connectionState == "closed"
    for channel in peer.channels.values():
        assert channel.readyState == "closed"


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.__name__)
async def test_c40_close_is_immediate_and_ends_every_packet(stage, phase):
    stage.net.stun_server("192.0.2.1", name="one.example").silent = True
    stage.expected_refusals = True  # some offers are never sent, but their candidates are
    session = SessionConfig(snap=phase is not associating)
    alice, _ = stage.pair(configuration=SERVER, session=session)
    await phase(stage)
    sctp = alice.pc.sctp
    closing = alice.pc.close()
    assert_closed(alice)
    if sctp is not None:
        assert (sctp.state, sctp.transport.state) == ("closed", "closed")
        assert sctp.transport.iceTransport.state == "closed"
    closed_at = stage.now
    await closing
    assert alice.host.sockets() == []
    await stage.sleep(120)
    late = [p for p in stage.net.packets if p.source[0] == "10.0.0.1" and p.sent_at > closed_at]
    assert late == []


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.__name__)
async def test_d15_close_fires_no_event(stage, phase):
    stage.net.stun_server("192.0.2.1", name="one.example").silent = True
    stage.expected_refusals = True  # some offers are never sent, but their candidates are
    session = SessionConfig(snap=phase is not associating)
    alice, _ = stage.pair(configuration=SERVER, session=session)
    await phase(stage)
    before = len(alice.witness.moments)
    alice.pc.close()
    gathering_state = alice.pc.iceGatheringState
    await stage.sleep(120)
    assert len(alice.witness.moments) == before
    assert alice.pc.iceGatheringState == gathering_state
    assert_closed(alice)


async def test_q2_wait_closed_returns_when_everything_is_gone(stage):
    alice, _ = await stage.connect()
    waiting = stage.spawn(alice.pc.wait_closed())
    await stage.sleep(60)
    assert not waiting.done()
    alice.pc.close()
    await waiting
    assert alice.host.sockets() == []
    await alice.pc.wait_closed()


async def test_q2_closing_again_does_nothing(stage):
    alice, _ = await stage.connect()
    await asyncio.gather(alice.pc.close(), alice.pc.close())
    history = alice.pc.stateHistory
    await alice.pc.close()
    assert alice.pc.stateHistory == history
    assert [each.new for each in history[-5:]] == ["closed"] * 5


async def test_operations_of_a_closed_connection_never_settle_and_new_ones_fail(stage):
    alice, _ = stage.pair()
    alice.channel()
    gathered = stage.spawn(alice.pc.gathering_complete())
    await asyncio.sleep(0)
    pending = [alice.pc.createOffer(), alice.pc.setLocalDescription(), alice.pc.addIceCandidate()]
    alice.pc.close()
    await stage.sleep(60)
    assert [each.done() for each in pending] == [False, False, False]
    with pytest.raises(InvalidStateError):
        await gathered
    for call in (alice.pc.createOffer, alice.pc.setLocalDescription, alice.pc.addIceCandidate):
        with pytest.raises(InvalidStateError):
            await call()
    with pytest.raises(InvalidStateError):
        alice.pc.createDataChannel("late")
    alice.pc.restartIce()


EVENTS = [
    ("pc", "negotiationneeded"),
    ("pc", "signalingstatechange"),
    ("pc", "icecandidate"),
    ("pc", "icecandidateerror"),
    ("pc", "icegatheringstatechange"),
    ("pc", "iceconnectionstatechange"),
    ("pc", "connectionstatechange"),
    ("pc", "datachannel"),
    ("pc", "remoteclose"),
    ("ice", "statechange"),
    ("ice", "gatheringstatechange"),
    ("ice", "selectedcandidatepairchange"),
    ("dtls", "statechange"),
    ("sctp", "statechange"),
    ("channel mine", "open"),
    ("channel mine", "message"),
    ("channel mine", "bufferedamountlow"),
    ("channel mine", "error"),
    ("channel mine", "close"),
    ("channel theirs", "open"),
    ("channel theirs", "closing"),
    ("channel theirs", "close"),
]


@pytest.mark.parametrize(("source", "kind"), EVENTS, ids=lambda part: part)
async def test_close_inside_every_listener_is_silent_too(stage, source, kind):
    """A whole life of a connection, which ends in the listener of one event."""
    stage.net.stun_server("192.0.2.1", name="one.example").silent = True
    stage.expected_refusals = True
    alice, bob = stage.pair(configuration=SERVER)
    moments = alice.witness.moments
    closed_after = []

    def close(event):
        if not closed_after:
            alice.pc.close()
            assert_closed(alice)
            closed_after.append(len(moments))  # the witness has heard of this event before us

    def watch():
        sctp = alice.pc.sctp
        places = {"pc": alice.pc, **{f"channel {n}": c for n, c in alice.channels.items()}}
        if sctp is not None:
            places |= {"sctp": sctp, "dtls": alice.dtls, "ice": alice.ice}
        if source in places:
            places[source].addEventListener(kind, close)

    def at_bob(channel):
        channel.on("message", lambda data: bob.pc.signalingState == "closed" or channel.send(data))

    for trigger in ("signalingstatechange", "datachannel", "negotiationneeded"):
        alice.pc.on(trigger, lambda *_: watch())
    mine = alice.channel("mine")
    bob.pc.on("datachannel", at_bob)
    mine.on("open", lambda: mine.send("hello"))
    watch()
    life = stage.spawn(live(stage, alice, bob))
    await stage.sleep(90)
    assert closed_after == [len(moments)]
    if kind != "message":  # of which the witness does not hear
        assert (moments[-1].source, moments[-1].event.type) == (source, kind)
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)


async def live(stage, alice, bob):
    await stage.sleep(1)
    await stage.negotiate()
    await stage.sleep(5)
    theirs = bob.channel("theirs")
    await stage.sleep(1)
    theirs.close()
    await stage.sleep(5)
    await bob.pc.close()


async def test_q3_the_peers_goodbye_is_told_at_once_and_the_states_follow_w3c(stage):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    bob.pc.close()
    left_at = stage.now
    await stage.sleep(0.01)
    (goodbye,) = [m for m in alice.witness.moments if m.event.type == "remoteclose"]
    assert goodbye.at == pytest.approx(left_at + 0.001)
    assert goodbye.event.cause in ("close_notify", "sctp-abort")
    assert states(alice, "RTCDtlsTransport.state") == "new connecting connected closed"
    assert states(alice, "RTCSctpTransport.state") == "connecting connected closed"
    channel = alice.channels["chat"]
    assert [event.type for event in alice.fired("channel chat")] == ["open", "error", "close"]
    (error,) = alice.fired("channel chat", "error")
    assert (error.error.errorDetail, error.error.sctpCauseCode) == ("sctp-failure", 12)
    assert channel.readyState == "closed"
    assert (alice.pc.signalingState, alice.pc.connectionState) == ("stable", "connected")
    assert alice.pc.iceConnectionState == "completed"
    await stage.sleep(60)
    assert states(alice, ICE, since=5) == "completed disconnected failed"
    assert states(alice, CONNECTION, since=5) == "connected disconnected failed"
    assert alice.witness.at(ICE, "disconnected") <= left_at + 5.01
    assert alice.pc.signalingState == "stable"


async def test_q3_a_lost_goodbye_is_found_out_by_silence(stage):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    stage.net.block("bob", "alice", one_way=True)
    bob.pc.close()
    await stage.sleep(60)
    assert alice.fired("pc", "remoteclose") == []
    assert states(alice, ICE, since=5) == "completed disconnected failed"
    assert states(alice, "RTCDtlsTransport.state") == "new connecting connected"
    assert alice.channels["chat"].readyState == "open"


async def test_c32_dtls_closes_on_close_notify_and_stays_closed(stage):
    alice, bob = await stage.connect()
    bob.pc.close()
    await stage.sleep(1)
    await stage.sleep(3600)
    assert states(alice, "RTCDtlsTransport.state") == "new connecting connected closed"
    assert alice.fired("dtls", "error") == []


async def test_a_reader_gets_everything_and_then_the_end(stage):
    alice, bob = await stage.connect()
    for number in range(100):
        alice.channels["chat"].send(f"{number}")
    alice.channels["chat"].close()
    messages = [f"{number}" for number in range(100)]
    assert [message async for message in bob.channels["chat"]] == messages
    assert bob.inbox["chat"] == messages
    assert bob.channels["chat"].readyState == "closed"


async def test_both_close_at_once(stage):
    alice, bob = await stage.connect()
    before = [len(peer.witness.moments) for peer in (alice, bob)]
    await asyncio.gather(alice.pc.close(), bob.pc.close())
    await stage.sleep(60)
    assert [len(peer.witness.moments) for peer in (alice, bob)] == before


async def test_async_with_closes(stage):
    alice, bob = await stage.connect()
    async with alice.pc as pc:
        assert pc is alice.pc
    assert_closed(alice)
    await stage.sleep(1)
    assert len(bob.fired("pc", "remoteclose")) == 1


async def test_both_close_at_once_with_data_in_flight(stage):
    alice, bob = await stage.connect()
    mine, theirs = alice.channels["chat"], bob.channels["chat"]
    for channel in (mine, theirs):
        for size in (1, 20_000, 100_000):
            channel.send(bytes(size))
        channel.close()
        assert channel.readyState == "closing"
        channel.close()
    await stage.sleep(5)
    for peer in (alice, bob):
        assert peer.channels["chat"].readyState == "closed"
        assert [each.type for each in peer.fired("channel chat")][-1] == "close"
        assert peer.fired("channel chat", "error") == peer.fired("channel chat", "closing") == []
        assert peer.inbox["chat"] == [], "a channel that is closing takes nothing more"
    alice.channel("next", negotiated=True, id=mine.id)  # the stream is free again


async def test_what_was_sent_before_one_side_closes_arrives_before_closing(stage):
    alice, bob = await stage.connect()
    channel = bob.channels["chat"]
    read = []
    channel.onclosing = lambda event: read.append((channel.readyState, len(bob.inbox["chat"])))
    for size in (1, 20_000, 100_000):
        alice.channels["chat"].send(bytes(size))
    alice.channels["chat"].close()
    await stage.sleep(5)
    assert read == [("closing", 3)]
    assert channel.readyState == "closed"
