import pytest

from frazil.ice import AddressesNeeded, CandidatesEnded, GatheringStateChanged, NameFound
from frazil.peer.driver_request import FOR_DRIVER, request_for
from frazil.peer.event import (
    ChecksExpected,
    GatheringRequested,
    LookupRequested,
    StreamReleased,
    StreamRequested,
)
from frazil.peer.reader import read_configuration
from frazil.session.event import RelayStreamReleased, RelayStreamRequested
from frazil.states.enums import RTCIceGathererState as State
from frazil.trace import Reason

CONFIGURATION = read_configuration(
    {"iceServers": [{"urls": "stun:stun.example.org"}], "iceTransportPolicy": "relay"}
)
WHY = Reason("test", "no rule", "it was so")
STREAM = RelayStreamRequested(3, "turn:x?transport=tcp", "10.0.0.1", ("192.0.2.1", 3478), None)

RELEASED = RelayStreamReleased(("10.0.0.1", 2000), ("192.0.2.1", 3478))


@pytest.mark.parametrize(
    ("event", "request_"),
    [
        (
            AddressesNeeded("ufrag"),
            GatheringRequested("0", CONFIGURATION.ice_servers, CONFIGURATION.ice_transport_policy),
        ),
        (NameFound("x.local"), LookupRequested("0", "x.local")),
        (STREAM, StreamRequested("0", STREAM)),
        (RELEASED, StreamReleased("0", RELEASED)),
        (GatheringStateChanged(State.GATHERING, "ufrag", WHY), ChecksExpected("0", "ufrag")),
        (GatheringStateChanged(State.COMPLETE, "ufrag", WHY), None),
    ],
)
def test_what_the_driver_has_to_do(event, request_):
    assert type(event) in FOR_DRIVER
    assert request_for("0", event, CONFIGURATION) == request_


def test_what_is_not_for_the_driver():
    event = CandidatesEnded("ufrag")
    assert type(event) not in FOR_DRIVER
    assert request_for("0", event, CONFIGURATION) is None
