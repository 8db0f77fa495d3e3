"""Refusals and full buffers, which the loopback interface never shows: scripted sockets."""

import asyncio
import errno
import socket
import sys

import pytest

from frazil.aio.offload import MAX_PAYLOAD, MAX_SEGMENTS
from frazil.aio.transmitter import MAX_QUEUED_RUNS, MAX_REFUSED, Transmitter
from frazil.types import Transmit

LOCAL, REMOTE, OTHER = (("127.0.0.1", port) for port in (1, 2, 3))


class ScriptedSocket(socket.socket):
    """Sends nothing; records calls and fails as told.

    Attributes:
        full_after: After how many calls the buffer is full.
        refusal: The error of segmented sends.
        refused: The addresses they are refused to; all others unless there are some.
    """

    def __init__(self, full_after=None, refusal=None, refused=()):
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.setblocking(False)
        self.full_after = full_after
        self.refusal = refusal
        self.refused = refused
        self.calls = []
        self.attempts = 0

    def sendto(self, data, address):
        self._take()
        self.calls.append((data, None, address))
        return len(data)

    def sendmsg(self, buffers, ancillary=(), flags=0, address=None):
        self._take()
        if self.refusal and (not self.refused or address in self.refused):
            raise OSError(self.refusal, "scripted")
        ((level, kind, value),) = ancillary
        assert (level, kind) == (17, 103)
        data = b"".join(buffers)
        self.calls.append((data, int.from_bytes(value, sys.byteorder), address))
        return len(data)

    def _take(self):
        self.attempts += 1
        if self.full_after is not None:
            if self.full_after == 0:
                raise BlockingIOError
            self.full_after -= 1


class ManualLoop:
    """Remembers the writer; a test calls it when it likes."""

    def __init__(self):
        self.writer = None

    def add_writer(self, sock, callback):
        assert self.writer is None
        self.writer = callback

    def remove_writer(self, sock):
        assert self.writer is not None
        self.writer = None


class BlindLoop:
    def add_writer(self, sock, callback):
        raise NotImplementedError


@pytest.fixture
def scripted():
    opened = []

    def make(**script):
        sock = ScriptedSocket(**script)
        opened.append(sock)
        return sock

    yield make
    for sock in opened:
        sock.close()


def run_of(count, size=1000, remote=REMOTE):
    return Transmit(b"".join(bytes([i]) * size for i in range(count)), size, LOCAL, remote)


def singles(transmit):
    size = transmit.segment_size
    return [
        (transmit.data[at : at + size], None, REMOTE) for at in range(0, len(transmit.data), size)
    ]


needs_gso = pytest.mark.skipif(sys.platform != "linux", reason="GSO is Linux's")


@needs_gso
def test_run_goes_out_in_pieces_the_kernel_takes(scripted):
    sock = scripted()
    Transmitter(ManualLoop(), sock, segment=True).send([run_of(100)])
    assert [(len(data), size) for data, size, _ in sock.calls] == [
        (48_000, 1000),
        (48_000, 1000),
        (4000, 1000),
    ]
    assert b"".join(data for data, _, _ in sock.calls) == run_of(100).data


@needs_gso
@pytest.mark.parametrize("size", [1, 1363, 1364, 1365, 1472, 9000, 32_753, 32_754, 65_507])
def test_pieces_stay_within_both_limits(scripted, size):
    sock = scripted()
    transmit = run_of(60, size)
    Transmitter(ManualLoop(), sock, segment=True).send([transmit])
    assert b"".join(data for data, _, _ in sock.calls) == transmit.data
    for data, _, _ in sock.calls:
        assert len(data) % size == 0
        assert len(data) <= MAX_PAYLOAD
        assert len(data) // size <= MAX_SEGMENTS
    assert len(sock.calls[0][0]) // size == min(48, 65_507 // size)


@needs_gso
def test_single_datagram_needs_no_control_message(scripted):
    sock = scripted()
    Transmitter(ManualLoop(), sock, segment=True).send([run_of(1), run_of(49)])
    assert [size for _, size, _ in sock.calls] == [None, 1000, None]


def test_switched_off_every_datagram_goes_alone(scripted):
    sock = scripted()
    Transmitter(ManualLoop(), sock, segment=False).send([run_of(5)])
    assert sock.calls == singles(run_of(5))


@needs_gso
@pytest.mark.parametrize(
    "refusal", [errno.EINVAL, errno.EIO, errno.EMSGSIZE, errno.ENOPROTOOPT, errno.EOPNOTSUPP]
)
def test_refused_run_is_sent_one_by_one_and_so_is_the_rest(scripted, refusal):
    sock = scripted(refusal=refusal)
    transmitter = Transmitter(ManualLoop(), sock, segment=True)
    transmitter.send([run_of(3)])
    assert sock.calls == singles(run_of(3))
    assert transmitter.dropped == 0
    sock.refusal = None
    transmitter.send([run_of(2)])
    assert sock.calls == singles(run_of(3)) + singles(run_of(2))


@needs_gso
@pytest.mark.parametrize("refusal", [errno.EINVAL, errno.EIO, errno.EMSGSIZE])
def test_a_refusal_is_of_one_path(scripted, refusal):
    sock = scripted(refusal=refusal, refused=[REMOTE])
    transmitter = Transmitter(ManualLoop(), sock, segment=True)
    transmitter.send([run_of(3), run_of(3, remote=OTHER)])
    assert sock.calls == [*singles(run_of(3)), (run_of(3).data, 1000, OTHER)]


@needs_gso
def test_refused_paths_are_forgotten_when_they_are_too_many(scripted):
    remotes = [("127.0.0.1", port) for port in range(1, MAX_REFUSED + 2)]
    sock = scripted(refusal=errno.EMSGSIZE)
    transmitter = Transmitter(ManualLoop(), sock, segment=True)
    transmitter.send([run_of(2, remote=remote) for remote in remotes])
    sock.refusal = None
    sock.calls.clear()
    transmitter.send([run_of(2, remote=remote) for remote in remotes])
    assert [size for _, size, _ in sock.calls] == [1000] * MAX_REFUSED + [None, None]


@needs_gso
def test_other_errors_lose_the_piece_only(scripted):
    sock = scripted(refusal=errno.ENETUNREACH)
    transmitter = Transmitter(ManualLoop(), sock, segment=True)
    transmitter.send([run_of(50)])  # 48 together, then 2
    assert transmitter.dropped == 50
    sock.refusal = None
    transmitter.send([run_of(2)])
    assert len(sock.calls) == 1
    assert transmitter.dropped == 50


@pytest.mark.parametrize("segment", [False, pytest.param(True, marks=needs_gso)])
def test_full_buffer_delays_and_loses_nothing(scripted, segment):
    loop = ManualLoop()
    sock = scripted(full_after=1)
    transmitter = Transmitter(loop, sock, segment=segment)
    transmitter.send([run_of(100), run_of(2)])
    attempts = sock.attempts
    transmitter.send([run_of(1)])
    assert loop.writer is not None
    assert sock.attempts == attempts  # nothing is tried before the socket is writable
    while loop.writer is not None:
        sock.full_after = 1
        loop.writer()
    sent = b"".join(data for data, _, _ in sock.calls)
    assert sent == run_of(100).data + run_of(2).data + run_of(1).data
    assert transmitter.dropped == 0


def test_full_buffer_of_a_real_loop(scripted):
    async def main():
        sock = scripted(full_after=0)
        transmitter = Transmitter(asyncio.get_running_loop(), sock, segment=False)
        transmitter.send([run_of(3)])
        assert sock.calls == []
        sock.full_after = None
        await asyncio.sleep(0.001)
        assert sock.calls == singles(run_of(3))
        transmitter.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(asyncio.wait_for(main(), 5))


def test_queue_is_bounded_and_drops_the_newest(scripted):
    loop = ManualLoop()
    sock = scripted(full_after=0)
    transmitter = Transmitter(loop, sock, segment=False)
    for number in range(MAX_QUEUED_RUNS + 10):
        data = number.to_bytes(2)
        transmitter.send([Transmit(data * 3, 2, LOCAL, REMOTE)])
    assert transmitter.dropped == 30
    sock.full_after = None
    loop.writer()
    assert loop.writer is None
    expected = [number.to_bytes(2) for number in range(MAX_QUEUED_RUNS) for _ in range(3)]
    assert [data for data, _, _ in sock.calls] == expected


def test_large_send_is_not_bounded_while_the_buffer_takes_it(scripted):
    sock = scripted()
    transmitter = Transmitter(ManualLoop(), sock, segment=False)
    transmitter.send([run_of(1)] * (MAX_QUEUED_RUNS * 2))
    assert len(sock.calls) == MAX_QUEUED_RUNS * 2
    assert transmitter.dropped == 0


def test_close_loses_the_queue_and_counts_what_was_unsent(scripted):
    loop = ManualLoop()
    sock = scripted(full_after=2)
    transmitter = Transmitter(loop, sock, segment=False)
    transmitter.send([run_of(5), run_of(4)])
    transmitter.close()
    assert loop.writer is None
    assert transmitter.dropped == 7
    transmitter.close()
    transmitter.send([run_of(1)])
    assert transmitter.dropped == 8
    assert sock.calls == singles(run_of(5))[:2]


def test_without_a_writer_a_full_buffer_loses(scripted):
    sock = scripted(full_after=2)
    transmitter = Transmitter(BlindLoop(), sock, segment=False)
    transmitter.send([run_of(5), run_of(4)])
    assert transmitter.dropped == 7
    sock.full_after = None
    transmitter.send([run_of(1)])
    assert len(sock.calls) == 3
    assert transmitter.dropped == 7
