"""What an ICE agent reports, in the order in which it happened."""

from dataclasses import dataclass
from typing import TypeAlias

from frazil.compiled import mypyc_attr
from frazil.ice.candidate import Candidate
from frazil.states.enums import RTCIceGathererState, RTCIceRole
from frazil.trace import Reason, StateChange
from frazil.types import Address
from frazil.value import Value


@mypyc_attr(acyclic=True)
class SelectedPair(Value):
    """A pair, such as the one that carries data: the two candidates as their side knows them."""

    __slots__ = ("local", "remote")

    def __init__(self, local: Candidate, remote: Candidate) -> None:
        self.local = local
        self.remote = remote

    def as_tuple(self) -> tuple[object, ...]:
        """The two candidates."""
        return self.local, self.remote

    @property
    def key(self) -> tuple[Address, Address]:
        """What identifies the pair: the base of ours, and their address."""
        return self.local.base, self.remote.address


@mypyc_attr(acyclic=True)
class IceTransportChanged(Value):
    """The state, the selected pair, or both changed together (webrtc-pc 5.6, one task).

    Attributes:
        change: The state change; ``None`` if only the pair changed.
        pair_changed: Whether ``pair`` differs from the one before.
        pair: The selected pair from now on.
        reason: Why, also when only the pair changed.
    """

    __slots__ = ("change", "pair", "pair_changed", "reason")

    def __init__(
        self,
        change: StateChange | None,
        pair_changed: bool,
        pair: SelectedPair | None,
        reason: Reason,
    ) -> None:
        self.change = change
        self.pair_changed = pair_changed
        self.pair = pair
        self.reason = reason

    def as_tuple(self) -> tuple[object, ...]:
        """State change, whether the pair changed, pair and reason."""
        return self.change, self.pair_changed, self.pair, self.reason


@mypyc_attr(acyclic=True)
class AddressesNeeded(Value):
    """Gathering begins: the local addresses and the servers are to be added now.

    Attributes:
        ufrag: The generation, once there is one.
    """

    __slots__ = ("ufrag",)

    def __init__(self, ufrag: str) -> None:
        self.ufrag = ufrag

    def as_tuple(self) -> tuple[object, ...]:
        """The generation."""
        return (self.ufrag,)


@mypyc_attr(acyclic=True)
class GatheringStateChanged(Value):
    """The gatherer began (``gathering``) or ended (``complete``) a generation."""

    __slots__ = ("reason", "state", "ufrag")

    def __init__(self, state: RTCIceGathererState, ufrag: str, reason: Reason) -> None:
        self.state = state
        self.ufrag = ufrag
        self.reason = reason

    def as_tuple(self) -> tuple[object, ...]:
        """State, generation and reason."""
        return self.state, self.ufrag, self.reason


@mypyc_attr(acyclic=True)
class CandidateGathered(Value):
    """A local candidate of the generation ``ufrag`` was found."""

    __slots__ = ("candidate", "ufrag")

    def __init__(self, candidate: Candidate, ufrag: str) -> None:
        self.candidate = candidate
        self.ufrag = ufrag

    def as_tuple(self) -> tuple[object, ...]:
        """Candidate and generation."""
        return self.candidate, self.ufrag


@dataclass(frozen=True, slots=True)
class CandidatesLost:
    """Nothing can be sent or received at ``base`` any more, nor at what leads there.

    Attributes:
        base: What the local candidates that are gone have in common (RFC 8445 5.1.1).
    """

    base: Address


@mypyc_attr(acyclic=True)
class CandidatesEnded(Value):
    """No further local candidate will come for the generation ``ufrag`` (RFC 8838 13)."""

    __slots__ = ("ufrag",)

    def __init__(self, ufrag: str) -> None:
        self.ufrag = ufrag

    def as_tuple(self) -> tuple[object, ...]:
        """The generation."""
        return (self.ufrag,)


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
class NameFound:
    """A remote candidate of the newest generations has a name for an address; look it up."""

    name: str


class PairAdded(Value):
    """Two candidates may reach each other: the pair will be checked, or was."""

    __slots__ = ("pair",)

    def __init__(self, pair: SelectedPair) -> None:
        self.pair = pair

    def as_tuple(self) -> tuple[object, ...]:
        """The pair."""
        return (self.pair,)


@dataclass(frozen=True, slots=True)
class PairRemoved:
    """A pair is gone: its interface is, or a better one took its place in a full list."""

    pair: SelectedPair


@dataclass(frozen=True, slots=True)
class NominationProposed:
    """A pair is about to be nominated, if ``IceAgent.decide_nomination`` says so."""

    pair: SelectedPair


@mypyc_attr(acyclic=True)
class RoleChanged(Value):
    """The role was set, or a role conflict was resolved (RFC 8445 7.3.1.1)."""

    __slots__ = ("role",)

    def __init__(self, role: RTCIceRole) -> None:
        self.role = role

    def as_tuple(self) -> tuple[object, ...]:
        """The role."""
        return (self.role,)


IceEvent: TypeAlias = (
    AddressesNeeded
    | IceTransportChanged
    | GatheringStateChanged
    | CandidateGathered
    | CandidatesLost
    | CandidatesEnded
    | CandidateError
    | NameFound
    | PairAdded
    | PairRemoved
    | NominationProposed
    | RoleChanged
)
