"""Every state that the two peers of the demo must go through, and what differed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

States: TypeAlias = Mapping[str, Sequence[str]]
"""By attribute of the connection: the states in the order in which they were observed."""

_TRANSPORT: Final[States] = {
    "iceGatheringState": ("new", "gathering", "complete", "gathering", "complete"),
    "iceConnectionState": (
        *("new", "checking", "connected", "completed"),  # connect
        *("disconnected", "connected", "completed"),  # blackout and recovery
        *("connected", "completed"),  # ICE restart
    ),
    "connectionState": ("new", "connecting", "connected", "disconnected", "connected"),
}

EXPECTED: Final[Mapping[str, States]] = {
    "alice": {
        "signalingState": ("stable", *("have-local-offer", "stable") * 2),
        **_TRANSPORT,
    },
    "bob": {
        "signalingState": ("stable", *("have-remote-offer", "stable") * 2),
        **_TRANSPORT,
    },
}
"""What listeners observe. ``closed`` is not among it: closing fires no event (webrtc-pc)."""

CLOSED: Final = {
    "signalingState": "closed",
    "iceGatheringState": "complete",
    "iceConnectionState": "closed",
    "connectionState": "closed",
}
"""What the attributes are in the end."""


def state_differences(peer: str, observed: States, expected: States) -> Iterator[str]:
    """One sentence for each attribute that did not go through the expected states."""
    for attribute, states in expected.items():
        if list(observed[attribute]) != list(states):
            yield (
                f"{peer}'s {attribute} was {_chain(observed[attribute])}; expected {_chain(states)}"
            )


def end_differences(peer: str, current: Mapping[str, str]) -> Iterator[str]:
    """One sentence for each attribute that is not as it must be after ``close()``."""
    for attribute, state in CLOSED.items():
        if current[attribute] != state:
            yield f"{peer}'s {attribute} is {current[attribute]} after close(); expected {state}"


def _chain(states: Sequence[str]) -> str:
    return ", ".join(states)
