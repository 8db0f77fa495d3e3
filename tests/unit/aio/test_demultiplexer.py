"""One socket for many: whom each datagram is for."""

import pytest

from frazil.aio.demultiplexer import MAX_TRANSACTIONS, MAX_UFRAGS, Demultiplexer, SharedUdpSocket
from frazil.stun import Attribute, Message, MessageClass, Method
from frazil.types import Datagram, Transmit

LOCAL = ("10.0.0.1", 3478)
R = ("203.0.113.1", 5000)
S = ("203.0.113.2", 5000)
DTLS = b"\x16\xfe\xfd" + bytes(20)


class Net:
    def __init__(self):
        self.sent = []
        self.local = LOCAL
        self.dropped = 7

    def open_udp(self, host, port, on_datagrams):
        assert (host, port) == LOCAL
        return self

    def send(self, transmits):
        self.sent += transmits

    def serve(self, connections):
        self.connections = connections


class Bench:
    def __init__(self, *ufrags):
        self.net = Net()
        self.shared = Demultiplexer()
        self.shared.bind(self.net, *LOCAL)
        self.batches = {}
        self.views = {}
        for ufrag in ufrags:
            self.batches[ufrag] = []
            self.views[ufrag] = SharedUdpSocket(self.shared, self.batches[ufrag].append)
            self.views[ufrag].expect(ufrag)

    def receive(self, *datagrams):
        """What each view got of a batch."""
        self.shared.receive([Datagram(data, LOCAL, remote) for data, remote in datagrams])
        got = {name: [d.data for b in bs for d in b] for name, bs in self.batches.items() if bs}
        assert all(len(batches) <= 1 for batches in self.batches.values())
        for batches in self.batches.values():
            batches.clear()
        return got

    def send(self, name, data, remote=R):
        self.views[name].send([Transmit(data, len(data), LOCAL, remote)])


def stun(kind=MessageClass.REQUEST, number=1, username=None):
    attributes = {} if username is None else {Attribute.USERNAME: username}
    return Message(Method.BINDING, kind, number.to_bytes(12), attributes).encode()


CHECK_A = stun(username="a:x")
ANSWER = stun(MessageClass.SUCCESS)


@pytest.fixture
def bench():
    return Bench("a", "b")


def test_a_check_is_for_whose_ufrag_it_names(bench):
    assert bench.receive((CHECK_A, R), (stun(username="b:x"), S)) == {
        "a": [CHECK_A],
        "b": [stun(username="b:x")],
    }
    assert bench.receive((stun(username="c:x"), R), (stun(), R)) == {}
    assert bench.shared.unclaimed == 2


def test_an_answer_is_for_who_asked_and_only_once(bench):
    bench.send("a", stun(number=1))
    bench.send("b", stun(number=2))
    one, two = (stun(MessageClass.SUCCESS, number) for number in (1, 2))
    assert bench.receive((two, R), (one, R)) == {"a": [one], "b": [two]}
    assert bench.receive((one, R)) == {}
    bench.send("a", stun(number=3))
    error = stun(MessageClass.ERROR, 3)
    assert bench.receive((error, S)) == {"a": [error]}


def test_data_is_for_who_found_a_check_from_there_authentic(bench):
    assert bench.receive((CHECK_A, R)) == {"a": [CHECK_A]}
    assert bench.receive((DTLS, R)) == {}  # that a check names a ufrag proves nothing
    bench.send("a", stun(MessageClass.ERROR))
    assert bench.receive((DTLS, R)) == {}
    bench.send("a", ANSWER)
    assert bench.receive((DTLS, R), (DTLS, S)) == {"a": [DTLS]}


def test_data_is_for_who_sends_data_there(bench):
    bench.send("b", DTLS)
    assert bench.receive((DTLS, R)) == {"b": [DTLS]}
    indication = stun(MessageClass.INDICATION)
    assert bench.receive((indication, R), (indication, S)) == {"b": [indication]}


def test_data_is_for_who_got_an_answer_from_there(bench):
    """A lite peer never checks, and may be the first to send data."""
    bench.send("a", stun())
    bench.receive((ANSWER, R))
    assert bench.receive((DTLS, R)) == {"a": [DTLS]}


def test_another_connections_check_from_the_same_address_takes_nothing_away(bench):
    bench.send("a", ANSWER)
    bench.send("a", DTLS)
    bench.send("b", ANSWER)
    assert bench.receive((DTLS, R)) == {"a": [DTLS], "b": [DTLS]}
    bench.views["b"].close()
    assert bench.receive((DTLS, R)) == {"a": [DTLS]}


def test_a_batch_for_one_stays_one_and_in_order(bench):
    bench.send("a", DTLS)
    bench.send("b", DTLS, S)
    data = [DTLS + bytes([n]) for n in range(6)]
    got = bench.receive(*((each, R if n % 3 else S) for n, each in enumerate(data)))
    assert got == {"a": [data[1], data[2], data[4], data[5]], "b": [data[0], data[3]]}


def test_runs_are_sent_as_they_are(bench):
    run = Transmit(DTLS * 3, len(DTLS), LOCAL, R)
    bench.views["a"].send([run])
    assert bench.net.sent == [run]
    assert bench.views["a"].dropped == 7
    assert bench.views["a"].local == LOCAL


def test_a_closed_view_hears_and_says_nothing(bench):
    bench.send("a", DTLS)
    bench.send("a", stun(number=5))
    view = bench.views["a"]
    view.close()
    view.close()
    view.expect("z")
    bench.net.sent.clear()
    bench.send("a", DTLS)
    assert bench.net.sent == []
    assert bench.receive((CHECK_A, R), (DTLS, R), (stun(MessageClass.SUCCESS, 5), R)) == {}
    assert bench.shared._by_ufrag.keys() == {"b"}
    assert bench.shared._by_transaction == {}
    assert len(bench.shared._claims) == 0


def test_the_socket_knows_how_many_it_is_read_for(bench):
    assert bench.net.connections == 2
    bench.views["a"].close()
    bench.views["a"].close()
    assert bench.net.connections == 1


def test_a_view_that_is_closed_by_another_gets_nothing_of_the_batch():
    bench = Bench("a", "b")
    bench.views["a"]._on_datagrams = lambda batch: bench.views["b"].close()
    assert bench.receive((CHECK_A, R), (stun(username="b:x"), S)) == {}


def test_only_so_many_generations_and_requests_are_remembered(bench):
    for number in range(MAX_UFRAGS):
        bench.views["a"].expect(f"a{number}")
    assert bench.receive((CHECK_A, R)) == {}
    assert len(bench.receive((stun(username="a0:x"), R))) == 1
    for number in range(1, MAX_TRANSACTIONS + 2):
        bench.send("a", stun(number=number))
    assert bench.receive((stun(MessageClass.SUCCESS, 1), R)) == {}
    assert len(bench.receive((stun(MessageClass.SUCCESS, 2), R))) == 1


def test_a_ufrag_belongs_to_the_first_who_has_it(bench):
    bench.views["b"].expect("a")
    assert bench.receive((CHECK_A, R)) == {"a": [CHECK_A]}
    bench.views["b"].close()
    assert bench.receive((CHECK_A, R)) == {"a": [CHECK_A]}


def test_a_generation_that_gathers_again_counts_as_new(bench):
    view = bench.views["a"]
    for number in range(MAX_UFRAGS - 1):
        view.expect(f"a{number}")
    view.expect("a")
    view.expect("late")
    assert bench.receive((CHECK_A, R)) == {"a": [CHECK_A]}
    assert bench.receive((stun(username="a0:x"), R)) == {}


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x01\x00\x00", bytes(20)])
def test_scraps_are_for_nobody(bench, data):
    assert bench.receive((data, R)) == {}
    assert bench.shared.unclaimed == 1
