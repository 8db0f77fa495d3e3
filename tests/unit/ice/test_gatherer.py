import random
from collections import Counter

import pytest

from frazil.ice.candidate import CandidateType
from frazil.ice.config import MAX_SERVERS, IceConfig
from frazil.ice.credential import Credentials
from frazil.ice.disclosure import Disclosure
from frazil.ice.event import (
    AddressesNeeded,
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    CandidatesLost,
    GatheringStateChanged,
)
from frazil.ice.gatherer import Gatherer
from frazil.ice.generation import Generation
from frazil.stun import Attribute, ErrorCode, Message, MessageClass, Method
from frazil.trace import Trace
from frazil.turn import RelayProtocol
from frazil.types import Address, Transmit

HOST: Address = ("10.0.0.1", 1000)
HOST_2: Address = ("10.0.0.2", 1001)
HOST_6: Address = ("2001:db8::1", 1002)
SERVER: Address = ("192.0.2.1", 3478)
SERVER_6: Address = ("2001:db8::53", 3478)
PUBLIC: Address = ("203.0.113.7", 5000)


class Bench:
    """A gatherer with its generation, in virtual time."""

    def __init__(self, *hosts: Address) -> None:
        self.now = 50.0
        self.random_bytes = random.Random(3).randbytes
        self.gatherer = Gatherer(IceConfig(), self.random_bytes, Trace())
        self.generation = self.begin()
        self.hosts = hosts or (HOST,)

    def begin(self) -> Generation:
        self.generation = Generation()
        self.generation.local = Credentials.generate(self.random_bytes)
        self.gatherer.begin(self.generation, self.now)
        return self.generation

    def restart(self) -> Generation:
        """Offer a generation in the place of the one in force."""
        self.generation.remote = Credentials.generate(self.random_bytes)
        return self.begin()

    def gather(self) -> None:
        for host in self.hosts:
            self.gatherer.add_host(host, self.now)
        self.gatherer.hosts_done(self.now)

    def sent(self) -> list[Transmit]:
        return list(self.gatherer.poll_transmits())

    def answer(
        self,
        transmit: Transmit,
        mapped: Address | None = PUBLIC,
        error: int | None = None,
        remote: Address | None = None,
        reason: str = "no",
    ) -> bool:
        request = Message.decode(transmit.data)
        attributes = {Attribute.XOR_MAPPED_ADDRESS: mapped} if mapped else {}
        kind = MessageClass.SUCCESS
        if error is not None:
            attributes = {Attribute.ERROR_CODE: ErrorCode(error, reason)}
            kind = MessageClass.ERROR
        response = Message(Method.BINDING, kind, request.transaction_id, attributes)
        decoded = Message.decode(response.encode())
        return self.gatherer.receive(decoded, transmit.local, remote or transmit.remote, self.now)

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while (at := self.gatherer.next_timeout()) is not None and at <= until:
            self.now = at
            self.gatherer.handle_timeout(at)
            assert (self.gatherer.next_timeout() or at + 1) > at
        self.now = until

    def events(self, kind: type) -> list:
        return [event for event in self.gatherer.events if isinstance(event, kind)]

    @property
    def errors(self) -> list[tuple[str, int]]:
        return [(event.url, event.code) for event in self.events(CandidateError)]

    @property
    def found(self) -> list[tuple[str, Address]]:
        return [(e.candidate.type, e.candidate.address) for e in self.events(CandidateGathered)]


def test_hosts_only_is_complete_at_once():
    bench = Bench(HOST, HOST_6)
    bench.gather()
    assert bench.found == [("host", HOST), ("host", HOST_6)]
    kinds = [type(event) for event in bench.gatherer.events]
    assert kinds == [
        AddressesNeeded,
        GatheringStateChanged,
        CandidateGathered,
        CandidateGathered,
        CandidatesEnded,
        GatheringStateChanged,
    ]
    assert bench.gatherer.state == "complete"
    assert bench.generation.gathered
    assert bench.gatherer.next_timeout() is None


def test_no_hosts_at_all_is_complete_as_well():
    bench = Bench()
    bench.hosts = ()
    bench.gather()
    assert bench.generation.gathered
    assert bench.found == []


def test_each_host_has_its_own_priority_and_families_take_turns():
    bench = Bench(HOST, HOST_2, HOST_6)
    bench.gather()
    ranked = sorted(bench.generation.local_candidates, key=lambda c: -c.priority)
    assert [candidate.address for candidate in ranked] == [HOST_6, HOST, HOST_2]


def test_the_same_host_twice_is_one_candidate():
    bench = Bench()
    assert bench.gatherer.add_host(HOST, bench.now) is not None
    assert bench.gatherer.add_host(HOST, bench.now) is None


# --- what the peer is told ----------------------------------------------------------------------

PUBLIC_HOST: Address = (PUBLIC[0], HOST[1])
PUBLIC_HOST_2: Address = ("203.0.113.8", HOST[1])


def disclosed(disclosure: Disclosure) -> Bench:
    bench = Bench()
    assert bench.gatherer.add_host(HOST, bench.now, disclosure).address == HOST
    bench.gatherer.hosts_done(bench.now)
    return bench


def test_public_addresses_stand_for_the_local_one():
    bench = disclosed(Disclosure(hosts=(PUBLIC_HOST[0], PUBLIC_HOST_2[0])))
    assert bench.found == [("host", PUBLIC_HOST), ("host", PUBLIC_HOST_2)]
    kept = list(bench.generation.local_candidates)
    assert [c.address for c in kept] == [HOST, PUBLIC_HOST, PUBLIC_HOST_2]
    assert {c.base for c in kept} == {HOST}
    assert kept[0].priority == kept[1].priority > kept[2].priority
    assert len({c.foundation for c in kept}) == 1
    assert bench.generation.local_candidates.at_base(HOST) is kept[0]
    assert "10.0.0.1" not in str([c.to_line() for c in kept[1:]])


def test_a_name_is_told_and_the_address_kept():
    bench = disclosed(Disclosure(hosts=("1234.local",)))
    assert bench.found == [("host", ("1234.local", HOST[1]))]
    assert [c.address for c in bench.generation.local_candidates] == [HOST]


def test_a_host_that_is_left_out_still_asks_servers():
    bench = Bench()
    bench.gatherer.expect_server("stun:a")
    bench.gatherer.add_host(HOST, bench.now, Disclosure(hosts=()))
    bench.gatherer.hosts_done(bench.now)
    bench.gatherer.add_server("stun:a", [SERVER], bench.now)
    (request,) = bench.sent()
    assert bench.found == []
    assert bench.answer(request)
    assert bench.found == [("srflx", PUBLIC)]
    assert list(bench.generation.local_candidates)[1].to_line().endswith("raddr 0.0.0.0 rport 9")


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (None, [("host", HOST)]),
        ((), [("srflx", HOST)]),
        (("1234.local",), [("host", ("1234.local", HOST[1]))]),
        ((PUBLIC[0],), [("host", PUBLIC_HOST)]),
    ],
)
def test_a_server_that_sees_the_local_address_does_not_betray_it(hosts, expected):
    bench = Bench()
    bench.gatherer.expect_server("stun:a")
    bench.gatherer.add_host(HOST, bench.now, Disclosure(hosts=hosts))
    bench.gatherer.hosts_done(bench.now)
    bench.gatherer.add_server("stun:a", [SERVER], bench.now)
    assert bench.answer(bench.sent()[0], HOST)
    assert bench.found == expected
    assert bench.errors == []
    assert bench.generation.local_candidates.at_base(HOST).type == "host"


def test_a_public_address_that_a_server_confirms_is_told_once():
    bench = Bench()
    bench.gatherer.expect_server("stun:a")
    bench.gatherer.add_host(HOST, bench.now, Disclosure(reflected=(PUBLIC[0],)))
    bench.gatherer.hosts_done(bench.now)
    bench.gatherer.add_server("stun:a", [SERVER], bench.now)
    assert bench.answer(bench.sent()[0], PUBLIC_HOST)
    assert bench.found == [("host", HOST), ("srflx", PUBLIC_HOST)]
    assert list(bench.generation.local_candidates)[1].related == HOST
    assert list(bench.generation.local_candidates)[1].url is None


def test_an_address_without_a_socket_is_told_while_gathering():
    bench = Bench()
    bench.gatherer.host_failed("10.0.0.3", "every port is taken", bench.now)
    bench.gather()
    bench.gatherer.host_failed("10.0.0.4", "too late", bench.now)
    (error,) = bench.events(CandidateError)
    assert error == CandidateError("", 701, "every port is taken", ("10.0.0.3", 0))


def test_a_host_after_the_end_is_refused():
    """RFC 8838 13: no candidate after end-of-candidates."""
    bench = Bench()
    bench.gather()
    assert bench.gatherer.add_host(HOST_2, bench.now) is None
    assert len(bench.found) == 1


@pytest.mark.parametrize("server_first", [True, False])
def test_a_server_reveals_the_public_address(server_first):
    bench = Bench()
    bench.gatherer.expect_server("stun:s")
    if server_first:
        bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    assert not bench.generation.gathered
    if not server_first:
        bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    (transmit,) = bench.sent()
    assert (transmit.local, transmit.remote) == (HOST, SERVER)
    bench.now += 0.03
    assert bench.answer(transmit)
    assert bench.found == [("host", HOST), ("srflx", PUBLIC)]
    candidate = list(bench.generation.local_candidates)[1]
    assert candidate.base == candidate.related == HOST
    assert candidate.url == "stun:s"
    assert bench.generation.gathered
    assert bench.errors == []


def test_no_nat_gives_no_second_candidate_and_needs_no_keepalive():
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.answer(bench.sent()[0], HOST)
    assert bench.found == [("host", HOST)]
    assert bench.generation.gathered
    assert bench.gatherer.next_timeout() is None


def test_two_servers_that_say_the_same_give_one_candidate():
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gatherer.add_server("stun:t", [("192.0.2.2", 3478)], bench.now)
    bench.gather()
    for transmit in bench.sent():
        bench.answer(transmit)
    assert bench.found == [("host", HOST), ("srflx", PUBLIC)]


def test_every_server_is_asked_from_every_host_of_its_family_at_once():
    bench = Bench(HOST, HOST_2, HOST_6)
    bench.gatherer.add_server("stun:s", [SERVER, SERVER_6], bench.now)
    bench.gatherer.add_server("stun:t", [("192.0.2.2", 3478), ("192.0.2.3", 1)], bench.now)
    bench.gather()
    asked = {(transmit.local, transmit.remote) for transmit in bench.sent()}
    assert asked == {
        (HOST, SERVER),
        (HOST_2, SERVER),
        (HOST_6, SERVER_6),
        (HOST, ("192.0.2.2", 3478)),
        (HOST_2, ("192.0.2.2", 3478)),
    }


def test_a_silent_server_is_asked_three_times_and_reported_once_after_three_seconds():
    bench = Bench(HOST, HOST_2)
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.run(2.999)
    assert not bench.generation.gathered
    assert bench.errors == []
    bench.run(0.002)
    assert bench.generation.gathered
    assert bench.errors == [("stun:s", 701)]
    assert Counter(transmit.local for transmit in bench.sent()) == {HOST: 3, HOST_2: 3}
    bench.run(100)
    assert bench.errors == [("stun:s", 701)]


def test_a_lost_request_is_repeated_after_half_a_second():
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.run(0.499)
    assert len(bench.sent()) == 1
    bench.run(0.002)
    (again,) = bench.sent()
    assert bench.answer(again)
    assert ("srflx", PUBLIC) in bench.found


def test_c2_a_dead_server_delays_no_candidate_of_a_living_one():
    bench = Bench()
    bench.gatherer.add_server("stun:dead", [("192.0.2.9", 3478)], bench.now)
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    alive = next(transmit for transmit in bench.sent() if transmit.remote == SERVER)
    bench.answer(alive)
    assert ("srflx", PUBLIC) in bench.found
    bench.run(3.1)
    assert bench.errors == [("stun:dead", 701)]
    assert bench.generation.gathered


def test_one_answer_redeems_a_server():
    """C17: 701 only if no host candidate reached it."""
    bench = Bench(HOST, HOST_2)
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.answer(bench.sent()[0])
    bench.run(5)
    assert bench.errors == []
    assert bench.generation.gathered


def test_an_error_response_is_reported_with_its_code():
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.answer(bench.sent()[0], error=420)
    assert bench.errors == [("stun:s", 420)]
    assert bench.events(CandidateError)[0].local == HOST
    assert bench.generation.gathered


def test_the_reason_in_an_error_response_can_be_printed():
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.answer(bench.sent()[0], error=420, reason="no\n\x1b[2J")
    assert bench.events(CandidateError)[0].text == "no\ufffd\ufffd[2J"


@pytest.mark.parametrize(
    "mapped", [None, ("203.0.113.7", 0), ("0.0.0.0", 5), ("224.0.0.1", 5), ("2001:db8::9", 5)]
)
def test_a_useless_answer_is_an_error(mapped):
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.answer(bench.sent()[0], mapped)
    assert bench.errors == [("stun:s", 500)]
    assert bench.found == [("host", HOST)]


def test_an_answer_from_elsewhere_is_none():
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    transmit = bench.sent()[0]
    assert not bench.answer(transmit, remote=("192.0.2.66", 3478))
    assert bench.answer(transmit)
    assert not bench.answer(transmit)  # the second time it answers nothing


def test_a_name_that_does_not_resolve():
    bench = Bench()
    bench.gatherer.expect_server("stun:nowhere")
    bench.gather()
    assert not bench.generation.gathered
    error = CandidateError("stun:nowhere", 701, "no such host", None)
    bench.gatherer.server_failed(error, bench.now)
    bench.gatherer.server_failed(error, bench.now)
    assert bench.generation.gathered
    assert bench.errors == [("stun:nowhere", 701)]
    assert bench.events(CandidateError)[0].text == "no such host"


def test_a_server_of_a_family_that_no_host_has():
    bench = Bench()
    bench.gatherer.add_server("stun:six", [SERVER_6], bench.now)
    bench.gather()
    assert bench.errors == [("stun:six", 701)]
    assert bench.generation.gathered


def test_a_server_without_addresses_does_not_hang():
    bench = Bench()
    bench.gatherer.expect_server("stun:empty")
    bench.gather()
    bench.gatherer.add_server("stun:empty", [], bench.now)
    assert bench.generation.gathered


def test_the_same_server_twice_is_asked_once():
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    assert len(bench.sent()) == 1


def test_servers_are_bounded():
    bench = Bench()
    for number in range(100):
        bench.gatherer.expect_server(f"stun:{number}")
        bench.gatherer.add_server(f"stun:{number}", [("192.0.2.1", 1000 + number)], bench.now)
    bench.gather()
    assert len(bench.sent()) <= 2 * MAX_SERVERS


def test_bindings_are_kept_alive_until_a_pair_is_selected():
    """RFC 8445 11: every 15 seconds, by an indication."""
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.answer(bench.sent()[0])
    bench.run(14.9)
    assert bench.sent() == []
    bench.run(30.2)
    keepalives = bench.sent()
    assert [Message.decode(k.data).message_class for k in keepalives] == [
        MessageClass.INDICATION
    ] * 3
    assert {(k.local, k.remote) for k in keepalives} == {(HOST, SERVER)}
    bench.gatherer.stop_keepalives()
    assert bench.gatherer.next_timeout() is None


def test_a_lost_interface_is_asked_no_more():
    bench = Bench(HOST, HOST_2)
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    first, second = bench.sent()
    bench.answer(first)
    bench.gatherer.remove_host(HOST_2, bench.now)
    assert CandidatesLost(HOST_2) in bench.gatherer.events
    assert bench.generation.gathered  # nothing is awaited there
    bench.gatherer.remove_host(HOST, bench.now)
    bench.run(60)
    assert bench.sent() == []
    assert not bench.answer(second)


def test_a_restart_while_gathering_starts_over_and_ends_the_old_generation_in_silence():
    bench = Bench()
    old = bench.generation
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    stale = bench.sent()[0]
    bench.begin()
    assert old.gathered
    assert bench.events(CandidatesEnded) == []
    assert bench.gatherer.state == "gathering"
    assert not bench.answer(stale)
    bench.gather()
    assert [str(e.state) for e in bench.events(GatheringStateChanged)] == [
        "gathering",
        "gathering",
        "complete",
    ]
    assert (
        next(iter(bench.generation.local_candidates)).priority
        == next(iter(old.local_candidates)).priority
    )


def test_a_rollback_ends_the_gathering():
    bench = Bench()
    bench.gatherer.withdraw(bench.generation, bench.now)
    assert bench.gatherer.state == "complete"
    bench.gather()
    assert bench.found == []


def test_a_rollback_of_another_generation_is_none_of_its_business():
    bench = Bench()
    bench.gatherer.withdraw(Generation(), bench.now)
    bench.gather()
    assert bench.found == [("host", HOST)]


def test_after_a_rollback_what_is_found_is_told_of_the_generation_in_force():
    """Also what had been told of an address that went away meanwhile, and is back."""
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.answer(bench.sent()[0])
    kept, offered = bench.generation, bench.restart()
    bench.gatherer.remove_host(HOST, bench.now)
    kept.remove_base(HOST)
    bench.gatherer.withdraw(offered, bench.now)
    assert relayed(bench, RELAYED) in kept.local_candidates
    bench.gatherer.events.clear()
    assert bench.gatherer.begin_again(bench.now)
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.answer(bench.sent()[0])
    assert bench.found == [("host", HOST), ("srflx", PUBLIC)]
    assert {each.ufrag for each in bench.events(CandidateGathered)} == {kept.local.ufrag}


def test_a_reflexive_candidate_ranks_below_its_host():
    bench = Bench()
    bench.gatherer.add_server("stun:s", [SERVER], bench.now)
    bench.gather()
    bench.answer(bench.sent()[0])
    host, reflexive = bench.generation.local_candidates
    assert reflexive.type is CandidateType.SERVER_REFLEXIVE
    assert reflexive.priority < host.priority
    assert reflexive.foundation != host.foundation


# --- what others ask the servers for --------------------------------------------------------------

RELAYED: Address = ("192.0.2.1", 49152)


def relayed(bench, address, protocol=RelayProtocol.UDP):
    return bench.gatherer.add_relayed(address, PUBLIC, "turn:s", SERVER, protocol, bench.now)


def test_a_relayed_address_is_a_candidate_and_its_own_base():
    bench = Bench()
    bench.gatherer.expect_server("turn:s")
    bench.gather()
    candidate = relayed(bench, RELAYED)
    assert (candidate.type, candidate.address, candidate.base) == ("relay", RELAYED, RELAYED)
    assert (candidate.related, candidate.url) == (PUBLIC, "turn:s")
    assert candidate.priority >> 24 == 0
    assert relayed(bench, RELAYED) is None
    second = relayed(bench, ("192.0.2.1", 2))
    assert second.priority < candidate.priority
    assert not bench.generation.gathered
    bench.gatherer.server_done("turn:s", bench.now)
    assert bench.generation.gathered
    assert bench.errors == []


def test_a_relay_may_come_after_the_end_in_place_of_another():
    bench = Bench()
    bench.gather()
    assert bench.generation.gathered
    late = relayed(bench, RELAYED, RelayProtocol.TLS)
    assert late in bench.generation.local_candidates
    assert late.relay_protocol == "tls"
    assert bench.gatherer.state == "complete"


def test_the_server_that_relays_shows_a_reflexive_address_too():
    bench = Bench()
    bench.gatherer.expect_server("turn:s")
    bench.gather()
    for mapped in (PUBLIC, PUBLIC, HOST, ("224.0.0.1", 5), ("2001:db8::7", 5000)):
        bench.gatherer.add_reflected(HOST, mapped, "turn:s", SERVER, bench.now)
    bench.gatherer.add_reflected(HOST_2, ("203.0.113.8", 1), "turn:s", SERVER, bench.now)
    assert bench.found == [("host", HOST), ("srflx", PUBLIC)]
    assert bench.gatherer.next_timeout() is None  # who asked keeps the binding alive


def test_before_there_is_a_generation_nothing_can_be_added():
    gatherer = Gatherer(IceConfig(), random.Random(3).randbytes, Trace())
    assert gatherer.add_relayed(RELAYED, PUBLIC, "turn:s", SERVER, RelayProtocol.UDP, 0.0) is None
    gatherer.add_reflected(HOST, PUBLIC, "turn:s", SERVER, 0.0)
    assert gatherer.events == []


# --- the network changes --------------------------------------------------------------------------


def test_gathering_again_adds_what_is_new_and_ends_once_more():
    bench = Bench()
    bench.gather()
    bench.gatherer.add_server("stun:x", [SERVER], bench.now)
    before = list(bench.generation.local_candidates)
    bench.gatherer.events.clear()
    bench.sent()
    assert bench.gatherer.begin_again(bench.now)
    assert not bench.generation.gathered
    for host in (HOST, HOST_2):
        bench.gatherer.add_host(host, bench.now)
    bench.gatherer.expect_server("stun:x")
    bench.gatherer.hosts_done(bench.now)
    bench.gatherer.add_server("stun:x", [SERVER], bench.now)
    first, second = bench.sent()
    bench.answer(first, None)
    bench.answer(second)
    events = bench.gatherer.events
    assert [type(each).__name__ for each in events] == [
        "AddressesNeeded",
        "GatheringStateChanged",
        "CandidateGathered",
        "CandidateGathered",
        "CandidatesEnded",
        "GatheringStateChanged",
    ]
    new = list(bench.generation.local_candidates)[len(before) :]
    assert [each.address for each in new] == [HOST_2, PUBLIC]
    assert bench.generation.gathered


def test_an_address_that_comes_back_ranks_as_before():
    bench = Bench(HOST, HOST_2)
    bench.gather()
    ranks = {each.address[0]: each.priority for each in bench.generation.local_candidates}
    bench.generation.remove_base(HOST)
    bench.gatherer.begin_again(bench.now)
    for host in ((HOST[0], 4711), ("10.0.0.3", 5)):
        bench.gatherer.add_host(host, bench.now)
    again, third = list(bench.generation.local_candidates)[-2:]
    assert again.priority == ranks[HOST[0]]
    assert third.priority < ranks[HOST_2[0]]


def test_an_address_in_the_place_of_another_ranks_like_it():
    bench = Bench(HOST, HOST_2, HOST_6)
    bench.gather()
    ranks = {each.address[0]: each.priority for each in bench.generation.local_candidates}
    bench.generation.remove_base(HOST)
    bench.gatherer.begin_again(bench.now)
    bench.gatherer.add_host(("10.0.0.3", 5), bench.now)
    assert list(bench.generation.local_candidates)[-1].priority == ranks[HOST[0]]
    bench.gatherer.add_host(HOST, bench.now)  # its place is taken now
    assert list(bench.generation.local_candidates)[-1].priority < ranks[HOST_2[0]]
    assert len({each.priority for each in bench.generation.local_candidates}) == 4


def test_there_is_nothing_to_gather_again_before_the_first_time():
    gatherer = Gatherer(IceConfig(), random.Random(3).randbytes, Trace())
    assert not gatherer.begin_again(1.0)
    assert gatherer.events == []
