"""One connection of a worker, in virtual time."""

import asyncio

import pytest

from frazil import IceOptions, RTCError, RTCPeerConnection, SessionConfig
from frazil.testing import run
from frazil.worker.attendance import CONNECT_TIMEOUT_S, HANDLER_TIMEOUT_S, Attendance
from frazil.worker.link import MAX_MESSAGE
from frazil.worker.message import (
    CandidateGathered,
    CandidateSignalled,
    Ended,
    StateChanged,
    encode,
)
from frazil.worker.setup import WorkerSetup


class Bench:
    """A session, what it said, and a peer for it."""

    def __init__(self, net, handler, configuration):
        setup = WorkerSetup(handler, 0, configuration, IceOptions(), SessionConfig())
        self.said = []
        self.session = Attendance(7, setup, net.host("server", "203.0.113.1"), self)
        self.pc = RTCPeerConnection(network=net.host("client", "203.0.113.2"))
        self.running = asyncio.create_task(self.session.run())

    def send(self, message):
        self.said.append(message)

    async def connect(self):
        channel = self.pc.createDataChannel("chat")
        await self.pc.setLocalDescription()
        sdp = await self.session.answer(self.pc.localDescription.sdp, gather=True)
        await self.pc.setRemoteDescription({"type": "answer", "sdp": sdp})
        await self.pc.gathering_complete()
        candidate = self.pc.localDescription.sdp.partition("a=candidate:")[2].splitlines()[0]
        await self.session.add_candidate(
            CandidateSignalled(1, 7, f"candidate:{candidate}", "0", None, None)
        )
        await channel.wait_open()
        return channel

    async def end(self):
        await self.running
        await self.pc.close()
        ended = self.said.pop()
        assert isinstance(ended, Ended)
        assert ended.session == 7
        return ended


def scene(handler, **configuration):
    """A test with a session that ``handler`` serves."""

    def decorate(test):
        def run_test():
            async def main(net):
                await test(Bench(net, handler, configuration))

            run(main)

        return run_test

    return decorate


async def wait(pc):
    await pc.wait_closed()


async def never_end(pc):
    await asyncio.Event().wait()


async def fail(pc):
    await asyncio.sleep(1)
    raise ValueError("seven")


async def fail_at_length(pc):
    try:
        raise KeyError("é" * 131_072)
    except KeyError:
        raise ValueError("😀" * 131_072)  # noqa: B904 - both are told


async def fail_at_depth(pc):
    error = ValueError("the first")
    for _ in range(100):
        cause, error = error, KeyError("😀" * 131_072)
        error.__cause__ = cause
    raise error


async def return_soon(pc):
    await asyncio.sleep(1)


async def be_sorry(pc):
    channels = asyncio.Queue()
    pc.on("datachannel", channels.put_nowait)
    channel = await channels.get()
    await pc.wait_closed()
    channel.send("too late")


async def be_sorry_together(pc):
    async with asyncio.TaskGroup() as group:
        group.create_task(be_sorry(pc))


async def be_sorry_in_a_group_of_groups(pc):
    async with asyncio.TaskGroup() as group:
        group.create_task(be_sorry_together(pc))


async def fail_in_a_group(pc):
    async def fail_at_the_end():
        try:
            await pc.wait_closed()
        finally:
            raise ValueError("seven")

    async with asyncio.TaskGroup() as group:
        group.create_task(be_sorry(pc))
        group.create_task(fail_at_the_end())


async def refuse_to_end(pc):
    for _ in range(2):
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            continue


@scene(wait)
async def test_states_and_candidates_are_told(bench):
    await bench.connect()
    await asyncio.sleep(1)  # its own end of the channel may open a moment later
    bench.session.close()
    assert (await bench.end()) == Ended(7, "closed", "", "")
    states = [(m.connection, m.ice) for m in bench.said if isinstance(m, StateChanged)]
    assert states[0] == ("connecting", "checking")
    assert states[-1][0] == "connected"
    candidates = [m for m in bench.said if isinstance(m, CandidateGathered)]
    assert candidates[0].candidate.startswith("candidate:")
    assert " 203.0.113.1 " in candidates[0].candidate
    assert candidates[-1].candidate == ""


@scene(wait)
async def test_the_peer_says_goodbye(bench):
    await bench.connect()
    await bench.pc.close()
    assert (await bench.end()).cause == "remote-close"


def fall_silent(bench):
    for socket in bench.pc._backend.driver._network.sockets():
        socket.close()


@scene(wait)
async def test_the_connection_fails(bench):
    await bench.connect()
    await bench.session.add_candidate(CandidateSignalled(2, 7, "", "0", None, None))
    fall_silent(bench)
    assert (await bench.end()).cause == "failed"


@scene(wait)
async def test_a_peer_that_is_lost_before_it_has_told_all_its_candidates(bench):
    """For W3C the connection is never failed then."""
    await bench.connect()
    await asyncio.sleep(1000)
    fall_silent(bench)
    at = asyncio.get_running_loop().time()
    assert (await bench.end()).cause == "not-connected"
    assert bench.said[-1].connection == "disconnected"
    taken = asyncio.get_running_loop().time() - at
    assert CONNECT_TIMEOUT_S < taken < CONNECT_TIMEOUT_S + 6.1


@scene(return_soon)
async def test_the_handler_returns(bench):
    await bench.connect()
    assert (await bench.end()) == Ended(7, "returned", "", "")


@scene(fail)
async def test_the_handler_raises(bench):
    await bench.connect()
    ended = await bench.end()
    assert (ended.cause, ended.error) == ("raised", "ValueError: seven")
    assert "in fail" in ended.traceback


@scene(fail_at_length)
async def test_the_handler_raises_what_a_peer_has_written(bench):
    ended = await bench.end()
    assert ended.cause == "raised"
    assert ended.error.startswith("ValueError: 😀")
    assert len(ended.error) < 5000
    assert ended.traceback.count("in fail_at_length") == 2
    assert len(encode(ended)) <= MAX_MESSAGE


@scene(fail_at_depth)
async def test_the_handler_raises_all_that_a_peer_has_written(bench):
    ended = await bench.end()
    assert ended.traceback.startswith("ValueError: the first")
    assert "in fail_at_depth" in ended.traceback
    assert len(encode(ended)) <= MAX_MESSAGE


@scene(be_sorry)
async def test_that_a_connection_is_closed_is_no_error_of_the_handler(bench):
    await bench.connect()
    await bench.pc.close()
    assert (await bench.end()) == Ended(7, "remote-close", "", "")


@scene(be_sorry_in_a_group_of_groups)
async def test_that_a_connection_is_closed_is_no_error_of_a_group_of_tasks(bench):
    await bench.connect()
    await bench.pc.close()
    assert (await bench.end()) == Ended(7, "remote-close", "", "")


@scene(fail_in_a_group)
async def test_another_exception_in_a_group_is_told(bench):
    await bench.connect()
    await bench.pc.close()
    ended = await bench.end()
    assert (ended.cause, ended.error.split(":")[0]) == ("remote-close", "ExceptionGroup")
    assert "ValueError: seven" in ended.traceback


@scene(never_end)
async def test_a_handler_that_goes_on_is_cancelled(bench):
    loop = asyncio.get_running_loop()
    await bench.connect()
    bench.session.close()
    at = loop.time()
    assert (await bench.end()) == Ended(7, "closed", "", "")
    assert loop.time() - at == pytest.approx(HANDLER_TIMEOUT_S, abs=0.1)


@scene(refuse_to_end)
async def test_a_handler_that_cannot_be_cancelled_is_told(bench):
    await bench.connect()
    bench.session.close()
    ended = await bench.end()
    assert ended.cause == "closed"
    assert ended.error == "TimeoutError: it goes on 5 s after it was cancelled"
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


@scene(wait)
async def test_a_peer_that_never_comes(bench):
    bench.pc.createDataChannel("chat")
    await bench.pc.setLocalDescription()
    await bench.session.answer(bench.pc.localDescription.sdp, gather=True)
    loop = asyncio.get_running_loop()
    at = loop.time()
    assert (await bench.end()).cause == "not-connected"
    assert loop.time() - at == pytest.approx(CONNECT_TIMEOUT_S, abs=0.1)


@scene(wait)
async def test_an_offer_that_is_none(bench):
    with pytest.raises(RTCError):
        await bench.session.answer("nonsense", gather=False)
    assert (await bench.end()).cause == "refused"


@scene(wait)
async def test_a_bad_offer_does_not_end_a_session(bench):
    channel = await bench.connect()
    with pytest.raises(RTCError):
        await bench.session.answer("nonsense", gather=False)
    channel.send("still here")
    await asyncio.sleep(1)
    assert bench.pc.connectionState == "connected"
    bench.session.close()
    await bench.end()


async def restart(pc):
    """Another offer, in the place of one that was made and not answered."""
    if pc.signalingState == "have-local-offer":
        await pc.setLocalDescription({"type": "rollback"})
    pc.restartIce()
    await pc.setLocalDescription()
    return pc.localDescription.sdp


def ufrag_of(sdp):
    return sdp.partition("a=ice-ufrag:")[2].splitlines()[0]


@scene(wait)
async def test_a_candidate_that_follows_its_offer_at_once(bench):
    await bench.connect()
    sdp = await restart(bench.pc)
    candidate = "candidate:1 1 udp 2130706431 203.0.113.2 5000 typ host"
    signalled = CandidateSignalled(2, 7, candidate, "0", None, ufrag_of(sdp))
    answer, _ = await asyncio.gather(
        bench.session.answer(sdp, gather=False), bench.session.add_candidate(signalled)
    )
    await bench.pc.setRemoteDescription({"type": "answer", "sdp": answer})
    bench.session.close()
    await bench.end()


@scene(wait)
async def test_an_offer_that_follows_another_at_once(bench):
    await bench.connect()
    offers = [await restart(bench.pc) for _ in range(2)]
    answers = await asyncio.gather(*(bench.session.answer(sdp, gather=False) for sdp in offers))
    assert not any("a=setup:actpass" in answer for answer in answers)
    assert len({ufrag_of(answer) for answer in answers}) == 2
    await bench.pc.setRemoteDescription({"type": "answer", "sdp": answers[1]})
    bench.session.close()
    await bench.end()


@scene(wait)
async def test_the_answer_to_a_restart_has_its_candidates(bench):
    await bench.connect()
    answer = await bench.session.answer(await restart(bench.pc), gather=True)
    assert "a=candidate:" in answer
    assert "a=end-of-candidates" in answer
    bench.session.close()
    await bench.end()


@scene(wait, iceServers=[{"urls": "stun:203.0.113.9"}])
async def test_an_offer_that_comes_while_the_answer_to_another_is_gathered(bench):
    bench.pc.createDataChannel("chat")
    offers = [await restart(bench.pc) for _ in range(2)]
    answers = await asyncio.gather(*(bench.session.answer(sdp, gather=True) for sdp in offers))
    assert len({ufrag_of(answer) for answer in answers}) == 2
    assert "a=end-of-candidates" in answers[1]
    await bench.pc.setRemoteDescription({"type": "answer", "sdp": answers[1]})
    bench.session.close()
    await bench.end()


@scene(wait)
async def test_an_offer_that_wants_nothing_is_answered_at_once(bench):
    await bench.pc.setLocalDescription()
    async with asyncio.timeout(1):
        answer = await bench.session.answer(bench.pc.localDescription.sdp, gather=True)
    await bench.pc.setRemoteDescription({"type": "answer", "sdp": answer})
    bench.session.close()
    await bench.end()


@scene(wait)
async def test_replies_end_with_the_session(bench):
    bench.pc.createDataChannel("chat")
    await bench.pc.setLocalDescription()
    bench.session.own(asyncio.create_task(asyncio.sleep(1000)))
    bench.session.close()
    await bench.end()
