"""What the relays hear of ICE, and when data may flow again."""

from types import SimpleNamespace

import pytest

from frazil.ice import AddressesNeeded, IceTransportChanged
from frazil.session.event import RelayStreamRequested
from frazil.session.report import Report
from frazil.session.route import Route
from frazil.states.enums import RTCIceTransportState
from frazil.trace import Reason, StateChange

pytestmark = pytest.mark.interpreted

PATH = (("10.0.0.1", 1000), ("10.0.0.2", 2000))
OTHER = (("10.0.0.1", 1000), ("10.0.0.3", 2000))
REASON = Reason("test", "no rule", "it was so")
CHECKING, DISCONNECTED = RTCIceTransportState.CHECKING, RTCIceTransportState.DISCONNECTED
CONNECTED, COMPLETED = RTCIceTransportState.CONNECTED, RTCIceTransportState.COMPLETED


class Ice:
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.path = None
        self.passage = SimpleNamespace(revivals=0)
        self.outcome = SimpleNamespace(has_news=False)
        self.events: list = []

    def poll_events(self) -> list:
        events, self.events, self.outcome.has_news = self.events, [], False
        return events


class Relays:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.vacancies = SimpleNamespace(requests=[])
        self.told: list = []

    def begin(self, ufrag, now):
        self.told.append(("begin", ufrag, now))

    def use(self, path, now):
        self.told.append(("use", path, now))

    def doubt(self, path, now):
        self.told.append(("doubt", path, now))


class Bench:
    """A route between an ICE agent and relays that do nothing."""

    def __init__(self) -> None:
        self.ice, self.relays, self.report = Ice(), Relays(), Report()
        self.route = Route(self.ice, self.relays, self.report)

    def advance(self, *events, now: float = 0.0, revived: bool = False, **changes) -> bool:
        for name, value in changes.items():
            setattr(self.ice, name, value)
        self.ice.passage.revivals += revived
        self.ice.events += events
        self.ice.outcome.has_news = True
        return self.route.advance(now)

    def found(self) -> "Bench":
        """A path was found, and all of that is past."""
        assert self.advance(path=PATH)
        self.relays.told.clear()
        return self


def moved(old: RTCIceTransportState, new: RTCIceTransportState) -> IceTransportChanged:
    change = StateChange(0.0, "ice-transport 0", old, new, REASON)
    return IceTransportChanged(change, pair_changed=False, pair=None, reason=REASON)


def test_data_may_flow_when_a_path_is_found_and_when_it_is_another():
    bench = Bench()
    assert not bench.advance()
    assert bench.advance(path=PATH, now=1.0)
    assert bench.route.path == PATH
    assert not bench.advance(now=2.0)
    assert bench.advance(path=OTHER, now=3.0)
    assert bench.relays.told == [("use", PATH, 1.0), ("use", OTHER, 3.0)]


def test_data_may_flow_again_when_the_path_does_after_consent_was_lost():
    bench = Bench().found()
    assert not bench.advance(path=None)
    assert bench.route.path is None
    assert bench.advance(path=PATH)


def test_data_may_flow_again_when_the_same_path_lives_again():
    bench = Bench().found()
    assert bench.advance(revived=True)
    assert not bench.advance()
    assert bench.advance(moved(DISCONNECTED, CONNECTED))
    assert not bench.advance(moved(CONNECTED, COMPLETED))


def test_a_restart_of_a_silent_path_lets_no_data_flow_but_its_success_does():
    bench = Bench().found()
    assert not bench.advance(moved(CONNECTED, DISCONNECTED))
    assert not bench.advance(moved(DISCONNECTED, CHECKING))
    assert bench.advance(moved(CHECKING, CONNECTED))


def test_a_restart_of_a_path_that_works_changes_nothing_for_data():
    bench = Bench().found()
    assert not bench.advance(moved(CONNECTED, COMPLETED))
    assert not bench.advance(moved(COMPLETED, CONNECTED))


def test_nothing_flows_without_a_path_whatever_happened():
    assert not Bench().advance(moved(DISCONNECTED, CONNECTED), revived=True)


def test_a_revival_without_a_path_is_not_one_of_the_next_path():
    bench = Bench().found()
    bench.advance(path=None, revived=True)
    assert bench.advance(path=PATH)
    assert not bench.advance()


def test_the_relay_of_a_silent_path_is_in_doubt():
    bench = Bench().found()
    assert not bench.advance(moved(CONNECTED, DISCONNECTED), now=9.0)
    assert bench.relays.told == [("doubt", PATH, 9.0)]


def test_no_relay_is_in_doubt_before_there_was_a_path():
    bench = Bench()
    bench.advance(moved(CONNECTED, DISCONNECTED), path=PATH)
    assert bench.relays.told == [("use", PATH, 0.0)]


def test_relays_gather_with_each_generation():
    bench = Bench()
    bench.advance(AddressesNeeded("one"), now=2.0)
    assert bench.relays.told == [("begin", "one", 2.0)]
    assert bench.report.events == [AddressesNeeded("one")]


def test_streams_that_relays_want_are_reported_behind_the_news_of_ice():
    bench = Bench()
    wanted = RelayStreamRequested(1, "turn:x?transport=tcp", "10.0.0.1", ("192.0.2.1", 3478), None)
    bench.relays.vacancies.requests.append(wanted)
    bench.advance(AddressesNeeded("one"))
    assert bench.report.events == [AddressesNeeded("one"), wanted]
    assert bench.relays.vacancies.requests == []


def test_streams_are_reported_without_any_news_of_ice():
    bench = Bench()
    wanted = RelayStreamRequested(1, "turn:x?transport=tcp", "10.0.0.1", ("192.0.2.1", 3478), None)
    bench.relays.vacancies.requests.append(wanted)
    assert bench.route.advance(0.0) is False
    assert bench.report.events == [wanted]
