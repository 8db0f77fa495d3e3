"""What a probe by RFC 5780 finds out about virtual NATs, from behind them."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product

import pytest

from frazil.testing import (
    FULL_CONE,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    Dependence,
    NatKind,
    PortAssignment,
    run,
)
from support.nat_probe import Probe, ProbeServer, send

EI, AD, APD = Dependence
PUBLIC = "203.0.113.5"


@asynccontextmanager
async def behind(net, router, *ports, address="192.168.1.2"):
    """Probes behind a router."""
    server = ProbeServer(net)
    host = net.host("alice", address, behind=router)
    probes = [Probe(host, server, port) for port in ports or (5000,)]
    yield probes if len(probes) > 1 else probes[0]
    for each in (*probes, server):
        each.close()


@pytest.mark.parametrize(("mapping", "filtering"), list(product(Dependence, Dependence)))
@pytest.mark.parametrize("ports", PortAssignment)
def test_all_nine_kinds_with_every_port_assignment(mapping, filtering, ports):
    async def main(net):
        kind = NatKind(mapping=mapping, filtering=filtering, ports=ports)
        async with behind(net, net.nat("home", PUBLIC, kind=kind), 5000, 7000) as (first, second):
            assert await first.mapping() is mapping
            assert await second.filtering() is filtering

    run(main)


WORSE = {
    "cone in cone": (FULL_CONE, FULL_CONE, EI, EI),
    "cone in symmetric": (FULL_CONE, SYMMETRIC, APD, APD),
    "symmetric in cone": (SYMMETRIC, FULL_CONE, APD, APD),
    "restrictions add up": (NatKind(filtering=AD), NatKind(mapping=AD, filtering=EI), AD, AD),
}


@pytest.mark.parametrize(("inner", "outer", "mapping", "filtering"), WORSE.values(), ids=WORSE)
def test_double_nat_is_as_bad_as_its_worse_half(inner, outer, mapping, filtering):
    async def main(net):
        carrier = net.nat("carrier", PUBLIC, kind=outer)
        home = net.nat("home", "100.64.0.7", kind=inner, behind=carrier)
        async with behind(net, home, 5000, 7000) as (first, second):
            assert await first.mapping() is mapping
            assert await second.filtering() is filtering

    run(main)


PORTS = {
    PortAssignment.PRESERVING: [5000, 5001, 7000],
    PortAssignment.SEQUENTIAL: [1024, 1025, 1026],
    PortAssignment.CONTIGUOUS: [1024, 1025, 1026],
}


@pytest.mark.parametrize("ports", PORTS)
def test_port_assignment(ports):
    async def main(net):
        kind = replace(PORT_RESTRICTED_CONE, ports=ports)
        async with behind(net, net.nat("home", PUBLIC, kind=kind), 5000, 5001, 7000) as probes:
            seen = [await probe.ask(probe.server.at(0, 0)) for probe in probes]
            assert seen == [(PUBLIC, port) for port in PORTS[ports]]

    run(main)


@pytest.mark.parametrize("hairpin", [True, False])
def test_hairpin(hairpin):
    async def main(net):
        home = net.nat("home", PUBLIC, kind=replace(FULL_CONE, hairpin=hairpin))
        async with behind(net, home, 5000, 7000) as (first, second):
            ours = await first.ask(first.server.at(0, 0))
            theirs = await second.ask(second.server.at(0, 0))
            send(first.socket, b"round", theirs)
            await asyncio.sleep(1)
            assert second.heard == ([(b"round", ours)] if hairpin else [])

    run(main)


@pytest.mark.parametrize("timeout_s", [30, 120])
def test_binding_lifetime(timeout_s):
    """RFC 5780, 4.6: another socket asks the server to answer to the mapping of the first."""

    async def main(net):
        home = net.nat("home", PUBLIC, kind=replace(FULL_CONE, timeout_s=timeout_s))
        async with behind(net, home) as probe:
            mapped = await probe.ask(probe.server.at(0, 0))
            stranger = Probe(net.host("stranger", "192.0.2.99"), probe.server)
            for wait_s, arrives in ((timeout_s - 1, True), (1, False)):
                await asyncio.sleep(wait_s)
                probe.heard.clear()
                send(stranger.socket, b"alive?", mapped)
                await asyncio.sleep(0.1)
                assert bool(probe.heard) is arrives
            stranger.close()

    run(main)


def test_forgetting_and_moving_give_another_address_in_the_middle_of_it():
    async def main(net):
        home = net.nat("home", PUBLIC, kind=replace(FULL_CONE, ports=PortAssignment.RANDOM))
        async with behind(net, home) as probe:
            target = probe.server.at(0, 0)
            first = await probe.ask(target)
            assert await probe.ask(target) == first
            home.forget()
            second = await probe.ask(target)
            assert second[0] == PUBLIC
            assert second[1] != first[1]
            home.change_address("203.0.113.77")
            third = await probe.ask(target)
            assert third[0] == "203.0.113.77"
            home.change_address(PUBLIC)
            assert (await probe.ask(target))[0] == PUBLIC

    run(main)


def test_answers_to_an_address_that_is_gone_are_lost():
    async def main(net):
        home = net.nat("home", PUBLIC, kind=FULL_CONE)
        async with behind(net, home) as probe:
            asking = asyncio.create_task(probe.ask(probe.server.at(0, 0)))
            await asyncio.sleep(0.0025)  # the answer is on its way
            home.change_address("203.0.113.77")
            assert await asking is None

    run(main)
