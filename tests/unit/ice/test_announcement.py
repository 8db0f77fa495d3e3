import pytest

from frazil.ice.announcement import Announcement
from frazil.ice.candidate import Candidate
from frazil.ice.event import (
    AddressesNeeded,
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    CandidatesLost,
    GatheringStateChanged,
    IceEvent,
)
from frazil.trace import Trace
from frazil.types import Address

HOST: Address = ("10.0.0.1", 1000)
HOST_2: Address = ("10.0.0.2", 1001)
ERROR = CandidateError("stun:s", 701, "no such host", None)


def candidate(address: Address) -> Candidate:
    return Candidate.from_line(f"candidate:1 1 udp 100 {address[0]} {address[1]} typ host")


class Bench:
    """An announcement, and what it has told."""

    def __init__(self) -> None:
        self.events: list[IceEvent] = []
        self.trace = Trace()
        self.announcement = Announcement(self.events, self.trace)

    def gather(self, *addresses: Address, ends: bool = True) -> None:
        """One round, with a server that fails."""
        self.announcement.start("it begins", 1.0)
        for address in addresses:
            self.announcement.tell(candidate(address), 2.0)
        self.announcement.server_failed(ERROR, 3.0)
        if ends:
            self.announcement.end()
            self.announcement.complete("it is over", 4.0)

    @property
    def story(self) -> list[object]:
        """What was told, with the generation of all that has one."""
        return [_short(event) for event in self.events]


def _short(event: IceEvent) -> object:
    match event:
        case AddressesNeeded():
            return f"addresses {event.ufrag}"
        case GatheringStateChanged():
            return f"{event.state} {event.ufrag}"
        case CandidateGathered():
            return f"{event.candidate.address[0]} {event.ufrag}"
        case CandidatesEnded():
            return f"end {event.ufrag}"
        case CandidateError():
            return event.code
    return event


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_round_is_told_as_it_happens(bench):
    bench.announcement.begin("abcd")
    bench.gather(HOST)
    assert bench.story == [
        "addresses abcd",
        "gathering abcd",
        "10.0.0.1 abcd",
        701,
        "end abcd",
        "complete abcd",
    ]
    assert bench.announcement.state == "complete"


def test_what_is_held_back_is_told_as_one_gathering(bench):
    bench.announcement.begin_held()
    bench.gather(HOST)
    bench.gather(HOST_2)
    assert bench.story == ["addresses ", "addresses "]  # these are needed at once
    assert [each.event for each in bench.trace.records].count("local-candidate") == 2
    assert bench.announcement.state == "complete"
    bench.announcement.release("abcd", {HOST, HOST_2}, 5.0)
    assert bench.story[2:] == [
        "gathering abcd",
        "10.0.0.1 abcd",
        701,
        "10.0.0.2 abcd",
        701,
        "end abcd",
        "complete abcd",
    ]


def test_what_is_held_back_and_not_over_goes_on(bench):
    bench.announcement.begin_held()
    bench.gather(HOST, ends=False)
    assert bench.announcement.is_held
    bench.announcement.release("abcd", {HOST}, 5.0)
    assert not bench.announcement.is_held
    bench.announcement.tell(candidate(HOST_2), 5.0)
    assert bench.story == [
        "addresses ",
        "gathering abcd",
        "10.0.0.1 abcd",
        701,
        "10.0.0.2 abcd",
    ]


def test_of_an_interface_that_is_gone_again_nobody_hears(bench):
    bench.announcement.begin_held()
    bench.gather(HOST, HOST_2)
    bench.announcement.release("abcd", {HOST_2}, 5.0)
    assert "10.0.0.2 abcd" in bench.story
    assert "10.0.0.1 abcd" not in bench.story
    (released,) = [each for each in bench.trace.records if each.event == "candidate-released"]
    assert released.at == 5.0
    assert dict(released.facts) == {"type": "host", "address": "10.0.0.2:1001", "ufrag": "abcd"}


def test_what_was_told_of_a_lost_address_is_withdrawn(bench):
    bench.announcement.withdraw(HOST)
    assert bench.events == [CandidatesLost(HOST)]


def test_what_nobody_has_heard_of_is_not_withdrawn(bench):
    bench.announcement.begin_held()
    bench.announcement.withdraw(HOST)
    assert bench.events == []


def test_an_address_that_gives_nothing_is_told_with_its_reason(bench):
    bench.announcement.host_failed("10.0.0.3", "every port is taken", 1.0)
    assert bench.events == [CandidateError("", 701, "every port is taken", ("10.0.0.3", 0))]


def test_what_is_cancelled_is_not_told(bench):
    bench.announcement.begin_held()
    bench.gather(HOST)
    bench.announcement.cancel()
    assert bench.events == []
    assert not bench.announcement.is_held
