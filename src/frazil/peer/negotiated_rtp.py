"""What the session so far leaves to the next offer of audio and video (RFC 9429 5.2.2)."""

from collections.abc import Mapping, Sequence
from typing import Final

from frazil.peer.codec import Codec, FormatIdentity, by_identity, offered_codecs
from frazil.peer.description import DescriptionSlots
from frazil.peer.payload_type import PayloadTypes
from frazil.peer.rtp_section import MID_EXTENSION, RtpTerms, extension_ids, is_rtp
from frazil.peer.transceiver import Transceiver

_EXTENSION_IDS: Final = tuple(range(1, 15))
"""Numbers that fit in the one-byte header of an extension (RFC 8285 4.2)."""


class NegotiatedRtp:
    """Gives each RTP m-section of one offer its terms.

    A section that was accepted keeps to the last answer. In a new one formats and extensions have
    the numbers that either side has given them in any other, as they may be bundled.
    """

    __slots__ = ("_answer", "_extensions", "_payload_types")

    def __init__(self, slots: DescriptionSlots) -> None:
        """Follow the current descriptions."""
        answer = slots.current_answer
        self._answer = None if answer is None else answer.model
        sections = [
            media
            for description in (slots.current_local, slots.current_remote)
            for media in (() if description is None else description.model.media)
            if is_rtp(media) and not media.is_rejected
        ]
        self._extensions = [extension_ids(media) for media in sections]
        self._payload_types = PayloadTypes(sections)

    def terms(self, mid: str, transceiver: Transceiver) -> RtpTerms:
        """What the m-section ``mid`` is offered with."""
        codecs: Sequence[Codec] = transceiver.codecs
        answered = None if self._answer is None else self._answer.find_media(mid)
        if answered is None or answered.is_rejected:
            assigned = self._payload_types.assign(mid, codecs)
            return RtpTerms(assigned, self._new_mid_id(), rtcp_rsize=True, rtcp_mux_only=True)
        agreed = by_identity(offered_codecs(answered))
        if not transceiver.preferred:
            codecs = _in_order_of(list(agreed), codecs)
        assigned = [_limited(agreed, codec) for codec in self._payload_types.assign(mid, codecs)]
        mid_id = extension_ids(answered).get(MID_EXTENSION)
        return RtpTerms(assigned, mid_id, answered.rtcp_rsize, rtcp_mux_only=False)

    def _new_mid_id(self) -> int | None:
        """The number of the header extension in a new m-section; ``None`` if none is left."""
        known = [each[MID_EXTENSION] for each in self._extensions if MID_EXTENSION in each]
        taken = {number for each in self._extensions for number in each.values()}
        free = [number for number in _EXTENSION_IDS if number not in taken]
        return next(iter(known + free), None)


def _in_order_of(answered: Sequence[FormatIdentity], codecs: Sequence[Codec]) -> list[Codec]:
    """``codecs`` in the order of the answer, and then the others; repairs follow their format."""
    places = {identity: place for place, identity in enumerate(answered)}

    def place(codec: Codec) -> int:
        repaired = next((each for each in codecs if each.payload_type == codec.repaired), codec)
        return places.get(repaired.identity, len(places))

    return sorted(codecs, key=place)


def _limited(answered: Mapping[FormatIdentity, Codec], codec: Codec) -> Codec:
    """``codec`` with the RTCP feedback of the answer, if that has the format."""
    found = answered.get(codec.identity)
    return codec if found is None else codec.agreed_on(found)
