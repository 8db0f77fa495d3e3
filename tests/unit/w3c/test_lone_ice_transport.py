"""ICE on its own: gathering, starting, datagrams, restarting, stopping."""

import asyncio
import functools

import pytest

from frazil import (
    ConnectivityError,
    IceOptions,
    InvalidStateError,
    InvalidSyntaxError,
    LoneIceTransport,
    NotSupportedError,
    OperationError,
    RTCIceParameters,
    RTCPeerConnection,
)
from frazil.aio import SystemNetwork
from frazil.peer.description import MAX_CANDIDATES
from frazil.session.plain_transport import MAX_DATAGRAM_SIZE, MAX_QUEUED_DATAGRAMS
from frazil.testing import Conditions, StunServer, TransportProtocol, run
from frazil.types import Transmit
from support.lone_pair import LonePair

UP = ["new", "checking", "connected", "completed"]


def on_pair(test):
    """Run a coroutine test on a pair in virtual time; nothing may be left when it ends."""

    @functools.wraps(test)
    def test_in_virtual_time():
        async def main(net):
            async with LonePair(net) as pair:
                await test(pair)

        run(main)

    del test_in_virtual_time.__wrapped__
    return test_in_virtual_time


def on_transport(test):
    """The same with a single transport."""

    @functools.wraps(test)
    def test_in_virtual_time():
        async def main(net):
            async with LoneIceTransport(network=net.host("a", "10.0.0.1")) as transport:
                await test(transport)

        run(main)

    del test_in_virtual_time.__wrapped__
    return test_in_virtual_time


@on_pair
async def test_two_transports_connect_and_exchange_datagrams(pair):
    await pair.connect()
    pair.a.send(b"to b")
    pair.b.send(bytearray(b"to a"))
    pair.b.send(memoryview(b"\x80rtp, for all we know"))
    await asyncio.sleep(1)
    assert pair.inbox == {pair.a: [b"to a", b"\x80rtp, for all we know"], pair.b: [b"to b"]}
    assert pair.states == {pair.a: UP, pair.b: UP}
    assert (pair.a.role, pair.b.role) == ("controlling", "controlled")
    assert pair.a.getSelectedCandidatePair().remote.address == "10.0.0.2"
    assert pair.a.getLocalParameters() == pair.b.getRemoteParameters()
    assert [each.candidate for each in pair.a.getLocalCandidates()] == [
        each.candidate for each in pair.b.getRemoteCandidates()
    ]


@on_pair
async def test_a_hundred_datagrams_of_any_content_arrive_in_order(pair):
    await pair.connect()
    sent = [bytes([first]) + bytes(20) for first in range(256)]
    for datagram in sent:
        pair.a.send(datagram)
    await asyncio.sleep(1)
    assert pair.inbox[pair.b] == sent


def test_datagrams_of_any_size_and_content_pass_over_tcp():
    async def main(net):
        async with LonePair(net, ice=IceOptions(tcp="both")) as pair:
            net.block("a", "b", protocol=TransportProtocol.UDP)
            await pair.connect()
            pair.b.on("message", pair.b.send)
            sent = [bytes([first]) * size for first in range(256) for size in (1, 2, 21)]
            for datagram in sent:
                pair.a.send(datagram)
            await asyncio.sleep(60)
            assert pair.a.getSelectedCandidatePair().local.protocol == "tcp"
            assert pair.inbox == {pair.a: sent, pair.b: sent}
            assert pair.states == {pair.a: UP, pair.b: UP}

    run(main)


@on_pair
async def test_candidates_that_come_before_start_are_kept(pair):
    pair.a.gather()
    pair.b.gather()
    await asyncio.sleep(1)
    assert pair.a.state == pair.b.state == "new"
    pair.a.start(pair.b.getLocalParameters(), "controlling")
    pair.b.start(pair.a.getLocalParameters())
    await asyncio.sleep(1)
    assert pair.states == {pair.a: UP, pair.b: UP}


@on_pair
async def test_starting_before_gathering_works_as_well(pair):
    pair.a.start(pair.b.getLocalParameters(), "controlling")
    pair.b.start(pair.a.getLocalParameters())
    pair.a.gather()
    pair.b.gather()
    await asyncio.sleep(1)
    assert pair.states == {pair.a: UP, pair.b: UP}


@on_pair
async def test_starting_again_with_the_same_parameters_changes_nothing(pair):
    await pair.connect()
    pair.a.start(pair.b.getLocalParameters(), "controlling")
    await asyncio.sleep(5)
    assert pair.states[pair.a] == UP
    with pytest.raises(InvalidStateError, match="has started and is controlling"):
        pair.a.start(pair.b.getLocalParameters(), "controlled")


@pytest.mark.parametrize("role", ["controlling", "controlled"])
def test_a_conflict_of_roles_is_resolved_and_forbids_no_restart(role):
    @on_pair
    async def test(pair):
        for _ in range(2):
            pair.a.gather()
            pair.b.gather()
            for _ in range(2):
                pair.a.start(pair.b.getLocalParameters(), role)
                pair.b.start(pair.a.getLocalParameters(), role)
                await asyncio.sleep(5)
            assert {pair.a.role, pair.b.role} == {"controlling", "controlled"}
            assert pair.a.state == pair.b.state == "completed"
        pair.negotiate(pair.a.role, pair.b.role)
        await asyncio.sleep(5)
        assert pair.states == {each: [*UP, *UP[2:], *UP[2:]] for each in (pair.a, pair.b)}

    test()


@on_pair
async def test_a_restart_keeps_the_path_until_there_is_a_new_one(pair):
    await pair.connect()
    await asyncio.sleep(5)
    old = pair.a.getLocalParameters()
    pair.negotiate()
    assert pair.a.getLocalParameters() != old
    pair.a.send(b"on the way")
    await asyncio.sleep(5)
    assert pair.inbox[pair.b] == [b"on the way"]
    assert pair.states == {pair.a: [*UP, *UP[2:]], pair.b: [*UP, *UP[2:]]}


@on_pair
async def test_candidates_of_a_restart_that_come_before_start_are_kept(pair):
    await pair.connect()
    await asyncio.sleep(5)
    pair.a.gather()
    pair.b.gather()
    await asyncio.sleep(1)
    pair.a.start(pair.b.getLocalParameters(), "controlling")
    pair.b.start(pair.a.getLocalParameters())
    await asyncio.sleep(5)
    assert pair.states == {each: [*UP, *UP[2:]] for each in (pair.a, pair.b)}
    for each, other in ((pair.a, pair.b), (pair.b, pair.a)):
        assert each.getRemoteCandidates() == other.getLocalCandidates()


@on_pair
async def test_candidates_of_the_restart_after_the_next_are_kept(pair):
    await pair.connect()
    await asyncio.sleep(5)
    pair.a.gather()
    pair.b.gather()
    late = pair.b.getLocalParameters()
    pair.b.start(pair.a.getLocalParameters())
    await asyncio.sleep(1)
    pair.b.gather()
    await asyncio.sleep(1)
    pair.a.start(late, "controlling")
    pair.a.gather()
    pair.a.start(pair.b.getLocalParameters(), "controlling")
    pair.b.start(pair.a.getLocalParameters())
    await asyncio.sleep(5)
    assert pair.a.state == pair.b.state == "completed"
    assert pair.a.getRemoteCandidates() == pair.b.getLocalCandidates()


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("is_signalled_first", [True, False])
def test_the_end_of_an_old_generation_does_not_end_the_new_one(rounds, is_signalled_first):
    @on_pair
    async def test(pair):
        pair.net.host("silent", "192.0.2.9")
        slow = {"iceServers": [{"urls": "stun:192.0.2.9"}]}
        pair.a.gather(slow)  # the next gathering ends it
        for _ in range(rounds):
            pair.a.gather(slow)
            pair.b.gather()
            if is_signalled_first:
                await asyncio.sleep(0.1)
            pair.a.start(pair.b.getLocalParameters(), "controlling")
            pair.b.start(pair.a.getLocalParameters(), "controlled")
            await asyncio.sleep(0.5)
        assert pair.a.gatheringState == "gathering"
        assert pair.b.state == "connected"

    test()


@on_pair
async def test_what_names_no_generation_is_of_the_one_that_was_started_last(pair):
    lines = [f"candidate:{n} 1 udp {n} 10.0.0.{n} 9000 typ host" for n in (3, 4)]
    pair.a.addRemoteCandidate({"candidate": lines[0]})
    pair.a.start(pair.b.getLocalParameters(), "controlling")
    pair.a.addRemoteCandidate({"candidate": lines[1]})
    assert [each.candidate for each in pair.a.getRemoteCandidates()] == lines


@on_pair
async def test_so_many_candidates_wait_for_start_as_one_generation_may_have(pair):
    ufrag = pair.b.getLocalParameters().usernameFragment
    for n in range(2 * MAX_CANDIDATES):
        line = f"candidate:1 1 udp 1 10.0.0.3 {9000 + n} typ host"
        pair.a.addRemoteCandidate({"candidate": line, "usernameFragment": ufrag})
    pair.a.addRemoteCandidate()
    pair.a.start(pair.b.getLocalParameters(), "controlling")
    assert len(pair.a.getRemoteCandidates()) == MAX_CANDIDATES
    ended = [each for each in pair.a.trace.records if each.event == "end-of-remote-candidates"]
    assert len(ended) == 1


@on_pair
async def test_silence_is_told_and_so_is_the_end_of_consent(pair):
    await pair.connect()
    await asyncio.sleep(5)
    pair.net.block("a", "b")
    await asyncio.sleep(60)
    for each in (pair.a, pair.b):
        assert pair.states[each] == [*UP, "disconnected", "failed"]
        with pytest.raises(InvalidStateError, match="no pair of candidates is in use"):
            each.send(b"hello?")
    assert pair.a.stateHistory[-1].reason.cause == "consent-lost"
    with pytest.raises(ConnectivityError, match="FZ-ICE-CONSENT-LOST"):
        await pair.a.wait_connected()


@on_pair
async def test_whoever_restarts_after_a_failure_can_wait_for_it_at_once(pair):
    await pair.connect()
    pair.net.block("a", "b")
    await asyncio.sleep(60)
    pair.net.heal()
    for each in (pair.a, pair.b):
        each.gather()
    with pytest.raises(ConnectivityError, match="state is failed"):
        await pair.a.wait_connected()  # that was one half of a restart
    pair.a.start(pair.b.getLocalParameters(), "controlling")
    pair.b.start(pair.a.getLocalParameters(), "controlled")
    await pair.a.wait_connected(5)
    assert "failed checking connected" in " ".join(pair.states[pair.a])


@on_pair
async def test_a_stranger_is_not_heard(pair):
    await pair.connect()
    mallory = pair.net.host("mallory", "10.0.0.66")
    socket = mallory.open_udp("10.0.0.66", 0, lambda datagrams: None)
    local = pair.b.getSelectedCandidatePair().local
    socket.send([Transmit(b"let me in", 9, socket.local, (local.address, local.port))])
    await asyncio.sleep(1)
    assert pair.inbox[pair.b] == []
    assert pair.b.trace.counters["datagram-from-unvalidated-address"] == 1
    socket.close()


@on_pair
async def test_more_than_one_flush_can_take_is_lost_and_counted(pair):
    await pair.connect()
    for _ in range(MAX_QUEUED_DATAGRAMS + 5):
        pair.a.send(b"x")
    await asyncio.sleep(1)
    assert pair.a.trace.counters["datagram-not-sent"] == 5
    assert len(pair.inbox[pair.b]) <= MAX_QUEUED_DATAGRAMS


@on_pair
async def test_only_datagrams_can_be_sent(pair):
    await pair.connect()
    for wrong in (b"", bytes(MAX_DATAGRAM_SIZE + 1)):
        with pytest.raises(ValueError, match="1 to 65507 bytes"):
            pair.a.send(wrong)
    with pytest.raises(TypeError, match="a datagram is bytes, not str"):
        pair.a.send("text")


@on_pair
async def test_stopping_is_told_at_once_and_for_good(pair):
    await pair.connect()
    closing = pair.a.stop()
    assert pair.a.state == "closed"
    assert pair.states[pair.a][-1] == "closed"
    await closing
    await pair.a.stop()
    assert pair.states[pair.a].count("closed") == 1
    for call in (
        pair.a.gather,
        lambda: pair.a.start(pair.b.getLocalParameters(), "controlling"),
        pair.a.addRemoteCandidate,
        lambda: pair.a.send(b"x"),
    ):
        with pytest.raises(InvalidStateError):
            call()


@on_transport
async def test_events_of_gathering(transport):
    seen = []
    for kind in ("icecandidate", "gatheringstatechange"):
        transport.addEventListener(kind, lambda event: seen.append(event))
    transport.gather()
    await asyncio.sleep(1)
    first, found, end, last = seen
    assert (first.type, last.type) == ("gatheringstatechange",) * 2
    assert found.candidate.candidate.startswith("candidate:")
    assert found.candidate.usernameFragment == transport.getLocalParameters().usernameFragment
    assert end.candidate.candidate == ""
    assert transport.gatheringState == "complete"


def test_candidates_that_are_old_before_they_are_told_are_not_told():
    async def main(net):
        host = net.host("a", "10.0.0.1")
        host.add_interface("10.0.0.3", "cable")
        async with LoneIceTransport(network=host) as transport:
            told = []

            @transport.on("icecandidate")
            def restart(found):
                told.append((found.usernameFragment, found.address))
                if len(told) == 1:
                    transport.gather()

            old = transport.getLocalParameters().usernameFragment
            transport.gather()
            await asyncio.sleep(1)
            new = transport.getLocalParameters().usernameFragment
            found = [
                (each.usernameFragment, each.address) for each in transport.getLocalCandidates()
            ]
            assert found == [(new, "10.0.0.1"), (new, "10.0.0.3")]
            assert told == [(old, "10.0.0.1"), (old, None), *found, (new, None)]
            host.remove_interface("10.0.0.1")
            await asyncio.sleep(1)
            assert [each.address for each in transport.getLocalCandidates()] == ["10.0.0.3"]

    run(main)


def test_a_relayed_candidate_tells_how_its_server_is_reached():
    async def main(net):
        turn = net.turn_server("192.0.2.1")
        async with LoneIceTransport(network=net.host("a", "10.0.0.1")) as transport:
            found = []
            transport.on("icecandidate", found.append)
            url, user = "turn:192.0.2.1", {"username": "user", "credential": "password"}
            transport.gather({"iceServers": [{"urls": url, **user}], "gatherPolicy": "relay"})
            await asyncio.sleep(1)
            relayed, end = found
            assert (relayed.type, relayed.url, relayed.relayProtocol) == ("relay", url, "udp")
            assert end.candidate == ""
        turn.close()

    run(main)


def test_the_pair_in_use_tells_how_its_relay_is_reached_after_a_restart_has_begun():
    async def main(net):
        turn = net.turn_server("192.0.2.1")
        options = {
            "iceServers": [
                {"urls": "turn:192.0.2.1", "username": "user", "credential": "password"}
            ],
            "gatherPolicy": "relay",
        }
        async with LonePair(net) as pair:
            pair.a.gather(options)
            pair.b.gather()
            pair.a.start(pair.b.getLocalParameters(), "controlling")
            pair.b.start(pair.a.getLocalParameters())
            await pair.a.wait_connected(10)
            pair.a.gather(options)
            local = pair.a.getSelectedCandidatePair().local
            assert (local.type, local.url, local.relayProtocol) == (
                "relay",
                "turn:192.0.2.1",
                "udp",
            )
        turn.close()

    run(main)


def test_fresh_credentials_keep_a_relay_whose_server_cannot_be_looked_up_now():
    async def main(net):
        turn = net.turn_server("192.0.2.1", name="turn.example")
        server = {"urls": "turn:turn.example", "username": "user", "credential": "password"}
        async with LonePair(net) as pair:
            pair.a.gather({"iceServers": [server], "gatherPolicy": "relay"})
            pair.b.gather()
            pair.a.start(pair.b.getLocalParameters(), "controlling")
            pair.b.start(pair.a.getLocalParameters())
            await pair.a.wait_connected(10)
            net.names.clear()
            turn.service.users = {"user": "fresh"}
            turn.service.expire_nonces()
            fresh = server | {"credential": "fresh"}
            pair.a.gather({"iceServers": [fresh], "gatherPolicy": "relay"})
            await asyncio.sleep(900)
            assert len(turn.service.allocations) == 1
            assert pair.a.state == "completed"
        turn.close()

    run(main)


def test_servers_are_asked_and_their_errors_told():
    async def main(net):
        server = StunServer(net.host("stun", "192.0.2.1"), 3478)
        net.host("silent", "192.0.2.9")
        async with LoneIceTransport(network=net.host("a", "10.0.0.1")) as transport:
            errors = []
            transport.onicecandidateerror = errors.append
            transport.gather({"iceServers": [{"urls": ["stun:192.0.2.1", "stun:192.0.2.9"]}]})
            await asyncio.sleep(60)
            assert [each.errorCode for each in errors] == [701]
            assert "192.0.2.9" in errors[0].url
            assert transport.gatheringState == "complete"
        server.close()

    run(main)


@on_transport
async def test_what_is_wrong_is_told_at_once(transport):
    good = transport.getLocalParameters()
    with pytest.raises(InvalidSyntaxError, match="usernameFragment"):
        transport.start(RTCIceParameters("a b c", good.password), "controlling")
    with pytest.raises(InvalidSyntaxError, match="password"):
        transport.start({"usernameFragment": "abcd", "password": "short"})
    with pytest.raises(TypeError, match="need a usernameFragment and a password"):
        transport.start({"usernameFragment": "abcd"})
    with pytest.raises(TypeError, match="the role is"):
        transport.start(good, "unknown")
    with pytest.raises(OperationError, match="cannot be used"):
        transport.addRemoteCandidate({"candidate": "candidate:x"})
    with pytest.raises(TypeError, match=r"options must be a mapping with the W3C keys, not \["):
        transport.gather([{"urls": "stun:192.0.2.1"}])
    with pytest.raises(TypeError, match="iceTransportPolicy must be one of"):
        transport.gather({"gatherPolicy": "some"})
    with pytest.raises(InvalidStateError, match="no pair"):
        transport.send(b"x")
    assert transport.state == transport.gatheringState == "new"


@on_transport
async def test_waiting_ends_with_the_time_or_the_transport(transport):
    with pytest.raises(ConnectivityError, match="not connected after 3 s: state is new"):
        await transport.wait_connected(3)
    waiting = asyncio.create_task(transport.wait_connected())
    await asyncio.sleep(1)
    await transport.stop()
    with pytest.raises(ConnectivityError, match="not connected: state is closed"):
        await waiting


def test_a_lite_transport_says_so_and_connects():
    async def main(net):
        hosts = net.host("a", "10.0.0.1"), net.host("b", "10.0.0.2")
        async with LonePair(net, *hosts) as pair:
            lite = LoneIceTransport(network=net.host("c", "10.0.0.3"), ice=IceOptions(lite=True))
            with pytest.raises(NotSupportedError):
                lite.gather({"iceServers": [{"urls": "stun:192.0.2.1"}]})
            lite.gather()
            pair.a.gather()
            lite.on("icecandidate", lambda found: pair.signal(found, pair.a))
            parameters = lite.getLocalParameters()
            assert parameters.iceLite
            pair.a.start(parameters, "controlled")
            assert pair.a.getRemoteParameters() == parameters
            lite.start(pair.a.getLocalParameters(), "controlling")
            await pair.a.wait_connected(10)
            await lite.wait_connected(10)
            assert (pair.a.role, lite.role) == ("controlling", "controlled")
            for role in ("controlling", "controlled"):
                lite.start(pair.a.getLocalParameters(), role)
                pair.a.start(parameters, role)
            await lite.stop()

    run(main)


@pytest.mark.parametrize("role", ["controlling", "controlled"])
def test_a_restart_may_lead_to_a_lite_peer_in_whatever_role(role):
    async def main(net):
        async with LonePair(net) as pair:
            await pair.connect()
            first = pair.b.role
            pair.b.gather()
            parameters = {"usernameFragment": "lite", "password": "p" * 22, "iceLite": True}
            pair.b.start(parameters, role)
            assert (first, pair.b.role) == ("controlled", "controlling")

    run(main)


def test_datagrams_survive_a_network_that_does_what_it_likes():
    async def main(net):
        async with LonePair(net) as pair:
            net.connect("a", "b", Conditions(delay_s=0.02, loss=0.2, jitter_s=0.01))
            await pair.connect()
            for n in range(200):
                pair.a.send(n.to_bytes(2))
                await asyncio.sleep(0.01)
            await asyncio.sleep(1)
            got = pair.inbox[pair.b]
            assert 120 <= len(got) < 200
            assert {int.from_bytes(each) for each in got} <= set(range(200))

    run(main)


def test_the_transport_of_a_connection_is_driven_by_it():
    async def main(net):
        pc = RTCPeerConnection(network=net.host("a", "10.0.0.1"))
        pc.createDataChannel("x")
        await pc.setLocalDescription()
        ice = pc.sctp.transport.iceTransport
        assert not hasattr(ice, "gather")
        assert not isinstance(ice, LoneIceTransport)
        await pc.close()

    run(main)


async def stopped_by_a_thread():
    transport = LoneIceTransport(network=SystemNetwork())
    with pytest.raises(RuntimeError, match=r"call_soon_threadsafe\(transport\.stop\)"):
        await asyncio.to_thread(transport.stop)
    with pytest.raises(RuntimeError, match=r"call_soon_threadsafe\(transport\.stop\)"):
        await asyncio.to_thread(asyncio.run, stopped(transport))
    assert transport.state == "new"
    await transport.stop()


async def stopped(transport):
    await transport.stop()


def test_another_thread_does_not_stop_half():
    asyncio.run(stopped_by_a_thread())


async def gathered(told):
    """A transport that gathers, and a task that waits for it."""
    transport = LoneIceTransport(network=SystemNetwork())

    @transport.on("statechange")
    async def tell():
        told.append(transport.state)

    transport.gather()
    return transport, asyncio.create_task(transport.wait_connected())


def test_between_two_runs_of_the_loop_a_transport_can_be_explained_and_stopped():
    told = []
    with asyncio.Runner() as runner:
        transport, waiting = runner.run(gathered(told))
        assert transport.explain().codes == ()
        transport.stop()
        assert transport.state == "closed"
        with pytest.raises(ConnectivityError, match="state is closed"):
            runner.run(asyncio.wait_for(waiting, 1))
    assert told == ["closed"]


def test_after_the_end_of_the_loop_a_transport_can_be_explained_and_stopped():
    told = []
    transport, _ = asyncio.run(gathered(told))
    assert transport.explain().codes == ()
    assert transport.stop().done()
    assert transport.state == "closed"
    assert told == []


def test_after_the_end_of_a_loop_that_cancelled_nothing_a_transport_can_be_stopped():
    loop = asyncio.new_event_loop()
    transport, waiting = loop.run_until_complete(gathered([]))
    loop.close()
    assert transport.stop().done()
    assert not waiting.done()


async def checking(options):
    """A transport that checks, so that its alarm has rung."""
    transport = LoneIceTransport(network=SystemNetwork(), ice=options)
    transport.gather()
    transport.start({"usernameFragment": "abcd", "password": "x" * 22}, "controlling")
    transport.addRemoteCandidate({"candidate": "candidate:1 1 udp 1 127.0.0.1 9999 typ host"})
    await asyncio.sleep(0.75)  # until only retransmissions are left
    return transport


@pytest.mark.parametrize("tcp", ["active", "passive"])
def test_after_the_end_of_the_loop_a_transport_that_was_checking_can_be_stopped(tcp):
    transport = asyncio.run(checking(IceOptions(include_loopback=True, tcp=tcp)))
    assert transport.state == "checking"
    assert transport.stop().done()


@on_pair
async def test_a_listener_of_the_trace_that_fails_harms_nothing(pair):
    def fail(record):
        raise error

    error, told = asyncio.QueueFull(), []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
    pair.a.trace.listen(fail)
    await pair.connect()
    await pair.a.stop()
    assert pair.states[pair.a][-1] == "closed"
    assert {(each["exception"], each["listener"]) for each in told} == {(error, fail)}
