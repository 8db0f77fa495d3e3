import pytest

from frazil.ice import (
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    PairState,
)
from frazil.session.config import MAX_RELAY_SERVERS
from frazil.session.event import RelayStreamReleased
from frazil.stun import Attribute, ErrorCode, Message, MessageClass, Method
from frazil.turn import MAX_PERMISSIONS
from frazil.types import Address, Datagram, Transmit
from support.relay_bench import (
    CONFIG,
    HOST,
    HOST_2,
    HOST_6,
    PATIENCE_S,
    PEER,
    PEER_2,
    RELIABLE,
    SERVER,
    SERVER_2,
    STREAM,
    URL,
    Bench,
    redirected,
)


def binding(message_class: MessageClass) -> bytes:
    return Message(Method.BINDING, message_class, bytes(12)).encode()


# --- gathering ------------------------------------------------------------------------------------


@pytest.mark.parametrize("server_first", [True, False])
def test_every_address_gets_a_relay_of_its_own(server_first: bool) -> None:
    bench = Bench().begin()
    if server_first:
        bench.add_server().gather(HOST, HOST_2)
    else:
        bench.expect_server()
        bench.gather(HOST, HOST_2)
        assert bench.of(CandidatesEnded) == []
        bench.add_server().flush()
    assert set(bench.services[SERVER].allocations) == {HOST, HOST_2}
    assert {c for c in bench.candidates if c[0] == "relay"} == {
        ("relay", (SERVER[0], 49152)),
        ("relay", (SERVER[0], 49153)),
    }
    assert len(bench.of(CandidatesEnded)) == 1
    assert bench.errors == []


def test_without_servers_nothing_is_sent_and_everything_passes() -> None:
    bench = Bench().begin().gather()
    datagrams = [Datagram(b"x", HOST, PEER)]
    transmits = [Transmit(b"x", 1, HOST, PEER)]
    assert bench.relays.unwrap(datagrams, bench.now) is datagrams
    assert bench.relays.wrap(transmits, bench.now) is transmits
    assert bench.relays.next_timeout() is None


def test_a_server_of_a_family_that_no_host_has_is_told() -> None:
    bench = Bench().begin().add_server().gather(HOST_6)
    assert bench.errors == [(URL, 701)]
    assert "no local address" in bench.of(CandidateError)[0].text
    assert len(bench.of(CandidatesEnded)) == 1


def test_two_names_of_one_server_share_the_relay() -> None:
    bench = Bench().begin().add_server().add_server("turn:alias").gather()
    assert bench.services[SERVER].requests[Method.ALLOCATE] == 2
    assert bench.errors == []
    assert len(bench.of(CandidatesEnded)) == 1
    assert len([c for c in bench.candidates if c[0] == "relay"]) == 1


def test_a_server_that_serves_one_address_is_no_failure() -> None:
    bench = Bench().begin()
    bench.services[SERVER].quota = 1
    bench.add_server().gather(HOST, HOST_2)
    assert len([c for c in bench.candidates if c[0] == "relay"]) == 1
    assert bench.errors == []


def test_the_first_misfortune_with_a_server_is_told_once() -> None:
    bench = Bench().begin()
    bench.services[SERVER].quota = 0
    bench.add_server().gather(HOST, HOST_2)
    assert bench.errors == [(URL, 486)]
    assert bench.of(CandidateError)[0].local == HOST


def test_gathering_waits_only_so_long_and_gives_back_what_comes_later() -> None:
    bench = Bench().begin()
    bench.services[SERVER].silent = True
    bench.add_server().gather()
    bench.run(PATIENCE_S - 0.01)
    assert bench.of(CandidatesEnded) == []
    bench.services[SERVER].silent = False
    bench.run(0.02)
    assert bench.errors == [(URL, 701)]
    assert len(bench.of(CandidatesEnded)) == 1
    bench.run(60)
    assert bench.services[SERVER].allocations == {}
    assert [c for c in bench.candidates if c[0] == "relay"] == []
    assert bench.relays.next_timeout() is None


def test_only_so_many_servers_are_asked() -> None:
    bench = Bench().begin()
    for number in range(MAX_RELAY_SERVERS + 1):
        bench.relays.add_server(f"turn:{number}", [("192.0.2.9", 1 + number)], CONFIG, bench.now)
    bench.gather()
    assert len({transmit.remote for transmit in bench.sent}) == MAX_RELAY_SERVERS


@pytest.mark.parametrize("to", [SERVER, SERVER_2])
def test_servers_that_send_us_around_are_followed_once(to: Address) -> None:
    bench = Bench(servers=(SERVER, SERVER_2)).begin()
    bench.services[SERVER].redirect_to = to
    bench.services[SERVER_2].redirect_to = SERVER
    bench.add_server().gather()
    assert bench.errors == [(URL, 300)]
    assert "once more" in bench.of(CandidateError)[0].text
    assert len(bench.of(CandidatesEnded)) == 1


def test_a_redirection_to_another_family_cannot_be_followed() -> None:
    bench = Bench().begin()
    bench.services[SERVER].redirect_to = ("2001:db8::9", 3478)
    bench.add_server().gather()
    assert bench.errors == [(URL, 701)]


# --- streams --------------------------------------------------------------------------------------


def test_a_stream_is_waited_for_and_gives_a_relay_and_nothing_else() -> None:
    bench = Bench().begin()
    bench.expect_server()
    bench.gather()
    bench.relays.add_stream(URL, STREAM, SERVER, RELIABLE, bench.now)
    bench.flush()
    assert [kind for kind, _ in bench.candidates] == ["host", "relay"]
    assert bench.of(CandidatesEnded) == []
    bench.relays.streams_done(URL, "", bench.now)
    bench.flush()
    assert len(bench.of(CandidatesEnded)) == 1
    (gathered,) = (e for e in bench.of(CandidateGathered) if e.candidate.type == "relay")
    assert gathered.candidate.to_line().endswith("raddr 0.0.0.0 rport 9")
    bench.relays.remove_host(STREAM, bench.now)
    bench.pair_with()
    assert {pair.key[0] for pair in bench.ice.pairs} == {HOST}


def test_a_server_to_which_no_stream_leads_is_told() -> None:
    bench = Bench().begin()
    bench.expect_server()
    bench.gather()
    bench.relays.streams_done(URL, "refused", bench.now)
    bench.flush()
    assert [(each.url, each.code, each.text) for each in bench.of(CandidateError)] == [
        (URL, 701, "refused")
    ]
    assert len(bench.of(CandidatesEnded)) == 1


def test_a_redirection_over_a_stream_asks_for_another_stream() -> None:
    bench, request = redirected()
    assert (request.url, request.ip, request.server) == (URL, STREAM[0], SERVER_2)
    assert bench.relays.vacancies.requests == [RelayStreamReleased(STREAM, SERVER), request]
    assert request.domain == "two.example"
    bench.relays.stream_opened(request.number, (STREAM[0], 2001), bench.now)
    bench.flush()
    assert bench.errors == []
    assert [address[0] for kind, address in bench.candidates if kind == "relay"] == [SERVER_2[0]]
    assert len(bench.of(CandidatesEnded)) == 1


def test_a_redirection_to_where_no_stream_leads_is_told() -> None:
    bench, request = redirected()
    bench.relays.stream_failed(request.number, "refused", bench.now)
    bench.flush()
    assert [(each.url, each.code, each.text) for each in bench.of(CandidateError)] == [
        (URL, 701, "refused")
    ]
    assert len(bench.of(CandidatesEnded)) == 1


def test_servers_that_redirect_over_streams_do_not_play_ping_pong() -> None:
    bench, request = redirected(redirect_to=SERVER)
    bench.relays.stream_opened(request.number, (STREAM[0], 2001), bench.now)
    bench.flush()
    assert bench.errors == [(URL, 300)]
    assert bench.wanted == [request]


def test_a_stream_that_comes_for_an_older_generation_is_left_alone() -> None:
    bench, request = redirected()
    bench.begin()
    bench.relays.stream_opened(request.number, (STREAM[0], 2001), bench.now)
    bench.relays.stream_failed(request.number, "refused", bench.now)
    bench.flush()
    assert bench.services[SERVER_2].requests == {}


# --- hidden addresses -----------------------------------------------------------------------------


def test_a_hidden_address_is_in_no_candidate_and_no_error() -> None:
    bench = Bench(servers=(SERVER, SERVER_2)).begin()
    bench.services[SERVER_2].quota = 0
    bench.add_server().add_server("turn:two", SERVER_2).gather(hidden=True)
    (gathered,) = bench.of(CandidateGathered)
    assert gathered.candidate.to_line().endswith("typ relay raddr 0.0.0.0 rport 9")
    (error,) = bench.of(CandidateError)
    assert (error.url, error.code, error.local) == ("turn:two", 486, None)


def test_a_hidden_address_answers_nobody_but_servers() -> None:
    bench = Bench().begin().add_server().gather(hidden=True)
    bench.receive(binding(MessageClass.REQUEST), PEER)
    assert bench.heard == []
    assert bench.trace.counters["datagram-at-hidden-address"] == 1


def test_an_address_that_was_told_once_goes_on_serving_the_old_path() -> None:
    bench = Bench().begin().add_server().gather()
    bench.begin().add_server().gather(hidden=True)
    bench.receive(b"old path", PEER)
    assert [datagram.data for datagram in bench.heard] == [b"old path"]


# --- datagrams ------------------------------------------------------------------------------------


def relayed(bench: Bench) -> Address:
    (address,) = [address for kind, address in bench.candidates if kind == "relay"]
    return address


def test_datagrams_pass_both_ways_under_the_relayed_address() -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.pair_with()
    service = bench.services[SERVER]
    transmit = Transmit(b"aabbc", 2, local, PEER)
    wrapped = bench.relays.wrap([transmit], bench.now)
    assert {(each.local, each.remote) for each in wrapped} == {(HOST, SERVER)}
    assert [len(each.datagrams()) for each in wrapped] == [3]  # padded, so of one size
    for data in wrapped[0].datagrams():
        service.receive(data, HOST, bench.now)
    at_peer = service.poll_transmits()
    assert [(each.data, each.local, each.remote) for each in at_peer] == [
        (data, local, PEER) for data in (b"aa", b"bb", b"c")
    ]
    service.receive_from_peer(b"back", local, PEER, bench.now)
    (answer,) = service.poll_transmits()
    bench.receive(answer.data, SERVER)
    assert bench.heard == [Datagram(b"back", local, PEER)]


def test_the_path_in_use_gets_a_channel() -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.pair_with()
    bench.relays.use((HOST, PEER), bench.now)
    assert bench.services[SERVER].requests[Method.CHANNEL_BIND] == 0
    bench.relays.use((local, PEER), bench.now)
    bench.flush()
    assert bench.services[SERVER].requests[Method.CHANNEL_BIND] == 1
    (wrapped,) = bench.relays.wrap([Transmit(b"data", 4, local, PEER)], bench.now)
    assert wrapped.data == b"\x40\x00\x00\x04data"


def test_answers_of_a_stun_server_at_the_same_address_are_not_for_the_relay() -> None:
    bench = Bench().begin().add_server().gather()
    for kind in (MessageClass.SUCCESS, MessageClass.ERROR):
        attributes = {Attribute.ERROR_CODE: ErrorCode(400, "no")}
        data = Message(Method.BINDING, kind, bytes(12), attributes).encode()
        bench.receive(data, SERVER)
        assert bench.heard.pop() == Datagram(data, HOST, SERVER)
    bench.receive(b"\x16 dtls", SERVER)
    assert bench.heard == []
    assert bench.trace.counters["turn-foreign"] == 1


def test_one_batch_may_hold_datagrams_of_many_paths() -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.pair_with()
    service = bench.services[SERVER]
    service.receive_from_peer(b"relayed", local, PEER, bench.now)
    (answer,) = service.poll_transmits()
    batch = [
        Datagram(b"first", HOST, PEER),
        Datagram(answer.data, HOST, SERVER),
        Datagram(answer.data, HOST, SERVER),
        Datagram(b"last", HOST, PEER),
    ]
    assert [each.data for each in bench.relays.unwrap(batch, bench.now)] == [
        b"first",
        b"relayed",
        b"relayed",
        b"last",
    ]


def test_a_check_from_port_0_leads_to_no_answer() -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.pair_with()
    service = bench.services[SERVER]
    check = binding(MessageClass.REQUEST)
    service.receive_from_peer(check, local, (PEER[0], 0), bench.now)
    (indication,) = service.poll_transmits()
    bench.receive(indication.data, SERVER)
    for each in bench.heard:
        bench.ice.receive_datagram(each.data, each.local, each.remote, bench.now)
    assert bench.relays.wrap(bench.ice.poll_transmits(), bench.now) == []
    assert bench.trace.counters["turn-malformed"] == 1


def test_a_peer_that_the_server_refuses_costs_no_checks() -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.services[SERVER].refusals[Method.CREATE_PERMISSION] = ErrorCode(403, "Forbidden")
    bench.pair_with()
    states = {pair.key[0]: (pair.state, pair.error_code) for pair in bench.ice.pairs}
    assert states[local] == (PairState.FAILED, 403)
    assert states[HOST][0] is not PairState.FAILED
    bench.relays.permit(bench.now)
    bench.flush()
    assert bench.services[SERVER].requests[Method.CREATE_PERMISSION] == 1


# --- permissions ----------------------------------------------------------------------------------


def permitted(bench: Bench) -> set[str]:
    """The addresses that the server lets pass now."""
    allocation = bench.services[SERVER].allocations[HOST]
    return {ip for ip in allocation.permissions if allocation.permits(ip, bench.now)}


def test_a_peer_gets_through_however_many_addresses_it_has_had() -> None:
    bench = Bench()
    for number in range(MAX_PERMISSIONS + 1):
        bench.begin().add_server().gather()
        bench.pair_with(f"203.0.113.{number + 1}")
    local = relayed(bench)
    (pair,) = (pair for pair in bench.ice.pairs if pair.key[0] == local)
    assert pair.state is not PairState.FAILED
    assert pair.remote.address[0] in permitted(bench)


def test_only_addresses_that_are_still_those_of_the_peer_remain_permitted() -> None:
    bench = Bench()
    for ip in (PEER[0], PEER_2[0]):
        bench.begin().add_server().gather()
        bench.pair_with(ip)
        assert ip in permitted(bench)
    bench.run(600)
    assert permitted(bench) == {PEER_2[0]}


def restarted() -> tuple[Bench, Address]:
    """A restart away from a path that is in use, and the relayed address of both."""
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.pair_with()
    bench.use((local, PEER))
    bench.begin().add_server().gather()
    bench.pair_with(PEER_2[0])
    return bench, local


def test_a_path_remains_permitted_while_a_restart_has_found_no_other() -> None:
    bench, local = restarted()
    bench.run(600)
    assert bench.ice.path == (local, PEER)
    assert permitted(bench) == {PEER[0], PEER_2[0]}


def test_what_is_under_way_on_the_path_before_arrives() -> None:
    bench, local = restarted()
    bench.use((local, PEER_2))
    service = bench.services[SERVER]
    service.receive_from_peer(b"under way", local, PEER, bench.now)
    (answer,) = service.poll_transmits()
    bench.receive(answer.data, SERVER)
    assert bench.heard == [Datagram(b"under way", local, PEER)]
    bound = service.requests[Method.CHANNEL_BIND]
    bench.run(600)
    assert permitted(bench) == {PEER_2[0]}
    assert service.requests[Method.CHANNEL_BIND] == bound + 1


def test_another_generation_asks_again_for_what_was_refused() -> None:
    bench = Bench()
    refusals = bench.services[SERVER].refusals
    refusals[Method.CREATE_PERMISSION] = ErrorCode(403, "Forbidden")
    bench.begin().add_server().gather()
    bench.pair_with()
    refusals.clear()
    bench.begin().add_server().gather()
    bench.pair_with()
    assert permitted(bench) == {PEER[0]}


@pytest.mark.parametrize("code", [None, 438, 508])
def test_a_permission_that_was_not_to_be_had_for_a_while_is_asked_for_when_it_counts(
    code: int | None,
) -> None:
    """The relay stands by, and it is the direct path that goes silent."""
    bench = Bench().begin().add_server().gather()
    bench.pair_with()
    service = bench.services[SERVER]
    if code is None:
        bench.run(230)
        service.silent = True
        bench.run(100)
        service.silent = False
    else:
        bench.run(230)
        service.refusals[Method.CREATE_PERMISSION] = ErrorCode(code, "Not Now")
        bench.run(100)
        service.refusals.clear()
    bench.run(200)
    assert permitted(bench) == set()
    bench.relays.doubt((HOST, PEER), bench.now)
    bench.flush()
    assert permitted(bench) == {PEER[0]}


def test_a_peer_that_the_server_forbids_is_not_asked_for_again_when_the_path_is_silent() -> None:
    bench = Bench().begin().add_server().gather()
    bench.services[SERVER].refusals[Method.CREATE_PERMISSION] = ErrorCode(403, "Forbidden")
    bench.pair_with()
    bench.relays.doubt((HOST, PEER), bench.now)
    bench.flush()
    assert bench.services[SERVER].requests[Method.CREATE_PERMISSION] == 1


# --- life -----------------------------------------------------------------------------------------


def test_a_local_address_takes_its_relay_with_it() -> None:
    bench = Bench().begin().add_server().gather(HOST, HOST_2)
    bench.pair_with()
    gone = next(c for c in bench.services[SERVER].allocations[HOST].relayed)
    bench.relays.remove_host(HOST, bench.now)
    bench.flush()
    assert gone not in {pair.key[0] for pair in bench.ice.pairs}
    assert any(pair.key[0][0] == SERVER[0] for pair in bench.ice.pairs)


def test_a_restart_confirms_the_relay_and_tells_it_anew() -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.begin().add_server().gather()
    assert relayed(bench) == local
    service = bench.services[SERVER]
    assert (service.requests[Method.ALLOCATE], service.requests[Method.REFRESH]) == (2, 1)
    assert len(bench.of(CandidatesEnded)) == 1


def test_gathering_again_keeps_the_relays_however_often_it_begins() -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    for _ in range(3):
        bench.begin_again()
    bench.begin_again().add_server().gather(HOST, HOST_2)
    service = bench.services[SERVER]
    assert service.requests[Method.REFRESH] == 1
    assert len(service.allocations) == 2
    assert len([c for c in bench.candidates if c[0] == "relay"]) == 2
    assert local in [c.address for c in bench.ice.generations[0].local_candidates]
    assert len(bench.of(CandidatesEnded)) == 2


def test_a_restart_replaces_the_relay_that_the_server_forgot() -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.services[SERVER].forget_allocations()
    bench.begin().add_server().gather()
    assert relayed(bench) != local
    assert bench.errors == []
    assert len(bench.of(CandidatesEnded)) == 1


def test_a_restart_asks_at_once_though_an_older_question_is_unanswered() -> None:
    """A message that is repeated ever more slowly would be too late for gathering."""
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.pair_with()
    service = bench.services[SERVER]
    service.silent = True
    bench.relays.doubt((local, PEER), bench.now)
    bench.flush()
    bench.run(17)
    service.silent = False
    bench.begin().add_server().gather()
    assert relayed(bench) == local
    assert bench.errors == []
    assert len(bench.of(CandidatesEnded)) == 1


def asked_in_vain() -> tuple[Bench, Address]:
    """A restart that did not wait for a silent server, and the relayed address from before it."""
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.pair_with()
    bench.services[SERVER].silent = True
    bench.begin().add_server().gather()
    bench.run(PATIENCE_S + 0.01)
    assert [c for c in bench.candidates if c[0] == "relay"] == []
    assert bench.errors == [(URL, 701)]
    assert len(bench.of(CandidatesEnded)) == 1
    return bench, local


def test_a_restart_does_not_wait_for_a_server_but_keeps_what_it_may_still_have() -> None:
    bench, local = asked_in_vain()
    service = bench.services[SERVER]
    assert local in {pair.key[0] for pair in bench.ice.pairs}
    service.silent = False
    bench.run(20)
    assert relayed(bench) == local
    assert [allocation.relayed for allocation in service.allocations.values()] == [[local]]
    assert bench.errors == [(URL, 701)]
    assert len(bench.of(CandidatesEnded)) == 1


def test_what_a_server_has_forgotten_that_was_silent_for_long_is_replaced() -> None:
    bench, local = asked_in_vain()
    service = bench.services[SERVER]
    service.forget_allocations()
    service.silent = False
    bench.run(20)
    assert relayed(bench) != local
    assert bench.errors == [(URL, 701), (URL, 437)]


def test_a_server_that_stays_silent_loses_its_relay_in_the_end() -> None:
    bench, local = asked_in_vain()
    bench.run(600)
    assert local not in {pair.key[0] for pair in bench.ice.pairs}
    assert bench.errors[:2] == [(URL, 701), (URL, 701)]


def test_a_relay_that_two_generations_do_not_want_is_given_back() -> None:
    bench = Bench().begin().add_server().gather()
    bench.begin().gather()
    assert len(bench.services[SERVER].allocations) == 1
    bench.begin().gather()
    assert bench.services[SERVER].allocations == {}
    assert bench.relays.next_timeout() is None


def test_an_allocation_may_be_lost_at_any_time() -> None:
    bench = Bench().begin().add_server().gather()
    local = relayed(bench)
    bench.pair_with()
    assert local in {pair.key[0] for pair in bench.ice.pairs}
    bench.services[SERVER].forget_allocations()
    bench.run(510)
    assert local not in {pair.key[0] for pair in bench.ice.pairs}
    transmit = Transmit(b"late", 4, local, PEER)
    assert bench.relays.wrap([transmit], bench.now) == [transmit]
    assert bench.errors == [(URL, 437)]


def test_closing_gives_everything_back_with_one_request_each() -> None:
    bench = Bench().begin().add_server().gather(HOST, HOST_2)
    bench.sent.clear()
    bench.relays.close(bench.now)
    bench.flush()
    assert len(bench.sent) == 2
    assert bench.services[SERVER].allocations == {}


def move(bench: Bench, *ports: int) -> None:
    """Come from these ports, one after the other."""
    for port in ports:
        host: Address = (HOST[0], port)
        bench.gather(host)
        bench.relays.remove_host(host, bench.now)
        bench.flush()


def test_relays_that_are_over_are_not_kept() -> None:
    bench = Bench().begin().add_server()
    move(bench, *range(2000, 2050))
    assert len(bench.relays._relays) == 0
    assert not bench.relays.is_used
    assert bench.relays.next_timeout() is None


@pytest.mark.parametrize("cause", ["refused", "unanswered goodbye"])
def test_a_relay_that_failed_is_not_kept_either(cause: str) -> None:
    bench = Bench().begin().add_server()
    service = bench.services[SERVER]
    service.quota = 0 if cause == "refused" else 1
    bench.gather()
    service.silent = cause == "unanswered goodbye"
    bench.begin().gather()
    bench.begin().gather()
    bench.run(60)
    assert not bench.relays.is_used


@pytest.mark.parametrize(("pause_s", "errors"), [(500, []), (700, [(URL, 437)] * 2)])
def test_what_was_left_behind_is_ours_for_as_long_as_a_server_keeps_it(
    pause_s: float, errors: list[tuple[str, int]]
) -> None:
    """Later on it is that of somebody else behind the same NAT."""
    bench = Bench().begin().add_server()
    move(bench, HOST[1])
    bench.services[SERVER].allocations[HOST].expires_at += 3600
    bench.run(pause_s)
    bench.events.clear()
    bench.gather()
    bench.run(2)
    assert bench.errors == errors
