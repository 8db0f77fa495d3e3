"""The driver between a connection whose sessions are fakes and a virtual network."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from frazil.aio.driver import Driver
from frazil.aio.ice_option import IceOptions
from frazil.aio.network import DatagramHandler, Interface, InterfaceWatch, Network, UdpSocket
from frazil.peer.reader import read_configuration
from frazil.testing import VirtualHost, VirtualNetwork, run
from frazil.types import Address, Datagram, Transmit
from support.peer_pair import REASON, Peer

SERVERS = {"iceServers": [{"urls": ["stun:one.example", "stun:two.example:99"]}]}
FAR = ("10.0.0.9", 9)


class Host(Network):
    """A host on which names and addresses can be made to fail, and which counts calls to send."""

    def __init__(self, host: VirtualHost) -> None:
        self.inner = host
        self.refused: set[str] = set()
        self.default: str | None = "10.0.0.1"
        self.is_silent = False
        self.lookups: list[str] = []
        self.answer: Callable[[], Coroutine[Any, Any, list[Address]]] | None = None
        self.batches: list[list[Transmit]] = []

    def interfaces(self) -> list[Interface]:
        if self.is_silent:
            raise OSError("no answer")
        return self.inner.interfaces()

    def source_address(self, remote: str) -> str:
        if self.default is None or ":" in remote:
            raise OSError("no route leads there")
        return self.default

    def watch_interfaces(self, on_change: Callable[[], None]) -> InterfaceWatch:
        self.tell = on_change
        return self.inner.watch_interfaces(on_change)

    def open_udp(self, host: str, port: int, on_datagrams: DatagramHandler) -> UdpSocket:
        if host in self.refused:
            raise OSError("refused")
        socket = self.inner.open_udp(host, port, on_datagrams)
        return _CountedSocket(socket, self.batches)

    async def resolve(self, host: str, port: int) -> list[Address]:
        self.lookups.append(host)
        if self.answer is not None:
            return await self.answer()
        return await self.inner.resolve(host, port)

    def random_bytes(self, n: int) -> bytes:
        return self.inner.random_bytes(n)

    @property
    def bound(self) -> list[str]:
        """The addresses on which sockets are open."""
        return [socket.local[0] for socket in self.inner.sockets()]


class _CountedSocket:
    def __init__(self, inner: UdpSocket, batches: list[list[Transmit]]) -> None:
        self._inner = inner
        self._batches = batches
        self.local = inner.local
        self.close = inner.close
        self.expect = inner.expect

    def send(self, transmits: list[Transmit]) -> None:
        self._batches.append(list(transmits))
        self._inner.send(transmits)


class Stage:
    """A driven connection that has begun to gather, unless ``begin`` was not called."""

    def __init__(
        self,
        net: VirtualNetwork,
        configuration: dict | None = None,
        options: IceOptions | None = None,
    ) -> None:
        self.net = net
        self.host = Host(net.host("alice", "10.0.0.1", "10.0.0.2"))
        self.peer = Peer(configuration=read_configuration(configuration))
        self.fired: list[str] = []
        self.driver = Driver(
            self.peer.pc,
            self.host,
            lambda fired: self.fired.append(str(fired.type)) is None,
            lambda: False,
            options=options or IceOptions(),
        )

    @property
    def session(self):
        return self.peer.session

    async def begin(self) -> "Stage":
        self.peer.channel()
        self.driver.wake()
        await self.driver.promise("call", self.peer.pc.set_local_description(), lambda value: value)
        await asyncio.sleep(0.1)
        return self


def on_stage(
    test: Callable[[Stage], Coroutine[Any, Any, None]],
    configuration: dict | None = None,
    options: IceOptions | None = None,
) -> Callable[[], None]:
    async def main(net: VirtualNetwork) -> None:
        stage = Stage(net, configuration, options)
        await test(stage)
        await stage.driver.close()

    def test_in_virtual_time() -> None:
        run(main)

    return test_in_virtual_time


# --- gathering ------------------------------------------------------------------------------------


@on_stage
async def test_every_interface_gets_a_socket(stage: Stage):
    await stage.begin()
    added = [address for address, *_ in stage.session.called("add_local_address")]
    assert [host for host, _ in added] == ["10.0.0.1", "10.0.0.2"]
    assert stage.session.called("gather_from") == [(["10.0.0.1", "10.0.0.2"], [])]
    assert added == [socket.local for socket in stage.host.inner.sockets()]
    assert [name for name, *_ in stage.session.calls][-3:] == [
        "add_local_tcp",
        "add_local_tcp",
        "local_addresses_done",
    ]


@on_stage
async def test_an_address_that_refuses_does_not_keep_the_others_back(stage: Stage):
    stage.host.refused.add("10.0.0.1")
    await stage.begin()
    assert stage.host.bound == ["10.0.0.2"]
    assert len(stage.session.called("add_local_address")) == 1
    assert len(stage.session.called("local_addresses_done")) == 1


@on_stage
async def test_a_host_that_does_not_tell_its_addresses_has_none(stage: Stage):
    stage.host.is_silent = True
    await stage.begin()
    assert stage.host.bound == []
    assert len(stage.session.called("local_addresses_done")) == 1


async def _both_servers(stage: Stage) -> None:
    stage.net.names["two.example"] = ["192.0.2.2", "2001:db8::2"]
    await stage.begin()
    expected = [url for (url,) in stage.session.called("expect_server")]
    assert expected == ["stun:one.example", "stun:two.example:99"]
    ((url, text, _),) = stage.session.called("server_failed")
    assert url == "stun:one.example"
    assert text.startswith("one.example cannot be resolved")
    ((url, addresses, _),) = stage.session.called("add_stun_server")
    assert url == "stun:two.example:99"
    assert addresses == [("192.0.2.2", 99), ("2001:db8::2", 99)]
    assert stage.host.bound == ["10.0.0.1", "10.0.0.2"]


test_a_server_without_an_address_is_reported_and_another_is_used = on_stage(_both_servers, SERVERS)


async def _same_server(stage: Stage) -> None:
    await stage.begin()
    assert stage.host.lookups == ["one.example"]


test_a_server_that_is_named_twice_is_asked_once = on_stage(
    _same_server, {"iceServers": [{"urls": "stun:one.example"}, {"urls": ["stun:one.example"]}]}
)


async def _answer_after_the_end(stage: Stage) -> None:
    answered = asyncio.Event()

    async def wait() -> list[Address]:
        await answered.wait()
        return [("192.0.2.1", 3478)]

    stage.host.answer = wait
    await stage.begin()
    stack = stage.peer.pc.transports.stacks[0]
    stage.peer.pc.transports.discard(stack, REASON, 0.0)
    answered.set()
    await asyncio.sleep(1)
    assert stage.session.called("add_stun_server") == []


test_a_lookup_may_outlive_its_transport = on_stage(_answer_after_the_end, SERVERS)


async def _answer_to_an_earlier_round(stage: Stage) -> None:
    answered = asyncio.Event()

    async def fail() -> list[Address]:
        await answered.wait()
        raise OSError("the network was on its way out")

    async def find() -> list[Address]:
        await answered.wait()
        return [("192.0.2.1", 3478)]

    stage.host.answer = fail
    await stage.begin()
    stage.host.answer = find
    await restart(stage)
    answered.set()
    await asyncio.sleep(1)
    assert len(stage.host.lookups) == 4
    assert stage.session.called("server_failed") == []
    assert len(stage.session.called("add_stun_server")) == 2


test_what_was_looked_up_for_an_earlier_round_of_gathering_is_not_told = on_stage(
    _answer_to_an_earlier_round, SERVERS
)


async def _close_during_lookup(stage: Stage) -> None:
    cancelled = []

    async def hang() -> list[Address]:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append(True)
            await asyncio.sleep(2)  # a resolver that needs time to give up
            raise
        return []

    stage.host.answer = hang
    await stage.begin()
    loop = asyncio.get_running_loop()
    before = loop.time()
    closed = stage.driver.close()
    assert stage.host.bound == []
    assert not closed.done()
    await closed
    assert loop.time() - before == 2
    assert len(cancelled) == 2
    assert stage.session.called("server_failed") == []


test_close_breaks_lookups_off_and_waits_for_them = on_stage(_close_during_lookup, SERVERS)


# --- sockets come and go --------------------------------------------------------------------------


async def restart(stage: Stage) -> None:
    operation = stage.peer.pc.create_offer(ice_restart=True)
    stage.driver.wake()
    offer = await stage.driver.promise("call", operation, lambda value: value)
    applied = stage.peer.pc.set_local_description(offer)
    stage.driver.wake()
    await stage.driver.promise("call", applied, lambda value: value)
    await asyncio.sleep(0.1)


@on_stage
async def test_sockets_are_kept_over_a_restart(stage: Stage):
    await stage.begin()
    before = stage.host.inner.sockets()
    await restart(stage)
    assert stage.host.inner.sockets() == before
    assert len(stage.session.called("set_local_credentials")) == 2
    added = [address for address, *_ in stage.session.called("add_local_address")]
    assert added[:2] == added[2:] == [socket.local for socket in before]
    assert stage.session.called("remove_local_address") == []


@on_stage
async def test_a_restart_follows_the_interfaces(stage: Stage):
    await stage.begin()
    gone = stage.host.inner.sockets()[0].local
    stage.host.inner.remove_interface("10.0.0.1")
    stage.host.inner.add_interface("10.0.0.3")
    await restart(stage)
    assert stage.host.bound == ["10.0.0.2", "10.0.0.3"]
    removed = [address for address, *_ in stage.session.called("remove_local_address")]
    assert removed == [gone, ("10.0.0.1", 9)]


@on_stage
async def test_a_restart_closes_nothing_while_the_host_does_not_tell_its_addresses(stage: Stage):
    await stage.begin()
    before = stage.host.inner.sockets()
    stage.host.is_silent = True
    await restart(stage)
    assert len(stage.session.called("local_addresses_done")) == 2
    assert stage.host.inner.sockets() == before
    assert stage.session.called("remove_local_address") == []


def test_a_restart_that_finds_no_address_to_gather_from_closes_nothing():
    wanted = ["10.0.0.1", "10.0.0.2"]

    async def filtered(stage: Stage) -> None:
        await stage.begin()
        before = stage.host.inner.sockets()
        wanted.clear()
        await restart(stage)
        assert len(stage.session.called("local_addresses_done")) == 2
        assert stage.host.inner.sockets() == before
        assert stage.session.called("remove_local_address") == []

    on_stage(filtered, options=IceOptions(interfaces=lambda one: one.address in wanted))()


@on_stage
async def test_a_restart_without_a_relay_under_the_policy_relay_closes_nothing(stage: Stage):
    await stage.begin()
    before = stage.host.inner.sockets()
    relay = read_configuration({"iceTransportPolicy": "relay"})
    stage.peer.pc.set_configuration(relay, asyncio.get_running_loop().time())
    await restart(stage)
    assert len(stage.session.called("local_addresses_done")) == 2
    assert stage.host.inner.sockets() == before
    assert stage.session.called("remove_local_address") == []


@on_stage
async def test_who_is_told_of_a_change_and_finds_none_does_nothing(stage: Stage):
    await stage.begin()
    before = list(stage.session.calls)
    stage.host.tell()
    await asyncio.sleep(1)
    assert stage.session.calls == before


@pytest.mark.parametrize("default", [None, "10.0.0.2"])
def test_an_address_that_goes_after_its_default_route_is_lost_as_well(default):
    async def unplugged(stage: Stage) -> None:
        await stage.begin()
        stage.host.default = default
        stage.host.inner.add_interface("10.0.0.3")
        await asyncio.sleep(1)
        for _ in range(2):
            stage.host.inner.remove_interface("10.0.0.1")
            await asyncio.sleep(1)
            stage.host.inner.add_interface("10.0.0.1")
            await asyncio.sleep(1)
        assert [host for host, _ in stage.session.called("lose_host")] == ["10.0.0.1"]

    on_stage(unplugged, options=IceOptions(ip_handling="disable_non_proxied_udp"))()


@on_stage
async def test_a_discarded_transport_says_goodbye_before_its_sockets_close(stage: Stage):
    await stage.begin()
    local = stage.host.inner.sockets()[0].local
    stage.session.transmits.append(Transmit(b"bye", 3, local, FAR))
    stage.peer.pc.transports.discard(stage.peer.pc.transports.stacks[0], REASON, 0.0)
    stage.driver.wake()
    await asyncio.sleep(0)
    assert stage.host.bound == []
    assert [packet.data for packet in stage.net.packets] == [b"bye"]


@on_stage
async def test_close_gives_everything_back_within_the_call(stage: Stage):
    await stage.begin()
    stage.session.timeout = 1000.0
    stage.driver.wake()
    await asyncio.sleep(0)
    local = stage.host.inner.sockets()[0].local
    stage.session.transmits.append(Transmit(b"bye", 3, local, FAR))
    stage.fired.clear()
    stage.peer.pc.close(0.0)
    closed = stage.driver.close()
    assert closed.done()
    assert stage.driver.close() is closed
    assert stage.host.bound == []
    assert asyncio.get_running_loop().timers() == []
    assert [packet.data for packet in stage.net.packets] == [b"bye"]
    stage.driver.wake()
    stage.driver.flush()
    await asyncio.sleep(1)
    assert stage.fired == []


# --- datagrams ------------------------------------------------------------------------------------


@on_stage
async def test_what_arrives_at_a_socket_reaches_its_session(stage: Stage):
    await stage.begin()
    far = stage.net.host("bob", FAR[0]).open_udp(*FAR, lambda batch: None)
    near = stage.host.inner.sockets()[1]
    far.send([Transmit(b"onetwo", 3, FAR, near.local)])
    await asyncio.sleep(0.1)
    ((batch, _),) = stage.session.called("receive")
    assert batch == [Datagram(b"one", near.local, FAR), Datagram(b"two", near.local, FAR)]
    far.close()


@on_stage
async def test_what_is_usual_is_answered_and_nobody_asks_for_more(stage: Stage):
    await stage.begin()
    session, heard = stage.session, []
    far = stage.net.host("bob", FAR[0]).open_udp(*FAR, heard.extend)
    near = stage.host.inner.sockets()[1]
    session.take_usual = lambda lone, now: [Transmit(b"answer", 6, lone.local, lone.remote)]
    session.timeout, session.poll_transmits = 50.0, None
    far.send([Transmit(b"\0\1", 2, FAR, near.local)])
    await asyncio.sleep(0.1)
    assert [each.data for each in heard] == [b"answer"]
    assert session.called("receive") == []
    assert armed() == [50.0]
    session.take_usual, session.timeout = lambda lone, now: [], 40.0
    far.send([Transmit(b"\1\1", 2, FAR, near.local)])
    await asyncio.sleep(0.1)
    assert armed() == [40.0]
    del session.poll_transmits
    far.close()


@pytest.mark.parametrize("runs", [[b"\0\1", b"\1\1"], [b"\x16\xfe\xfd"]])
def test_batches_and_payload_are_not_looked_at_for_what_is_usual(runs):
    @on_stage
    async def main(stage: Stage) -> None:
        await stage.begin()
        far = stage.net.host("bob", FAR[0]).open_udp(*FAR, lambda batch: None)
        near = stage.host.inner.sockets()[1]
        stage.session.take_usual = None
        far.send([Transmit(data, len(data), FAR, near.local) for data in runs])
        await asyncio.sleep(0.1)
        ((batch, _),) = stage.session.called("receive")
        assert [each.data for each in batch] == runs
        far.close()

    main()


@on_stage
async def test_what_the_application_has_sent_comes_before_what_is_usual(stage: Stage):
    await stage.begin()
    near = stage.host.inner.sockets()[1]
    stage.session.take_usual = None
    stage.driver.wake()
    stage.driver._receive("0", [Datagram(b"\0\1", near.local, FAR)])
    assert len(stage.session.called("receive")) == 1


@on_stage
async def test_a_check_that_is_all_that_is_due_is_sent_and_no_more_is_done(stage: Stage):
    await stage.begin()
    session, near = stage.session, stage.host.inner.sockets()[1]
    instants = note_timeouts(stage)

    def ask(now: float) -> list[Transmit]:
        session.timeout = 50.0
        return [Transmit(b"check", 5, near.local, FAR)]

    session.ask_usual, session.timeout = ask, 20.0
    stage.driver.flush()
    await asyncio.sleep(20.0 - asyncio.get_running_loop().time())
    assert [each.data for (each,) in stage.host.batches] == [b"check"]
    assert armed() == [50.0]
    assert instants == []


@on_stage
async def test_many_calls_in_one_turn_leave_as_one_batch(stage: Stage):
    await stage.begin()
    first, second = (socket.local for socket in stage.host.inner.sockets())
    for number in range(100):
        local = first if number < 60 else second
        stage.session.transmits.append(Transmit(bytes([number]), 1, local, FAR))
        stage.driver.wake()
    assert stage.host.batches == []
    await asyncio.sleep(0)
    assert [len(batch) for batch in stage.host.batches] == [60, 40]
    await asyncio.sleep(1)
    assert len(stage.host.batches) == 2


@on_stage
async def test_what_has_no_socket_any_more_is_lost(stage: Stage):
    await stage.begin()
    stage.session.transmits.append(Transmit(b"x", 1, ("10.0.0.77", 1), FAR))
    stage.driver.wake()
    await asyncio.sleep(0)
    assert stage.host.batches == []


# --- the timer ------------------------------------------------------------------------------------


def armed() -> list[float]:
    return [timer.when() for timer in asyncio.get_running_loop().timers()]


def note_timeouts(stage: Stage) -> list[float]:
    """When the session is told that time has passed; it then wants nothing more."""
    instants: list[float] = []

    def handle_timeout(now: float) -> None:
        instants.append(now)
        stage.session.timeout = None

    stage.session.handle_timeout = handle_timeout
    return instants


@pytest.mark.parametrize(
    ("deadlines", "expected"),
    [
        ([50.0], [50.0]),
        ([50.0, 20.0], [20.0]),
        ([50.0, 20.0, 30.0], [20.0]),  # fires early: cheaper than to arm anew
        ([50.0, None], [50.0]),
    ],
)
def test_there_is_one_timer_at_the_earliest_deadline_there_was(deadlines, expected):
    @on_stage
    async def main(stage: Stage) -> None:
        await stage.begin()
        for deadline in deadlines:
            stage.session.timeout = deadline
            stage.driver.flush()
        assert armed() == expected

    main()


@on_stage
async def test_a_deadline_that_was_early_for_the_session_is_followed_by_the_next(stage: Stage):
    """Nothing is to be sent then, and no input came: the flush has nothing to do."""
    await stage.begin()
    stage.session.timeout = 20.0
    stage.driver.flush()
    stage.session.timeout = 25.0
    await asyncio.sleep(20.0 - asyncio.get_running_loop().time())
    assert armed() == [25.0]


@on_stage
async def test_a_timer_that_fires_early_arms_the_next_and_does_nothing_else(stage: Stage):
    await stage.begin()
    instants = note_timeouts(stage)
    for deadline in (20.0, 20.08):
        stage.session.timeout = deadline
        stage.driver.flush()
    assert armed() == [20.0]
    await asyncio.sleep(20.04 - asyncio.get_running_loop().time())
    assert instants == []
    assert armed() == [20.08]
    await asyncio.sleep(10.0)
    assert instants == [20.08]
    assert armed() == []


@on_stage
async def test_a_deadline_that_has_passed_is_due_at_once(stage: Stage):
    await stage.begin()
    instants = note_timeouts(stage)
    await asyncio.sleep(10.0)
    stage.session.timeout = 3.0
    now = asyncio.get_running_loop().time()
    stage.driver.flush()
    await asyncio.sleep(1)
    assert instants == [now]


# --- promises -------------------------------------------------------------------------------------


@on_stage
async def test_promises_follow_their_operations(stage: Stage):
    failed = stage.driver.promise("call", stage.peer.pc.create_answer(), str)
    assert failed.done()
    assert failed.exception() is not None
    stage.peer.channel()
    stage.driver.wake()
    offered = stage.driver.promise(
        "call", stage.peer.pc.create_offer(), lambda offer: len(offer.sdp)
    )
    given_up = stage.driver.promise("call", stage.peer.pc.create_offer(), str)
    given_up.cancel()
    assert not offered.done()
    assert await offered > 100
    await asyncio.sleep(1)
    assert stage.driver._promises == {}


@on_stage
async def test_events_are_dispatched_in_turns_of_their_own(stage: Stage):
    await stage.begin()
    before = len(stage.fired)
    stage.session.gather(stage.peer.ufrag())
    stage.session.report_ice("new", "checking")
    stage.peer.pc.transports.drain()
    stage.driver.flush()
    assert len(stage.fired) == before
    seen = []
    while stage.peer.pc.tasks.waiting:
        await asyncio.sleep(0)
        seen.append(stage.fired[before:])
        before = len(stage.fired)
    assert [turn for turn in seen if turn] == [
        ["icecandidate", "gatheringstatechange", "icegatheringstatechange", "icecandidate"],
        ["statechange", "iceconnectionstatechange", "connectionstatechange"],
    ]
