"""The peer connection without I/O: offer/answer, the W3C task queue, the states that derive.

A :class:`PeerConnection` owns sessions, one per transport. Calls and network input queue tasks;
:meth:`TaskRunner.run_task` runs one, writes its slots and returns the events to dispatch.
"""

from frazil.peer.candidate_init import CandidateInit
from frazil.peer.channel import DataChannel
from frazil.peer.channel_init import ChannelInit
from frazil.peer.codec import MediaKind
from frazil.peer.configuration import (
    BundlePolicy,
    Configuration,
    IceTransportPolicy,
    RtcpMuxPolicy,
)
from frazil.peer.connection import PeerConnection
from frazil.peer.description import Description
from frazil.peer.description_init import DescriptionInit
from frazil.peer.event import (
    DriverRequest,
    EventType,
    Fired,
    GatheringRequested,
    OperationSettled,
    PeerEvent,
    TransportDiscarded,
)
from frazil.peer.ice_server import IceServer, ServerUrl
from frazil.peer.operation import Operation
from frazil.peer.signaling import SdpType
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transceiver import Transceiver, TransceiverInit
from frazil.peer.transport import DtlsTransport, IceTransport, SctpTransport
from frazil.peer.transport_pool import SessionFactory
from frazil.peer.transport_set import TransportSet

__all__ = [
    "BundlePolicy",
    "CandidateInit",
    "ChannelInit",
    "Configuration",
    "DataChannel",
    "Description",
    "DescriptionInit",
    "DriverRequest",
    "DtlsTransport",
    "EventType",
    "Fired",
    "GatheringRequested",
    "IceServer",
    "IceTransport",
    "IceTransportPolicy",
    "MediaKind",
    "Operation",
    "OperationSettled",
    "PeerConnection",
    "PeerEvent",
    "RtcpMuxPolicy",
    "SctpTransport",
    "SdpType",
    "ServerUrl",
    "SessionFactory",
    "TaskRunner",
    "Transceiver",
    "TransceiverInit",
    "TransportDiscarded",
    "TransportSet",
]
