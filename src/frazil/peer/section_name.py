"""Names for m-sections of peers that give none (RFC 9429 5.10)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from frazil.sdp import MediaDescription, SessionDescription


def with_mids(model: SessionDescription, known: Sequence[str | None]) -> SessionDescription:
    """``model`` with a mid in each m-section that is not rejected.

    Args:
        model: What the peer says.
        known: The mids of the m-sections as they were before, or as they were offered: one without
            a mid has that of its place there, else a new one.
    """
    if all(media.mid is not None or media.is_rejected for media in model.media):
        return model
    taken = {media.mid for media in model.media} | set(known)
    fresh = _unlike(taken)

    def named(index: int, media: MediaDescription) -> MediaDescription:
        if media.mid is not None or media.is_rejected:
            return media
        before = known[index] if index < len(known) else None
        return replace(media, mid=before or next(fresh))

    return _with_media(model, named)


def mids_of(model: SessionDescription, known: Sequence[MediaDescription]) -> list[str | None]:
    """The mid of each m-section, also of one that is rejected without repeating it.

    Args:
        model: What the peer says.
        known: The m-sections as they were before, or as they were offered: one that gives no mid
            has the mid of its place there, unless another one has it now.
    """
    mids = [media.mid for media in model.media]
    for index, media in enumerate(known[: len(mids)]):
        if mids[index] is None and media.mid not in mids:
            mids[index] = media.mid
    return mids


def without_mids(model: SessionDescription, are_named: Sequence[bool]) -> SessionDescription:
    """``model`` as it is written to a peer that has named these of its m-sections."""
    if all(are_named):
        return model

    def written(index: int, media: MediaDescription) -> MediaDescription:
        return media if are_named[index] else replace(media, mid=None)

    return _with_media(model, written)


def _with_media(
    model: SessionDescription, change: Callable[[int, MediaDescription], MediaDescription]
) -> SessionDescription:
    return replace(model, media=tuple(change(*each) for each in enumerate(model.media)))


def _unlike(taken: set[str | None]) -> Iterator[str]:
    """Names of new m-sections: the numbers that are not ``taken``."""
    for name in map(str, count()):
        if name not in taken:
            yield name
