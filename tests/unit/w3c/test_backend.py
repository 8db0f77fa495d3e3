"""What belongs to a connection begins and ends with it."""

import asyncio
import gc
from pathlib import Path
from typing import NoReturn
from weakref import ref

import pytest

from frazil import IceOptions, RTCPeerConnection
from frazil.aio.recording_file import join_recordings
from frazil.aio.system import SystemNetwork
from frazil.explain.trace_file import read_accounts
from frazil.testing import VirtualLoop, VirtualNetwork
from support.virtual_pair import VirtualPair, on_virtual_pair


def calls(pc: RTCPeerConnection) -> list[str]:
    """What the application asked for, as the trace tells it."""
    facts = [dict(each.facts) for each in pc.trace.records if each.event == "called"]
    return [each["method"] for each in facts]


@on_virtual_pair
async def test_the_trace_begins_with_the_configuration(pair: VirtualPair):
    first = pair.a.trace.records[0]
    assert (first.layer, first.event) == ("api", "configured")


@on_virtual_pair
async def test_spare_transports_gather_without_being_asked(pair: VirtualPair):
    host = pair.net.host("c", "10.0.0.3")
    async with RTCPeerConnection({"iceCandidatePoolSize": 1}, network=host) as pc:
        await asyncio.sleep(1)
        assert [each.event for each in pc.trace.records if each.layer == "ice"].count(
            "local-candidate"
        ) == 1
    async with RTCPeerConnection(network=host) as pc:
        await asyncio.sleep(1)
        assert [each for each in pc.trace.records if each.layer == "ice"] == []


@on_virtual_pair
async def test_the_second_close_does_nothing(pair: VirtualPair):
    await pair.connect()
    await pair.a.close()
    recorded = len(pair.a.trace.records)
    await pair.a.close()
    assert calls(pair.a).count("close") == 1
    assert len(pair.a.trace.records) == recorded


@on_virtual_pair
async def test_a_reader_of_a_channel_ends_with_the_connection(pair: VirtualPair):
    mine, _ = await pair.connect()
    reading = asyncio.create_task(anext(aiter(mine), None))
    await asyncio.sleep(0)
    pair.a.close()
    assert await reading is None


@on_virtual_pair
async def test_nothing_listens_any_more_but_handlers_can_be_read(pair: VirtualPair):
    await pair.connect()
    targets = (pair.a, pair.a.sctp, pair.a.sctp.transport)
    for target in targets:
        for kind in target.EVENTS:
            target.on(kind, print)
            setattr(target, f"on{kind}", print)
            assert target._listeners.wants(kind)
    pair.a.close()
    for target in targets:
        assert not any(target._listeners.wants(kind) for kind in target.EVENTS)
        assert all(getattr(target, f"on{kind}") is print for kind in target.EVENTS)


@on_virtual_pair
async def test_who_gives_up_waiting_for_the_end_does_not_keep_others_from_it(pair: VirtualPair):
    host = pair.net.host("c", "10.0.0.3")
    ended = []

    async def resolve(name: str, port: int) -> list:
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(1)
            ended.append(name)

    host.resolve = resolve
    pc = RTCPeerConnection({"iceServers": [{"urls": "stun:stun.example.org"}]}, network=host)
    pc.createDataChannel("chat")
    await pc.setLocalDescription()
    await asyncio.sleep(1)
    waiting = [asyncio.create_task(pc.wait_closed()) for _ in range(2)]
    await asyncio.sleep(0)
    closing = pc.close()
    await asyncio.sleep(0.5)
    assert not closing.done()
    closing.cancel()
    waiting[0].cancel()
    await waiting[1]
    assert ended == ["stun.example.org"]
    assert waiting[0].cancelled()
    await pc.close()


async def closed_by_a_thread(network):
    pc = RTCPeerConnection(network=network)
    with pytest.raises(RuntimeError, match=r"call_soon_threadsafe\(pc\.close\)"):
        await asyncio.to_thread(pc.close)
    assert pc.connectionState == "new"
    asyncio.get_running_loop().call_soon_threadsafe(pc.close)
    await pc.wait_closed()


def test_another_thread_does_not_close_half():
    asyncio.run(closed_by_a_thread(SystemNetwork()))


async def waited_for() -> tuple[RTCPeerConnection, "asyncio.Task[None]"]:
    """A connection that gathers, and a task that waits for its end."""
    pc = RTCPeerConnection(network=SystemNetwork())
    pc.createDataChannel("chat")
    await pc.setLocalDescription()
    return pc, asyncio.create_task(pc.wait_closed())


def test_between_two_runs_of_the_loop_nothing_is_closed_by_half():
    with asyncio.Runner() as runner:
        pc, waiting = runner.run(waited_for())
        pc.close()
        assert calls(pc)[-1] == "close"
        runner.run(asyncio.wait_for(waiting, 1))


async def left_open() -> ref:
    pc = RTCPeerConnection(ice=IceOptions(include_loopback=True))
    pc.createDataChannel("chat")
    await pc.setLocalDescription()
    await pc.gathering_complete()
    return ref(pc)


def test_the_sockets_of_a_connection_that_nobody_closed_end_with_the_loop():
    def leave() -> ref:
        left = asyncio.run(left_open())
        gc.collect()
        return left

    with pytest.warns(ResourceWarning, match="unclosed <socket"):
        left = leave()
    assert left() is None


async def recorded_at(path: Path) -> RTCPeerConnection:
    options = IceOptions(include_loopback=True, tcp="both")
    pc = RTCPeerConnection(network=SystemNetwork(), ice=options, trace=path)
    pc.createDataChannel("chat")
    await pc.setLocalDescription()
    await pc.gathering_complete()
    return pc


def test_after_the_end_of_the_loop_a_connection_is_closed_and_its_recording_is_complete(tmp_path):
    path = tmp_path / "session.jsonl"
    pc = asyncio.run(recorded_at(path))
    assert pc.close().done()
    assert pc.connectionState == "closed"
    join_recordings(10)
    (account,) = read_accounts(path.read_text(encoding="utf-8").splitlines())
    assert account.remarks == []


async def waiting(pc: RTCPeerConnection) -> asyncio.Task[None]:
    return asyncio.create_task(pc.wait_connected())


async def reading(pc: RTCPeerConnection) -> asyncio.Task[object]:
    return asyncio.create_task(anext(aiter(pc.createDataChannel("chat"))))


async def negotiating(pc: RTCPeerConnection) -> None:
    begun = asyncio.Event()

    async def negotiate() -> None:
        for _ in range(5):
            pc.createOffer()
        promise = pc.setLocalDescription()  # which waits for those
        begun.set()
        await promise

    pc.on("negotiationneeded", negotiate)
    pc.createDataChannel("chat")
    await begun.wait()


async def looking_up_a_server(pc: RTCPeerConnection) -> None:
    pc.setConfiguration({"iceServers": [{"urls": "stun:stun.example"}]})
    pc.createDataChannel("chat")
    await pc.setLocalDescription()
    await asyncio.sleep(0.1)


async def connecting(pc: RTCPeerConnection, line: str) -> None:
    pc.createDataChannel("chat")
    offer = await pc.createOffer()
    await pc.setLocalDescription(offer)
    async with RTCPeerConnection(network=VirtualNetwork().host("b", "10.0.0.2")) as other:
        await other.setRemoteDescription(offer)
        await other.setLocalDescription()
        await pc.setRemoteDescription(other.localDescription)
    await pc.addIceCandidate({"candidate": f"candidate:1 1 {line}", "sdpMid": "0"})
    await asyncio.sleep(0.1)


async def looking_up_the_peer(pc: RTCPeerConnection) -> None:
    await connecting(pc, "udp 1 nobody.local 9999 typ host")


async def opening_a_stream(pc: RTCPeerConnection) -> None:
    await connecting(pc, "tcp 1 10.0.0.9 9999 typ host tcptype passive")


@pytest.mark.parametrize(
    "busy",
    [waiting, reading, negotiating, looking_up_a_server, looking_up_the_peer, opening_a_stream],
)
@pytest.mark.parametrize("cancel", [False, True])
def test_after_the_end_of_a_loop_with_something_pending_a_connection_is_closed(busy, cancel):
    async def main() -> tuple[RTCPeerConnection, object]:
        host = VirtualNetwork().host("a", "10.0.0.1")
        host.resolve = host.connect_tcp = silent
        options = IceOptions(tcp="active", mdns="publish")
        pc = RTCPeerConnection(network=host, ice=options)
        task = await busy(pc)
        await asyncio.sleep(0)
        return pc, task

    async def silent(*_: object, **__: object) -> NoReturn:
        await asyncio.get_running_loop().create_future()

    if cancel:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            pc, _ = runner.run(main())
    else:
        loop = VirtualLoop()
        pc, _ = loop.run_until_complete(main())
        loop.close()
    assert pc.close().done()
    assert pc.connectionState == "closed"
