"""The public objects, with the names of the W3C standard, on asyncio."""

from frazil.w3c.candidate import RTCIceCandidate, RTCIceCandidatePair
from frazil.w3c.certificate import RTCCertificate
from frazil.w3c.datachannel import RTCDataChannel, RTCDataChannelEvent
from frazil.w3c.description import RTCSessionDescription
from frazil.w3c.event import (
    Event,
    MessageEvent,
    RTCErrorEvent,
    RTCIceCandidatePairEvent,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    RTCRemoteCloseEvent,
)
from frazil.w3c.lone_ice_transport import LoneIceTransport
from frazil.w3c.peerconnection import RTCPeerConnection
from frazil.w3c.stats import RTCStatsReport
from frazil.w3c.transceiver import (
    MediaStreamTrack,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCTrackEvent,
)
from frazil.w3c.transport import (
    RTCDtlsTransport,
    RTCIceParameters,
    RTCIceTransport,
    RTCSctpTransport,
)

__all__ = [
    "Event",
    "LoneIceTransport",
    "MediaStreamTrack",
    "MessageEvent",
    "RTCCertificate",
    "RTCDataChannel",
    "RTCDataChannelEvent",
    "RTCDtlsTransport",
    "RTCErrorEvent",
    "RTCIceCandidate",
    "RTCIceCandidatePair",
    "RTCIceCandidatePairEvent",
    "RTCIceParameters",
    "RTCIceTransport",
    "RTCPeerConnection",
    "RTCPeerConnectionIceErrorEvent",
    "RTCPeerConnectionIceEvent",
    "RTCRemoteCloseEvent",
    "RTCRtpReceiver",
    "RTCRtpSender",
    "RTCRtpTransceiver",
    "RTCSctpTransport",
    "RTCSessionDescription",
    "RTCStatsReport",
    "RTCTrackEvent",
]
