"""TCP candidates as sockets, on the loopback interface and on the virtual network."""

import asyncio
import socket
import sys

import pytest

from frazil import IceOptions, RTCPeerConnection
from frazil.aio import SystemNetwork
from frazil.aio.packet_stream import MAX_EARLY, MAX_UNPROVEN_CHECKS
from frazil.aio.silence import SILENT_S
from frazil.aio.tcp_port import (
    CONNECT_PATIENCE_S,
    MAX_ACTIVE,
    MAX_PROVEN,
    MAX_UNPROVEN,
    PROOF_PATIENCE_S,
    SILENT,
    ActivePort,
    PassivePort,
)
from frazil.ice.framing import frame
from frazil.testing import VirtualLoop, VirtualNetwork, run
from frazil.types import Transmit
from support.stream_end import StreamEnd

LOOPBACK = "127.0.0.1"
COOKIE = b"\x21\x12\xa4\x42"
CHECK = b"\x00\x01\x00\x00" + COOKIE + bytes(12)
ANSWER = b"\x01" + CHECK[1:]


class End:
    """What a port tells its owner.

    Attributes:
        is_valid: What it hears when it asks.
        batches: What it handed over.
        lost: The streams it told the end of.
    """

    def __init__(self, *, is_valid=True):
        self.is_valid = is_valid
        self.batches = []
        self.lost = []

    def is_validated(self, local, remote):
        return self.is_valid

    def datagram_sizes(self):
        return range(1, 60_002)

    def lose(self, *stream):
        self.lost.append(stream)

    @property
    def data(self):
        return [each.data for batch in self.batches for each in batch]


async def until(condition, timeout_s=10):
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - nobody announces arbitrary conditions
            await asyncio.sleep(0.001)


def now():
    return asyncio.get_running_loop().time()


def run_of(data, local, remote, size=None):
    return Transmit(data, size or len(data), local, remote)


async def joined(network, ours, theirs, host=LOOPBACK):
    """An active and a passive port; the first has to send first."""
    passive = PassivePort(theirs.batches.append, theirs)
    await passive.listen(network, host, 0)
    return ActivePort(network, host, ours.batches.append, ours), passive


# --- real streams -------------------------------------------------------------------------------


def test_datagrams_pass_both_ways_and_keep_their_bounds():
    async def main():
        ours, theirs = End(), End()
        active, passive = await joined(SystemNetwork(), ours, theirs)
        assert active.local == (LOOPBACK, 9)
        active.send([run_of(CHECK, active.local, passive.local)])
        await until(lambda: theirs.data == [CHECK])
        ((arrived,),) = theirs.batches
        assert arrived.local == passive.local
        run = run_of(b"\x16one\x16two\x16", active.local, passive.local, size=4)
        active.send([run])
        await until(lambda: theirs.data[1:] == [b"\x16one", b"\x16two", b"\x16"])
        passive.send([run_of(CHECK, passive.local, arrived.remote)])
        await until(lambda: ours.data == [CHECK])
        assert (ours.batches[0][0].local, ours.batches[0][0].remote) == (
            active.local,
            passive.local,
        )
        passive.close()
        await until(lambda: ours.lost)
        assert ours.lost == [(active.local, passive.local, "the peer closed it")]
        active.close()
        assert theirs.lost == []

    asyncio.run(main())


def test_a_port_where_nobody_listens_is_told():
    async def main():
        free = socket.create_server((LOOPBACK, 0))
        remote = free.getsockname()
        free.close()
        end = End()
        active = ActivePort(SystemNetwork(), LOOPBACK, end.batches.append, end)
        active.send([run_of(CHECK, active.local, remote)])
        await until(lambda: end.lost)
        ((local, lost, text),) = end.lost
        assert (local, lost) == (active.local, remote)
        assert text.startswith("it cannot be opened: ")
        active.close()

    asyncio.run(main())


def test_a_last_check_is_sent_between_two_runs_of_the_loop_too():
    theirs = End()
    with asyncio.Runner() as runner:
        active, passive = runner.run(joined(SystemNetwork(), End(), theirs))
        check = run_of(CHECK, active.local, passive.local)
        active.send([check])
        runner.run(until(lambda: theirs.data == [CHECK]))
        active.send([check])
        active.close()
        runner.run(until(lambda: theirs.data == [CHECK, CHECK]))
        passive.close()
        runner.run(asyncio.sleep(0))


class Void:
    """A network, and the streams of it, on which everybody stays silent."""

    dropped = 0

    async def connect_tcp(self, remote, handlers, *, local):
        return self

    def send(self, message):
        """It is not heard."""

    def close(self):
        """There is nothing to give back."""


def test_after_the_end_of_the_loop_no_stream_is_opened_or_given_up():
    async def main():
        active = ActivePort(Void(), LOOPBACK, ours.batches.append, ours)
        active.send([run_of(CHECK, active.local, ("192.0.2.1", 9))])
        await asyncio.sleep(SILENT_S + 1)
        return active

    ours = End()
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        active = runner.run(main())
    active.send([run_of(CHECK, active.local, (host, 9)) for host in ("192.0.2.1", "192.0.2.2")])
    assert active.dropped == 1
    active.close()
    assert ours.lost == []


class WithoutUdp(SystemNetwork):
    """This machine, if its UDP were of no use."""

    def open_udp(self, host, port, on_datagrams):
        raise OSError("no UDP today")


def test_two_connections_on_this_machine_need_no_udp():
    async def main():
        options = IceOptions(tcp="both", include_loopback=True)
        network = WithoutUdp()
        got = asyncio.get_running_loop().create_future()
        async with (
            RTCPeerConnection(network=network, ice=options) as a,
            RTCPeerConnection(network=network, ice=options) as b,
        ):
            b.on("datachannel", lambda channel: channel.on("message", got.set_result))
            channel = a.createDataChannel("chat")
            await a.setLocalDescription()
            await a.gathering_complete()
            await b.setRemoteDescription(a.localDescription)
            await b.setLocalDescription()
            await b.gathering_complete()
            await a.setRemoteDescription(b.localDescription)
            await a.wait_connected(20)
            await channel.wait_open()
            channel.send(b"x" * 200_000)
            assert await got == b"x" * 200_000
            pair = a.sctp.transport.iceTransport.getSelectedCandidatePair()
            assert {pair.local.protocol, pair.remote.protocol} == {"tcp"}

    asyncio.run(main())


# --- bounds and bad manners ---------------------------------------------------------------------


def virtual(test):
    """Run it with the two ports of a virtual network."""

    def in_virtual_time():
        async def main(net: VirtualNetwork) -> None:
            ours, theirs = End(), End(is_valid=False)
            host = net.host("a", "10.0.0.1")
            passive = PassivePort(theirs.batches.append, theirs)
            await passive.listen(net.host("b", "10.0.0.2"), "10.0.0.2", 0)
            active = ActivePort(host, "10.0.0.1", ours.batches.append, ours)
            await test(net, host, active, passive, ours, theirs)
            active.close()
            passive.close()
            await asyncio.sleep(1)

        run(main)

    return in_virtual_time


@virtual
async def test_active_streams_are_bounded(net, host, active, passive, ours, theirs):
    for number in range(MAX_ACTIVE + 5):
        active.send([run_of(CHECK, active.local, ("10.9.9.9", 1000 + number))])
    assert active.dropped == 5
    await asyncio.sleep(CONNECT_PATIENCE_S + 1)
    assert len(ours.lost) == MAX_ACTIVE
    assert {text for *_, text in ours.lost} <= {"nobody answers", ours.lost[0][2]}


@virtual
async def test_a_stream_on_which_nothing_is_answered_gives_way_to_another(
    net, host, active, passive, ours, theirs
):
    theirs.is_valid = True
    check = run_of(CHECK, active.local, passive.local)
    active.send([check])
    await asyncio.sleep(1)
    assert active.close_silent(now()) == []
    await asyncio.sleep(SILENT_S)
    assert active.close_silent(now()) == [passive.local]
    assert ours.lost == []  # whoever asked knows
    active.send([check])
    await asyncio.sleep(1)
    first, second = {each.remote for batch in theirs.batches for each in batch}
    assert first != second


@virtual
async def test_a_stream_on_which_something_came_stays(net, host, active, passive, ours, theirs):
    theirs.is_valid = True
    active.send([run_of(CHECK, active.local, passive.local)])
    await asyncio.sleep(1)
    ((arrived,),) = theirs.batches
    passive.send([run_of(CHECK, passive.local, arrived.remote)])
    await asyncio.sleep(2 * SILENT_S)
    active.send([run_of(b"\x80 is no request", active.local, passive.local)])
    await asyncio.sleep(2 * SILENT_S)
    assert active.close_silent(now()) == []


@virtual
async def test_nothing_but_requests_is_to_be_answered(net, host, active, passive, ours, theirs):
    theirs.is_valid = True
    active.send([run_of(CHECK, active.local, passive.local)])
    await asyncio.sleep(1)
    ((arrived,),) = theirs.batches
    sent = [ANSWER, b"\0", bytes(len(CHECK))]
    passive.send([run_of(each, passive.local, arrived.remote) for each in sent])
    await asyncio.sleep(1)
    assert ours.data == sent
    (stream,) = passive._streams.values()
    assert not stream.is_silent(now() + 2 * SILENT_S)


@virtual
async def test_what_is_sent_on_a_silent_stream_gives_it_up(
    net, host, active, passive, ours, theirs
):
    theirs.is_valid = True
    check = run_of(CHECK, active.local, passive.local)
    active.send([check])
    await asyncio.sleep(SILENT_S)
    active.send([check])
    await asyncio.sleep(1)
    assert ours.lost == []
    active.send([check, check])
    assert ours.lost == []  # in another turn of the loop
    await asyncio.sleep(0)
    assert ours.lost == [(active.local, passive.local, SILENT)]
    await asyncio.sleep(1)
    theirs.batches.clear()
    active.send([check])
    await asyncio.sleep(1)
    assert theirs.data == [CHECK]


@virtual
async def test_a_silent_stream_of_the_peer_stays_until_there_is_another(
    net, host, active, passive, ours, theirs
):
    theirs.is_valid = True
    first, stranger, second = ends = [StreamEnd() for _ in range(3)]

    async def connect(end):
        end.stream = await host.connect_tcp(passive.local, end.handlers)

    await connect(first)
    first.send(frame(CHECK))
    await asyncio.sleep(1)
    ((arrived,),) = theirs.batches
    passive.send([run_of(CHECK, passive.local, arrived.remote)])
    await asyncio.sleep(60)
    theirs.is_valid = False
    await connect(stranger)
    await asyncio.sleep(PROOF_PATIENCE_S + 1)
    assert [end.ends for end in ends] == [0, 1, 0]
    theirs.is_valid = True
    await connect(second)
    second.send(frame(CHECK))
    await asyncio.sleep(PROOF_PATIENCE_S + 1)
    assert [end.ends for end in ends] == [1, 1, 0]
    assert theirs.lost == [(passive.local, arrived.remote, SILENT)]


@virtual
async def test_parts_of_a_datagram_break_no_silence(net, host, active, passive, ours, theirs):
    theirs.is_valid = True
    end = StreamEnd()
    end.stream = await host.connect_tcp(passive.local, end.handlers)
    end.send(frame(CHECK))
    await asyncio.sleep(1)
    ((arrived,),) = theirs.batches
    passive.send([run_of(CHECK, passive.local, arrived.remote)])
    end.send(b"\xea\x61")
    for _ in range(10):
        await asyncio.sleep(1)
        end.send(b"x")
    (stream,) = passive._streams.values()
    assert stream.is_silent(now())
    end.send(bytes(60_001))
    await asyncio.sleep(1)
    assert not stream.is_silent(now())


@virtual
async def test_a_stream_that_announces_what_cannot_be_is_closed_and_its_end_told(
    net, host, active, passive, ours, theirs
):
    theirs.is_valid = True
    end = StreamEnd()
    end.stream = await host.connect_tcp(passive.local, end.handlers)
    end.send(frame(CHECK))
    await asyncio.sleep(1)
    end.send(frame(b"\x16 data") + b"\xff\xff\x16")
    await asyncio.sleep(1)
    assert theirs.data == [CHECK, b"\x16 data"]
    assert end.ends == 1
    ((local, _, text),) = theirs.lost
    assert (local, text) == (passive.local, "a datagram of 65535 bytes; 60001 are accepted")


@virtual
async def test_the_smallest_datagrams_of_the_peer_are_one_batch_of_little_work(
    net, host, active, passive, ours, theirs
):
    theirs.is_valid = True
    end = StreamEnd()
    end.stream = await host.connect_tcp(passive.local, end.handlers)
    end.send(frame(CHECK))
    await asyncio.sleep(1)
    (stream,) = passive._streams.values()
    theirs.batches.clear()
    calls = 0

    def count(*_):
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    stream.handlers.on_data((frame(b"") + frame(b"x")) * 10_000)
    sys.setprofile(None)
    assert [len(batch) for batch in theirs.batches] == [10_000]
    assert set(theirs.data) == {b"x"}
    assert calls < 6 * 20_000  # each that is entered and left counts twice


@virtual
async def test_little_waits_for_a_stream_to_open(net, host, active, passive, ours, theirs):
    for number in range(MAX_EARLY + 3):
        active.send([run_of(CHECK + bytes([number]), active.local, passive.local)])
    theirs.is_valid = True
    await asyncio.sleep(1)
    assert len(theirs.data) == MAX_EARLY


@virtual
async def test_proven_streams_are_bounded(net, host, active, passive, ours, theirs):
    theirs.is_valid = True
    ends = [StreamEnd() for _ in range(MAX_PROVEN + MAX_UNPROVEN + 4)]
    for end in ends:
        end.stream = await host.connect_tcp(passive.local, end.handlers)
        end.send(frame(CHECK))
        await asyncio.sleep(0.1)
    assert [end.ends for end in ends] == [0] * (MAX_PROVEN + MAX_UNPROVEN) + [1] * 4
    for end in ends:
        end.close()


@virtual
async def test_what_proves_nothing_is_handed_over_alone(net, host, active, passive, ours, theirs):
    end = StreamEnd()
    end.stream = await host.connect_tcp(passive.local, end.handlers)
    end.send(frame(CHECK) + frame(CHECK) + frame(b"\x16 no check"))
    await asyncio.sleep(1)
    assert theirs.batches == [[batch[0]] for batch in theirs.batches]
    assert theirs.data == [CHECK, CHECK]
    assert end.ends == 1
    assert theirs.lost == []  # nobody ever heard of it


@virtual
async def test_a_stranger_has_few_attempts(net, host, active, passive, ours, theirs):
    end = StreamEnd()
    end.stream = await host.connect_tcp(passive.local, end.handlers)
    end.send(frame(CHECK) * (MAX_UNPROVEN_CHECKS + 8))
    await asyncio.sleep(1)
    assert theirs.data == [CHECK] * MAX_UNPROVEN_CHECKS
    assert end.ends == 1


@virtual
async def test_the_peer_may_say_anything_after_a_good_check(
    net, host, active, passive, ours, theirs
):
    theirs.is_valid = True
    end = StreamEnd()
    end.stream = await host.connect_tcp(passive.local, end.handlers)
    big = b"\x16" + bytes(60_000)
    end.send(frame(CHECK) + frame(b"\x16 data") + frame(big))
    await asyncio.sleep(1)
    assert theirs.data == [CHECK, b"\x16 data", big]
    end.send(frame(CHECK) * 2 * MAX_UNPROVEN_CHECKS)
    await asyncio.sleep(1)
    assert theirs.data[3:] == [CHECK] * 2 * MAX_UNPROVEN_CHECKS
    end.close()
    await asyncio.sleep(1)
    ((local, _, text),) = theirs.lost
    assert (local, text) == (passive.local, "the peer closed it")


@virtual
async def test_nothing_is_sent_to_who_has_not_connected(net, host, active, passive, ours, theirs):
    passive.send([run_of(CHECK * 2, passive.local, ("10.0.0.1", 5), size=len(CHECK))])
    assert passive.dropped == 2


@virtual
async def test_a_closed_port_hands_over_nothing(net, host, active, passive, ours, theirs):
    active.send([run_of(CHECK, active.local, passive.local)])
    passive.close()
    passive.close()
    await asyncio.sleep(1)
    assert theirs.data == []
    assert host.tcp.open_ends() == []


@pytest.mark.parametrize("tcp", ["maybe", True, None])
def test_options_know_four_ways(tcp):
    with pytest.raises(ValueError, match="tcp must be one of off, active, passive, both"):
        IceOptions(tcp=tcp)
