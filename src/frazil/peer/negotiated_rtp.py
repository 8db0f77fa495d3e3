"""What the session so far leaves to the next offer of audio and video (RFC 9429 5.2.2)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from frazil.peer.codec import Codec, FormatIdentity, by_identity, offered_codecs
from frazil.peer.description import Description, DescriptionSlots
from frazil.peer.payload_type import PayloadTypes
from frazil.peer.rtp_section import MID_EXTENSION, RtpTerms, extension_ids, is_rtp
from frazil.peer.transceiver import Transceiver
from frazil.sdp import MediaDescription

_NEW_EXTENSION_IDS: Final = tuple(range(1, 15))
"""Numbers that fit in the one-byte header of an extension (RFC 8285 4.2)."""
_MAX_EXTENSION_ID: Final = 255
"""What packets can have; larger ones only stand in offers (RFC 8285 4.3, 6)."""


class NegotiatedRtp:
    """Gives the RTP m-sections of each offer their terms.

    A section that was accepted keeps to the last answer. In a new one formats and extensions have
    the numbers that either side has given them in any other, as they may be bundled, also in those
    that are gone. Offers that were not answered leave nothing.
    """

    __slots__ = ("_answered", "_is_mid", "_payload_types")

    def __init__(self) -> None:
        self._answered: dict[str | None, MediaDescription] = {}
        self._is_mid: dict[int, bool] = {}  # by the number of a header extension
        self._payload_types = PayloadTypes()

    def settle(self, slots: DescriptionSlots) -> None:
        """An answer was applied: follow the current descriptions."""
        answer = slots.current_answer
        self._answered = {} if answer is None else {media.mid: media for media in _live(answer)}
        sections = [
            media
            for description in (slots.current_local, slots.current_remote)
            if description is not None
            for media in _live(description)
        ]
        self._payload_types.settle(sections)
        is_mid: dict[int, bool] = {}
        for media in sections:
            for uri, number in extension_ids(media).items():
                if number <= _MAX_EXTENSION_ID:
                    is_mid[number] = is_mid.get(number, True) and uri == MID_EXTENSION
        for number, was_mid in self._is_mid.items():
            is_mid[number] = is_mid.get(number, True) and was_mid
        self._is_mid = is_mid

    def terms(self, transceivers: Mapping[str, Transceiver]) -> dict[str, RtpTerms]:
        """What the m-section of each transceiver is offered with, by mid."""
        agreed = {mid: by_identity(self._agreed(mid)) for mid in transceivers}
        wanted = {
            mid: each.codecs if each.preferred else _in_order_of(agreed[mid], each.codecs)
            for mid, each in transceivers.items()
        }
        return {
            mid: self._terms(mid, [_limited(agreed[mid], codec) for codec in codecs])
            for mid, codecs in self._payload_types.assign(wanted).items()
        }

    def _agreed(self, mid: str) -> list[Codec]:
        """The formats of the last answer."""
        answered = self._answered.get(mid)
        return [] if answered is None else offered_codecs(answered)

    def _terms(self, mid: str, codecs: Sequence[Codec]) -> RtpTerms:
        answered = self._answered.get(mid)
        if answered is None:
            return RtpTerms(codecs, self._new_mid_id(), rtcp_rsize=True, rtcp_mux_only=True)
        mid_id = extension_ids(answered).get(MID_EXTENSION)
        return RtpTerms(codecs, mid_id, answered.rtcp_rsize, rtcp_mux_only=False)

    def _new_mid_id(self) -> int | None:
        """The number of the header extension in a new m-section; ``None`` if none is left."""
        known = [number for number, is_mid in self._is_mid.items() if is_mid]
        free = [number for number in _NEW_EXTENSION_IDS if number not in self._is_mid]
        return next(iter(known + free), None)


def _live(description: Description) -> list[MediaDescription]:
    """The RTP m-sections that are not rejected."""
    media = description.model.media
    return [each for each in media if is_rtp(each) and not each.is_rejected]


def _in_order_of(answered: Iterable[FormatIdentity], codecs: Sequence[Codec]) -> list[Codec]:
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
