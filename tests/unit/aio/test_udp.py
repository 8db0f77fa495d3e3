"""Real sockets on the loopback interface, each way to drive one."""

import asyncio
import errno
import functools
import socket
import sys

import pytest

from frazil.aio.receiver import COALESCE_FROM
from frazil.aio.udp import AwaitedUdpSocket, WatchedUdpSocket, open_udp
from frazil.types import Datagram, Transmit
from support.blind_loop import BlindLoop

WAYS = {
    "offload": (asyncio.SelectorEventLoop, True),
    "plain": (asyncio.SelectorEventLoop, False),
    "awaited": (BlindLoop, True),
}


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


def run(way, main):
    loop_factory, offload = way
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        opener = functools.partial(open_udp, runner.get_loop(), offload=offload)
        return runner.run(asyncio.wait_for(main(opener), 5))


class Inbox:
    """Collects batches and lets a test wait for a number of datagrams."""

    def __init__(self):
        self.batches = []
        self._changed = asyncio.Event()

    def __call__(self, batch):
        assert batch
        self.batches.append(batch)
        self._changed.set()

    @property
    def datagrams(self):
        return [datagram for batch in self.batches for datagram in batch]

    @property
    def payloads(self):
        return [datagram.data for datagram in self.datagrams]

    async def wait(self, count):
        while len(self.datagrams) < count:
            self._changed.clear()
            await self._changed.wait()


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


def to(socket_, data, remote, segment_size=None):
    return Transmit(data, segment_size or max(len(data), 1), socket_.local, remote)


# --- addresses --------------------------------------------------------------------------------


def test_the_loop_decides_the_kind(way):
    async def main(opener):
        opened = opener("127.0.0.1", 0, Inbox())
        expected = AwaitedUdpSocket if way[0] is BlindLoop else WatchedUdpSocket
        assert type(opened) is expected
        opened.close()

    run(way, main)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_datagrams_carry_local_and_remote_address(way, host):
    async def main(opener):
        inbox = Inbox()
        alice, bob = opener(host, 0, Inbox()), opener(host, 0, inbox)
        assert alice.local[0] == host
        assert 0 < alice.local[1] != bob.local[1] > 0
        alice.send([to(alice, b"one", bob.local), to(alice, b"two", bob.local)])
        await inbox.wait(2)
        assert inbox.datagrams == [
            Datagram(b"one", bob.local, alice.local),
            Datagram(b"two", bob.local, alice.local),
        ]
        assert all(type(datagram.remote) is tuple for datagram in inbox.datagrams)
        assert alice.dropped == 0
        alice.close()
        bob.close()

    run(way, main)


def test_mapped_address_binds_as_ipv4(way):
    async def main(opener):
        opened = opener("::ffff:127.0.0.1", 0, Inbox())
        assert opened.local[0] == "127.0.0.1"
        opened.close()

    run(way, main)


def test_ipv6_wildcard_leaves_the_ipv4_port_free(way):
    def is_free(opener):
        six = opener("::", 0, Inbox())
        try:
            four = opener("0.0.0.0", six.local[1], Inbox())
        except OSError:
            return False
        else:
            assert (six.local[0], four.local) == ("::", ("0.0.0.0", six.local[1]))
            four.close()
            return True
        finally:
            six.close()

    async def main(opener):
        # Another program may happen to have the IPv4 port of one attempt, but not of all.
        assert any(is_free(opener) for _ in range(20))

    run(way, main)


def test_open_raises_when_the_port_is_taken(way):
    async def main(opener):
        first = opener("127.0.0.1", 0, Inbox())
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is checked
            opener("127.0.0.1", first.local[1], Inbox())
        assert caught.value.errno == errno.EADDRINUSE
        first.close()

    run(way, main)


def test_open_raises_when_the_address_is_not_here(way):
    async def main(opener):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is checked
            opener("192.0.2.250", 0, Inbox())
        assert caught.value.errno == errno.EADDRNOTAVAIL

    run(way, main)


def test_open_raises_for_a_name(way):
    async def main(opener):
        with pytest.raises(ValueError, match="localhost"):
            opener("localhost", 0, Inbox())

    run(way, main)


def test_open_raises_for_an_impossible_port(way):
    async def main(opener):
        with pytest.raises(OverflowError):
            opener("127.0.0.1", 65536, Inbox())

    run(way, main)


# --- runs and batches -------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 48, 49, 54, 130])
@pytest.mark.parametrize("tail", [0, 1, 1199])
def test_runs_arrive_as_datagrams(way, count, tail):
    segments = [bytes([i]) * 1200 for i in range(count)]
    if tail:
        segments.append(b"t" * tail)

    async def main(opener):
        inbox = Inbox()
        alice, bob = opener("127.0.0.1", 0, Inbox()), opener("127.0.0.1", 0, inbox)
        alice.send([to(alice, b"".join(segments), bob.local, 1200)])
        await inbox.wait(len(segments))
        assert inbox.payloads == segments
        assert {datagram.remote for datagram in inbox.datagrams} == {alice.local}
        assert alice.dropped == 0
        alice.close()
        bob.close()

    run(way, main)


@pytest.mark.parametrize(("size", "count"), [(1, 200), (7, 100), (30_000, 5), (65_507, 2)])
def test_runs_of_any_segment_size_arrive(way, size, count):
    segments = [bytes([i]) * size for i in range(count)]

    async def main(opener):
        inbox = Inbox()
        alice, bob = opener("127.0.0.1", 0, Inbox()), opener("127.0.0.1", 0, inbox)
        alice.send([to(alice, b"".join(segments), bob.local, size)])
        await inbox.wait(count)
        assert inbox.payloads == segments
        alice.close()
        bob.close()

    run(way, main)


def test_order_holds_across_runs_and_remotes(way):
    async def main(opener):
        inbox, other = Inbox(), Inbox()
        alice = opener("127.0.0.1", 0, Inbox())
        bob, carol = opener("127.0.0.1", 0, inbox), opener("127.0.0.1", 0, other)
        alice.send(
            [
                to(alice, b"aabbc", bob.local, 2),
                to(alice, b"xxy", carol.local, 2),
                to(alice, b"d", bob.local),
                to(alice, b"eef", bob.local, 2),
            ]
        )
        await inbox.wait(6)
        await other.wait(2)
        assert inbox.payloads == [b"aa", b"bb", b"c", b"d", b"ee", b"f"]
        assert other.payloads == [b"xx", b"y"]
        for each in (alice, bob, carol):
            each.close()

    run(way, main)


def test_an_empty_datagram_arrives(way):
    async def main(opener):
        inbox = Inbox()
        bob = opener("127.0.0.1", 0, inbox)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.sendto(b"", bob.local)
            plain.sendto(b"x", bob.local)
        await inbox.wait(2)
        assert inbox.payloads == [b"", b"x"]
        bob.close()

    run(way, main)


def test_one_wake_up_hands_over_one_batch_of_bounded_size(way):
    async def main(opener):
        inbox = Inbox()
        bob = opener("127.0.0.1", 0, inbox)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            for number in range(150):
                plain.sendto(b"%d" % number, bob.local)
        await inbox.wait(150)
        assert inbox.payloads == [b"%d" % number for number in range(150)]
        first = 1 if type(bob) is AwaitedUdpSocket else 0
        assert [len(batch) for batch in inbox.batches] == [64 + first, 64 + first, 22 - 2 * first]
        bob.close()

    run(way, main)


@pytest.mark.skipif(sys.platform != "linux", reason="GSO and GRO are Linux's")
def test_coalesced_runs_use_the_budget_up_faster():
    async def main(opener):
        inbox = Inbox()
        alice, bob = opener("127.0.0.1", 0, Inbox()), opener("127.0.0.1", 0, inbox)
        alice.send([to(alice, b"x", bob.local)] * COALESCE_FROM)
        await inbox.wait(COALESCE_FROM)
        inbox.batches.clear()
        run_of_40 = to(alice, b"x" * 40_000, bob.local, 1000)
        alice.send([run_of_40] * 5)
        await inbox.wait(200)
        assert [len(batch) for batch in inbox.batches] == [160, 40]
        alice.close()
        bob.close()

    run(WAYS["offload"], main)


def test_thousand_full_datagrams_fit_into_the_buffers(way):
    async def main(opener):
        inbox = Inbox()
        alice, bob = opener("127.0.0.1", 0, Inbox()), opener("127.0.0.1", 0, inbox)
        # What a socket with the default buffer would hold is lost long before the last one.
        granted = bob._sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        count = min(1000, granted // 2400)
        alice.send([to(alice, bytes(1200), bob.local)] * count)
        await inbox.wait(count)
        alice.close()
        bob.close()

    run(way, main)


def test_endless_arrivals_let_others_run(way):
    async def main(opener):
        turn = asyncio.Event()
        asyncio.get_running_loop().call_later(0.001, turn.set)
        hops = 0

        def send_to_myself(batch):
            nonlocal hops
            hops += 1
            if hops < 100_000:
                bob.send([to(bob, b"again", bob.local)])

        bob = opener("127.0.0.1", 0, send_to_myself)
        send_to_myself([])
        await turn.wait()
        assert 1 < hops < 100_000
        bob.close()

    run(way, main)


# --- adversity --------------------------------------------------------------------------------


def test_icmp_refusal_disturbs_nobody(way):
    async def main(opener):
        inbox = Inbox()
        alice, bob = opener("127.0.0.1", 0, Inbox()), opener("127.0.0.1", 0, inbox)
        gone = opener("127.0.0.1", 0, Inbox())
        gone.close()
        await turns()
        for _ in range(3):
            alice.send([to(alice, b"nobody", gone.local), to(alice, b"runrunru", gone.local, 3)])
        bob.send([to(bob, b"ignored", gone.local)])
        alice.send([to(alice, b"still here", bob.local)])
        await inbox.wait(1)
        assert inbox.payloads == [b"still here"]
        alice.close()
        bob.close()

    run(way, main)


def test_unsendable_datagrams_are_lost_and_counted(way):
    async def main(opener):
        inbox = Inbox()
        alice, bob = opener("127.0.0.1", 0, Inbox()), opener("127.0.0.1", 0, inbox)
        alice.send(
            [
                to(alice, bytes(70_000), bob.local),
                to(alice, b"v6 through v4", ("::1", bob.local[1])),
                to(alice, b"ok", bob.local),
            ]
        )
        await inbox.wait(1)
        assert inbox.payloads == [b"ok"]
        assert alice.dropped == 2
        alice.close()
        bob.close()

    run(way, main)


@pytest.mark.parametrize("size", [0, -1])
def test_send_raises_for_a_segment_size_that_is_none(way, size):
    async def main(opener):
        alice = opener("127.0.0.1", 0, Inbox())
        with pytest.raises(ValueError, match="segment size"):
            alice.send([Transmit(b"x", size, alice.local, alice.local)])
        alice.close()

    run(way, main)


def test_exception_in_the_handler_is_reported_and_survived(way):
    async def main(opener):
        reported = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
        inbox = Inbox()

        def handle(batch):
            inbox(batch)
            if batch[0].data == b"bad":
                raise LookupError("bug")

        alice, bob = opener("127.0.0.1", 0, Inbox()), opener("127.0.0.1", 0, handle)
        alice.send([to(alice, b"bad", bob.local)])
        await inbox.wait(1)
        alice.send([to(alice, b"good", bob.local)])
        await inbox.wait(2)
        assert [type(error) for error in reported] == [LookupError]
        alice.close()
        bob.close()

    run(way, main)


class ErraticLoop(BlindLoop):
    """Reports errors on receiving in both ways that Windows does."""

    def __init__(self):
        super().__init__()
        self.script = [ConnectionResetError("ICMP, up to 3.11"), (b"", None)]

    async def sock_recvfrom(self, sock, bufsize):
        if not self.script:
            return await super().sock_recvfrom(sock, bufsize)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def test_errors_on_receiving_do_not_end_it():
    async def main(opener):
        inbox = Inbox()
        bob = opener("127.0.0.1", 0, inbox)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.sendto(b"x", bob.local)
        await inbox.wait(1)
        assert inbox.payloads == [b"x"]
        assert asyncio.get_running_loop().script == []
        bob.close()

    run((ErraticLoop, False), main)


# --- close ------------------------------------------------------------------------------------


def test_close_is_final_and_idempotent(way):
    async def main(opener):
        inbox = Inbox()
        alice, bob = opener("127.0.0.1", 0, Inbox()), opener("127.0.0.1", 0, inbox)
        await turns()
        alice.send([to(alice, b"too late", bob.local)])  # is in bob's buffer now
        bob.close()
        bob.close()
        await asyncio.sleep(0.005)
        assert inbox.batches == []
        bob.send([to(bob, b"abc", alice.local, 2), to(bob, b"d", alice.local)])
        assert bob.dropped == 3
        opener(*bob.local, Inbox()).close()  # the port is free again
        alice.close()

    run(way, main)


def test_close_within_the_handler(way):
    async def main(opener):
        inbox = Inbox()

        def handle(batch):
            inbox(batch)
            bob.close()

        alice, bob = opener("127.0.0.1", 0, Inbox()), opener("127.0.0.1", 0, handle)
        alice.send([to(alice, b"x", bob.local)] * 100)  # more than one batch
        await inbox.wait(1)
        alice.send([to(alice, b"y", bob.local)])
        await asyncio.sleep(0.005)
        assert len(inbox.batches) == 1
        alice.close()

    run(way, main)


def test_one_handler_closes_the_other_socket_that_is_ready_too(way):
    async def main(opener):
        inbox = Inbox()

        def handle(batch):
            inbox(batch)
            for each in pair:
                each.close()

        alice = opener("127.0.0.1", 0, Inbox())
        pair = [opener("127.0.0.1", 0, handle) for _ in range(2)]
        await turns()
        alice.send([to(alice, b"x", each.local) for each in pair])
        await asyncio.sleep(0.005)
        assert len(inbox.batches) == 1
        alice.close()

    run(way, main)


def test_next_socket_may_get_the_same_descriptor(way):
    async def main(opener):
        alice = opener("127.0.0.1", 0, Inbox())
        for _ in range(3):
            inbox = Inbox()
            bob = opener("127.0.0.1", 0, inbox)
            await turns()
            alice.send([to(alice, b"x", bob.local)])
            await inbox.wait(1)
            bob.close()
        alice.close()

    run(way, main)


def test_closed_sockets_leave_nothing_behind(way):
    async def main(opener):
        opened = [opener("127.0.0.1", 0, Inbox()) for _ in range(10)]
        for each in opened[:5]:  # before their loop ever got to them
            each.close()
        await turns()
        for each in opened[5:]:
            each.close()
        await turns()
        assert all(each._sock.fileno() == -1 for each in opened)
        assert not [task for task in asyncio.all_tasks() if "UDP" in task.get_name()]

    run(way, main)


def test_a_socket_whose_loop_ended_first_gives_its_port_back(way):
    async def main():
        bound = open_udp(loop, "127.0.0.1", 0, lambda batch: None, offload=way[1])
        await asyncio.sleep(0.01)
        return bound

    loop = way[0]()
    bound = loop.run_until_complete(main())
    loop.close()
    bound.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(bound.local)


def test_nothing_is_handed_over_after_a_handler_closed_its_socket():
    """A lone datagram is handed over before the socket is read to its end."""

    async def main() -> list[bytes]:
        told: list[bytes] = []
        has_first = asyncio.Event()

        def handle(batch):
            told.extend(each.data for each in batch)
            has_first.set()
            if b"two" in told:
                bob.close()

        loop = asyncio.get_running_loop()
        alice = open_udp(loop, "127.0.0.1", 0, Inbox())
        bob = open_udp(loop, "127.0.0.1", 0, handle)
        alice.send([to(alice, b"one", bob.local)])
        await has_first.wait()
        alice.send([to(alice, b"two", bob.local), to(alice, b"three", bob.local)])
        await turns()
        alice.close()
        return told

    assert asyncio.run(main()) == [b"one", b"two"]
