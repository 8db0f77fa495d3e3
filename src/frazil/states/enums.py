"""The state enums of webrtc-pc. Each value equals the W3C string."""

from enum import StrEnum


class RTCIceTransportState(StrEnum):
    """webrtc-pc, RTCIceTransportState."""

    NEW = "new"
    CHECKING = "checking"
    CONNECTED = "connected"
    COMPLETED = "completed"
    DISCONNECTED = "disconnected"
    FAILED = "failed"
    CLOSED = "closed"


class RTCIceConnectionState(StrEnum):
    """webrtc-pc, RTCIceConnectionState: the aggregate over ICE transports."""

    NEW = "new"
    CHECKING = "checking"
    CONNECTED = "connected"
    COMPLETED = "completed"
    DISCONNECTED = "disconnected"
    FAILED = "failed"
    CLOSED = "closed"


class RTCPeerConnectionState(StrEnum):
    """webrtc-pc, RTCPeerConnectionState: the aggregate over ICE and DTLS transports."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FAILED = "failed"
    CLOSED = "closed"


class RTCIceGathererState(StrEnum):
    """webrtc-pc, RTCIceGathererState: of one transport."""

    NEW = "new"
    GATHERING = "gathering"
    COMPLETE = "complete"


class RTCIceGatheringState(StrEnum):
    """webrtc-pc, RTCIceGatheringState: the aggregate over gatherers."""

    NEW = "new"
    GATHERING = "gathering"
    COMPLETE = "complete"


class RTCSignalingState(StrEnum):
    """webrtc-pc, RTCSignalingState."""

    STABLE = "stable"
    HAVE_LOCAL_OFFER = "have-local-offer"
    HAVE_REMOTE_OFFER = "have-remote-offer"
    HAVE_LOCAL_PRANSWER = "have-local-pranswer"
    HAVE_REMOTE_PRANSWER = "have-remote-pranswer"
    CLOSED = "closed"


class RTCDtlsTransportState(StrEnum):
    """webrtc-pc, RTCDtlsTransportState."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"
    FAILED = "failed"


class RTCSctpTransportState(StrEnum):
    """webrtc-pc, RTCSctpTransportState."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"


class RTCDataChannelState(StrEnum):
    """webrtc-pc, RTCDataChannelState."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class RTCIceRole(StrEnum):
    """webrtc-pc, RTCIceRole."""

    UNKNOWN = "unknown"
    CONTROLLING = "controlling"
    CONTROLLED = "controlled"


class RTCRtpTransceiverDirection(StrEnum):
    """webrtc-pc, RTCRtpTransceiverDirection: those of SDP, and ``stopped``."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"
    STOPPED = "stopped"
