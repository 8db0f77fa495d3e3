"""The payload types of a session (RFC 3264 8.3.2, RFC 9143 9.2)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from frazil.peer.codec import Codec, FormatIdentity, offered_codecs
from frazil.sdp import MediaDescription

_DYNAMIC: Final[tuple[int, ...]] = (*range(96, 128), *range(35, 64))
"""Free for any format; those between them look like RTCP (RFC 3551 6, RFC 5761 4)."""


class PayloadTypes:
    """Numbers for the formats that are offered next to what there is.

    A number that either side has given to a format, accepted or not, never means another; not even
    in another m-section, as bundled ones share their numbers.
    """

    __slots__ = ("_everywhere", "_in_section", "_taken")

    def __init__(self, sections: Sequence[MediaDescription]) -> None:
        """Follow the RTP m-sections of both sides, ours first."""
        self._everywhere: dict[int, FormatIdentity] = {}
        self._in_section: dict[str | None, dict[int, FormatIdentity]] = {}
        for media in sections:
            own = self._in_section.setdefault(media.mid, {})
            for codec in offered_codecs(media):
                identity = codec.identity
                own.setdefault(codec.payload_type, identity)
                self._everywhere.setdefault(codec.payload_type, identity)
        self._taken = {each for media in sections for each in media.formats}

    def assign(self, mid: str, codecs: Sequence[Codec]) -> list[Codec]:
        """``codecs`` of the m-section ``mid`` under their numbers; without one they are left out.

        If no media format has one, the numbers are their own: better two meanings than no media.
        """
        meanings = dict(self._in_section.get(mid, {}))  # what the section itself says counts most
        for known, identity in self._everywhere.items():
            meanings.setdefault(known, identity)
        numbers: dict[FormatIdentity, int] = {}
        for known, identity in meanings.items():
            numbers.setdefault(identity, known)
        assigned: dict[int, Codec] = {}  # by the number that the codec comes with
        for own in sorted(codecs, key=lambda each: each.repaired is not None):
            codec = own
            if own.repaired is not None:
                if own.repaired not in assigned:
                    continue
                codec = own.repairing(assigned[own.repaired].payload_type)
            number = numbers.get(codec.identity)
            if number is None:
                number = self._take(own.payload_type)
            if number is not None:
                assigned[own.payload_type] = replace(codec, payload_type=number)
                self._everywhere.setdefault(number, codec.identity)
        found = [assigned[own.payload_type] for own in codecs if own.payload_type in assigned]
        return found if any(each.is_media for each in found) else list(codecs)

    def _take(self, wanted: int) -> int | None:
        """A number that nothing has yet, ``wanted`` if possible; ``None`` if none is left."""
        for number in (wanted, *_DYNAMIC):
            if str(number) not in self._taken:
                self._taken.add(str(number))
                return number
        return None
