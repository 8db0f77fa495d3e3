"""Which state may follow which, as W3C has it; written from its text, not from the library.

The rows are those of webrtc-pc, "RTCIceTransportState Enum" with its list of example transitions,
"RTCDtlsTransportState Enum", "RTCSctpTransportState Enum" and of the gathering algorithms, for
connections with one transport. A state that is left out of a row never follows directly.
``closed`` by :meth:`close` comes without an event.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, TypeAlias

from support.witness import MACHINES, Witness

Steps: TypeAlias = Mapping[str, str]
"""For each state the states that may follow, separated by blanks."""

_ICE: Final[Steps] = {
    # Checks begin with the first remote candidate, or there never is one.
    "new": "checking failed",
    # `completed` is legal here by the text, but `connected` has to be seen first.
    "checking": "connected disconnected failed",
    # Consent lost: `checking` if pairs are left, `disconnected` if candidates may come, `failed`.
    "connected": "completed disconnected checking failed",
    # An ICE restart leads to `connected`.
    "completed": "connected disconnected checking failed",
    # `completed` is legal here by the text, but `connected` has to be seen first.
    "disconnected": "connected checking failed",
    # Only an ICE restart leads out.
    "failed": "checking",
}
_CONNECTION: Final[Steps] = {
    "new": "connecting failed",
    # The handshake may end after the path was lost, or never.
    "connecting": "connected disconnected failed",
    "connected": "disconnected connecting failed",
    "disconnected": "connected connecting failed",
    "failed": "connecting",
}
_GATHERING: Final[Steps] = {"new": "gathering", "gathering": "complete", "complete": "gathering"}

LATTICE: Final[Mapping[str, Steps]] = {
    "signalingState": {
        "stable": "have-local-offer have-remote-offer",
        "have-local-offer": "stable",
        "have-remote-offer": "stable",
    },
    "iceGatheringState": _GATHERING,
    "iceConnectionState": _ICE,
    "connectionState": _CONNECTION,
    "RTCIceTransport.state": _ICE,
    "RTCIceTransport.gatheringState": _GATHERING,
    "RTCDtlsTransport.state": {"new": "connecting", "connecting": "connected closed failed"}
    | {"connected": "closed failed"},
    "RTCSctpTransport.state": {"connecting": "connected closed", "connected": "closed"},
}
"""By machine, as :data:`support.witness.MACHINES` names them."""


_UNDONE: Final[Mapping[str, Steps]] = {
    "iceGatheringState": {"gathering": "new", "complete": "new"},
    "RTCIceTransport.state": {"new": "closed"},
    "RTCDtlsTransport.state": {"new": "closed"},
}
"""Where the only offer was rolled back: its transport was closed, and there was none then."""


def check_lattice(witness: Witness, *, yields: bool = False) -> None:
    """Every step that the events of a connection told of is one of the lattice.

    Args:
        yields: Whether it may have rolled back its first offer.
    """
    for machine in MACHINES:
        steps, undone = LATTICE[machine], _UNDONE.get(machine, {}) if yields else {}
        for old, new in pairwise(witness.states(machine).split()):
            legal = f"{steps.get(old, '')} {undone.get(old, '')}".split()
            assert new in legal, f"{machine}: {old} to {new}"
