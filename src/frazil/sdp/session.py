"""What a session description says: the model that is read, checked, and written.

The attributes that set up a transport may stand once for the whole session (Firefox, Pion) or in
every media section (Chromium). The model has one place for them, the media section: reading copies
the session's values down, and no consumer needs to look twice.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.value import Value

LEGACY_SCTP_PROTOCOL: Final = "DTLS/SCTP"
"""SCTP before RFC 8841: the format is the port, and ``a=sctpmap`` tells what runs over it."""

RTP_PROTOCOLS: Final = frozenset(
    {"UDP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF"}
)
"""RTP over DTLS-SRTP; the last one is how it was written before RFC 5764 had names for it."""

_SCTP_PROTOCOLS: Final = frozenset({"UDP/DTLS/SCTP", "TCP/DTLS/SCTP", LEGACY_SCTP_PROTOCOL})


class AddressType(StrEnum):
    """The address type of ``o=`` and ``c=`` lines (RFC 8866 Section 8.2.7)."""

    IP4 = "IP4"
    IP6 = "IP6"


class Direction(StrEnum):
    """Which way media flows (RFC 8866 Section 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


class Setup(StrEnum):
    """Who starts the DTLS handshake (RFC 4145 Section 4, RFC 8842 Section 5)."""

    ACTPASS = "actpass"
    ACTIVE = "active"
    PASSIVE = "passive"
    HOLDCONN = "holdconn"


@mypyc_attr(acyclic=True)
class Fingerprint(Value):
    """The hash of a certificate (RFC 8122 Section 5).

    Attributes:
        algorithm: The hash function in lower case, for example ``"sha-256"``.
        value: The digest as upper-case hexadecimal bytes with colons between.
    """

    __slots__ = ("algorithm", "value")

    def __init__(self, algorithm: str, value: str) -> None:
        self.algorithm = algorithm
        self.value = value

    def as_tuple(self) -> tuple[object, ...]:
        """Algorithm and value."""
        return self.algorithm, self.value


@mypyc_attr(acyclic=True)
class Connection(Value):
    """The address of a ``c=`` line (RFC 8866 Section 5.7). With ICE it decides nothing."""

    __slots__ = ("address", "address_type")

    def __init__(
        self, address_type: AddressType = AddressType.IP4, address: str = "0.0.0.0"
    ) -> None:
        self.address_type = address_type
        self.address = address

    def as_tuple(self) -> tuple[object, ...]:
        """Address type and address."""
        return self.address_type, self.address


@mypyc_attr(acyclic=True)
class Origin(Value):
    """Who made the description, and its version (RFC 8866 Section 5.2).

    Attributes:
        session_id: Names the session; below 2**63 if made here (RFC 9429 Section 5.2.1).
        session_version: Grows by one with every changed description.
    """

    __slots__ = ("address", "address_type", "session_id", "session_version", "username")

    def __init__(
        self,
        session_id: int,
        session_version: int,
        username: str = "-",
        address_type: AddressType = AddressType.IP4,
        address: str = "127.0.0.1",
    ) -> None:
        self.session_id = session_id
        self.session_version = session_version
        self.username = username
        self.address_type = address_type
        self.address = address

    def as_tuple(self) -> tuple[object, ...]:
        """The session, its version, and whose it is."""
        return self.session_id, self.session_version, self.username, self.address_type, self.address


@mypyc_attr(acyclic=True)
@dataclass(slots=True, init=False, unsafe_hash=True)
class MediaDescription:
    """One ``m=`` section. What is None or empty was not given.

    Attributes:
        kind: ``"application"``, ``"audio"``, ``"video"``, or what else the remote offers.
        port: The port of the default candidate, 9 before there is one, 0 if rejected.
        protocol: For example ``"UDP/DTLS/SCTP"``.
        formats: Payload types, or ``("webrtc-datachannel",)``.
        connection: The section's ``c=`` line, or the session's.
        bandwidths: The values of the ``b=`` lines, for example ``"AS:128"``.
        mid: The name of the section (RFC 5888).
        direction: Which way media flows, as the author of the description sees it.
        ice_ufrag: The ICE user name fragment (RFC 8839 Section 5.4).
        ice_pwd: The ICE password.
        ice_options: The ICE options (RFC 8839 Section 5.6); the session's if it has none itself.
        fingerprints: The certificate must match one of them.
        setup: The DTLS role.
        candidates: One line per candidate, each starting with ``"candidate:"``.
        end_of_candidates: No further candidate will follow (RFC 8840 Section 8.2).
        rtcp_mux: RTP and RTCP share a component (RFC 5761).
        rtcp_mux_only: They share it even if the other side cannot (RFC 8858).
        rtcp_rsize: RTCP packets may be of reduced size (RFC 5506).
        bundle_only: The section exists only inside its BUNDLE group (RFC 9143 Section 6).
        sctp_port: The SCTP port (RFC 8841 Section 5).
        max_message_size: The largest SCTP message that is received, in bytes, 0 for any size; not
            given means 65536 (RFC 8841 Section 6).
        sctp_init: The INIT chunk of a new association (draft-hancke-tsvwg-snap).
        attributes: The other attributes in order, without ``a=``.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    connection: Connection | None
    bandwidths: tuple[str, ...]
    mid: str | None
    direction: Direction
    ice_ufrag: str | None
    ice_pwd: str | None
    ice_options: tuple[str, ...]
    fingerprints: tuple[Fingerprint, ...]
    setup: Setup | None
    candidates: tuple[str, ...]
    end_of_candidates: bool
    rtcp_mux: bool
    rtcp_mux_only: bool
    rtcp_rsize: bool
    bundle_only: bool
    sctp_port: int | None
    max_message_size: int | None
    sctp_init: bytes | None
    attributes: tuple[str, ...]

    def __init__(
        self,
        *,
        kind: str,
        port: int,
        protocol: str,
        formats: tuple[str, ...],
        connection: Connection | None = None,
        bandwidths: tuple[str, ...] = (),
        mid: str | None = None,
        direction: Direction = Direction.SENDRECV,
        ice_ufrag: str | None = None,
        ice_pwd: str | None = None,
        ice_options: tuple[str, ...] = (),
        fingerprints: tuple[Fingerprint, ...] = (),
        setup: Setup | None = None,
        candidates: tuple[str, ...] = (),
        end_of_candidates: bool = False,
        rtcp_mux: bool = False,
        rtcp_mux_only: bool = False,
        rtcp_rsize: bool = False,
        bundle_only: bool = False,
        sctp_port: int | None = None,
        max_message_size: int | None = None,
        sctp_init: bytes | None = None,
        attributes: tuple[str, ...] = (),
    ) -> None:
        self.kind = kind
        self.port = port
        self.protocol = protocol
        self.formats = formats
        self.connection = connection
        self.bandwidths = bandwidths
        self.mid = mid
        self.direction = direction
        self.ice_ufrag = ice_ufrag
        self.ice_pwd = ice_pwd
        self.ice_options = ice_options
        self.fingerprints = fingerprints
        self.setup = setup
        self.candidates = candidates
        self.end_of_candidates = end_of_candidates
        self.rtcp_mux = rtcp_mux
        self.rtcp_mux_only = rtcp_mux_only
        self.rtcp_rsize = rtcp_rsize
        self.bundle_only = bundle_only
        self.sctp_port = sctp_port
        self.max_message_size = max_message_size
        self.sctp_init = sctp_init
        self.attributes = attributes

    @property
    def is_rejected(self) -> bool:
        """Whether port 0 says no (RFC 3264 Section 6); with bundle-only it does not."""
        return self.port == 0 and not self.bundle_only

    @property
    def is_sctp(self) -> bool:
        """Whether the section describes an SCTP association over DTLS (RFC 8841 Section 4)."""
        return self.kind == "application" and self.protocol in _SCTP_PROTOCOLS


@mypyc_attr(acyclic=True)
@dataclass(slots=True, init=False, unsafe_hash=True)
class SessionDescription:
    """A whole offer or answer.

    Attributes:
        origin: Who made it.
        name: The ``s=`` line.
        bandwidths: The values of the session's ``b=`` lines.
        bundle_groups: The mids of each BUNDLE group; the first is the tag (RFC 9143).
        ice_lite: The author is an ICE lite agent (RFC 8839 Section 5.3).
        ice_pacing: The least time between two checks that the author wants, in milliseconds (RFC
            8839 Section 5.5).
        ice_options: The ICE options of the session. Every section without its own has them too.
        extmap_allow_mixed: One- and two-byte RTP header extensions may be mixed (RFC 8285).
        msid_semantic: For example ``"WMS *"``; browsers write it for peers of old.
        media: The sections in order.
        attributes: The other attributes of the session in order, without ``a=``.
    """

    origin: Origin
    name: str
    bandwidths: tuple[str, ...]
    bundle_groups: tuple[tuple[str, ...], ...]
    ice_lite: bool
    ice_pacing: int | None
    ice_options: tuple[str, ...]
    extmap_allow_mixed: bool
    msid_semantic: str | None
    media: tuple[MediaDescription, ...]
    attributes: tuple[str, ...]

    def __init__(
        self,
        *,
        origin: Origin,
        name: str = "-",
        bandwidths: tuple[str, ...] = (),
        bundle_groups: tuple[tuple[str, ...], ...] = (),
        ice_lite: bool = False,
        ice_pacing: int | None = None,
        ice_options: tuple[str, ...] = (),
        extmap_allow_mixed: bool = False,
        msid_semantic: str | None = None,
        media: tuple[MediaDescription, ...] = (),
        attributes: tuple[str, ...] = (),
    ) -> None:
        self.origin = origin
        self.name = name
        self.bandwidths = bandwidths
        self.bundle_groups = bundle_groups
        self.ice_lite = ice_lite
        self.ice_pacing = ice_pacing
        self.ice_options = ice_options
        self.extmap_allow_mixed = extmap_allow_mixed
        self.msid_semantic = msid_semantic
        self.media = media
        self.attributes = attributes
        # The text has no way to take a session's options away from one section, so a model that
        # did would not survive being written. This is the only field with a value on both levels.
        if self.ice_options and not all(media.ice_options for media in self.media):
            self.media = tuple([self._with_options(media) for media in self.media])

    def _with_options(self, media: MediaDescription) -> MediaDescription:
        return media if media.ice_options else replace(media, ice_options=self.ice_options)

    def find_media(self, mid: str) -> MediaDescription | None:
        """The first section named ``mid``, if any."""
        return next((media for media in self.media if media.mid == mid), None)

    def bundle_tag(self, media: MediaDescription) -> MediaDescription:
        """The section whose transport ``media`` uses once bundled: itself outside any group.

        That is the first section of its BUNDLE group that is not rejected (RFC 9143 Section 7.3).
        In an answer only this one needs ICE and DTLS attributes.
        """
        if media.mid is None:
            return media
        for group in self.bundle_groups:
            if media.mid in group:
                if media.mid == group[0] and not media.is_rejected:
                    return media  # as it nearly always is
                members = map(self.find_media, group)
                return next((tag for tag in members if tag and not tag.is_rejected), media)
        return media
