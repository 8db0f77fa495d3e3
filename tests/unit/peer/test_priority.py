"""RTCPriorityType (webrtc-priority 4, 6.2)."""

import pytest

from frazil.peer.priority import RTCPriorityType

VERY_LOW, LOW, MEDIUM, HIGH = RTCPriorityType


def test_each_is_twice_the_one_before() -> None:
    assert [each.number for each in RTCPriorityType] == [128, 256, 512, 1024]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        *[(0, VERY_LOW), (128, VERY_LOW), (129, LOW), (256, LOW), (257, MEDIUM), (512, MEDIUM)],
        *[(513, HIGH), (1024, HIGH), (65535, HIGH)],
    ],
)
def test_every_number_has_a_name(number: int, name: RTCPriorityType) -> None:
    assert RTCPriorityType.of_number(number) is name
