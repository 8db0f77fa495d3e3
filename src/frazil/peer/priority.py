"""RTCPriorityType, and its numbers on the wire (webrtc-priority 4; RFC 8831 6.4)."""

from enum import StrEnum
from typing import Final


class RTCPriorityType(StrEnum):
    """What a channel gets of the association while others have something to send as well.

    Each gets twice as many bytes as the one before.
    """

    VERY_LOW = "very-low"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def number(self) -> int:
        """Its priority in DCEP: 128, 256, 512 or 1024."""
        return _NUMBERS[self]

    @classmethod
    def of_number(cls, number: int) -> "RTCPriorityType":
        """The name for any DCEP priority: up to 128, 256 or 512, or beyond."""
        for each, highest in _NUMBERS.items():
            if number <= highest:
                return each
        return cls.HIGH


_NUMBERS: Final = {
    RTCPriorityType.VERY_LOW: 128,
    RTCPriorityType.LOW: 256,
    RTCPriorityType.MEDIUM: 512,
    RTCPriorityType.HIGH: 1024,
}
