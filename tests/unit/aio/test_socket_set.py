import random

import pytest

from frazil.aio.socket_set import SocketSet
from frazil.types import Transmit

ONE, TWO = "10.0.0.1", "10.0.0.2"


class FakeSocket:
    def __init__(self, host: str, port: int) -> None:
        self.local = (host, port)
        self.batches: list[list[Transmit]] = []
        self.is_closed = False

    def send(self, transmits: list[Transmit]) -> None:
        self.batches.append(list(transmits))

    def close(self) -> None:
        self.is_closed = True


class FakeNetwork:
    def __init__(self) -> None:
        self.opened: list[FakeSocket] = []
        self.random_bytes = random.Random(1).randbytes

    def open_udp(self, host: str, port: int, on_datagrams: object) -> FakeSocket:
        if host == "10.0.0.99":
            raise OSError("refused")
        socket = FakeSocket(host, 1000 + len(self.opened))
        self.opened.append(socket)
        return socket


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


@pytest.fixture
def sockets(network) -> SocketSet:
    return SocketSet(network, lambda batch: None)


def transmit(data: bytes, local: tuple[str, int]) -> Transmit:
    return Transmit(data, len(data), local, ("10.0.0.9", 9))


def test_there_is_one_socket_for_each_address(sockets, network):
    assert sockets.open(ONE) is sockets.open(ONE)
    assert sockets.open(TWO) is not sockets.open(ONE)
    assert [socket.local for socket in network.opened] == [(ONE, 1000), (TWO, 1001)]


def test_a_refusal_is_the_callers_to_handle(sockets):
    with pytest.raises(OSError, match="refused"):
        sockets.open("10.0.0.99")


def test_only_the_sockets_on_other_addresses_are_closed(sockets, network):
    one, two = sockets.open(ONE), sockets.open(TWO)
    assert sockets.close_all_but([ONE, "10.0.0.3"]) == [two.local]
    assert (one.is_closed, two.is_closed) == (False, True)
    assert sockets.open(ONE) is one
    assert sockets.open(TWO) is not two
    assert len(sockets.close_all_but(())) == 2
    assert all(socket.is_closed for socket in network.opened)


def test_runs_of_neighbours_with_one_source_go_in_one_call(sockets):
    one, two = sockets.open(ONE), sockets.open(TWO)
    runs = [
        transmit(bytes([number]), local)
        for number, local in enumerate([one.local, one.local, two.local, one.local])
    ]
    sockets.send(runs)
    assert one.batches == [runs[:2], runs[3:]]
    assert two.batches == [[runs[2]]]


def test_nothing_and_the_unknown_are_sent_nowhere(sockets):
    one = sockets.open(ONE)
    sockets.send([])
    stray = transmit(b"stray", (ONE, 9))
    known = transmit(b"known", one.local)
    sockets.send([stray, known, stray])
    assert one.batches == [[known]]


def test_what_was_sent_from_last_is_forgotten_when_it_is_closed(sockets):
    one = sockets.open(ONE)
    sockets.send([transmit(b"open", one.local)])
    sockets.close_all_but([TWO])
    sockets.send([transmit(b"closed", one.local)])
    assert [run.data for batch in one.batches for run in batch] == [b"open"]


def test_what_was_sent_from_last_is_forgotten_when_it_is_removed(sockets):
    stream = FakeSocket(ONE, 5000)
    assert sockets.take(stream)
    sockets.send([transmit(b"there", stream.local)])
    assert sockets.remove(stream)
    sockets.send([transmit(b"gone", stream.local)])
    assert [run.data for batch in stream.batches for run in batch] == [b"there"]


def test_what_was_unknown_may_be_opened_later(sockets):
    sockets.send([transmit(b"early", (ONE, 1000))])
    one = sockets.open(ONE)
    sockets.send([transmit(b"in time", one.local)])
    assert [run.data for batch in one.batches for run in batch] == [b"in time"]
