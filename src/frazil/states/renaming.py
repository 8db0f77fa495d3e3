"""The names that states, events and methods had in 2012, and what they are called now.

The library answers to today's names only. The old ones are kept so that documentation and tools
can lead a reader of an old page to the right place.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from frazil.states.enums import RTCIceConnectionState


class RTCIceState(StrEnum):
    """``iceState`` as WebPlatform Docs have it (webrtc-pc drafts, July to December 2012)."""

    STARTING = "starting"
    CHECKING = "checking"
    CONNECTED = "connected"
    COMPLETED = "completed"
    FAILED = "failed"
    DISCONNECTED = "disconnected"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Renaming:
    """One name that changed.

    Attributes:
        kind: What is named: ``"attribute"``, ``"event"``, ``"method"``, ``"type"``, or, for a
            value, the attribute that had it.
        old: The name in 2012.
        new: The name today.
        note: What else a reader of the old page should know.
    """

    kind: str
    old: str
    new: str
    note: str = ""


OLD_NAMES: Final[tuple[Renaming, ...]] = (
    Renaming("attribute", "iceState", "iceConnectionState", "renamed in January 2013"),
    Renaming("type", "RTCIceState", "RTCIceConnectionState"),
    Renaming("event", "icechange", "iceconnectionstatechange", "renamed in March 2013"),
    Renaming("iceState", "starting", "new", "after an ICE restart it is never entered again"),
    Renaming("type", "RTCGatheringState", "RTCIceGatheringState"),
    Renaming("event", "gatheringchange", "icegatheringstatechange"),
    Renaming("attribute", "readyState", "signalingState"),
    Renaming("type", "RTCPeerState", "RTCSignalingState"),
    Renaming("event", "statechange", "signalingstatechange"),
    Renaming("readyState", "new", "stable"),
    Renaming("readyState", "active", "stable"),
    Renaming(
        "method",
        "updateIce()",
        "setConfiguration() and restartIce()",
        "the first changes the servers, the second asks for new candidates",
    ),
)
"""Everything about connection states that had another name, in the order people search for it."""


def current_ice_state(old: RTCIceState) -> RTCIceConnectionState:
    """The ``iceConnectionState`` value that took the place of ``old``."""
    if old is RTCIceState.STARTING:
        return RTCIceConnectionState.NEW
    return RTCIceConnectionState(old)
