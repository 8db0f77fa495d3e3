"""The routers between the homes are what they are called (RFC 5780, by hand)."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.internet import Internet
from support.namespace import Namespace
from support.nat_rule import NatKind

pytestmark = pytest.mark.interop

SERVER = Internet.server_ip
OTHER = Internet.second_server_ip


@contextmanager
def bound(namespace: Namespace, ip: str, port: int = 0) -> Iterator[socket.socket]:
    with namespace.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((ip, port))
        sock.settimeout(0.2)
        yield sock


def seen_from(server: socket.socket, inside: socket.socket) -> tuple[str, int]:
    inside.sendto(b"hello", server.getsockname())
    _, mapped = server.recvfrom(10)
    return mapped


def gets_through(server: socket.socket, mapped: tuple[str, int], inside: socket.socket) -> bool:
    server.sendto(b"hello", mapped)
    try:
        return inside.recv(10) == b"hello"
    except TimeoutError:
        return False


@pytest.mark.parametrize(
    ("kind", "other_address", "other_port"),
    [
        (NatKind.FULL_CONE, True, True),
        (NatKind.ADDRESS_RESTRICTED, False, True),
        (NatKind.PORT_RESTRICTED, False, False),
        (NatKind.SYMMETRIC, False, False),
    ],
)
def test_router(internet: Internet, kind: NatKind, other_address: bool, other_port: bool) -> None:
    home = internet.first
    home.become(kind)
    with (
        bound(home.host, home.private_ip) as inside,
        bound(internet.namespace, SERVER, 4000) as first,
        bound(internet.namespace, SERVER, 4001) as second,
        bound(internet.namespace, OTHER, 4000) as third,
    ):
        mapped = seen_from(first, inside)
        assert mapped[0] == home.public_ip
        assert gets_through(first, mapped, inside)
        assert gets_through(second, mapped, inside) is other_port
        assert gets_through(third, mapped, inside) is other_address
        is_same = [seen_from(server, inside) == mapped for server in (second, third, first)]
        is_symmetric = kind is NatKind.SYMMETRIC
        assert is_same == [not is_symmetric, not is_symmetric, True]


def test_router_forgets(internet: Internet) -> None:
    home = internet.first
    home.become(NatKind.FULL_CONE)
    with (
        bound(home.host, home.private_ip) as inside,
        bound(internet.namespace, SERVER, 4000) as server,
    ):
        before = seen_from(server, inside)
        home.forget()
        assert not gets_through(server, before, inside)
        after = seen_from(server, inside)
        assert after[0] == before[0]
        assert after[1] != before[1]
        assert gets_through(server, after, inside)
        assert not gets_through(server, before, inside)


def test_router_moves(internet: Internet) -> None:
    home = internet.first
    with (
        bound(home.host, home.private_ip) as inside,
        bound(internet.namespace, SERVER, 4000) as server,
    ):
        before = seen_from(server, inside)
        home.move_router()
        after = seen_from(server, inside)
        assert after[0] == home.public_ip != before[0]
        assert gets_through(server, after, inside)
        assert not gets_through(server, before, inside)


def test_host_moves(internet: Internet) -> None:
    home = internet.first
    home.become(NatKind.FULL_CONE)
    before = home.private_ip
    home.move_host()
    with pytest.raises(OSError, match="Cannot assign"), bound(home.host, before):
        pass
    with (
        bound(home.host, home.private_ip) as inside,
        bound(internet.namespace, SERVER, 4000) as server,
    ):
        assert gets_through(server, seen_from(server, inside), inside)


@pytest.mark.parametrize(
    ("kind", "is_open"), [(NatKind.UDP_BLOCKED, (True, True)), (NatKind.ONLY_443, (False, True))]
)
def test_firewall(internet: Internet, kind: NatKind, is_open: tuple[bool, bool]) -> None:
    home = internet.first
    home.become(kind)
    with (
        bound(home.host, home.private_ip) as inside,
        bound(internet.namespace, SERVER, 4000) as server,
        pytest.raises(TimeoutError),
    ):
        seen_from(server, inside)
    assert tuple(accepts(internet, port) for port in (8080, 443)) == is_open


def accepts(internet: Internet, port: int) -> bool:
    with internet.namespace.entered():
        listener = socket.create_server((OTHER, port))
    with listener, internet.first.host.entered():
        try:
            socket.create_connection((OTHER, port), timeout=0.3).close()
        except TimeoutError:
            return False
        return True


def test_what_is_lost_is_lost_silently(internet: Internet) -> None:
    home = internet.first
    with (
        bound(home.host, home.private_ip) as inside,
        bound(internet.namespace, SERVER, 4000) as server,
    ):
        mapped = seen_from(server, inside)
        home.blackout()
        assert not gets_through(server, mapped, inside)
        with pytest.raises(TimeoutError):
            seen_from(server, inside)
        home.heal()
        assert seen_from(server, inside) == mapped
        inside.sendto(b"hello", (internet.dead_ip, 4000))
        assert not gets_through(server, (internet.dead_ip, 4000), inside)
