"""What a remote description says about its transports."""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.dtls import Fingerprint
from frazil.ice import AgentTraits, Credentials
from frazil.peer.media import SCTP_PORT
from frazil.peer.traits import read_traits
from frazil.sdp import MediaDescription, SessionDescription, Setup
from frazil.value import Value

_TRICKLE: Final = "trickle"


@mypyc_attr(acyclic=True)
class RemoteTransport(Value):
    """A transport as the peer describes it.

    Attributes:
        candidate_section: The index of the m-section that holds its candidates: its own, or the
            one whose transport it borrows inside a BUNDLE group.
        is_trickling: Whether further candidates may follow. A peer that does not trickle has told
            them all (RFC 9429 4.1.17).
    """

    __slots__ = (
        "candidate_section",
        "credentials",
        "fingerprints",
        "is_trickling",
        "setup",
        "traits",
    )

    def __init__(
        self,
        candidate_section: int,
        credentials: Credentials,
        traits: AgentTraits,
        fingerprints: tuple[Fingerprint, ...],
        setup: Setup | None,
        is_trickling: bool,
    ) -> None:
        self.candidate_section = candidate_section
        self.credentials = credentials
        self.traits = traits
        self.fingerprints = fingerprints
        self.setup = setup
        self.is_trickling = is_trickling

    def as_tuple(self) -> tuple[object, ...]:
        """What the peer says."""
        return (
            self.candidate_section,
            self.credentials,
            self.traits,
            self.fingerprints,
            self.setup,
            self.is_trickling,
        )


@mypyc_attr(acyclic=True)
class RemoteData(Value):
    """The SCTP association as the peer describes it.

    Attributes:
        max_message_size: 0 for any size; ``None`` if it is not given.
    """

    __slots__ = ("max_message_size", "sctp_port")

    def __init__(self, sctp_port: int, max_message_size: int | None) -> None:
        self.sctp_port = sctp_port
        self.max_message_size = max_message_size

    def as_tuple(self) -> tuple[object, ...]:
        """Port and largest message."""
        return self.sctp_port, self.max_message_size


def read_transport(description: SessionDescription, index: int) -> RemoteTransport:
    """The transport of an m-section in a valid remote description.

    A section has its own, even if it is bundled: only the answer decides who shares. One that is
    bundle-only, or says nothing, lives on that of its group (RFC 9143 7.2).
    """
    media = description.media[index]
    tag = description.bundle_tag(media)
    first, second = (tag, media) if media.bundle_only else (media, tag)
    ice = first if first.ice_ufrag else second
    fingerprints = first.fingerprints or second.fingerprints
    return RemoteTransport(
        candidate_section=description.media.index(ice),
        credentials=Credentials(ice.ice_ufrag or "", ice.ice_pwd or ""),
        traits=read_traits(description, ice),
        fingerprints=tuple(Fingerprint(each.algorithm, each.value) for each in fingerprints),
        setup=first.setup or second.setup,
        is_trickling=can_trickle(description),
    )


def read_data(media: MediaDescription) -> RemoteData:
    """What an m-section of data channels says about SCTP."""
    return RemoteData(media.sctp_port or SCTP_PORT, media.max_message_size)


def can_trickle(description: SessionDescription) -> bool:
    """Whether the peer takes and sends candidates after its description (RFC 9429 4.1.17)."""
    return _TRICKLE in description.ice_options or any(
        _TRICKLE in media.ice_options for media in description.media
    )
