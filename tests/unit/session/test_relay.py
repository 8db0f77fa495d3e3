"""Relays of which one has the address that another one had."""

from itertools import count

from frazil.ice import CandidateError, CandidatesEnded, PairState
from frazil.types import Address, Transmit
from support.relay_bench import (
    HOST,
    HOST_2,
    PATIENCE_S,
    PEER,
    SERVER,
    URL,
    Bench,
)

TWIN: Address = (SERVER[0], 3479)


def test_an_address_that_another_relay_has_now_stays() -> None:
    """A server that has restarted may give its ports in the same order again."""
    bench = Bench().begin().add_server().gather(HOST, HOST_2)
    service = bench.services[SERVER]
    ((shared,), (old,)) = (service.allocations[host].relayed for host in (HOST, HOST_2))
    bench.pair_with()
    service.forget_allocations()
    bench.ports = count(shared[1])
    bench.relays.doubt((old, PEER), bench.now)
    bench.flush()
    assert service.allocations[HOST_2].relayed == [shared]
    bench.run(600)
    bases = {pair.key[0] for pair in bench.ice.pairs}
    assert bases == {HOST, HOST_2, shared, *service.allocations[HOST].relayed}
    (wrapped,) = bench.relays.wrap([Transmit(b"data", 4, shared, PEER)], bench.now)
    assert wrapped.local == HOST_2


def ceded() -> tuple[Bench, Address]:
    """The server has restarted; the relay on one way has the address of that on the other, dead."""
    bench = Bench(servers=(SERVER, TWIN)).begin()
    bench.add_server().add_server("turn:twin", TWIN).gather()
    services = bench.services.values()
    ((shared,), (old,)) = (service.allocations[HOST].relayed for service in services)
    bench.pair_with()
    bench.services[SERVER].silent = True
    bench.services[TWIN].forget_allocations()
    bench.ports = count(shared[1])
    bench.relays.doubt((old, PEER), bench.now)
    bench.flush()
    assert bench.services[TWIN].allocations[HOST].relayed == [shared]
    return bench, shared


def test_what_becomes_of_the_older_relay_does_not_concern_an_address_that_another_one_has() -> None:
    bench, shared = ceded()
    bench.run(700)
    (pair,) = (pair for pair in bench.ice.pairs if pair.key[0] == shared)
    assert pair.state is not PairState.FAILED


def test_a_round_asks_and_waits_for_a_relay_whose_address_another_one_has() -> None:
    bench, shared = ceded()
    bench.begin().add_server().add_server("turn:twin", TWIN).gather()
    assert bench.of(CandidatesEnded) == []
    bench.run(PATIENCE_S)
    assert [(each.url, each.text) for each in bench.of(CandidateError)] == [
        (URL, "the server does not answer")
    ]
    assert [each for each in bench.candidates if each[0] == "relay"] == [("relay", shared)]
