"""Whether a remote description can follow what was negotiated (RFC 9429 5.8.3, RFC 3264 8)."""

from frazil.errors import InvalidAccessError
from frazil.peer.description import DescriptionSlots
from frazil.peer.rtp_section import is_rtp
from frazil.peer.signaling import SdpType
from frazil.peer.transceiver_table import TransceiverTable
from frazil.sdp import MediaDescription, SessionDescription


def refuse_own(kind: SdpType, sdp: str, slots: DescriptionSlots) -> None:
    """Accept a remote description that is not one of ours, which signalling has brought back.

    Raises:
        InvalidAccessError: If it has an ICE password of ours, which nobody else can have made.
    """
    for ours in (slots.pending_local, slots.current_local):
        for media in ours.model.media if ours is not None else ():
            if media.ice_pwd is not None and f"a=ice-pwd:{media.ice_pwd}" in sdp:
                raise InvalidAccessError(
                    f"the remote {kind} is a description of this connection itself; "
                    "signalling must bring it to the peer, and the peer's description here"
                )


def check_succession(
    kind: SdpType,
    model: SessionDescription,
    slots: DescriptionSlots,
    transceivers: TransceiverTable,
) -> None:
    """Accept a valid remote description that fits the session so far.

    Raises:
        InvalidAccessError: If it drops or changes an m-section that is in use, if an m-section has
            another media type than its transceiver, or if RTCP does not share the port of RTP.
    """
    ours, theirs = slots.current_local, slots.current_remote
    if theirs is not None and len(model.media) < len(theirs.model.media):
        raise InvalidAccessError(
            f"the remote {kind} has {len(model.media)} m-sections, fewer than before; "
            "m-sections may be rejected but never removed"
        )
    if ours is not None and theirs is not None:
        pairs = zip(ours.model.media, theirs.model.media, strict=True)
        for index, (local, remote) in enumerate(pairs):
            if not (local.is_rejected or remote.is_rejected):
                _check_same(kind, index, local, model.media[index])
    for index, media in enumerate(model.media):
        if not media.is_rejected and is_rtp(media):
            _check_rtp(kind, index, media, model, transceivers)


def _check_same(
    kind: SdpType, index: int, before: MediaDescription, media: MediaDescription
) -> None:
    """A section in use keeps its type, and its name unless it is refused without one."""
    if media.kind != before.kind or media.is_sctp != before.is_sctp:
        raise InvalidAccessError(
            f"m-section {index} of the remote {kind} is {media.kind!r}, but is in use for "
            f"{before.kind!r}; reject it before another takes its place"
        )
    if media.mid not in (before.mid, None):
        raise InvalidAccessError(
            f"m-section {index} of the remote {kind} has the mid {media.mid!r}, not "
            f"{before.mid!r}, under which it is in use"
        )


def _check_rtp(
    kind: SdpType,
    index: int,
    media: MediaDescription,
    model: SessionDescription,
    transceivers: TransceiverTable,
) -> None:
    transceiver = transceivers.find(media.mid)
    if transceiver is not None and transceiver.kind != media.kind:
        raise InvalidAccessError(
            f"the mid {media.mid!r} belongs to {transceiver.kind}, but m-section {index} of the "
            f"remote {kind} is {media.kind!r}"
        )
    if not (media.rtcp_mux or model.bundle_tag(media).rtcp_mux):
        raise InvalidAccessError(
            f"m-section {index} of the remote {kind} has no rtcp-mux, which rtcpMuxPolicy requires"
        )
