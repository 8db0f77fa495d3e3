"""What a remote description says about its transport."""

from dataclasses import dataclass

from frazil.dtls import Fingerprint
from frazil.ice import AgentTraits, Credentials
from frazil.peer.media import SCTP_PORT, live_data_index
from frazil.peer.traits import read_traits
from frazil.sdp import SessionDescription, Setup

_TRICKLE = "trickle"


@dataclass(frozen=True, slots=True)
class RemoteTransport:
    """The transport of the data channels as the peer describes it.

    Attributes:
        sections: The indexes of the m-sections whose candidates are meant for it: its own, and the
            one whose transport it borrows inside a BUNDLE group.
        candidate_section: The one among them that holds ``candidates``.
        candidates: The ``candidate:`` lines.
        is_gathered: No further candidate will follow: the description says so, or the peer does
            not trickle, and then its list is complete (RFC 9429 4.1.17).
        max_message_size: 0 for any size; ``None`` if it is not given.
    """

    sections: frozenset[int]
    candidate_section: int
    credentials: Credentials
    traits: AgentTraits
    fingerprints: tuple[Fingerprint, ...]
    setup: Setup | None
    candidates: tuple[str, ...]
    is_gathered: bool
    sctp_port: int
    max_message_size: int | None


def read_transport(description: SessionDescription) -> RemoteTransport | None:
    """The transport of the data channels in a valid remote description; ``None`` without one."""
    index = live_data_index(description)
    if index is None:
        return None
    media = description.media[index]
    tag = description.bundle_tag(media)
    # We refuse the other m-sections, and the peer then drops their transports: take the section's
    # own as long as it can stand alone. A bundle-only one lives on its group's (RFC 9143 7.2).
    first, second = (tag, media) if media.bundle_only else (media, tag)
    ice = first if first.ice_ufrag else second
    fingerprints = first.fingerprints or second.fingerprints
    return RemoteTransport(
        sections=frozenset({index, description.media.index(ice)}),
        candidate_section=description.media.index(ice),
        credentials=Credentials(ice.ice_ufrag or "", ice.ice_pwd or ""),
        traits=read_traits(description, ice),
        fingerprints=tuple(Fingerprint(each.algorithm, each.value) for each in fingerprints),
        setup=first.setup or second.setup,
        candidates=ice.candidates,
        is_gathered=ice.end_of_candidates or not can_trickle(description),
        sctp_port=media.sctp_port or SCTP_PORT,
        max_message_size=media.max_message_size,
    )


def can_trickle(description: SessionDescription) -> bool:
    """Whether the peer takes and sends candidates after its description (RFC 9429 4.1.17)."""
    return _TRICKLE in description.ice_options or any(
        _TRICKLE in media.ice_options for media in description.media
    )
