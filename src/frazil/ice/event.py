"""What an ICE agent reports, in the order in which it happened."""

from dataclasses import dataclass
from typing import TypeAlias

from frazil.ice.candidate import Candidate
from frazil.states.enums import RTCIceGathererState, RTCIceRole
from frazil.trace import Reason, StateChange


@dataclass(frozen=True, slots=True)
class SelectedPair:
    """The pair that carries data: the two candidates as their side knows them."""

    local: Candidate
    remote: Candidate


@dataclass(frozen=True, slots=True)
class IceTransportChanged:
    """The state, the selected pair, or both changed together (webrtc-pc 5.6, one task).

    Attributes:
        change: The state change; ``None`` if only the pair changed.
        pair_changed: Whether ``pair`` differs from the one before.
        pair: The selected pair from now on.
        reason: Why, also when only the pair changed.
    """

    change: StateChange | None
    pair_changed: bool
    pair: SelectedPair | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class GatheringStateChanged:
    """The gatherer began (``gathering``) or ended (``complete``) a generation."""

    state: RTCIceGathererState
    ufrag: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class CandidateGathered:
    """A local candidate of the generation ``ufrag`` was found."""

    candidate: Candidate
    ufrag: str


@dataclass(frozen=True, slots=True)
class CandidatesEnded:
    """No further local candidate will come for the generation ``ufrag`` (RFC 8838 13)."""

    ufrag: str


@dataclass(frozen=True, slots=True)
class CandidateError:
    """A server, or an address of this host, did not give a candidate (``icecandidateerror``).

    Attributes:
        url: The server; empty if no socket could be bound to ``local``.
        code: The STUN error code, or 701 when no host candidate reached the server.
    """

    url: str
    code: int
    text: str
    local: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """The role was set, or a role conflict was resolved (RFC 8445 7.3.1.1)."""

    role: RTCIceRole


IceEvent: TypeAlias = (
    IceTransportChanged
    | GatheringStateChanged
    | CandidateGathered
    | CandidatesEnded
    | CandidateError
    | RoleChanged
)
