from frazil.cli.expectation import CLOSED, EXPECTED, end_differences, state_differences
from frazil.states.enums import (
    RTCIceConnectionState,
    RTCIceGatheringState,
    RTCPeerConnectionState,
    RTCSignalingState,
)

ENUMS = {
    "signalingState": RTCSignalingState,
    "iceGatheringState": RTCIceGatheringState,
    "iceConnectionState": RTCIceConnectionState,
    "connectionState": RTCPeerConnectionState,
}


def test_only_states_that_exist_are_expected():
    for states in [*EXPECTED.values(), {name: [state] for name, state in CLOSED.items()}]:
        assert states.keys() == ENUMS.keys()
        for attribute, values in states.items():
            assert all(ENUMS[attribute](value) == value for value in values)


def test_what_was_expected_is_no_difference():
    assert list(state_differences("bob", EXPECTED["bob"], EXPECTED["bob"])) == []
    assert list(end_differences("bob", CLOSED)) == []


def test_each_attribute_that_differs_is_one_sentence():
    observed = {**EXPECTED["bob"], "connectionState": ["new"], "signalingState": ["stable"]}
    first, second = state_differences("bob", observed, EXPECTED["bob"])
    assert first.startswith("bob's signalingState was stable; expected stable, have-remote-offer")
    assert second.startswith("bob's connectionState was new; expected new, connecting")


def test_an_end_that_differs_is_told():
    current = {**CLOSED, "connectionState": "connected"}
    assert list(end_differences("bob", current)) == [
        "bob's connectionState is connected after close(); expected closed"
    ]
