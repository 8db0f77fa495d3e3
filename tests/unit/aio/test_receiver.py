"""Errors and odd source addresses, which the loopback interface never shows."""

import errno
import socket
import sys

import pytest

from frazil.aio import arrival
from frazil.aio.receiver import (
    COALESCE_FROM,
    DRAIN_BUDGET,
    MAX_CACHED_ADDRESSES,
    VAIN_LOOKS,
    Receiver,
)
from frazil.types import Datagram

LOCAL = ("192.0.2.9", 9)
LOCAL6 = ("2001:db8::9", 9)


class ScriptedSocket:
    """Yields what it is given: datagrams with their source, or errors."""

    def __init__(self, *script):
        self.script = list(script)

    def recvfrom(self, size):
        assert size >= 65_507
        if not self.script:
            raise BlockingIOError
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def drain(*script, local=LOCAL):
    return Receiver(ScriptedSocket(*script), local, coalesce=False).drain()


def test_nothing_there_is_an_empty_batch():
    assert drain() == []


def test_errors_between_datagrams_are_skipped():
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "ICMP")
    source = ("10.0.0.1", 1)
    found = drain(refused, (b"a", source), refused, (b"b", source))
    assert found == [Datagram(b"a", LOCAL, source), Datagram(b"b", LOCAL, source)]


def test_endless_errors_end_with_the_budget():
    sock = ScriptedSocket(*[OSError(errno.ENETDOWN, "down")] * 1000)
    assert Receiver(sock, LOCAL, coalesce=False).drain() == []
    assert len(sock.script) == 1000 - DRAIN_BUDGET


def test_a_socket_of_many_connections_is_read_for_all_of_them():
    """Each has an answer waiting, and none shall look silent to its timer."""
    sources = [("10.0.0.1", 1000 + n) for n in range(5000)]
    sock = ScriptedSocket(*[(b"answer", source) for source in sources])
    receiver = Receiver(sock, LOCAL, coalesce=False)
    receiver.serve(1)
    assert len(receiver.drain()) == DRAIN_BUDGET
    receiver.serve(3000)
    assert len(receiver.drain()) == 3000
    receiver.serve(0)
    assert len(receiver.drain()) == DRAIN_BUDGET


CHECK, ANSWER, PAYLOAD = b"\x00\x01check", b"\x01\x01answer", b"\x17payload"


def test_nobody_looks_for_a_second_check_if_the_last_datagram_came_alone():
    source = ("10.0.0.1", 1)
    arrivals = [CHECK, None, CHECK, None, ANSWER, None, CHECK]
    steps = [BlockingIOError() if each is None else (each, source) for each in arrivals]
    sock = ScriptedSocket(*steps)
    receiver = Receiver(sock, LOCAL, coalesce=False)

    def drain() -> tuple[list[bytes], int]:
        before = len(sock.script)
        found = [datagram.data for datagram in receiver.drain()]
        return found, before - len(sock.script)

    assert drain() == ([CHECK], 2)
    assert drain() == ([CHECK], 1)
    assert drain() == ([], 1)  # the loop would not have told
    assert drain() == ([ANSWER], 2)  # something else came between
    assert drain() == ([CHECK], 1)


@pytest.fixture
def emptiness(monkeypatch):
    """Scripted sockets tell whether they are empty; how often they were asked."""
    asked = []

    def is_empty(sock):
        asked.append(sock)
        return not sock.script

    monkeypatch.setattr(arrival, "is_empty", is_empty)
    return asked


def test_who_asks_whether_a_socket_is_empty_need_not_read_it(emptiness):
    source = ("10.0.0.1", 1)
    sock = ScriptedSocket((PAYLOAD, source))
    receiver = Receiver(sock, LOCAL, coalesce=False)
    assert len(receiver.drain()) == 1
    assert emptiness == []
    for _ in range(2):
        sock.script = [(PAYLOAD, source), AssertionError()]
        assert len(receiver.drain()) == 1
        assert not receiver.is_done
        sock.script = []
        assert receiver.drain() == []
        assert receiver.is_done
    assert emptiness == [sock, sock]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot tell")
def test_a_real_socket_tells_whether_it_is_empty():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        one.bind(("127.0.0.1", 0))
        assert arrival.is_empty(one)
        two.sendto(b"x", one.getsockname())
        assert not arrival.is_empty(one)
        one.recv(10)
        assert arrival.is_empty(one)


def test_lone_payload_is_handed_over_before_anybody_looks_for_more(emptiness):
    source = ("10.0.0.1", 1)
    sock = ScriptedSocket((PAYLOAD, source))
    receiver = Receiver(sock, LOCAL, coalesce=False)

    def wake_up(count: int) -> list[int]:
        """How many datagrams each batch has."""
        sock.script = [(PAYLOAD, source)] * count
        batches = [len(receiver.drain())]
        if not receiver.is_done:
            batches.append(len(receiver.drain()))
        assert receiver.is_done
        assert sock.script == []
        return batches

    assert wake_up(1) == [1]  # nothing was known yet, so all was read
    assert wake_up(1) == [1, 0]
    assert wake_up(1) == [1, 0]
    assert wake_up(5) == [1, 4]
    assert wake_up(5) == [5]
    assert wake_up(1) == [1]
    assert wake_up(2) == [1, 1]
    assert wake_up(2) == [2]


def test_payload_that_always_comes_alone_is_seldom_followed_by_a_look(emptiness):
    source = ("10.0.0.1", 1)
    sock = ScriptedSocket()
    receiver = Receiver(sock, LOCAL, coalesce=False)

    def looks_after(count: int, datagrams: int = 1) -> list[int]:
        """After which of so many wake-ups somebody looked for more."""
        looked = []
        for number in range(count):
            sock.script += [(PAYLOAD, source)] * datagrams
            before = len(emptiness)
            receiver.drain()
            if not receiver.is_done:
                receiver.drain()
            if len(emptiness) > before:
                looked.append(number)
        return looked

    looks_after(1)
    assert looks_after(3 * VAIN_LOOKS) == [*range(VAIN_LOOKS + 1), 2 * VAIN_LOOKS]
    assert looks_after(VAIN_LOOKS, datagrams=2) == [0]  # and what was left by then was read as well
    assert sock.script == []
    assert looks_after(3) == [1, 2]  # as at first


def test_an_error_instead_of_the_lone_datagram_loses_nothing(emptiness):
    source = ("10.0.0.1", 1)
    sock = ScriptedSocket((PAYLOAD, source))
    receiver = Receiver(sock, LOCAL, coalesce=False)
    receiver.drain()
    sock.script = [ConnectionRefusedError(), (PAYLOAD, source), (PAYLOAD, source)]
    assert len(receiver.drain()) == 1
    assert not receiver.is_done
    assert len(receiver.drain()) == 1


def test_two_checks_come_in_two_turns_at_worst():
    source = ("10.0.0.1", 1)
    sock = ScriptedSocket((CHECK, source))
    receiver = Receiver(sock, LOCAL, coalesce=False)
    assert len(receiver.drain()) == 1
    sock.script += [(CHECK, source)] * 2
    assert [len(receiver.drain()) for _ in range(3)] == [1, 1, 0]


def test_a_socket_of_several_connections_is_always_read_for_all():
    source = ("10.0.0.1", 1)
    sock = ScriptedSocket((CHECK, source))
    receiver = Receiver(sock, LOCAL, coalesce=False)
    receiver.drain()
    receiver.serve(2)
    for _ in range(2):
        sock.script += [(CHECK, source)]
        assert len(receiver.drain()) == 1
    sock.script += [(CHECK, source)] * 2
    assert len(receiver.drain()) == 2


@pytest.mark.parametrize(
    ("sockaddr", "address"),
    [
        (("2001:db8::1", 5, 0, 0), ("2001:db8::1", 5)),
        (("fe80::1", 5, 0, 3), ("fe80::1", 5)),
        (("fe80::1%wlan0", 5, 0, 3), ("fe80::1", 5)),
        (("::ffff:192.0.2.1", 5, 0, 0), ("192.0.2.1", 5)),
    ],
)
def test_ipv6_sources_become_plain_addresses(sockaddr, address):
    assert drain((b"x", sockaddr), (b"y", sockaddr), local=LOCAL6) == [
        Datagram(b"x", LOCAL6, address),
        Datagram(b"y", LOCAL6, address),
    ]


def test_address_cache_is_bounded():
    count = MAX_CACHED_ADDRESSES * 2 + 5
    sock = ScriptedSocket(*[(b"", (f"2001:db8::{n:x}", 1, 0, 0)) for n in range(count)])
    receiver = Receiver(sock, LOCAL6, coalesce=False)
    seen = []
    while batch := receiver.drain():
        assert len(receiver._address._known) <= MAX_CACHED_ADDRESSES
        seen += [datagram.remote[0] for datagram in batch]
    assert seen == [f"2001:db8::{n:x}" if n else "2001:db8::" for n in range(count)]


@pytest.mark.skipif(sys.platform != "linux", reason="GRO is Linux's")
@pytest.mark.parametrize("wanted", [False, True])
def test_coalescing_is_asked_for_when_it_is_wanted_and_a_stream_has_begun(wanted):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        receiver = Receiver(sock, LOCAL, coalesce=wanted)
        for count in (COALESCE_FROM - 1, COALESCE_FROM):
            assert sock.getsockopt(17, 104) == 0
            for _ in range(count):
                sock.sendto(b"x", sock.getsockname())
            assert len(receiver.drain()) == count
        assert sock.getsockopt(17, 104) == wanted
