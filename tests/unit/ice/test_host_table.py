import pytest

from frazil.ice.announcement import Announcement
from frazil.ice.candidate import ACTIVE_PORT, TcpType
from frazil.ice.candidate_maker import CandidateMaker
from frazil.ice.disclosure import OPEN, Disclosure
from frazil.ice.event import CandidateGathered, IceEvent
from frazil.ice.generation import Generation
from frazil.ice.host_table import HostTable
from frazil.ice.pair import CandidatePair
from frazil.trace import Trace
from frazil.types import Address

HOST: Address = ("10.0.0.1", 1000)
PUBLIC: Address = ("203.0.113.7", 1000)
MAPPED: Address = ("203.0.113.7", 5000)
SERVER: Address = ("192.0.2.1", 3478)


class Bench:
    """A table with its generation, and what the peer learns."""

    def __init__(self) -> None:
        self._events: list[IceEvent] = []
        self.generation = Generation()
        announcement = Announcement(self._events, Trace())
        self.table = HostTable(self.generation, CandidateMaker(1), announcement)

    def add(self, disclosure: Disclosure = OPEN, tcp_type: TcpType | None = None):
        address = (HOST[0], ACTIVE_PORT) if tcp_type is TcpType.ACTIVE else HOST
        return self.table.add(address, tcp_type, disclosure, 1.0)

    def reflect(self, host, mapped: Address = MAPPED) -> None:
        self.table.reflect(host, mapped, "stun:s", SERVER, 2.0)

    @property
    def told(self) -> list[tuple[str, Address]]:
        found = [each.candidate for each in self._events if isinstance(each, CandidateGathered)]
        return [(each.type, each.address) for each in found]

    @property
    def related(self) -> list[Address | None]:
        """What is told of where we are, of the reflexive candidates."""
        return [each.related for each in self.generation.local_candidates if each.type == "srflx"]


def test_an_open_address_is_told_as_it_is():
    bench = Bench()
    host = bench.add()
    bench.reflect(host)
    assert bench.told == [("host", HOST), ("srflx", MAPPED)]
    assert bench.related == [HOST]


def test_of_a_concealed_address_neither_a_candidate_nor_another_one_tells():
    bench = Bench()
    bench.reflect(bench.add(Disclosure(hosts=())))
    assert bench.told == [("srflx", MAPPED)]
    assert bench.related == [("0.0.0.0", 9)]


def test_the_last_disclosure_of_an_address_counts():
    bench = Bench()
    bench.add(Disclosure(hosts=()))
    bench.generation.remove_base(HOST)
    bench.reflect(bench.add())
    assert bench.related == [HOST]


def test_a_name_that_can_be_had_only_later_is_told_then_and_once():
    bench = Bench()
    host = bench.add(Disclosure(hosts=()))
    bench.reflect(host)
    named = Disclosure(hosts=("1234.local",), reflected=(PUBLIC[0],))
    for disclosure in (Disclosure(hosts=()), OPEN, named, named, Disclosure(hosts=()), named):
        bench.table.reveal(host, disclosure, 2.0)
    told = [("srflx", MAPPED), ("host", ("1234.local", HOST[1])), ("srflx", PUBLIC)]
    assert bench.told == told
    assert bench.related == [("0.0.0.0", 9)] * 2
    assert bench.generation.local_candidates.hosts() == [host]


@pytest.mark.parametrize("tcp_type", TcpType)
def test_of_streams_only_those_that_arrive_get_a_name_later(tcp_type):
    bench = Bench()
    host = bench.add(Disclosure(hosts=()), tcp_type)
    named = Disclosure(hosts=("1234.local",), reflected=(PUBLIC[0],))
    bench.table.reveal(host, named, 2.0)
    told = [("host", ("1234.local", host.base[1]))]
    assert bench.told == (told if tcp_type is not TcpType.ACTIVE else [])


def test_what_was_told_of_an_address_stays():
    bench = Bench()
    host = bench.add()
    bench.table.reveal(host, Disclosure(hosts=("1234.local",)), 2.0)
    assert bench.told == [("host", HOST)]


def test_all_that_stand_for_an_address_are_host_candidates_on_it():
    bench = Bench()
    host = bench.add(Disclosure(hosts=(PUBLIC[0], "1234.local")))
    assert host.address == HOST
    assert bench.told == [("host", PUBLIC), ("host", ("1234.local", HOST[1]))]
    assert [each.address for each in bench.generation.local_candidates.hosts()] == [HOST, PUBLIC]


def test_what_the_user_knows_of_routers_is_told_for_udp_only():
    bench = Bench()
    bench.add(Disclosure(reflected=(PUBLIC[0],)))
    assert bench.told == [("host", HOST), ("srflx", PUBLIC)]
    other = Bench()
    other.add(Disclosure(reflected=(PUBLIC[0],)), TcpType.PASSIVE)
    assert other.told == [("host", HOST)]


def test_of_streams_that_lead_away_nobody_is_told():
    bench = Bench()
    host = bench.add(tcp_type=TcpType.ACTIVE)
    assert bench.told == []
    assert list(bench.generation.local_candidates) == [host]


def test_what_was_told_is_not_told_again():
    bench = Bench()
    host = bench.add()
    for mapped in (HOST, MAPPED, MAPPED):
        bench.reflect(host, mapped)
    assert bench.told == [("host", HOST), ("srflx", MAPPED)]


def test_what_is_behind_an_address_that_comes_back_is_told_anew():
    bench = Bench()
    bench.reflect(bench.add())
    bench.table.forget(("10.0.0.2", 1000))
    bench.reflect(next(iter(bench.generation.local_candidates)))
    assert len(bench.told) == 2
    bench.generation.remove_base(HOST)
    bench.table.forget(HOST)
    bench.reflect(bench.add())
    assert bench.told == [("host", HOST), ("srflx", MAPPED)] * 2


def test_what_a_check_has_shown_is_told_when_a_server_shows_it_too():
    """A peer-reflexive candidate is never signalled, so it makes nothing redundant."""
    bench = Bench()
    host = bench.add()
    pair = CandidatePair(host, host, True)
    learned = bench.generation.local_candidates.learn(pair.local, MAPPED, 77)
    assert learned.type == "prflx"
    bench.reflect(host)
    assert bench.told == [("host", HOST), ("srflx", MAPPED)]
    assert learned not in bench.generation.local_candidates
