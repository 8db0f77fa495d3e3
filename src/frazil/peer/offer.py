"""Building offers (RFC 9429 5.2)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from frazil.ice import AgentTraits
from frazil.peer.bundle import Groups
from frazil.peer.media import LocalTransport, data_section, rejected_section
from frazil.peer.rtp_section import RtpTerms, rtp_section
from frazil.peer.traits import pacing_ms
from frazil.peer.transceiver import Transceiver
from frazil.sdp import MediaDescription, Origin, SessionDescription
from frazil.value import Value

_DATA_KIND: Final = "application"


class Slot(Value):
    """One m-section of an offer that is being made.

    Attributes:
        mid: Its name; ``None`` for one that was refused without.
        transceiver: Whose section it is; ``None`` for that of the data channels.
        refused: The section it was, if nobody uses it.
    """

    __slots__ = ("mid", "refused", "transceiver")

    def __init__(
        self,
        mid: str | None,
        transceiver: Transceiver | None = None,
        refused: MediaDescription | None = None,
    ) -> None:
        self.mid = mid
        self.transceiver = transceiver
        self.refused = refused

    def as_tuple(self) -> tuple[object, ...]:
        """Its name, whose it is, and what it was."""
        return self.mid, self.transceiver, self.refused

    @property
    def kind(self) -> str:
        """The media type."""
        return self.transceiver.kind if self.transceiver else _DATA_KIND


class Wishes(Value):
    """Who needs an m-section.

    Attributes:
        transceivers: All that are there.
        data_mid: The name of the section of the data channels, if they have one.
        needs_data: Whether there are to be data channels.
    """

    __slots__ = ("data_mid", "needs_data", "transceivers")

    def __init__(
        self, transceivers: Sequence[Transceiver], data_mid: str | None, needs_data: bool
    ) -> None:
        self.transceivers = transceivers
        self.data_mid = data_mid
        self.needs_data = needs_data

    def as_tuple(self) -> tuple[object, ...]:
        """Transceivers, and what the data channels need."""
        return self.transceivers, self.data_mid, self.needs_data

    def kept(self) -> set[str | None]:
        """The names of the m-sections that stay."""
        names = {each.mid for each in self.transceivers if not each.is_stopping}
        return {*names, self.data_mid} if self.needs_data else names


def allocate(
    media: Sequence[MediaDescription],
    is_free: Callable[[int], bool],
    wishes: Wishes,
    taken: Collection[str | None] = (),
) -> list[Slot]:
    """The m-sections of an offer in order.

    Sections keep their place. New ones take those that both sides have given up, and then the end:
    transceivers as they were made, the data channels last (RFC 9429 5.2.1, 5.2.2).

    Args:
        media: The sections of the local description that the offer succeeds.
        is_free: Whether the section with that index may be recycled.
        wishes: Who needs one.
        taken: Names that are in use besides those of ``media``.
    """
    slots: list[Slot] = []
    owners = {t.mid: t for t in wishes.transceivers if t.mid is not None and not t.is_stopping}
    for each in media:
        if each.mid in owners:
            slots.append(Slot(each.mid, owners.pop(each.mid)))
        elif wishes.needs_data and wishes.data_mid is not None and each.mid == wishes.data_mid:
            slots.append(Slot(each.mid))
        else:
            slots.append(Slot(each.mid, refused=each))
    has_data = any(_is_data(slot) for slot in slots)
    new: list[Transceiver | None] = [
        t for t in wishes.transceivers if not t.is_stopping and (t.mid is None or t.mid in owners)
    ]
    if wishes.needs_data and not has_data:
        new.append(None)
    free = [index for index, slot in enumerate(slots) if slot.refused and is_free(index)]
    names = _unused({*taken, *(slot.mid for slot in slots)})
    for transceiver in new:
        slot = Slot(next(names), transceiver)
        if free:
            slots[free.pop(0)] = slot
        else:
            slots.append(slot)
    return slots


def build_offer(
    origin: Origin,
    traits: AgentTraits,
    slots: Sequence[Slot],
    groups: Groups,
    local_of: Callable[[Slot], LocalTransport],
    rtp: Mapping[str, RtpTerms],
    sctp_init: bytes | None,
) -> SessionDescription:
    """The offer of these m-sections.

    Args:
        origin: Our session and its version.
        traits: Of our agents (RFC 8839 5.3, 5.5).
        slots: Its sections.
        groups: Its BUNDLE groups.
        local_of: What a section that is not refused says about its transport.
        rtp: What those of audio and video keep to, by mid.
        sctp_init: What that of the data channels announces.
    """

    def section(slot: Slot) -> MediaDescription:
        if slot.refused is not None:
            return rejected_section(slot.refused)
        assert slot.mid is not None
        if slot.transceiver is None:
            return data_section(slot.mid, local_of(slot), sctp_init)
        return rtp_section(slot.mid, slot.transceiver, rtp[slot.mid], local_of(slot))

    media = tuple(section(slot) for slot in slots)
    return SessionDescription(
        origin=origin,
        bundle_groups=groups,
        ice_lite=traits.is_lite,
        ice_pacing=pacing_ms(traits),
        media=media,
    )


def _is_data(slot: Slot) -> bool:
    return slot.refused is None and slot.transceiver is None


def _unused(used: Collection[str | None]) -> Iterator[str]:
    number = 0
    while True:
        if str(number) not in used:
            yield str(number)
        number += 1
