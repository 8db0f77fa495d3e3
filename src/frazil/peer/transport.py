"""The slots of the transports as the W3C objects show them. Only tasks write here."""

from typing import Final

from frazil.ice import Credentials, SelectedPair
from frazil.peer.candidate_init import CandidateInit
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceGathererState,
    RTCIceRole,
    RTCIceTransportState,
    RTCSctpTransportState,
)

MAX_MESSAGE_SIZE: Final = 262144
"""Bytes of one message that we send and take, announced as ``a=max-message-size``."""
UNANNOUNCED_MESSAGE_SIZE: Final = 65536
"""What the peer takes if it does not say (RFC 8841 6.1)."""

_ICE_NEW: Final = RTCIceTransportState.NEW
_GATHERER_NEW: Final = RTCIceGathererState.NEW
_NO_ROLE: Final = RTCIceRole.UNKNOWN
_DTLS_NEW: Final = RTCDtlsTransportState.NEW
_SCTP_CONNECTING: Final = RTCSctpTransportState.CONNECTING


class IceTransport:
    """RTCIceTransport.

    Attributes:
        name: Tells the transports of one connection apart.
        component: Always ``"rtp"``: RTCP is multiplexed.
        local_candidates: Those that were surfaced, of the generations in force.
        remote_candidates: Those that were signalled, of the generations in force.
        local_parameters: Our credentials of the newest applied description.
        local_is_lite: Whether our agent is an ICE-lite one.
        remote_parameters: The peer's credentials.
        remote_is_lite: Whether the peer's agent is an ICE-lite one.
        reports_pairs: Whether pairs that come and go are of interest to anybody.
    """

    __slots__ = (
        "component",
        "gathering_state",
        "local_candidates",
        "local_is_lite",
        "local_parameters",
        "name",
        "remote_candidates",
        "remote_is_lite",
        "remote_parameters",
        "reports_pairs",
        "role",
        "selected_pair",
        "state",
    )

    def __init__(self, name: str, *, is_lite: bool) -> None:
        self.name = name
        self.reports_pairs = False
        self.component = "rtp"
        self.state: RTCIceTransportState = _ICE_NEW
        self.gathering_state: RTCIceGathererState = _GATHERER_NEW
        self.role: RTCIceRole = _NO_ROLE
        self.selected_pair: SelectedPair | None = None
        self.local_candidates: list[CandidateInit] = []
        self.remote_candidates: list[CandidateInit] = []
        self.local_parameters: Credentials | None = None
        self.local_is_lite = is_lite
        self.remote_parameters: Credentials | None = None
        self.remote_is_lite = False


class DtlsTransport:
    """RTCDtlsTransport.

    Attributes:
        ice: The ICE transport below.
        remote_certificates: DER, the peer's own first; empty before ``connected``.
    """

    __slots__ = ("ice", "remote_certificates", "state")

    def __init__(self, ice: IceTransport) -> None:
        self.ice = ice
        self.state: RTCDtlsTransportState = _DTLS_NEW
        self.remote_certificates: tuple[bytes, ...] = ()


class SctpTransport:
    """RTCSctpTransport.

    Attributes:
        name: Tells the associations of one connection apart.
        dtls: The DTLS transport below; another one once the answer bundled the m-section.
        max_channels: How many streams both sides allow; ``None`` before ``connected``.
        max_message_size: Bytes that one message may have; ``None`` before the first answer.
    """

    __slots__ = ("dtls", "max_channels", "max_message_size", "name", "state")

    def __init__(self, name: str, dtls: DtlsTransport) -> None:
        self.name = name
        self.dtls = dtls
        self.state: RTCSctpTransportState = _SCTP_CONNECTING
        self.max_channels: int | None = None
        self.max_message_size: int | None = None

    def limit_messages(self, announced: int | None) -> None:
        """Take over the peer's ``a=max-message-size`` (webrtc-pc, update max message size).

        Args:
            announced: The value, 0 for any size; ``None`` if the attribute is absent.
        """
        if announced is None:
            announced = UNANNOUNCED_MESSAGE_SIZE
        self.max_message_size = min(announced, MAX_MESSAGE_SIZE) if announced else MAX_MESSAGE_SIZE
