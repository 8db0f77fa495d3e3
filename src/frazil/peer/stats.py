"""What ``getStats`` tells about a connection without media (webrtc-stats 8).

One class for each type of statistics; its fields are the W3C members in snake case. A member that
does not apply is ``None``. Instants are those of the connection's own clock.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeAlias

from frazil.ice import CandidateProtocol, CandidateType, PairState, TcpType
from frazil.states.enums import (
    RTCDataChannelState,
    RTCDtlsTransportState,
    RTCIceRole,
    RTCIceTransportState,
)
from frazil.turn import RelayProtocol


class StatsType(StrEnum):
    """webrtc-stats, RTCStatsType: those that exist without media."""

    CANDIDATE_PAIR = "candidate-pair"
    CERTIFICATE = "certificate"
    DATA_CHANNEL = "data-channel"
    LOCAL_CANDIDATE = "local-candidate"
    PEER_CONNECTION = "peer-connection"
    REMOTE_CANDIDATE = "remote-candidate"
    TRANSPORT = "transport"


class DtlsRoleStat(StrEnum):
    """webrtc-stats, RTCDtlsRole."""

    CLIENT = "client"
    SERVER = "server"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerConnectionStats:
    """webrtc-stats, RTCPeerConnectionStats.

    Attributes:
        data_channels_opened: Channels that were ever open.
        data_channels_closed: Those of them that are not open any more.
    """

    type: ClassVar = StatsType.PEER_CONNECTION
    id: str
    data_channels_opened: int
    data_channels_closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChannelStats:
    """webrtc-stats, RTCDataChannelStats; what counts is what the application sees."""

    type: ClassVar = StatsType.DATA_CHANNEL
    id: str
    label: str
    protocol: str
    data_channel_identifier: int | None
    state: RTCDataChannelState
    messages_sent: int
    bytes_sent: int
    messages_received: int
    bytes_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportStats:
    """webrtc-stats, RTCTransportStats. Packets are those of DTLS; connectivity checks do not count.

    Attributes:
        selected_candidate_pair_changes: From none to one and back count as well.
    """

    type: ClassVar = StatsType.TRANSPORT
    id: str
    packets_sent: int
    packets_received: int
    bytes_sent: int
    bytes_received: int
    ice_role: RTCIceRole
    ice_local_username_fragment: str | None
    ice_state: RTCIceTransportState
    dtls_state: RTCDtlsTransportState
    dtls_role: DtlsRoleStat
    dtls_cipher: str | None
    tls_version: str | None
    selected_candidate_pair_id: str | None
    selected_candidate_pair_changes: int
    local_certificate_id: str | None
    remote_certificate_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePairStats:
    """webrtc-stats, RTCIceCandidatePairStats. Packets are those of DTLS.

    Attributes:
        current_round_trip_time: The latest measurement, in seconds.
        total_round_trip_time: The sum of all measurements, in seconds.
        requests_sent: First sendings only, without those that renew consent.
    """

    type: ClassVar = StatsType.CANDIDATE_PAIR
    id: str
    transport_id: str
    local_candidate_id: str
    remote_candidate_id: str
    state: PairState
    nominated: bool
    packets_sent: int
    packets_received: int
    bytes_sent: int
    bytes_received: int
    last_packet_sent_at: float | None
    last_packet_received_at: float | None
    total_round_trip_time: float
    current_round_trip_time: float | None
    requests_sent: int
    requests_received: int
    responses_sent: int
    responses_received: int
    consent_requests_sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateStats:
    """webrtc-stats, RTCIceCandidateStats.

    Attributes:
        type: ``local-candidate`` or ``remote-candidate``.
        address: ``None`` for a remote candidate that signalling did not tell: scripts must not
            learn addresses that the peer kept to itself.
        foundation: ``None`` with ``address``: it is a checksum of it.
        url: The server it came from.
        relay_protocol: How messages get to that server.
    """

    type: StatsType
    id: str
    transport_id: str
    address: str | None
    port: int
    protocol: CandidateProtocol
    candidate_type: CandidateType
    priority: int
    foundation: str | None
    username_fragment: str | None
    related_address: str | None
    related_port: int | None
    tcp_type: TcpType | None
    url: str | None
    relay_protocol: RelayProtocol | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateStats:
    """webrtc-stats, RTCCertificateStats.

    Attributes:
        fingerprint: Upper-case hexadecimal pairs joined by colons, as in SDP.
        base64_certificate: The certificate in DER.
        issuer_certificate_id: The next certificate of the chain.
    """

    type: ClassVar = StatsType.CERTIFICATE
    id: str
    fingerprint: str
    fingerprint_algorithm: str
    base64_certificate: str
    issuer_certificate_id: str | None


Stats: TypeAlias = (
    PeerConnectionStats
    | DataChannelStats
    | TransportStats
    | CandidatePairStats
    | CandidateStats
    | CertificateStats
)
