"""What takes the place of a lost relay."""

import pytest

from frazil.ice import CandidateError, CandidatesEnded
from frazil.session.config import MAX_MISSING_RELAYS
from frazil.session.vacancy import MAX_ATTEMPTS
from frazil.stun import ErrorCode, Method
from frazil.turn import TurnConfig
from frazil.types import Address
from support.relay_bench import (
    CONFIG,
    HOST,
    HOST_2,
    HOST_6,
    PATIENCE_S,
    PEER,
    RELIABLE,
    SERVER,
    SERVER_2,
    STREAM,
    STREAM_2,
    URL,
    Bench,
    redirected,
)

# --- what takes the place of a lost relay ---------------------------------------------------------


def lost(bench: "Bench", **service: object) -> "Bench":
    """The server forgets the relay, and is found out."""
    bench.pair_with()
    for name, value in service.items():
        setattr(bench.services[SERVER], name, value)
    bench.services[SERVER].forget_allocations()
    bench.relays.doubt((relayed_addresses(bench)[0], PEER), bench.now)
    return bench.flush()


def relayed_addresses(bench: "Bench") -> list[Address]:
    return [address for kind, address in bench.candidates if kind == "relay"]


def test_a_relay_that_was_forgotten_is_replaced_at_once_and_the_loss_told() -> None:
    bench = lost(Bench().begin().add_server().gather())
    old, new = relayed_addresses(bench)
    assert {pair.key[0] for pair in bench.ice.pairs} == {HOST, new}
    assert bench.errors == [(URL, 437)]
    (allocation,) = bench.services[SERVER].allocations.values()
    assert allocation.relayed == [new] != [old]
    assert allocation.permits(PEER[0], bench.now)


def test_attempts_to_replace_go_on_ever_more_slowly_and_end() -> None:
    bench = Bench().begin().add_server().gather()
    lost(bench, refusals={Method.ALLOCATE: ErrorCode(486, "Full")})
    start, times = bench.now, []
    seen = bench.services[SERVER].requests[Method.ALLOCATE]
    while (at := bench.relays.next_timeout()) is not None and at < start + 3600:
        bench.now = at
        bench.relays.handle_timeout(at)
        bench.flush()
        asked = bench.services[SERVER].requests[Method.ALLOCATE]
        if asked > seen:
            times.append(at - start)
        seen = asked
    assert times[:7] == [1, 3, 7, 15, 31, 63, 123]
    assert len(times) == MAX_ATTEMPTS - 1  # the first was at once
    assert bench.errors == [(URL, 437)] + [(URL, 486)] * MAX_ATTEMPTS


def test_a_server_that_drops_every_relay_is_not_asked_in_a_circle() -> None:
    bench = lost(Bench().begin().add_server().gather())
    lost_again = bench.now
    bench.services[SERVER].forget_allocations()
    bench.relays.doubt((relayed_addresses(bench)[-1], PEER), bench.now)
    bench.flush()
    assert len(relayed_addresses(bench)) == 2
    bench.run(1)
    assert bench.now == lost_again + 1
    assert len(relayed_addresses(bench)) == 3


def test_a_broken_stream_is_replaced_by_another() -> None:
    bench = Bench().begin()
    bench.expect_server()
    bench.gather()
    bench.relays.add_stream(URL, STREAM, SERVER, RELIABLE, bench.now)
    bench.relays.streams_done(URL, "", bench.now)
    bench.flush().pair_with()
    bench.relays.remove_host(STREAM, bench.now)
    bench.flush()
    (first,) = bench.wanted
    assert (first.ip, first.server, first.domain) == (STREAM[0], SERVER, None)
    bench.relays.stream_failed(first.number, "refused", bench.now)
    bench.run(1)
    second = bench.relays.vacancies.requests[-1]
    bench.relays.stream_opened(second.number, (STREAM[0], 2001), bench.now)
    bench.flush()
    assert len(relayed_addresses(bench)) == 2
    assert bench.errors == [(URL, 701)] * 2


def stream_only(bench: Bench, *streams: Address) -> Bench:
    """A round without UDP, in which these streams are opened."""
    bench.expect_server()
    bench.relays.gather_from([ip for ip, _ in streams])
    bench.relays.hosts_done(bench.now)
    bench.ice.local.addresses_done(bench.now)
    for stream in streams:
        bench.relays.add_stream(URL, stream, SERVER, RELIABLE, bench.now)
    bench.relays.streams_done(URL, "", bench.now)
    return bench.flush()


def test_without_any_udp_a_broken_stream_is_replaced_too() -> None:
    bench = stream_only(Bench().begin(), STREAM)
    bench.relays.remove_host(STREAM, bench.now)
    assert [each.ip for each in bench.wanted] == [STREAM[0]]


def test_without_any_udp_nothing_is_asked_from_an_interface_that_is_gone() -> None:
    bench = stream_only(Bench().begin(), STREAM, STREAM_2)
    bench.relays.leave(STREAM[0], bench.now)
    bench.relays.remove_host(STREAM, bench.now)
    assert bench.wanted == []


@pytest.mark.parametrize("attempt", ["wanted", "under way", "later"])
def test_what_is_being_replaced_is_asked_no_further_from_an_interface_that_goes(
    attempt: str,
) -> None:
    bench = stream_only(Bench().begin(), STREAM, STREAM_2)
    bench.relays.remove_host(STREAM, bench.now)
    (request,) = bench.wanted
    bench.flush()
    if attempt != "wanted":
        bench.relays.vacancies.requests.clear()
    if attempt == "later":
        bench.relays.stream_failed(request.number, "refused", bench.now)
    bench.flush().events.clear()
    bench.relays.leave(STREAM[0], bench.now)
    bench.relays.stream_failed(request.number, "no such address", bench.now)
    bench.run(600)
    assert bench.wanted == []
    assert bench.errors == []


def test_of_a_server_that_one_address_reaches_it_is_not_said_that_none_does() -> None:
    bench = stream_only(Bench().begin(), STREAM, STREAM_2)
    bench.relays.remove_host(STREAM, bench.now)
    bench.flush().begin()
    bench.services[SERVER].users.clear()
    bench.expect_server()
    bench.relays.hosts_done(bench.now)
    bench.ice.local.addresses_done(bench.now)
    bench.relays.add_stream(URL, (STREAM_2[0], 2001), SERVER, RELIABLE, bench.now)
    bench.relays.streams_done(URL, "", bench.now)
    assert bench.flush().errors == [(URL, 401)]


@pytest.mark.parametrize("ending", ["before the round", "in the round"])
@pytest.mark.parametrize("occasion", ["restart", "another address"])
def test_without_any_udp_a_round_asks_nothing_from_where_we_no_longer_are(
    occasion: str, ending: str
) -> None:
    bench = stream_only(Bench().begin(), STREAM)
    if ending == "before the round":
        bench.relays.remove_host(STREAM, bench.now)
        bench.flush()
    begin(bench, occasion)
    if ending == "in the round":
        bench.relays.remove_host(STREAM, bench.now)
    bench.events.clear()
    stream_only(bench, STREAM_2).run(60)
    assert bench.wanted == []
    assert bench.errors == []
    assert relayed_addresses(bench)


def test_what_was_lost_with_an_interface_is_asked_for_when_that_comes_back() -> None:
    bench = stream_only(Bench().begin(), STREAM)
    bench.relays.leave(STREAM[0], bench.now)
    bench.relays.remove_host(STREAM, bench.now)
    bench.begin_again().relays.gather_from(["127.0.0.1"])
    bench.relays.hosts_done(bench.now)
    bench.flush().run(1)
    assert bench.wanted == []
    bench.begin_again().relays.gather_from([STREAM[0]])
    bench.expect_server()
    bench.relays.hosts_done(bench.now)
    bench.relays.server_failed(URL, "it cannot be resolved", bench.now)
    bench.run(1)
    assert [each.ip for each in bench.wanted] == [STREAM[0]]


def test_only_so_many_losses_are_remembered() -> None:
    bench = Bench().begin()
    for number in range(MAX_MISSING_RELAYS + 1):
        stream = (f"10.1.0.{number}", 2000)
        stream_only(bench.begin_again(), stream)
        bench.relays.remove_host(stream, bench.now)
    missing = list(bench.relays._demand.missing)
    assert len(missing) == MAX_MISSING_RELAYS
    assert missing[0] == ("10.1.0.1", URL)


def test_fresh_credentials_serve_addresses_that_come_later() -> None:
    bench = Bench().begin().add_server()
    bench.services[SERVER].users = {"later": "fresh"}
    bench.relays.set_credentials({URL: TurnConfig("later", "fresh")})
    bench.gather()
    assert bench.errors == []


def test_without_an_address_to_come_from_nothing_is_replaced() -> None:
    bench = Bench().begin().add_server().gather()
    bench.pair_with()
    bench.relays.remove_host(HOST, bench.now)
    bench.flush()
    assert bench.relays.vacancies.items == []
    assert bench.relays.next_timeout() is None


def test_fresh_credentials_serve_the_replacement() -> None:
    bench = Bench().begin().add_server().gather()
    bench.services[SERVER].users = {"later": "fresh"}
    bench.relays.set_credentials({URL: TurnConfig("later", "fresh"), "turn:else": CONFIG})
    lost(bench)
    assert [a.username for a in bench.services[SERVER].allocations.values()] == ["later"]


def test_a_stream_that_breaks_while_the_server_thinks_is_a_failure() -> None:
    bench = Bench().begin()
    bench.services[SERVER].silent = True
    bench.expect_server()
    bench.gather()
    bench.relays.add_stream(URL, STREAM, SERVER, RELIABLE, bench.now)
    bench.relays.streams_done(URL, "", bench.now)
    bench.relays.remove_host(STREAM, bench.now)
    bench.flush()
    assert bench.errors == [(URL, 701)]


# --- rounds of gathering that begin meanwhile -----------------------------------------------------

NOT_YET = {Method.ALLOCATE: ErrorCode(508, "Not Yet")}


def begin(bench: Bench, occasion: str) -> Bench:
    return bench.begin() if occasion == "restart" else bench.begin_again()


@pytest.mark.parametrize("occasion", ["restart", "another address"])
def test_another_round_of_gathering_ends_no_attempts_to_replace(occasion: str) -> None:
    bench = lost(Bench().begin().add_server().gather(), refusals=NOT_YET.copy())
    service = bench.services[SERVER]
    bench.run(2)
    begin(bench, occasion).add_server().gather(HOST, HOST_2)
    assert service.allocations == {}
    assert bench.of(CandidatesEnded)
    bench.run(5)
    service.refusals.clear()
    bench.run(10)
    assert set(service.allocations) == {HOST}


@pytest.mark.parametrize("occasion", ["restart", "another address"])
def test_what_is_lost_while_servers_are_looked_up_is_replaced(occasion: str) -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed_addresses(bench)[0]
    bench.pair_with()
    service = bench.services[SERVER]
    begin(bench, occasion)
    bench.expect_server()
    bench.gather()
    service.refusals |= NOT_YET
    service.forget_allocations()
    bench.relays.doubt((local, PEER), bench.now)
    bench.flush().add_server().flush()
    assert service.allocations == {}
    service.refusals.clear()
    bench.run(2)
    assert set(service.allocations) == {HOST}


def test_a_restart_asks_further_for_what_the_server_forgot() -> None:
    bench = Bench().begin().add_server().gather()
    service = bench.services[SERVER]
    service.forget_allocations()
    service.refusals |= NOT_YET
    bench.begin().add_server().gather()
    assert bench.errors == [(URL, 508)]
    service.refusals.clear()
    bench.run(2)
    assert set(service.allocations) == {HOST}


def test_a_round_that_finds_no_stream_to_the_server_asks_further_for_what_was_lost() -> None:
    bench, request = redirected()
    local: Address = (STREAM[0], 2001)
    bench.relays.stream_opened(request.number, local, bench.now)
    bench.flush().pair_with()
    bench.relays.remove_host(local, bench.now)
    bench.begin_again()
    bench.expect_server()
    bench.gather()
    bench.relays.streams_done(URL, "refused", bench.now)
    assert len(bench.flush().of(CandidatesEnded)) == 2
    assert [(each.code, each.text) for each in bench.of(CandidateError)][1:] == [(701, "refused")]
    assert bench.wanted == []
    bench.run(1)
    (again,) = bench.wanted
    assert (again.server, again.domain) == (SERVER, None)
    bench.relays.stream_failed(again.number, "refused", bench.now)
    bench.run(2)
    assert bench.connect(2002).server == SERVER_2
    bench.connect(2003)
    assert len(relayed_addresses(bench)) == 2


def test_a_round_that_cannot_resolve_the_server_asks_further_for_what_was_lost() -> None:
    bench = lost(Bench().begin().add_server().gather(), refusals=NOT_YET.copy())
    bench.begin()
    bench.expect_server()
    bench.gather()
    bench.relays.server_failed(URL, "no such name", bench.now)
    bench.flush()
    assert bench.errors == [(URL, 701)]
    bench.services[SERVER].refusals.clear()
    bench.run(1)
    assert set(bench.services[SERVER].allocations) == {HOST}
    assert len(relayed_addresses(bench)) == 1


@pytest.mark.parametrize("found_out", ["in the round", "later"])
def test_a_round_that_cannot_resolve_the_server_goes_on_with_the_relay_that_lives(
    found_out: str,
) -> None:
    bench = Bench().begin().add_server().gather()
    service = bench.services[SERVER]
    if found_out == "in the round":
        service.forget_allocations()
    bench.begin()
    bench.expect_server()
    bench.gather()
    bench.relays.server_failed(URL, "no such name", bench.now)
    bench.flush()
    assert bench.of(CandidatesEnded)
    assert bench.errors == []
    assert len(relayed_addresses(bench)) == 1
    if found_out == "later":
        lost(bench)
    assert set(service.allocations) == {HOST}


@pytest.mark.parametrize("restarts", [2, 5])
def test_a_relay_lives_through_restarts_while_its_server_is_being_resolved(restarts: int) -> None:
    bench = Bench().begin().add_server().gather()
    relayed = relayed_addresses(bench)
    for _ in range(restarts):
        bench.begin().expect_server()
    bench.gather()
    bench.relays.server_failed(URL, "no such name", bench.now)
    bench.flush()
    assert set(bench.services[SERVER].allocations) == {HOST}
    assert relayed_addresses(bench) == relayed


def test_a_relay_lives_through_restarts_while_streams_to_its_server_are_being_opened() -> None:
    bench = stream_only(Bench().begin(), STREAM)
    relayed = relayed_addresses(bench)
    for _ in range(2):
        bench.begin().expect_server()
        bench.relays.gather_from([STREAM[0], STREAM_2[0]])
        bench.relays.hosts_done(bench.now)
        bench.relays.add_stream(URL, STREAM_2, SERVER, RELIABLE, bench.now)
    bench.relays.add_stream(URL, STREAM, SERVER, RELIABLE, bench.now)
    bench.flush()
    assert relayed[0] in relayed_addresses(bench)


@pytest.mark.parametrize("end", ["resolved", "no stream", "no name"])
def test_generations_that_cannot_ask_a_server_give_up_no_relay_of_it(end: str) -> None:
    """As while the default route is away for the family of the server, or on another network."""
    bench = Bench().begin().add_server().gather()
    before = dict(bench.services[SERVER].allocations)
    for _ in range(3):
        bench.begin().expect_server().gather(HOST_6)
        if end == "resolved":
            bench.add_server()
        elif end == "no stream":
            bench.relays.streams_done(URL, "", bench.now)
        else:
            bench.relays.server_failed(URL, "no such name", bench.now)
        assert bench.flush().errors == [(URL, 701)]
        assert len(bench.of(CandidatesEnded)) == 1
    assert bench.services[SERVER].allocations == before


def test_a_relay_is_given_back_whose_server_was_asked_from_elsewhere() -> None:
    bench = Bench().begin().add_server().gather()
    bench.begin().add_server().gather(HOST_2)
    assert set(bench.services[SERVER].allocations) == {HOST, HOST_2}
    bench.begin().add_server().gather(HOST_2)
    assert set(bench.services[SERVER].allocations) == {HOST_2}


def test_a_relay_outlives_generations_that_ask_for_another_in_vain() -> None:
    bench = Bench().begin().add_server().gather()
    bench.services[SERVER].refusals[Method.ALLOCATE] = ErrorCode(508, "Not Yet")
    for _ in range(3):
        bench.begin().add_server().gather(HOST_2)
        assert bench.errors == [(URL, 508)]
    assert set(bench.services[SERVER].allocations) == {HOST}


def test_a_relay_outlives_generations_that_ask_a_silent_server_for_another() -> None:
    bench = Bench().begin().add_server().gather()
    bench.services[SERVER].silent = True
    for _ in range(3):
        bench.begin().add_server().gather(HOST_2).run(PATIENCE_S)
        assert bench.errors == [(URL, 701)]
    assert bench.relays.has(HOST, SERVER)


def test_a_relay_outlives_generations_that_ask_a_silent_server_about_another() -> None:
    bench = Bench().begin().add_server().gather(HOST, HOST_2)
    bench.services[SERVER].silent = True
    for _ in range(3):
        bench.begin().add_server().gather(HOST_2).run(PATIENCE_S)
        assert bench.errors == [(URL, 701)]
    assert bench.relays.has(HOST, SERVER)


def test_a_relay_that_was_given_back_before_its_server_answered_is_not_missed() -> None:
    bench = lost(Bench().begin().add_server().gather())
    service = bench.services[SERVER]
    service.silent = True
    bench.begin().add_server().gather()
    for _ in range(2):
        bench.begin().gather()
    bench.run(PATIENCE_S)
    service.silent = False
    service.refusals |= NOT_YET
    bench.begin().add_server().gather().run(60)
    assert bench.errors == [(URL, 508)]


def test_a_round_that_cannot_connect_to_the_server_goes_on_with_the_relay_that_lives() -> None:
    bench = stream_only(Bench().begin(), STREAM)
    bench.begin()
    bench.expect_server()
    bench.relays.hosts_done(bench.now)
    bench.ice.local.addresses_done(bench.now)
    bench.relays.streams_done(URL, "refused", bench.now)
    assert len(relayed_addresses(bench.flush())) == 1
    bench.relays.remove_host(STREAM, bench.now)
    assert [each.ip for each in bench.wanted] == [STREAM[0]]


def test_a_server_that_relays_again_is_not_urged_to_do_so_for_every_address() -> None:
    bench = lost(Bench().begin().add_server().gather())
    service = bench.services[SERVER]
    service.quota = 1
    asked = service.requests[Method.ALLOCATE]
    bench.begin_again().add_server().gather(HOST, HOST_2)
    bench.run(60)
    assert set(service.allocations) == {HOST}
    assert service.requests[Method.ALLOCATE] == asked + 2  # without proof, and with it


def test_gathering_waits_for_the_stream_that_replaces_one_at_once() -> None:
    bench, request = redirected()
    local: Address = (STREAM[0], 2001)
    bench.relays.stream_opened(request.number, local, bench.now)
    bench.flush().begin()
    bench.relays.remove_host(local, bench.now)
    bench.expect_server()
    bench.gather()
    bench.relays.add_stream(URL, (STREAM[0], 2002), SERVER, RELIABLE, bench.now)
    bench.relays.streams_done(URL, "", bench.now)
    bench.flush()
    assert bench.of(CandidatesEnded) == []
    bench.relays.stream_opened(bench.wanted[-1].number, (STREAM[0], 2003), bench.now)
    bench.flush()
    assert bench.errors == []
    assert len(relayed_addresses(bench)) == 1
    assert len(bench.of(CandidatesEnded)) == 1


def test_gathering_waits_for_no_stream_from_an_interface_that_goes() -> None:
    bench, _ = redirected()
    bench.relays.leave(STREAM[0], bench.now)
    assert bench.flush().wanted == []
    assert bench.of(CandidatesEnded)
    assert bench.errors == [(URL, 701)]


# --- fresh credentials ----------------------------------------------------------------------------

FRESH = TurnConfig("later", "fresh")


def expect_fresh(bench: Bench) -> Bench:
    """The servers are told, and the application tells us, that other credentials hold."""
    bench.services[SERVER].users = {FRESH.username: FRESH.password}
    bench.relays.set_credentials({URL: FRESH})
    return bench


def test_fresh_credentials_serve_a_server_that_is_being_looked_up() -> None:
    bench = expect_fresh(Bench().begin()).add_server().gather()
    assert bench.errors == []


def test_fresh_credentials_serve_a_server_that_is_being_connected_to() -> None:
    bench = expect_fresh(Bench().begin())
    bench.expect_server()
    bench.gather()
    bench.relays.add_stream(URL, STREAM, SERVER, RELIABLE, bench.now)
    bench.relays.streams_done(URL, "", bench.now)
    bench.flush()
    assert bench.errors == []


def test_fresh_credentials_that_came_during_a_look_up_serve_the_replacement() -> None:
    bench = Bench().begin().add_server().gather()
    bench.begin().relays.set_credentials({URL: FRESH})
    bench.add_server().gather()
    lost(bench, users={FRESH.username: FRESH.password})
    assert [a.username for a in bench.services[SERVER].allocations.values()] == ["later"]


FRESH_PASSWORD = TurnConfig("user", "fresh")


def refreshed(bench: Bench) -> Bench:
    """Until the relay must have been refreshed with ``FRESH_PASSWORD``."""
    bench.services[SERVER].users = {"user": "fresh"}
    bench.services[SERVER].expire_nonces()
    bench.run(700)
    return bench


def test_fresh_credentials_keep_a_relay_that_only_the_path_before_uses() -> None:
    bench = Bench().begin().add_server().gather()
    bench.begin().gather()
    bench.relays.set_credentials({URL: FRESH_PASSWORD})
    assert refreshed(bench).relays.has(HOST, SERVER)


def test_a_round_of_gathering_may_bring_fresh_credentials_for_a_relay_that_lives() -> None:
    bench = Bench().begin().add_server().gather()
    bench.begin().add_server(config=FRESH_PASSWORD).gather()
    assert refreshed(bench).relays.has(HOST, SERVER)
    assert bench.errors == []
