"""The m-sections that we write (RFC 9429 5.2 and 5.3, RFC 8841, RFC 8842)."""

from dataclasses import replace
from typing import Final

from frazil.dtls import Certificate, DtlsRole
from frazil.ice import Credentials
from frazil.peer.transport import MAX_MESSAGE_SIZE
from frazil.sctp import is_usable
from frazil.sdp.session import (
    LEGACY_SCTP_PROTOCOL,
    AddressType,
    Connection,
    Direction,
    Fingerprint,
    MediaDescription,
    SessionDescription,
    Setup,
)
from frazil.types import Address

SCTP_PORT: Final = 5000
DATA_FORMAT: Final = "webrtc-datachannel"
DATA_PROTOCOL: Final = "UDP/DTLS/SCTP"

DISCARD_PORT: Final = 9
"""The port before there is a default candidate (RFC 8840 4.1.1)."""
TRICKLE: Final = ("trickle",)

SETUP_OF_ROLE: Final = {DtlsRole.CLIENT: Setup.ACTIVE, DtlsRole.SERVER: Setup.PASSIVE}
ROLE_FACING: Final = {Setup.ACTIVE: DtlsRole.SERVER, Setup.PASSIVE: DtlsRole.CLIENT}
"""Our role when this is what the peer says about itself."""


class LocalTransport:
    """What we say about our side of the transport.

    Attributes:
        credentials: Of the generation that the description represents.
        certificate: Its SHA-256 fingerprint is written, and no other: with several a peer that
            checks only one might miss that this one is wrong.
        setup: Which DTLS roles we take.
        candidates: The lines surfaced so far in this generation.
        is_gathered: No further candidate will follow.
        default_address: The most reachable candidate so far.
        is_bundle_only: The section has the transport of its BUNDLE group, or none.
        ice_options: What our agent knows beyond RFC 8445.
    """

    __slots__ = (
        "candidates",
        "certificate",
        "credentials",
        "default_address",
        "ice_options",
        "is_bundle_only",
        "is_gathered",
        "setup",
    )

    def __init__(
        self,
        credentials: Credentials,
        certificate: Certificate,
        setup: Setup,
        candidates: tuple[str, ...] = (),
        is_gathered: bool = False,
        default_address: Address | None = None,
        is_bundle_only: bool = False,
        ice_options: tuple[str, ...] = TRICKLE,
    ) -> None:
        self.credentials = credentials
        self.certificate = certificate
        self.setup = setup
        self.candidates = candidates
        self.is_gathered = is_gathered
        self.default_address = default_address
        self.is_bundle_only = is_bundle_only
        self.ice_options = ice_options

    def shared(self, credentials: Credentials, *, is_bundle_only: bool = False) -> "LocalTransport":
        """The same for another section of the group: candidates stand in the tagged one only.

        Args:
            credentials: What the section says, without effect (RFC 9143 7.1.3).
            is_bundle_only: Whether it has no transport but that of the group.
        """
        return LocalTransport(
            credentials,
            self.certificate,
            self.setup,
            is_bundle_only=is_bundle_only,
            ice_options=self.ice_options,
        )


def on_transport(section: MediaDescription, local: LocalTransport) -> MediaDescription:
    """Let a new m-section say what all of ours say about their transport; the same section.

    Bundled ones repeat it, like Chromium's: some implementations look for it in each.
    """
    address = local.default_address
    if address is not None:
        section.port = address[1]
    if local.is_bundle_only:
        section.port = 0
    section.connection = _connection(address)
    section.ice_ufrag = local.credentials.ufrag
    section.ice_pwd = local.credentials.password
    section.ice_options = local.ice_options
    section.fingerprints = (_fingerprint(local.certificate),)
    section.setup = local.setup
    section.candidates = local.candidates
    section.end_of_candidates = local.is_gathered
    section.bundle_only = local.is_bundle_only
    return section


def data_section(
    mid: str, local: LocalTransport, sctp_init: bytes | None, protocol: str = DATA_PROTOCOL
) -> MediaDescription:
    """The m-section of the data channels, as an offer has it."""
    section = MediaDescription(
        kind="application",
        port=DISCARD_PORT,
        protocol=protocol,
        formats=(DATA_FORMAT,),
        mid=mid,
        sctp_port=SCTP_PORT,
        max_message_size=MAX_MESSAGE_SIZE,
        sctp_init=sctp_init,
    )
    return on_transport(section, local)


def data_answer(
    offered: MediaDescription, mid: str, local: LocalTransport, sctp_init: bytes | None
) -> MediaDescription:
    """The m-section of the data channels in the protocol of the offer.

    It announces our INIT only if the offer does.

    An offer without ``a=sctp-port`` dates from before RFC 8841 and names the port in its format.
    """
    is_announced = offered.sctp_init is not None and is_usable(offered.sctp_init)
    section = data_section(mid, local, sctp_init if is_announced else None, offered.protocol)
    if offered.protocol != LEGACY_SCTP_PROTOCOL:
        return section
    return replace(
        section,
        formats=(str(SCTP_PORT),),
        sctp_port=None,
        sctp_init=None,
        attributes=(f"sctpmap:{SCTP_PORT} {DATA_FORMAT} 65535",),
    )


def live_data_index(description: SessionDescription) -> int | None:
    """The index of the m-section of the data channels, unless it is rejected or missing.

    There is at most one (RFC 8841 4): a second one is not used.
    """
    for index, media in enumerate(description.media):
        if media.is_sctp and not media.is_rejected:
            return index
    return None


def rejected_section(media: MediaDescription) -> MediaDescription:
    """The refusal of ``media``: port 0, its mid kept (RFC 9429 5.3.1)."""
    return MediaDescription(
        kind=media.kind,
        port=0,
        protocol=media.protocol,
        formats=media.formats,
        connection=Connection(),
        mid=media.mid,
        direction=Direction.SENDRECV if media.is_sctp else Direction.INACTIVE,
    )


def _connection(address: Address | None) -> Connection:
    if address is None:
        return Connection()
    family = AddressType.IP6 if ":" in address[0] else AddressType.IP4
    return Connection(family, address[0])


def _fingerprint(certificate: Certificate) -> Fingerprint:
    found = certificate.fingerprint("sha-256")
    return Fingerprint(found.algorithm, found.value)
