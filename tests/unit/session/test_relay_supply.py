"""Who is asked for another relay when one is lost that a redirection led to."""

import pytest

from frazil.session.event import RelayStreamRequested
from frazil.stun import ErrorCode, Method
from frazil.types import Address
from support.relay_bench import (
    HOST,
    PEER,
    SERVER,
    SERVER_2,
    STREAM,
    URL,
    Bench,
    redirected,
)

SERVER_3: Address = ("192.0.2.11", 3478)


@pytest.mark.parametrize("end", ["gone", "drained"])
def test_a_relay_that_a_redirection_led_to_is_replaced_where_the_way_began(end: str) -> None:
    bench = Bench(servers=(SERVER, SERVER_2, SERVER_3)).begin()
    bench.services[SERVER].redirect_to = SERVER_2
    bench.add_server().gather()
    assert list(bench.services[SERVER_2].allocations) == [HOST]
    bench.services[SERVER].redirect_to = SERVER_3
    if end == "gone":
        del bench.services[SERVER_2]
    else:
        bench.services[SERVER_2].forget_allocations()
        bench.services[SERVER_2].redirect_to = SERVER_3
    bench.run(700)
    assert list(bench.services[SERVER_3].allocations) == [HOST]


def broken_where_redirected() -> tuple[Bench, RelayStreamRequested]:
    """The stream has broken that a redirection led to, and another one is wanted."""
    bench, _ = redirected()
    bench.connect(2001)
    bench.relays.remove_host((STREAM[0], 2001), bench.now)
    return bench, bench.wanted[-1]


def test_a_stream_that_a_redirection_led_to_is_replaced_where_the_way_began() -> None:
    bench, again = broken_where_redirected()
    assert (again.server, again.domain) == (SERVER, None)
    other = bench.connect(2002)
    assert (other.server, other.domain) == (SERVER_2, "two.example")
    bench.connect(2003)
    assert (STREAM[0], 2003) in bench.services[SERVER_2].allocations


def test_if_no_stream_leads_to_where_we_were_sent_we_may_be_sent_elsewhere() -> None:
    bench, _ = broken_where_redirected()
    gone = bench.connect(2002)
    bench.relays.stream_failed(gone.number, "refused", bench.now)
    assert bench.wanted[-1] is gone
    bench.run(1)
    again = bench.wanted[-1]
    assert (again.server, again.domain) == (SERVER, None)
    bench.services[SERVER].redirect_to = SERVER_3
    assert bench.connect(2003).server == SERVER_3  # at once


def test_of_one_relay_for_two_servers_each_of_them_is_asked_for_the_replacement() -> None:
    bench = Bench(servers=(SERVER, SERVER_2, SERVER_3)).begin()
    bench.services[SERVER].redirect_to = SERVER_2
    bench.add_server("turn:two", SERVER_2).add_server().gather()
    assert bench.services[SERVER_2].requests[Method.ALLOCATE] == 2  # without proof, and with it
    del bench.services[SERVER_2]
    bench.services[SERVER].redirect_to = SERVER_3
    bench.run(700)
    assert list(bench.services[SERVER_3].allocations) == [HOST]
    assert set(bench.errors) == {(URL, 701), ("turn:two", 701)}


def test_what_joins_the_relay_of_another_server_is_not_missed_any_more() -> None:
    bench = Bench(servers=(SERVER, SERVER_2)).begin()
    bench.services[SERVER].redirect_to = SERVER_2
    bench.add_server("turn:two", SERVER_2).add_server().gather().pair_with()
    bench.services[SERVER_2].forget_allocations()
    bench.services[SERVER].silent = True
    bench.relays.doubt(((SERVER_2[0], 49152), PEER), bench.now)
    bench.flush()
    bench.services[SERVER].silent = False  # it sends us on when the other has answered
    bench.run(5)
    assert sorted(bench.errors) == [(URL, 437), ("turn:two", 437)]
    assert list(bench.services[SERVER_2].allocations) == [HOST]
    bench.services[SERVER].redirect_to = None
    bench.services[SERVER].refusals[Method.ALLOCATE] = ErrorCode(508, "Not Yet")
    bench.begin().add_server("turn:two", SERVER_2).add_server().gather().run(60)
    assert bench.errors == [(URL, 508)]
