"""Building answers (RFC 9429 5.3)."""

from frazil.dtls import DtlsRole
from frazil.peer.media import LocalTransport, data_answer, live_data_index, rejected_section
from frazil.sdp import Origin, SessionDescription, Setup


def build_answer(
    origin: Origin, offer: SessionDescription, data: LocalTransport | None
) -> SessionDescription:
    """An answer that accepts the data channels and rejects everything else.

    Args:
        origin: Our session and its version.
        offer: The pending remote offer.
        data: The transport of the data channels; ``None`` if the offer has none to accept.
    """
    accepted = live_data_index(offer) if data else None
    media = tuple(
        data_answer(offered, offered.mid or "", data)
        if data and index == accepted
        else rejected_section(offered)
        for index, offered in enumerate(offer.media)
    )
    live = {each.mid for each in media if not each.is_rejected}
    groups = (tuple(mid for mid in group if mid in live) for group in offer.bundle_groups)
    return SessionDescription(
        origin=origin,
        bundle_groups=tuple(group for group in groups if group),
        extmap_allow_mixed=offer.extmap_allow_mixed,
        media=media,
    )


def answering_role(offered: Setup | None, established: DtlsRole | None) -> DtlsRole:
    """Our DTLS role in an answer: the established one, else client unless the offer is active.

    Being client starts the handshake a flight earlier (RFC 9429 5.3.1, RFC 8842 5.5).
    """
    if established is not None:
        return established
    return DtlsRole.SERVER if offered is Setup.ACTIVE else DtlsRole.CLIENT
