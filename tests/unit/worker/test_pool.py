"""Real worker processes, with real connections over loopback."""

import asyncio
import errno
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import SimpleNamespace

import pytest

from frazil import (
    IceOptions,
    InvalidStateError,
    NotSupportedError,
    OperationError,
    RTCCertificate,
    RTCError,
    RTCPeerConnection,
    SessionConfig,
)
from frazil.sdp.grammar import MAX_BYTES
from frazil.worker import EndCause, HandlerError, WorkerError, WorkerPool, process
from frazil.worker import pool as module
from frazil.worker.message import Ended
from frazil.worker.setup import WorkerSetup
from support import worker_handler

ICE = IceOptions(include_loopback=True, addresses=["127.0.0.1"])
SETUP = WorkerSetup(worker_handler.echo, 0, {}, ICE, SessionConfig())
LIMIT_S = 50


def in_loop(test):
    """Run a coroutine test, with a queue of what the exception handler of the loop is told."""

    async def main():
        reports = asyncio.Queue()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reports.put_nowait(context["exception"]))
        async with asyncio.timeout(LIMIT_S):
            await test(reports)
        assert reports.empty()

    return lambda: asyncio.run(main())


class Client:
    """A peer of a server."""

    def __init__(self):
        self.pc = RTCPeerConnection(ice=ICE)
        self.channel = self.pc.createDataChannel("chat")

    async def offer(self, *, gather=True):
        await self.pc.setLocalDescription()
        if gather:
            await self.pc.gathering_complete()
        return self.pc.localDescription

    async def join(self, pool):
        """Connect in one message each way; the session."""
        before = set(pool.sessions)
        await self.pc.setRemoteDescription(await pool.answer(await self.offer()))
        (session,) = set(pool.sessions) - before
        await self.channel.wait_open()
        return session

    async def ask(self, text):
        """The process that echoed, and what."""
        self.channel.send(text)
        pid, echo = (await anext(aiter(self.channel))).split(" ", 1)
        return int(pid), echo


@in_loop
async def test_a_pool_serves(reports):
    async with WorkerPool(worker_handler.echo, workers=2, ice=ICE) as pool:
        assert len(set(pool.pids)) == 2
        await sessions_are_spread(pool)
        await candidates_trickle(pool)
        await offers_that_are_none(pool)
        await a_restart(pool)
        await closing_and_draining(pool)
    assert pool.pids == []
    with pytest.raises(InvalidStateError, match="takes no offers"):
        await pool.accept({"type": "offer", "sdp": ""})
    await pool.close()


async def sessions_are_spread(pool):
    clients = [Client() for _ in range(4)]
    sessions = [await client.join(pool) for client in clients]
    assert [session.worker for session in sessions] == [0, 1, 0, 1]
    answers = [await client.ask("Grüße") for client in clients]
    assert {echo for _, echo in answers} == {"Grüße"}
    assert [pid for pid, _ in answers] == [*pool.pids, *pool.pids]
    assert len({port_of(session) for session in sessions}) == 2
    for client, session in zip(clients, sessions, strict=True):
        await client.pc.close()
        await session.wait_closed()
        assert (session.cause, session.error) == (EndCause.REMOTE_CLOSE, None)
        assert session.connectionState == session.iceConnectionState == "closed"
    assert pool.sessions == []


def port_of(session):
    return session.localDescription.sdp.partition("a=candidate:")[2].split()[5]


async def candidates_trickle(pool):
    client, states = Client(), []
    session = await pool.accept((await client.offer(gather=False)).toJSON())
    assert "a=candidate" not in session.localDescription.sdp
    closed = asyncio.Event()
    session.on("close", closed.set)
    session.on("connectionstatechange", lambda: states.append(session.connectionState))
    client.pc.on("icecandidate", session.addIceCandidate)
    await client.pc.setRemoteDescription(session.localDescription)
    for candidate in client.pc.localDescription.sdp.split("a=candidate:")[1:]:
        line = candidate.splitlines()[0]
        await session.addIceCandidate({"candidate": f"candidate:{line}", "sdpMid": "0"})

    async def trickle():
        lines = []
        async for candidate in session:
            lines.append(candidate.candidate)
            await client.pc.addIceCandidate(candidate.toJSON())
        return lines

    trickling = asyncio.create_task(trickle())
    await client.channel.wait_open()
    await session.close()
    lines = await trickling
    assert lines[0].startswith("candidate:")
    assert lines[-1] == ""
    assert states == ["connecting", "connected"]
    assert session.cause is EndCause.CLOSED
    assert closed.is_set()
    with pytest.raises(InvalidStateError, match="is over: closed"):
        await session.addIceCandidate()
    with pytest.raises(TypeError, match="sdpMid"):
        await session.addIceCandidate({"candidate": "candidate:"})
    await client.pc.close()


async def offers_that_are_none(pool):
    with pytest.raises(RTCError, match="not valid SDP") as caught:
        await pool.accept({"type": "offer", "sdp": "v=0\r\nnonsense"})
    assert (caught.value.errorDetail, caught.value.sdpLineNumber) == ("sdp-syntax-error", 2)
    with pytest.raises(TypeError, match="answers offers"):
        await pool.accept({"type": "answer", "sdp": "v=0"})
    with pytest.raises(TypeError, match="mapping"):
        await pool.answer("v=0")
    while pool.sessions:
        await pool.sessions[0].wait_closed()


async def a_restart(pool):
    client = Client()
    session = await client.join(pool)
    client.pc.restartIce()
    answer = await session.negotiate(await client.offer(), gather=True)
    assert answer is session.localDescription
    assert "a=end-of-candidates" in answer.sdp
    await client.pc.setRemoteDescription(answer)
    assert (await client.ask("again"))[1] == "again"
    with pytest.raises(RTCError, match="not valid SDP"):
        await session.negotiate({"type": "offer", "sdp": "nonsense"})
    assert (await client.ask("and again"))[1] == "and again"
    await session.close()
    await client.pc.close()


async def closing_and_draining(pool):
    clients, late = [Client(), Client()], Client()
    first, second = [await client.join(pool) for client in clients]
    assert not await pool.drain(0)
    with pytest.raises(InvalidStateError, match="takes no offers"):
        await pool.accept(await late.offer())
    await late.pc.close()
    draining = asyncio.create_task(pool.drain())
    goodbye = asyncio.Event()
    clients[1].pc.on("remoteclose", lambda cause: goodbye.set())
    await clients[0].pc.close()
    await first.wait_closed()
    assert not draining.done()
    await pool.close()
    assert await draining
    assert (second.cause, second.error) == (EndCause.CLOSED, None)
    await goodbye.wait()
    await clients[1].pc.close()


@in_loop
async def test_nothing_that_is_signalled_ends_a_worker(reports):
    async with WorkerPool(worker_handler.echo, workers=1, ice=ICE) as pool:
        client = Client()
        session = await client.join(pool)
        (pid,) = pool.pids
        await offers_that_are_too_long(pool, session)
        await candidates_that_are_too_long(session)
        answer = await session.negotiate(await client.offer(), gather=1)
        await client.pc.setRemoteDescription(answer)
        assert await client.ask("you there?") == (pid, "you there?")
        assert session.cause is None
        await client.pc.close()


async def offers_that_are_too_long(pool, session):
    for text in ("v=0\r\n" + "é" * 200_000, "\0" * (MAX_BYTES + 1), "x" * (17 << 20)):
        offer = {"type": "offer", "sdp": text}
        for call in (pool.answer, session.negotiate):
            with pytest.raises(RTCError, match="not valid SDP: more than 131072 bytes") as caught:
                await call(offer)
            assert caught.value.errorDetail == "sdp-syntax-error"
        assert pool.sessions == [session]
    longest = {"type": "offer", "sdp": "\0" * MAX_BYTES}
    with pytest.raises(RTCError, match="not valid SDP: line 1"):
        await session.negotiate(longest)


async def candidates_that_are_too_long(session):
    line = "candidate:"
    for candidate in (
        {"candidate": line + "x" * (1 << 20), "sdpMid": "0"},
        {"candidate": line, "sdpMid": "é" * (MAX_BYTES // 2)},
        {"candidate": line, "sdpMid": "0", "usernameFragment": "\ud800" * MAX_BYTES},
    ):
        with pytest.raises(OperationError, match="more than 131072 bytes"):
            await session.addIceCandidate(candidate)
    longest = {"candidate": line, "sdpMid": "\0" * (MAX_BYTES - len(line))}
    with pytest.raises(OperationError, match="in no m-section") as caught:
        await session.addIceCandidate(longest)
    assert len(str(caught.value)) < 5000


@in_loop
async def test_an_offer_that_is_answered_in_one_message_has_all_candidates(reports):
    async with WorkerPool(worker_handler.tell_end_of_candidates, workers=1, ice=ICE) as pool:
        for answer, has_all in ((WorkerPool.answer, "True"), (answer_of_session, "False")):
            client = Client()
            offer = (await client.offer()).toJSON()
            offer["sdp"] = offer["sdp"].replace("a=end-of-candidates\r\n", "")  # as of browsers
            await client.pc.setRemoteDescription(await answer(pool, offer))
            await client.channel.wait_open()
            client.channel.send("All?")
            assert await anext(aiter(client.channel)) == has_all
            await client.pc.close()


async def answer_of_session(pool, offer):
    return (await pool.accept(offer, gather=True)).localDescription


@in_loop
async def test_the_exception_of_a_handler(reports):
    async with WorkerPool(worker_handler.broken, workers=1, ice=ICE) as pool:
        client = Client()
        answer = await pool.answer(await client.offer())
        (session,) = pool.sessions
        await client.pc.setRemoteDescription(answer)
        await session.wait_closed()
        assert session.cause is EndCause.RAISED
        assert isinstance(session.error, HandlerError)
        assert "raised RuntimeError: no model loaded" in str(session.error)
        assert "in broken" in session.error.traceback
        assert await reports.get() is session.error
        await client.pc.close()


@in_loop
async def test_the_exception_of_a_handler_ends_what_is_asked_of_its_session(reports):
    worker = process.WorkerProcess(0, WorkerSetup(worker_handler.echo, 0, {}, ICE, SessionConfig()))
    worker._link = SimpleNamespace(send=lambda message: None)
    session = worker.open_session(1)
    offer = {"type": "offer", "sdp": ""}
    asking = [session.negotiate(offer), session.addIceCandidate()]
    answers = asyncio.gather(*asking, return_exceptions=True)
    await asyncio.sleep(0)
    worker._take(Ended(1, EndCause.RAISED, "RuntimeError: no model loaded", ""))
    assert await answers == [session.error, session.error]
    assert isinstance(session.error, HandlerError)
    assert await reports.get() is session.error


@in_loop
async def test_a_worker_that_dies_is_replaced(reports):
    async with WorkerPool(worker_handler.echo, workers=1, ice=ICE) as pool:
        client = Client()
        session = await client.join(pool)
        (pid,) = pool.pids
        os.kill(pid, signal.SIGSTOP)
        restart = asyncio.create_task(session.negotiate(await client.offer()))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match=rf"worker 0 \(process {pid}\) ended: signal 9"):
            await restart
        assert session.cause is EndCause.WORKER_ENDED
        assert session.connectionState == "closed"
        assert await reports.get() is session.error
        other = Client()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "PLACE_TIMEOUT_S", LIMIT_S)  # a busy machine starts slowly
            await other.join(pool)
        assert (await other.ask("you there?"))[0] == pool.pids[0] != pid
        await client.pc.close()
        await other.pc.close()


@contextmanager
def reaped_by_the_system():
    """Ignore SIGCHLD: nobody hears how a process has ended."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


@in_loop
async def test_a_worker_that_something_else_has_waited_for_is_replaced(reports):
    with reaped_by_the_system():
        async with WorkerPool(worker_handler.echo, workers=1, ice=ICE) as pool:
            client = Client()
            session = await client.join(pool)
            (pid,) = pool.pids
            os.kill(pid, signal.SIGKILL)
            await session.wait_closed()
            assert session.cause is EndCause.WORKER_ENDED
            assert str(session.error) == f"worker 0 (process {pid}) ended: exit code unknown"
            assert await reports.get() is session.error
            await pool._pulse.wait_until(lambda: bool(pool.pids))
            assert pool.pids != [pid]
            await client.pc.close()


@in_loop
async def test_a_process_that_something_else_has_waited_for_is_not_killed(reports):
    """Its number may be that of another one by now."""
    worker, signalled = process.WorkerProcess(0, SETUP), []
    with reaped_by_the_system():
        await worker.start()
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "kill", lambda *args: signalled.append(args))
            await worker.wait_ended()
    assert signalled == []
    assert worker._process not in multiprocessing.active_children(), "they are ended at exit"


@in_loop
async def test_a_worker_is_over_even_if_its_process_cannot_be_waited_for(reports):
    def no_thread():
        raise RuntimeError("can't start new thread")

    worker = process.WorkerProcess(0, SETUP)
    await worker.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_bury", no_thread)
        os.kill(worker.pid, signal.SIGSTOP)  # it does not end by itself
        await worker._link.close()
        error = await worker.wait_ended()
        with pytest.raises(RuntimeError, match="new thread"):
            await worker._listening
    assert str(error).startswith(f"worker 0 (process {worker.pid}) ended")
    assert wait((worker._process.sentinel,), 5)
    worker._bury()


@in_loop
async def test_a_worker_that_lost_its_link_takes_no_offers_while_its_process_goes_on(reports):
    async with WorkerPool(worker_handler.stubborn, workers=2, ice=ICE) as pool:
        _, healthy = pool.pids
        clients = [Client() for _ in range(3)]
        answer = await pool.answer(await clients[0].offer())
        (session,) = pool.sessions
        await pool.accept(await clients[1].offer())
        await clients[0].pc.setRemoteDescription(answer)
        await pool._workers[session.worker]._link._writer.wait_closed()
        assert pool.pids == [healthy]
        assert session.cause is None
        assert (await pool.accept(await clients[2].offer())).worker != session.worker
        await session.wait_closed()
        assert session.cause is EndCause.WORKER_ENDED
        assert await reports.get() is session.error
        for client in clients:
            await client.pc.close()


@in_loop
async def test_signals_for_the_whole_group_are_left_to_the_pool(reports):
    async with WorkerPool(worker_handler.echo, workers=1, ice=ICE) as pool:
        client = Client()
        await client.join(pool)
        (pid,) = pool.pids
        for each in (signal.SIGINT, signal.SIGTERM):
            os.kill(pid, each)
        assert await client.ask("you there?") == (pid, "you there?")
        await client.pc.close()


def test_an_interpreter_that_ends_leaves_no_worker_behind():
    program = """
import asyncio
from frazil.worker import WorkerPool
from support import worker_handler

pool = WorkerPool(worker_handler.echo, workers=1)
loop = asyncio.new_event_loop()
loop.run_until_complete(pool.__aenter__())
print(*pool.pids, flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(worker_handler.__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


FORKED = """
import asyncio
import atexit
import os

from frazil import RTCError
from frazil.worker import WorkerPool
from support import worker_handler


async def check(pool, pids):
    try:
        await pool.accept({"type": "offer", "sdp": "nonsense"})
    except RTCError:
        assert pool.pids == pids
    await pool.close()


pool = WorkerPool(worker_handler.echo, workers=1)
loop = asyncio.new_event_loop()
loop.run_until_complete(pool.__aenter__())
pids = pool.pids
child = os.fork()
if not child:
    atexit._run_exitfuncs()
    os._exit(0)
os.waitpid(child, 0)
loop.run_until_complete(check(pool, pids))
loop.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_that_ends_leaves_the_workers_alone():
    subprocess.run(
        [sys.executable, "-c", FORKED],
        cwd=Path(worker_handler.__file__).parents[1],
        timeout=LIMIT_S,
        check=True,
    )


@in_loop
async def test_a_start_that_is_cancelled_leaves_no_process(reports):
    worker = process.WorkerProcess(0, SETUP)
    starting = asyncio.create_task(worker.start())
    await worker._pulse.wait_until(lambda: worker.is_ready)  # the first that hears of it
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    with pytest.raises(ProcessLookupError):
        os.kill(worker.pid, 0)


@in_loop
async def test_a_start_that_is_cancelled_early_leaves_no_process(reports):
    before = children()
    for turns in range(1, 5):
        starting = asyncio.create_task(process.WorkerProcess(0, SETUP).start())
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert children() == before


def children():
    return set(multiprocessing.active_children())


@in_loop
async def test_if_one_process_cannot_be_had_none_is_left(reports):
    def start(self):
        if self.name == "frazil-0":
            raise BlockingIOError(errno.EAGAIN, "no more processes")
        real(self)

    before, real = children(), SpawnProcess.start
    pool = WorkerPool(worker_handler.echo, workers=2, ice=ICE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SpawnProcess, "start", start)
        with pytest.raises(BlockingIOError, match="no more processes"):
            await pool.__aenter__()
    assert children() == before
    assert pool._workers[0]._link._writer.is_closing()


@in_loop
async def test_a_worker_that_talks_nonsense_is_ended(reports):
    async with WorkerPool(worker_handler.babble, workers=1, ice=ICE) as pool:
        client = Client()
        answer = await pool.answer(await client.offer())
        (session,) = pool.sessions
        await client.pc.setRemoteDescription(answer)
        await session.wait_closed()
        assert session.cause is EndCause.WORKER_ENDED
        assert "sent what is no message" in str(session.error)
        assert await reports.get() is session.error
        await client.pc.close()


@in_loop
async def test_a_worker_that_does_not_answer(reports):
    async with WorkerPool(worker_handler.echo, workers=1, ice=ICE) as pool:
        (pid,) = pool.pids
        os.kill(pid, signal.SIGSTOP)
        client = Client()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(process, "REQUEST_TIMEOUT_S", 0.1)
            with pytest.raises(WorkerError, match="worker 0 did not answer"):
                await pool.accept(await client.offer())
        os.kill(pid, signal.SIGCONT)
        while pool.sessions:  # it closes what nobody waits for any more
            await pool.sessions[0].wait_closed()
        await client.pc.close()


@in_loop
async def test_a_worker_that_cannot_start(reports):
    with pytest.raises(WorkerError, match=r"worker 0 \(process \d+\) ended: exit code 1"):
        async with WorkerPool(worker_handler.echo, workers=1, configuration=worker_handler.UNFIT):
            pytest.fail("it started")


@in_loop
async def test_a_worker_whose_port_is_taken_does_not_start(reports):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        ports = range(port, port + 1)
        with pytest.raises(WorkerError, match=rf"worker 0 .*UDP port {port} of 127\.0\.0\.1"):
            async with WorkerPool(worker_handler.echo, workers=1, ports=ports, ice=ICE):
                pytest.fail("it started")
    async with WorkerPool(worker_handler.echo, workers=1, ports=ports, ice=ICE) as pool:
        client = Client()
        assert port_of(await client.join(pool)) == str(port)
        await client.pc.close()


def test_what_is_no_pool():
    async def local(pc):
        """Nobody else can import this."""

    echo = worker_handler.echo
    with pytest.raises(TypeError, match="must be a coroutine function"):
        WorkerPool(print)
    with pytest.raises(TypeError, match=r"handler cannot be sent.*a function of a module"):
        WorkerPool(local)
    with pytest.raises(TypeError, match=r"configuration cannot be sent.*certificates"):
        WorkerPool(echo, configuration={"certificates": [RTCCertificate.generate(bytes, 0.0)]})
    with pytest.raises(TypeError, match="ice cannot be sent"):
        WorkerPool(echo, ice=IceOptions(interfaces=lambda interface: True))
    with pytest.raises(TypeError, match="workers must be an int, not '2'"):
        WorkerPool(echo, workers="2")
    with pytest.raises(TypeError, match=r"ice must be of the class IceOptions, not {'lite': True}"):
        WorkerPool(echo, ice={"lite": True})
    with pytest.raises(ValueError, match="0 workers"):
        WorkerPool(echo, workers=0)
    with pytest.raises(ValueError, match="1 ports for 2 workers"):
        WorkerPool(echo, workers=2, ports=range(40_000, 40_001))
    with pytest.raises(ValueError, match="from 1 to 65535"):
        WorkerPool(echo, workers=2, ports=range(2))


def test_ports_of_ice_that_are_without_those_of_the_workers():
    echo, ice = worker_handler.echo, IceOptions(ports=range(40_000, 40_003), tcp="both")
    for ports in (None, range(40_002, 40_004)):
        with pytest.raises(ValueError, match=r"each worker one .*, range\(40000, 40003\)"):
            WorkerPool(echo, workers=2, ports=ports, ice=ice)
    WorkerPool(echo, workers=2, ports=range(40_001, 40_003), ice=ice)  # the rest is for TCP
    WorkerPool(echo, ice=replace(ice, ip_handling="disable_non_proxied_udp"))  # no UDP port at all


def test_a_configuration_that_no_connection_takes():
    echo = worker_handler.echo
    stun, stuns = ({"iceServers": [{"urls": f"{kind}:a.example"}]} for kind in ("stun", "stuns"))
    with pytest.raises(NotSupportedError, match="stuns"):
        WorkerPool(echo, configuration=stuns)
    with pytest.raises(NotSupportedError, match="lite"):
        WorkerPool(echo, configuration=stun, ice=IceOptions(lite=True))
    for misspelt in ({"ice_servers": []}, "iceServers"):
        with pytest.raises(TypeError, match="configuration"):
            WorkerPool(echo, configuration=misspelt)
