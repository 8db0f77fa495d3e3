"""What a peer connection hands out: events to fire, settled operations, wishes to the driver."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from frazil.peer.configuration import IceTransportPolicy
from frazil.peer.ice_server import IceServer
from frazil.peer.operation import Operation
from frazil.session.event import RelayStreamReleased, RelayStreamRequested
from frazil.value import Value


class EventType(StrEnum):
    """The event names of webrtc-pc and webrtc-extensions, and ``remoteclose``, an extension."""

    BUFFERED_AMOUNT_LOW = "bufferedamountlow"
    CLOSE = "close"
    CLOSING = "closing"
    CONNECTION_STATE_CHANGE = "connectionstatechange"
    DATA_CHANNEL = "datachannel"
    ENDED = "ended"
    ERROR = "error"
    GATHERING_STATE_CHANGE = "gatheringstatechange"
    ICE_CANDIDATE = "icecandidate"
    ICE_CANDIDATE_PAIR_ADD = "icecandidatepairadd"
    ICE_CANDIDATE_PAIR_NOMINATE = "icecandidatepairnominate"
    ICE_CANDIDATE_PAIR_REMOVE = "icecandidatepairremove"
    ICE_CANDIDATE_ERROR = "icecandidateerror"
    ICE_CONNECTION_STATE_CHANGE = "iceconnectionstatechange"
    ICE_GATHERING_STATE_CHANGE = "icegatheringstatechange"
    MESSAGE = "message"
    NEGOTIATION_NEEDED = "negotiationneeded"
    OPEN = "open"
    REMOTE_CLOSE = "remoteclose"
    SELECTED_CANDIDATE_PAIR_CHANGE = "selectedcandidatepairchange"
    SIGNALING_STATE_CHANGE = "signalingstatechange"
    STATE_CHANGE = "statechange"
    TRACK = "track"


class Fired(Value):
    """An event to dispatch now.

    Attributes:
        target: The slot object it is dispatched at: an ``IceTransport``, ``DtlsTransport``,
            ``SctpTransport``, ``DataChannel`` or ``RemoteTrack``; ``None`` is the connection.
        type: The W3C event name.
        payload: What the event object carries: ``icecandidate`` a ``CandidateInit`` or ``None``,
            ``icecandidateerror`` an ICE ``CandidateError``, ``datachannel`` the ``DataChannel``,
            ``icecandidatepair...`` a ``SelectedPair``, ``message`` ``bytes`` or ``str``, ``error``
            an ``RTCError``, ``track`` the ``Transceiver``, ``remoteclose`` the cause; ``None`` for
            all others.
    """

    __slots__ = ("payload", "target", "type")

    def __init__(self, target: Any, type: EventType, payload: Any = None) -> None:  # noqa: A002
        self.target = target
        self.type = type
        self.payload = payload

    def as_tuple(self) -> tuple[object, ...]:
        """Target, type and payload."""
        return self.target, self.type, self.payload


class OperationSettled(Value):
    """The promise of an operation settles at this point of the task."""

    __slots__ = ("operation",)

    def __init__(self, operation: Operation[Any]) -> None:
        self.operation = operation

    def as_tuple(self) -> tuple[object, ...]:
        """The operation."""
        return (self.operation,)


PeerEvent: TypeAlias = Fired | OperationSettled


class GatheringRequested(Value):
    """The driver must give the transport its local addresses and servers.

    Attributes:
        transport: The name of the transport.
        servers: The ICE servers of the configuration at this moment.
        policy: Which candidates may be used.
    """

    __slots__ = ("policy", "servers", "transport")

    def __init__(
        self, transport: str, servers: tuple[IceServer, ...], policy: IceTransportPolicy
    ) -> None:
        self.transport = transport
        self.servers = servers
        self.policy = policy

    def as_tuple(self) -> tuple[object, ...]:
        """Transport, servers and policy."""
        return self.transport, self.servers, self.policy


class ChecksExpected(Value):
    """The peer is told ``ufrag``: checks for it will come to the sockets of the transport."""

    __slots__ = ("transport", "ufrag")

    def __init__(self, transport: str, ufrag: str) -> None:
        self.transport = transport
        self.ufrag = ufrag

    def as_tuple(self) -> tuple[object, ...]:
        """Transport and generation."""
        return self.transport, self.ufrag


class TransportDiscarded(Value):
    """The transport is gone: after the pending transmits its sockets are to be closed."""

    __slots__ = ("transport",)

    def __init__(self, transport: str) -> None:
        self.transport = transport

    def as_tuple(self) -> tuple[object, ...]:
        """The transport."""
        return (self.transport,)


@dataclass(frozen=True, slots=True)
class LookupRequested:
    """The driver must find out which address a name in a candidate of the peer has.

    Attributes:
        transport: The name of the transport.
        host: The name to look up by multicast DNS.
    """

    transport: str
    host: str


@dataclass(frozen=True, slots=True)
class StreamRequested:
    """A stream to a TURN server is to be opened for the transport."""

    transport: str
    request: RelayStreamRequested


@dataclass(frozen=True, slots=True)
class StreamReleased:
    """A stream of the transport to a TURN server is to be closed."""

    transport: str
    stream: RelayStreamReleased


DriverRequest: TypeAlias = (
    GatheringRequested
    | ChecksExpected
    | LookupRequested
    | StreamRequested
    | StreamReleased
    | TransportDiscarded
)
