"""Building offers (RFC 9429 5.2)."""

from collections.abc import Sequence

from frazil.peer.media import LocalTransport, data_section, rejected_section
from frazil.sdp import MediaDescription, Origin, SessionDescription


def build_offer(
    origin: Origin,
    current: SessionDescription | None,
    live: int | None,
    data: LocalTransport | None,
) -> SessionDescription:
    """An offer that keeps the m-sections of the last negotiation in their order.

    Args:
        origin: Our session and its version.
        current: The current local description.
        live: The index of the m-section that both sides accepted; there is at most one.
        data: The transport of the data channels; ``None`` if there is nothing to offer.
    """
    media = [rejected_section(each) for each in current.media] if current else []
    groups: tuple[tuple[str, ...], ...] = ()
    if data is not None:
        mid = (media[live].mid if live is not None else None) or _unused(media)
        # Without a live section the first rejected one is recycled (RFC 9429 5.2.2).
        at = live or 0
        media[at : at + 1] = [data_section(mid, data)]
        groups = ((mid,),)
    return SessionDescription(origin=origin, bundle_groups=groups, media=tuple(media))


def _unused(media: Sequence[MediaDescription]) -> str:
    used = {each.mid for each in media}
    return next(mid for mid in map(str, range(len(used) + 1)) if mid not in used)
