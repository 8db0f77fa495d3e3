"""What is counted, whichever system it is told to."""

import asyncio
import gc
from collections import defaultdict

import pytest

from frazil import ConnectivityError, RTCPeerConnection
from frazil.metrics.installation import Installation
from frazil.testing import LeftoverError, run
from frazil.w3c.peerconnection import CENSUS
from support.virtual_pair import VirtualPair, on_virtual_pair

STUN = {"iceServers": [{"urls": "stun:192.0.2.10"}]}
RELAYED = {
    "iceServers": [{"urls": "turn:relay.example", "username": "user", "credential": "password"}],
    "iceTransportPolicy": "relay",
}


class Ledger:
    """A sink that adds up, and keeps what was observed."""

    def __init__(self):
        self.sums = defaultdict(lambda: defaultdict(float))
        self.observed = []

    def take(self, metric, amount, labels):
        assert len(labels) == len(metric.labels)
        if metric.buckets:
            self.observed.append(amount)
        else:
            self.sums[metric.prometheus.removeprefix("frazil_")][labels] += amount

    def __getitem__(self, name):
        """What is not zero of a metric, by its labels."""
        return {labels: amount for labels, amount in self.sums[name].items() if amount}


@pytest.fixture
def ledger():
    ledger = Ledger()
    installation = Installation(ledger)
    yield ledger
    installation.uninstall()
    assert CENSUS._listeners == ()


def test_a_usual_life(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        assert ledger["connections"] == {("new",): 2}
        await asyncio.sleep(100)  # waiting for a user is not connecting
        mine = pair.a.createDataChannel("chat")
        await pair.negotiate()
        assert sum(ledger["connections"].values()) == 2
        assert ledger["connections"][("connecting",)] >= 1
        await mine.wait_open()
        await pair.a.wait_connected(1)
        await pair.b.wait_connected(1)
        assert ledger["connections"] == {("connected",): 2}
        connected_at = [
            change.at
            for pc in (pair.a, pair.b)
            for change in pc.stateHistory
            if (change.machine, change.new) == ("connection", "connected")
        ]
        assert sorted(ledger.observed) == pytest.approx(sorted(at - 100 for at in connected_at))
        pair.a.close()
        assert ledger["connections"] == {("connected",): 1}

    main()
    assert ledger["connections"] == {}
    assert ledger["connections_established"] == {("host", "host", "udp"): 2}
    assert len(ledger.observed) == 2
    for name in ("connection_failures", "connections_abandoned", "disconnects", "ice_restarts"):
        assert ledger[name] == {}


def test_a_path_that_is_lost_found_and_lost_for_good(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        pair.net.block(for_s=10)
        await asyncio.sleep(8)
        assert ledger["connections"] == {("disconnected",): 2}
        await asyncio.sleep(20)
        assert ledger["disconnects"] == {(): 2}
        assert ledger["connections"] == {("connected",): 2}
        pair.net.block()
        await asyncio.sleep(120)
        assert ledger["connections"] == {("failed",): 2}

    main()
    assert ledger["disconnects"] == {(): 4}
    assert ledger["connection_failures"] == {("FZ-ICE-CONSENT-LOST",): 2}
    assert len(ledger.observed) == 2  # once for each connection
    assert ledger["connections_established"] == {("host", "host", "udp"): 2}


def test_a_failure_is_counted_also_if_the_application_closes_at_once(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        for pc in (pair.a, pair.b):
            pc.on(
                "connectionstatechange", lambda pc=pc: pc.connectionState == "failed" and pc.close()
            )
        await pair.connect()
        pair.net.block()
        await asyncio.sleep(120)
        assert ledger["connections"] == {}

    main()
    assert ledger["connection_failures"] == {("FZ-ICE-CONSENT-LOST",): 2}


def test_closing_before_there_is_a_connection_is_no_failure(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        pair.net.block()
        pair.a.createDataChannel("chat")
        await pair.negotiate()
        await asyncio.sleep(1)

    main()
    assert ledger["connection_failures"] == ledger["connections"] == {}
    assert ledger["connections_abandoned"] == {}  # nothing was wrong yet
    assert ledger.observed == []


def test_what_was_wrong_is_counted_of_those_that_are_closed_before_there_is_a_connection(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        for _ in range(2):
            async with RTCPeerConnection(network=pair.host_a) as pc:
                pc.createDataChannel("chat")
                await pc.setLocalDescription()
                with pytest.raises(ConnectivityError):
                    await pc.wait_connected(10)
        async with RTCPeerConnection(network=pair.host_a) as pc:
            await asyncio.sleep(10)  # never used

    main()
    assert ledger["connections_abandoned"] == {("FZ-SIG-NO-ANSWER",): 2}
    assert ledger["connection_failures"] == ledger["connections"] == {}


def test_a_connection_that_failed_or_was_connected_is_not_counted_as_abandoned(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        pair.net.block()
        await asyncio.sleep(10)  # disconnected, and closed so
        async with VirtualPair(pair.net, (pair.host_a, pair.host_b)) as other:
            other.a.createDataChannel("chat")
            await other.negotiate()
            await asyncio.sleep(60)
            assert ledger["connections"][("failed",)] >= 2

    main()
    assert ledger["connections_abandoned"] == {}


def test_a_connection_that_is_closed_after_its_loop_is_not_counted_as_abandoned(ledger, caplog):
    async def describe(net):
        pc = RTCPeerConnection(network=net.host("a", "10.0.0.1"))
        pc.addTransceiver("audio")
        await pc.setLocalDescription()
        await asyncio.sleep(10)
        kept.append(pc)

    kept = []
    with pytest.raises(LeftoverError):
        run(describe)
    caplog.clear()
    kept.pop().close()
    assert ledger["connections_abandoned"] == ledger["connections"] == {}
    assert caplog.records == []


def test_a_restart_is_counted_once_for_each_end(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        await pair.negotiate()
        await asyncio.sleep(1)
        assert ledger["ice_restarts"] == {}
        for restarts in (1, 2):
            pair.a.restartIce()
            await pair.negotiate()
            await asyncio.sleep(1)
            assert ledger["ice_restarts"] == {(): 2 * restarts}

    main()


def test_a_restart_that_was_rolled_back_counts_nothing(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        pair.is_trickling = False  # the peer knows nothing of that generation
        await pair.a.setLocalDescription(await pair.a.createOffer({"iceRestart": True}))
        await asyncio.sleep(1)
        await pair.a.setLocalDescription({"type": "rollback"})
        pair.host_a.add_interface("10.0.0.9")  # gathered for what is in force again
        await asyncio.sleep(2)
        assert ledger["ice_restarts"] == {}

    main()


def test_a_restart_that_both_ends_offer_is_counted_once_for_each(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        pair.is_trickling = False
        for each in (pair.a, pair.b):
            each.restartIce()
            await each.setLocalDescription()
        await asyncio.sleep(1)
        await pair.b.setRemoteDescription(pair.a.localDescription)  # b is the polite one
        await pair.b.setLocalDescription()
        await pair.b.gathering_complete()
        await pair.a.setRemoteDescription(pair.b.localDescription)
        await asyncio.sleep(1)
        assert ledger["ice_restarts"] == {(): 2}

    main()


def test_what_was_gathered_before_there_were_credentials_is_no_restart(ledger):
    async def main(net):
        net.stun_server("192.0.2.10")
        home = net.nat("home", "203.0.113.1")
        host = net.host("a", "192.168.1.2", behind=home)
        async with VirtualPair(net, (host, net.host("b", "203.0.113.2"))) as pair:
            pair.a.setConfiguration({**STUN, "iceCandidatePoolSize": 1})
            await asyncio.sleep(1)
            await pair.connect()
            host.add_interface("192.168.1.9")
            await asyncio.sleep(2)
            assert ledger["ice_restarts"] == {}

    run(main)


def test_relays_show_in_the_pair(ledger):
    async def main(net):
        net.turn_server("192.0.2.7", name="relay.example")
        async with VirtualPair(net) as pair:
            pair.a.setConfiguration(RELAYED)
            await pair.connect()

    run(main)
    # Where the relay writes from is known to the peer by its candidate, and the other way round.
    assert ledger["connections_established"] == {
        ("relay", "host", "udp"): 1,
        ("host", "relay", "udp"): 1,
    }


def test_a_connection_for_media_alone_has_a_pair_too(ledger):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        pair.a.addTransceiver("audio")
        await pair.negotiate()
        await pair.a.wait_connected(10)
        await pair.b.wait_connected(10)

    main()
    assert ledger["connections_established"] == {("host", "host", "udp"): 2}


def test_a_connection_that_was_forgotten_counts_no_more(ledger):
    async def main(net):
        pc = RTCPeerConnection(network=net.host("a", "10.0.0.1"))
        assert ledger["connections"] == {("new",): 1}
        del pc
        gc.collect()  # may come while the monitoring system holds its lock: nothing is told now
        assert ledger["connections"] == {("new",): 1}
        await asyncio.sleep(0)
        assert ledger["connections"] == {}

    run(main)


def test_a_connection_that_was_forgotten_after_its_loop_closed_counts_no_more_than_until_the_next(
    ledger,
):
    kept = []

    async def forget(net):
        kept.append(RTCPeerConnection(network=net.host("a", "10.0.0.1")))

    async def close(net):
        async with RTCPeerConnection(network=net.host("a", "10.0.0.1")):
            assert ledger["connections"] == {("new",): 1}

    run(forget)
    kept.clear()
    gc.collect()
    assert ledger["connections"] == {("new",): 1}
    run(close)
    assert ledger["connections"] == {}


def test_after_uninstall_the_living_are_counted_to_their_end():
    ledger = Ledger()
    installation = Installation(ledger)

    async def main(net):
        host = net.host("a", "10.0.0.1")
        async with RTCPeerConnection(network=host):
            installation.uninstall()
            async with RTCPeerConnection(network=host):
                assert ledger["connections"] == {("new",): 1}

    run(main)
    assert ledger["connections"] == {}
    with pytest.raises(ValueError, match="not in list"):
        installation.uninstall()
