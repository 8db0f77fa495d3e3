"""The payload types of a session (RFC 3264 8.3.2, RFC 9143 9.2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from frazil.peer.codec import Codec, FormatIdentity, offered_codecs
from frazil.sdp import MediaDescription

_DYNAMIC: Final[tuple[int, ...]] = (*range(96, 128), *range(35, 64))
"""Free for any format; those between them look like RTCP (RFC 3551 6, RFC 5761 4)."""
_NUMBERS: Final[dict[str, int]] = {str(number): number for number in range(128)}

_Meanings: TypeAlias = dict[int, FormatIdentity | None]
"""What numbers stand for; ``None`` if that cannot be told."""


class PayloadTypes:
    """Numbers for the formats that are offered next to what there is.

    A number that an answered description of either side has given to a format, accepted or not,
    never means another; not even in another m-section, as bundled ones share their numbers.
    """

    __slots__ = ("_in_section", "_in_session")

    def __init__(self) -> None:
        self._in_section: dict[str | None, _Meanings] = {}
        self._in_session: _Meanings = {}

    def settle(self, sections: Iterable[MediaDescription]) -> None:
        """An answer was applied: follow the RTP m-sections of both sides, ours first.

        What the session has said before counts where they say nothing. A number with two meanings
        is one that only the m-sections that use it understand.
        """
        self._in_section = {}
        in_session: _Meanings = {}
        for media in sections:
            own = self._in_section.setdefault(media.mid, {})
            found = _meanings(media)
            for number, identity in found.items():
                own.setdefault(number, identity)
            _add(in_session, found)
        _add(in_session, self._in_session)
        self._in_session = in_session

    def assign(self, wanted: Mapping[str, Sequence[Codec]]) -> dict[str, list[Codec]]:
        """The codecs of each m-section of an offer, by mid, under their numbers.

        Those for which no number is left are left out. If no media format has one, the numbers are
        their own: better two meanings than no media.
        """
        in_session = dict(self._in_session)
        return {
            mid: _assign(codecs, self._in_section.get(mid, {}), in_session)
            for mid, codecs in wanted.items()
        }


def _assign(codecs: Sequence[Codec], own: _Meanings, in_session: _Meanings) -> list[Codec]:
    """``codecs`` of an m-section with ``own`` numbers; new ones join ``in_session``."""
    numbers: dict[FormatIdentity, int] = {}
    # What the section itself says comes first, and counts most.
    for known, identity in (own | in_session | own).items():
        if identity is not None:
            numbers.setdefault(identity, known)
    assigned: dict[int, Codec] = {}  # by the number that the codec comes with
    for codec in sorted(codecs, key=lambda each: each.repaired is not None):
        wanted, repaired = codec.payload_type, codec.repaired
        if repaired is not None:
            if repaired not in assigned:
                continue
            codec = codec.repairing(assigned[repaired].payload_type)
        number = numbers.get(codec.identity)
        if number is None:
            free = (each for each in (wanted, *_DYNAMIC) if each not in in_session)
            number = next(free, None)
        if number is not None:
            assigned[wanted] = replace(codec, payload_type=number)
            in_session.setdefault(number, codec.identity)
    found = [assigned[each.payload_type] for each in codecs if each.payload_type in assigned]
    return found if any(each.is_media for each in found) else list(codecs)


def _meanings(media: MediaDescription) -> _Meanings:
    """What the numbers of one m-section stand for."""
    found: _Meanings = {_NUMBERS[each]: None for each in media.formats if each in _NUMBERS}
    found.update({codec.payload_type: codec.identity for codec in offered_codecs(media)})
    return found


def _add(meanings: _Meanings, others: _Meanings) -> None:
    for number, identity in others.items():
        if meanings.setdefault(number, identity) != identity:
            meanings[number] = None
