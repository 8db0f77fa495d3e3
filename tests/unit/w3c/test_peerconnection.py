import asyncio
import contextlib
import copy
import gc
import json
import pickle

import pytest

from frazil import (
    IceConfig,
    IceOptions,
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    InvalidSyntaxError,
    NotSupportedError,
    OperationError,
    RTCCertificate,
    RTCDataChannel,
    RTCError,
    RTCPeerConnection,
)
from frazil.testing import VirtualHost, VirtualNetwork, run
from frazil.trace import TraceRecord
from frazil.w3c.peerconnection import CENSUS
from support.virtual_pair import VirtualPair, on_virtual_pair

# --- construction ---------------------------------------------------------------------------------


def test_a_connection_needs_a_running_loop():
    with pytest.raises(RuntimeError, match=r"no running event loop: .* in a coroutine"):
        RTCPeerConnection()


@pytest.mark.parametrize(
    ("configuration", "error"),
    [
        ([], TypeError),
        ({"iceServers": "stun:192.0.2.1"}, TypeError),
        ({"iceServers": [{}]}, TypeError),
        ({"iceServers": [{"urls": "http://192.0.2.1"}]}, InvalidSyntaxError),
        ({"iceServers": [{"urls": "stun:"}]}, InvalidSyntaxError),
        ({"iceServers": [{"urls": "turn:192.0.2.1"}]}, InvalidAccessError),
        ({"iceServers": [{"urls": "stuns:192.0.2.1"}]}, NotSupportedError),
        ({"iceTransportPolicy": "none"}, TypeError),
        ({"certificates": ["mine"]}, TypeError),
        (
            {"certificates": [RTCCertificate.generate(bytes, 0.0)]},
            InvalidAccessError,
        ),
    ],
)
def test_a_wrong_configuration_is_refused_and_leaves_nothing(configuration, error):
    async def main(net: VirtualNetwork) -> None:
        with pytest.raises(error):
            RTCPeerConnection(configuration, network=net.host("a", "10.0.0.1"))

    run(main)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"ice": {}}, TypeError, "ice must be of the class IceOptions, not {}"),
        (
            {"session": IceConfig()},
            TypeError,
            "session must be of the class SessionConfig, not Ice",
        ),
        ({"network": "eth0"}, TypeError, "not 'eth0'; to choose among the interfaces"),
        ({"recovery": True}, ValueError, "recovery must be one of none, restart, not True"),
        ({"configuration": IceOptions()}, TypeError, "or an object with 'iceServers', not IceOpt"),
    ],
)
def test_a_wrong_argument_is_refused_by_its_name(arguments, error, message):
    async def main(net: VirtualNetwork) -> None:
        with pytest.raises(error, match=message):
            RTCPeerConnection(**{"network": net.host("a", "10.0.0.1"), **arguments})

    run(main)


@on_virtual_pair
async def test_everything_is_new_at_first(pair: VirtualPair):
    pc = pair.a
    assert pc.signalingState == "stable"
    assert pc.iceGatheringState == pc.iceConnectionState == pc.connectionState == "new"
    assert pc.localDescription is pc.currentLocalDescription is pc.pendingLocalDescription is None
    assert pc.remoteDescription is pc.currentRemoteDescription is None
    assert pc.pendingRemoteDescription is pc.canTrickleIceCandidates is pc.sctp is None
    assert pc.stateHistory == ()
    (number,) = [number for number, each in CENSUS if each is pc]
    assert repr(pc) == f"<RTCPeerConnection {number} new ice=new>"
    assert pair.host_a.sockets() == []


@on_virtual_pair
async def test_the_configuration_can_be_taken_changed_and_given_back(pair: VirtualPair):
    pc = pair.a
    assert pc.getConfiguration() == {
        "iceServers": [],
        "iceTransportPolicy": "all",
        "bundlePolicy": "balanced",
        "rtcpMuxPolicy": "require",
        "certificates": [],
        "iceCandidatePoolSize": 0,
    }
    servers = [{"urls": ["stun:192.0.2.1"], "username": "a", "credential": "b"}]
    pc.setConfiguration({**pc.getConfiguration(), "iceServers": servers})
    assert pc.getConfiguration()["iceServers"] == servers
    json.dumps(pc.getConfiguration())
    with pytest.raises(InvalidModificationError, match="bundlePolicy"):
        pc.setConfiguration({"bundlePolicy": "max-bundle"})
    pc.close()
    assert pc.getConfiguration()["iceServers"] == servers
    with pytest.raises(InvalidStateError):
        pc.setConfiguration({})


# --- the shape of methods -------------------------------------------------------------------------


@on_virtual_pair
async def test_methods_return_futures_that_are_pending_if_all_is_well(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    offer = pair.a.createOffer()
    applied = pair.a.setLocalDescription()
    assert not offer.done()
    assert not applied.done()
    assert pair.a.localDescription is None
    assert (await offer).type == "offer"
    assert await applied is None
    received = pair.b.setRemoteDescription(pair.a.localDescription)
    assert not received.done()
    await received
    answer = pair.b.createAnswer()
    assert not answer.done()
    assert (await answer).type == "answer"
    ended = pair.b.addIceCandidate(None)
    assert not ended.done()
    await ended


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda pc: pc.createAnswer(), InvalidStateError),
        (lambda pc: pc.setLocalDescription({"type": "rollback"}), InvalidStateError),
        (
            lambda pc: pc.setLocalDescription({"type": "offer", "sdp": "v=0"}),
            InvalidModificationError,
        ),
        (lambda pc: pc.setLocalDescription("v=0"), TypeError),
        (lambda pc: pc.setRemoteDescription({"sdp": "v=0"}), TypeError),
        (lambda pc: pc.setRemoteDescription(None), TypeError),
        (lambda pc: pc.addIceCandidate({"candidate": "candidate:1"}), TypeError),
        (lambda pc: pc.addIceCandidate({"candidate": "", "sdpMid": "0"}), InvalidStateError),
    ],
)
def test_what_is_wrong_at_the_call_has_failed_on_return(call, error):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        future = call(pair.a)
        assert future.done()
        assert type(future.exception()) is error

    main()


@on_virtual_pair
async def test_what_is_found_later_fails_later(pair: VirtualPair):
    future = pair.a.setRemoteDescription({"type": "offer", "sdp": "v=0\r\ngarbage\r\n"})
    assert not future.done()
    with pytest.raises(RTCError) as caught:
        await future
    assert caught.value.errorDetail == "sdp-syntax-error"
    assert caught.value.sdpLineNumber == 2


@on_virtual_pair
async def test_operations_run_one_after_the_other(pair: VirtualPair):
    order = []
    pair.a.createDataChannel("chat")
    for name, future in (
        ("offer", pair.a.createOffer()),
        ("local", pair.a.setLocalDescription()),
        ("again", pair.a.createOffer()),
    ):
        future.add_done_callback(lambda future, name=name: order.append(name))
    await pair.a.setLocalDescription()
    assert order == ["offer", "local", "again"]


@on_virtual_pair
async def test_a_caller_who_gives_up_waiting_disturbs_nothing(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    pair.a.createOffer().cancel()
    await pair.a.setLocalDescription()
    assert pair.a.signalingState == "have-local-offer"


@on_virtual_pair
async def test_the_local_description_stays_the_same_object_while_it_grows(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    await pair.a.setLocalDescription()
    description = pair.a.localDescription
    assert description is pair.a.localDescription is pair.a.pendingLocalDescription
    assert "a=candidate" not in description.sdp
    await pair.a.gathering_complete()
    assert "a=candidate" in description.sdp
    assert "a=end-of-candidates" in description.sdp
    assert description is pair.a.localDescription
    await pair.b.setRemoteDescription(description)
    await pair.b.setLocalDescription()
    await pair.a.setRemoteDescription(pair.b.localDescription)
    assert description is pair.a.localDescription is pair.a.currentLocalDescription
    assert pair.a.pendingLocalDescription is None
    assert pair.a.remoteDescription.type == "answer"


@on_virtual_pair
async def test_a_copy_of_the_local_description_does_not_grow(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    await pair.a.setLocalDescription()
    description = pair.a.localDescription
    before = description.toJSON()
    copies = [copy.copy(description), copy.deepcopy(description)]
    copies.append(pickle.loads(pickle.dumps(description)))
    await pair.a.gathering_complete()
    assert description.toJSON() != before
    assert [each.toJSON() for each in copies] == [before] * 3


@on_virtual_pair
async def test_descriptions_of_the_past_are_forgotten(pair: VirtualPair):
    await pair.connect()
    for _ in range(5):
        await pair.negotiate()
        assert pair.a.localDescription.type == "offer"
        assert pair.a.remoteDescription.type == "answer"
    descriptions = [each for each in pair.a._backend.public._public if hasattr(each, "sdp")]
    assert len(descriptions) == 2


@on_virtual_pair
async def test_transports_of_the_past_are_forgotten(pair: VirtualPair):
    seen = []
    for _ in range(5):
        pair.a.createDataChannel("refused")
        await pair.a.setLocalDescription()
        pair.a.sctp.transport.iceTransport.onstatechange = lambda event: seen.append(event)
        async with RTCPeerConnection(network=pair.host_b) as other:
            await other.setRemoteDescription(pair.a.localDescription)
            answer = (await other.createAnswer()).toJSON()
        answer["sdp"] = answer["sdp"].replace("m=application 9 ", "m=application 0 ")
        await pair.a.setRemoteDescription(answer)
        assert pair.a.sctp is None
        await asyncio.sleep(1)
    assert [event.target.state for event in seen] == ["closed"] * 5
    assert len({id(event.target) for event in seen}) == 5
    assert len(pair.a._backend.public._public) <= 3 + 2


@on_virtual_pair
async def test_signalling_in_one_message_as_json(pair: VirtualPair):
    a, b = pair.a, pair.b
    a.createDataChannel("chat")
    await a.setLocalDescription()
    await a.gathering_complete()
    await b.setRemoteDescription(json.loads(json.dumps(a.localDescription.toJSON())))
    await b.setLocalDescription()
    await b.gathering_complete()
    await a.setRemoteDescription(json.loads(json.dumps(b.localDescription.toJSON())))
    await a.wait_connected(5)
    assert a.canTrickleIceCandidates is True


# --- data channels --------------------------------------------------------------------------------


@on_virtual_pair
async def test_options_of_a_channel_are_keywords_or_a_dictionary(pair: VirtualPair):
    options = {"ordered": False, "maxPacketLifeTime": 500, "protocol": "x"}
    for channel in (
        pair.a.createDataChannel("chat", options),
        pair.a.createDataChannel("chat", **options),
    ):
        assert isinstance(channel, RTCDataChannel)
        assert (channel.ordered, channel.maxPacketLifeTime, channel.protocol) == (False, 500, "x")
    assert pair.a.createDataChannel("chat", {}).ordered is True
    assert pair.a.createDataChannel("chat", negotiated=True, id=7).id == 7


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        (("chat", {"ordered": False}), {"protocol": "x"}, TypeError, "not as both"),
        ((3,), {}, TypeError, "label"),
        (("x" * 65_536,), {}, TypeError, "65535"),
        (("chat",), {"protocol": "ü" * 40_000}, TypeError, "65535"),
        (("chat",), {"negotiated": True}, TypeError, "needs an id"),
        (("chat",), {"maxRetransmits": 1, "maxPacketLifeTime": 1}, TypeError, "not both"),
        (("chat",), {"maxRetransmits": 65_536}, TypeError, "maxRetransmits"),
        (("chat",), {"negotiated": True, "id": 65_535}, TypeError, "65535"),
        (("chat",), {"negotiated": True, "id": 5}, OperationError, "5"),
    ],
)
def test_a_channel_that_cannot_be(arguments, options, error, text):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        pair.a.createDataChannel("first", negotiated=True, id=5)
        with pytest.raises(error, match=text):
            pair.a.createDataChannel(*arguments, **options)

    main()


@on_virtual_pair
async def test_the_same_object_is_announced_and_dispatches(pair: VirtualPair):
    seen = []

    @pair.b.on("datachannel")
    def open_it(channel):
        assert channel.readyState == "open"
        channel.onopen = lambda event: seen.append(event.target)
        channel.send("at once")

    mine, theirs = await pair.connect()
    assert seen == [theirs]
    assert await anext(aiter(mine)) == "at once"


@on_virtual_pair
async def test_closed_channels_are_forgotten(pair: VirtualPair):
    await pair.connect()
    held = len(pair.a._backend.public._public), len(pair.b._backend.public._public)
    for _ in range(20):
        channel = pair.a.createDataChannel("short")
        await channel.wait_open()
        channel.close()
        await asyncio.sleep(1)
        assert channel.readyState == "closed"
    pair.announced.clear()
    assert (len(pair.a._backend.public._public), len(pair.b._backend.public._public)) == held


# --- close ----------------------------------------------------------------------------------------


@on_virtual_pair
async def test_close_changes_every_state_at_once_and_silently(pair: VirtualPair):
    mine, _ = await pair.connect()
    sctp = pair.a.sctp
    events = []
    for target in (pair.a, sctp, sctp.transport, sctp.transport.iceTransport, mine):
        for kind in target.EVENTS:
            target.addEventListener(kind, events.append)
    gathering = pair.a.iceGatheringState
    closing = pair.a.close()
    assert pair.a.signalingState == "closed"
    assert pair.a.connectionState == pair.a.iceConnectionState == "closed"
    assert sctp.state == sctp.transport.state == "closed"
    assert sctp.transport.iceTransport.state == mine.readyState == "closed"
    assert pair.a.iceGatheringState == gathering
    assert pair.host_a.sockets() == []
    await closing
    await asyncio.sleep(100)
    assert events == []
    assert {each.reason.cause for each in pair.a.stateHistory if each.new == "closed"} == {"close"}


@on_virtual_pair
async def test_close_can_be_repeated_and_awaited_by_many(pair: VirtualPair):
    await pair.connect()
    waiting = asyncio.create_task(pair.a.wait_closed())
    await asyncio.sleep(0)
    one, two = pair.a.close(), pair.a.close()
    one.cancel()
    await two
    await waiting
    await pair.a.close()
    await pair.a.wait_closed()


@pytest.mark.parametrize(
    "call",
    [
        lambda pc: pc.createOffer(),
        lambda pc: pc.createAnswer(),
        lambda pc: pc.setLocalDescription(),
        lambda pc: pc.setRemoteDescription({"type": "offer", "sdp": ""}),
        lambda pc: pc.addIceCandidate(None),
    ],
)
def test_operations_on_a_closed_connection_fail_at_once(call):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        pair.a.close()
        future = call(pair.a)
        assert future.done()
        assert isinstance(future.exception(), InvalidStateError)

    main()


@on_virtual_pair
async def test_what_else_can_be_done_with_a_closed_connection(pair: VirtualPair):
    pair.a.close()
    pair.a.restartIce()
    with pytest.raises(InvalidStateError):
        pair.a.createDataChannel("chat")
    with pytest.raises(InvalidStateError, match="before gathering was complete"):
        await pair.a.gathering_complete()


@on_virtual_pair
async def test_the_peer_hears_the_goodbye_of_a_close_that_nobody_awaits(pair: VirtualPair):
    await pair.connect()
    causes = []
    pair.b.on("remoteclose", causes.append)
    pair.a.close()
    await asyncio.sleep(0.1)
    assert causes == ["sctp-abort"]
    assert pair.b.sctp.state == pair.b.sctp.transport.state == "closed"


CLOSERS = [
    ("a", "icecandidate"),
    ("a", "icegatheringstatechange"),
    ("a", "signalingstatechange"),
    ("a", "negotiationneeded"),
    ("a", "iceconnectionstatechange"),
    ("a", "connectionstatechange"),
    ("b", "datachannel"),
    ("b", "connectionstatechange"),
]


@pytest.mark.parametrize("as_coroutine", [False, True])
@pytest.mark.parametrize(("side", "kind"), CLOSERS)
def test_a_listener_of_any_kind_may_close_the_connection(side, kind, as_coroutine):
    events = []

    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        pc = getattr(pair, side)

        async def close_and_wait(event):
            events.append("begun")
            await pc.close()
            events.append("closed")

        def close(event):
            events.append("begun")
            pc.close()
            assert pc.connectionState == "closed"
            events.append("closed")

        pc.addEventListener(kind, close_and_wait if as_coroutine else close, once=True)
        pc.addEventListener(kind, lambda event: events.append(pc.connectionState), once=True)
        pair.a.createDataChannel("chat")
        await asyncio.sleep(0.001)  # lets negotiationneeded come before the negotiation
        negotiation = asyncio.create_task(pair.negotiate())
        await pc.wait_closed()
        await asyncio.sleep(1)
        negotiation.cancel()  # it may wait for what never settles
        with contextlib.suppress(asyncio.CancelledError, InvalidStateError):
            await negotiation

    main()
    assert "closed" in events
    if not as_coroutine:
        assert events[:2] == ["begun", "closed"]


@pytest.mark.parametrize("kind", ["open", "message", "bufferedamountlow", "close"])
def test_a_listener_of_a_channel_may_close_the_connection(kind):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        channel = pair.a.createDataChannel("chat")
        channel.addEventListener(kind, lambda event: pair.a.close())
        pair.b.on("datachannel", lambda theirs: theirs.send("hello"))
        await pair.negotiate()
        if kind not in ("open", "message"):
            await channel.wait_open()
            channel.send("x")
            channel.close()
        await pair.a.wait_closed()

    main()


@pytest.mark.parametrize("layer", ["sctp", "dtls", "ice"])
def test_a_listener_of_a_transport_may_close_the_connection(layer):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        pair.a.createDataChannel("chat")
        await pair.a.setLocalDescription()
        sctp = pair.a.sctp
        transports = {
            "sctp": sctp,
            "dtls": sctp.transport,
            "ice": sctp.transport.iceTransport,
        }
        transports[layer].onstatechange = lambda event: pair.a.close()
        await pair.b.setRemoteDescription(pair.a.localDescription)
        await pair.b.setLocalDescription()
        await pair.a.setRemoteDescription(pair.b.localDescription)
        await pair.a.wait_closed()

    main()


# --- who listens to the trace ---------------------------------------------------------------------


@on_virtual_pair
async def test_a_listener_of_the_trace_that_fails_harms_nothing(pair: VirtualPair):
    told: list[dict[str, object]] = []
    error = asyncio.QueueFull()

    def fail(record: TraceRecord) -> None:
        raise error

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
    pair.a.trace.listen(fail)
    pair.a.createDataChannel("x")
    await pair.a.setLocalDescription()
    assert pair.a.signalingState == "have-local-offer"
    await pair.connect()
    await pair.a.close()
    assert pair.a.connectionState == "closed"
    assert pair.host_a.sockets() == []
    assert len(told) > len(pair.a.stateHistory)
    assert told[0] == {
        "message": "exception in a listener of the trace",
        "exception": error,
        "listener": fail,
    }


# --- nothing is left ------------------------------------------------------------------------------


def test_ten_connections_leave_no_object_task_socket_or_timer():
    """``run`` looks for tasks, sockets and timers itself."""

    def living() -> list[type]:
        gc.collect()
        kinds = [type(each) for each in gc.get_objects()]
        return [
            kind
            for kind in kinds
            if str(kind.__module__).startswith("frazil.")
            and not kind.__module__.startswith("frazil.testing.")
        ]

    async def cycle(net: VirtualNetwork, hosts: list[VirtualHost], number: int) -> None:
        pair = VirtualPair(net, hosts)
        mine, theirs = await pair.connect()
        mine.send("x" * 1000)
        assert await anext(aiter(theirs)) == "x" * 1000
        if number % 2:
            await pair.a.close()
            pair.b.close()
        else:
            pair.a.close()
            await asyncio.sleep(10)
            await pair.b.close()

    async def main(net: VirtualNetwork) -> None:
        hosts = [net.host("a", "10.0.0.1"), net.host("b", "10.0.0.2")]
        await cycle(net, hosts, 0)
        await asyncio.sleep(1)
        before = living()
        for number in range(10):
            await cycle(net, hosts, number)
        await asyncio.sleep(1)
        after = living()
        assert len(after) <= len(before), set(after) - set(before)
        assert after.count(RTCPeerConnection) <= before.count(RTCPeerConnection)

    run(main)
