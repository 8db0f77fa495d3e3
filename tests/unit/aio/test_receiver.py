"""Errors and odd source addresses, which the loopback interface never shows."""

import errno
import socket
import sys

import pytest

from frazil.aio.receiver import DRAIN_BUDGET, MAX_CACHED_ADDRESSES, Receiver

LOCAL = ("2001:db8::9", 9)


class ScriptedSocket:
    """Yields what it is given: datagrams with their source, or errors."""

    def __init__(self, *script, family=socket.AF_INET6):
        self.family = family
        self.script = list(script)

    def recvfrom(self, size):
        assert size >= 65_507
        if not self.script:
            raise BlockingIOError
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def drain(*script, family=socket.AF_INET6):
    return Receiver(ScriptedSocket(*script, family=family), LOCAL, coalesce=False).drain()


def test_nothing_there_is_an_empty_batch():
    assert drain() == []


def test_errors_between_datagrams_are_skipped():
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "ICMP")
    source = ("10.0.0.1", 1)
    found = drain(refused, (b"a", source), refused, (b"b", source), family=socket.AF_INET)
    assert found == [(b"a", LOCAL, source), (b"b", LOCAL, source)]


def test_endless_errors_end_with_the_budget():
    sock = ScriptedSocket(*[OSError(errno.ENETDOWN, "down")] * 1000)
    assert Receiver(sock, LOCAL, coalesce=False).drain() == []
    assert len(sock.script) == 1000 - DRAIN_BUDGET


def test_a_socket_of_many_connections_is_read_for_all_of_them():
    """Each has an answer waiting, and none shall look silent to its timer."""
    sources = [("10.0.0.1", 1000 + n) for n in range(5000)]
    sock = ScriptedSocket(*[(b"answer", source) for source in sources], family=socket.AF_INET)
    receiver = Receiver(sock, LOCAL, coalesce=False)
    receiver.serve(1)
    assert len(receiver.drain()) == DRAIN_BUDGET
    receiver.serve(3000)
    assert len(receiver.drain()) == 3000
    receiver.serve(0)
    assert len(receiver.drain()) == DRAIN_BUDGET


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
    assert drain((b"x", sockaddr), (b"y", sockaddr)) == [
        (b"x", LOCAL, address),
        (b"y", LOCAL, address),
    ]


def test_address_cache_is_bounded():
    count = MAX_CACHED_ADDRESSES * 2 + 5
    sock = ScriptedSocket(*[(b"", (f"2001:db8::{n:x}", 1, 0, 0)) for n in range(count)])
    receiver = Receiver(sock, LOCAL, coalesce=False)
    seen = []
    while batch := receiver.drain():
        assert len(receiver._address._known) <= MAX_CACHED_ADDRESSES
        seen += [datagram.remote[0] for datagram in batch]
    assert seen == [f"2001:db8::{n:x}" if n else "2001:db8::" for n in range(count)]


@pytest.mark.skipif(sys.platform != "linux", reason="GRO is Linux's")
def test_coalescing_is_asked_for_only_when_wanted():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        Receiver(sock, LOCAL, coalesce=False)
        assert sock.getsockopt(17, 104) == 0
        Receiver(sock, LOCAL, coalesce=True)
        assert sock.getsockopt(17, 104) == 1


SOURCE = ("10.0.0.1", 1)


def receiver_of(sock):
    return Receiver(sock, LOCAL, coalesce=False)


def test_a_lone_datagram_is_handed_over_before_the_socket_was_found_empty():
    sock = ScriptedSocket((b"a", SOURCE), family=socket.AF_INET)
    receiver = receiver_of(sock)
    assert len(receiver.first()) == 1
    assert receiver.is_done  # nothing was known yet, so all was read
    sock.script = [(b"b", SOURCE), (b"c", SOURCE)]
    assert [each.data for each in receiver.first()] == [b"b"]
    assert not receiver.is_done
    assert [each.data for each in receiver.drain()] == [b"c"]
    assert receiver.is_done


def test_where_more_came_last_time_all_is_handed_over_at_once():
    sock = ScriptedSocket((b"a", SOURCE), family=socket.AF_INET)
    receiver = receiver_of(sock)
    receiver.first()
    for _ in range(3):
        sock.script = [(b"b", SOURCE)]
        assert len(receiver.first()) == 1
        assert not receiver.is_done
        assert receiver.drain() == []
    sock.script = [(b"c", SOURCE)] * 5
    assert len(receiver.first()) == 1
    assert len(receiver.drain()) == 4
    sock.script = [(b"d", SOURCE)] * 5
    assert len(receiver.first()) == 5
    assert receiver.is_done


@pytest.mark.parametrize("error", [BlockingIOError(), ConnectionRefusedError()])
def test_an_error_instead_of_the_lone_datagram_loses_nothing(error):
    sock = ScriptedSocket((b"a", SOURCE), family=socket.AF_INET)
    receiver = receiver_of(sock)
    receiver.first()
    sock.script = [error, (b"b", SOURCE)]
    assert receiver.first() == []
    assert receiver.is_done is isinstance(error, BlockingIOError)
    assert [each.data for each in receiver.drain()] == [b"b"]
