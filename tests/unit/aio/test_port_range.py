"""Sockets within a range of ports."""

import asyncio
import errno
import random

import pytest

from frazil.aio.port_range import PortRange


def ports_tried(ports: range, seed: int, *, error: int = errno.EADDRINUSE) -> list[int]:
    tried: list[int] = []

    def refuse(port: int) -> None:
        tried.append(port)
        raise OSError(error, "refused")

    with pytest.raises(OSError, match="refused"):
        PortRange(ports, random.Random(seed).randbytes).bind(refuse)
    return tried


@pytest.mark.parametrize(
    "ports", [range(40000, 40001), range(40000, 40100), range(50000, 49980, -2)]
)
def test_every_port_is_tried_once(ports):
    for seed in range(20):
        assert sorted(ports_tried(ports, seed)) == sorted(ports)


def test_the_order_is_random():
    firsts = {ports_tried(range(40000, 40010), seed)[0] for seed in range(200)}
    assert firsts == set(range(40000, 40010))
    assert ports_tried(range(40000, 40100), 1) != ports_tried(range(40000, 40100), 2)


@pytest.mark.parametrize("error", [errno.EADDRINUSE, errno.EACCES])
def test_an_exhausted_range_says_so_and_what_the_system_said(error):
    def refuse(port: int) -> None:
        raise OSError(error, "not for you")

    text = "no port from 40000 to 40003 can be had: not for you"
    with pytest.raises(OSError, match=text) as info:
        PortRange(range(40000, 40004), random.Random(1).randbytes).bind(refuse)
    assert info.value.errno == error


@pytest.mark.parametrize("error", [errno.EADDRINUSE, errno.EACCES])
def test_what_the_system_says_is_told_as_it_is_where_it_has_the_choice(error):
    async def refuse(port: int) -> None:
        raise OSError(error, "not for you")

    with pytest.raises(OSError, match="not for you") as info:
        asyncio.run(PortRange(None, random.Random(1).randbytes).bind_async(refuse))
    assert (info.value.errno, info.value.strerror) == (error, "not for you")


def test_a_privileged_port_is_like_a_port_that_is_taken():
    assert len(ports_tried(range(80, 90), 1, error=errno.EACCES)) == 10


def test_another_misfortune_ends_the_search():
    assert len(ports_tried(range(40000, 40100), 1, error=errno.EADDRNOTAVAIL)) == 1


def test_without_a_range_the_operating_system_chooses():
    assert PortRange(None, random.Random(1).randbytes).bind(lambda port: port) == 0


def test_the_first_free_port_is_taken():
    taken = {40000, 40001, 40003}

    def open_at(port: int) -> int:
        if port in taken:
            raise OSError(errno.EADDRINUSE, "in use")
        return port

    assert PortRange(range(40000, 40004), random.Random(1).randbytes).bind(open_at) == 40002
