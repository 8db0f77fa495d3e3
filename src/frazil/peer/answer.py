"""Building answers (RFC 9429 5.3)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from frazil.dtls import DtlsRole
from frazil.ice import AgentTraits
from frazil.peer.bundle import Groups, answer_groups, bundle_tags
from frazil.peer.codec import Codec
from frazil.peer.configuration import BundlePolicy
from frazil.peer.media import LocalTransport, data_answer, live_data_index, rejected_section
from frazil.peer.rtp_section import rtp_answer
from frazil.peer.traits import pacing_ms
from frazil.peer.transceiver_table import TransceiverTable
from frazil.peer.transport_map import TransportMap
from frazil.sdp import MediaDescription, Origin, SessionDescription, Setup
from frazil.value import Value

MAX_TRANSPORTS: Final = 16
"""Transports that an offer may bring about; each has its sockets. Bundled m-sections share one."""


class AnswerPlan(Value):
    """What an answer accepts.

    Attributes:
        data: The index of the m-section of the data channels.
        codecs: What is accepted of each RTP m-section, by index; the others are refused.
        groups: The BUNDLE groups.
        tags: For each m-section the index of the one whose transport it has; ``None`` if refused.
    """

    __slots__ = ("codecs", "data", "groups", "tags")

    def __init__(
        self,
        data: int | None,
        codecs: Mapping[int, list[Codec]],
        groups: Groups,
        tags: list[int | None],
    ) -> None:
        self.data = data
        self.codecs = codecs
        self.groups = groups
        self.tags = tags

    def as_tuple(self) -> tuple[object, ...]:
        """Data section, codecs, groups and tags."""
        return self.data, self.codecs, self.groups, self.tags

    def accepts(self, index: int) -> bool:
        """Whether the m-section is accepted."""
        return self.tags[index] is not None


def plan_answer(
    offer: SessionDescription,
    transceivers: TransceiverTable,
    transports: TransportMap,
    policy: BundlePolicy,
) -> AnswerPlan:
    """What we would answer to ``offer`` as things stand."""
    data = live_data_index(offer)
    codecs = {
        index: found
        for index, media in enumerate(offer.media)
        if (found := transceivers.codecs_for(media))
    }
    accepted = {index for index in (*codecs, data) if index is not None}
    accepted = {index for index in accepted if _has_transport(offer, offer.media[index])}
    if policy is BundlePolicy.MAX_BUNDLE and accepted:
        first = min(accepted)
        accepted = {index for index in accepted if index == first or _bundled(offer, first, index)}
    groups = answer_groups(offer, accepted.__contains__, transports.established)
    tags = bundle_tags(offer, groups)
    beyond = _beyond_limit(
        tags, accepted, lambda tag: transports.established(offer.media[tag].mid) is not None
    )
    if beyond:
        accepted -= beyond
        groups = answer_groups(offer, accepted.__contains__, transports.established)
    return AnswerPlan(
        data=data if data in accepted else None,
        codecs={index: found for index, found in codecs.items() if index in accepted},
        groups=groups,
        tags=[tag if index in accepted else None for index, tag in enumerate(tags)],
    )


def build_answer(
    origin: Origin,
    traits: AgentTraits,
    offer: SessionDescription,
    plan: AnswerPlan,
    transceivers: TransceiverTable,
    locals_: Mapping[int, LocalTransport],
    sctp_init: bytes | None,
) -> SessionDescription:
    """The answer that accepts what ``plan`` says and rejects everything else.

    Args:
        origin: Our session and its version.
        traits: Of our agents (RFC 8839 5.3, 5.5).
        offer: The pending remote offer.
        plan: Made for this offer.
        transceivers: Those of the RTP m-sections.
        locals_: What each accepted m-section says about our side of its transport, by index.
        sctp_init: What that of the data channels announces, if the offer does so.
    """

    def section(index: int, offered: MediaDescription) -> MediaDescription:
        if not plan.accepts(index):
            return rejected_section(offered)
        local = locals_[index]
        if index == plan.data:
            return data_answer(offered, offered.mid or "", local, sctp_init)
        transceiver = transceivers.find(offered.mid)
        assert transceiver is not None  # the offer made one
        return rtp_answer(offered, transceiver, plan.codecs[index], local)

    return SessionDescription(
        origin=origin,
        bundle_groups=plan.groups,
        ice_lite=traits.is_lite,
        ice_pacing=pacing_ms(traits),
        extmap_allow_mixed=offer.extmap_allow_mixed,
        media=tuple(section(index, offered) for index, offered in enumerate(offer.media)),
    )


def answering_role(offered: Setup | None, established: DtlsRole | None) -> DtlsRole:
    """Our DTLS role in an answer: the established one, else client unless the offer is active.

    Being client starts the handshake a flight earlier (RFC 9429 5.3.1, RFC 8842 5.5).
    """
    if established is not None:
        return established
    return DtlsRole.SERVER if offered is Setup.ACTIVE else DtlsRole.CLIENT


def _beyond_limit(
    tags: Sequence[int | None], accepted: Collection[int], is_settled: Callable[[int], bool]
) -> set[int]:
    """The m-sections for which there are no transports left; those that exist come first."""
    found = {tag for index in accepted if (tag := tags[index]) is not None}
    if len(found) <= MAX_TRANSPORTS:
        return set()
    allowed = sorted(found, key=lambda tag: (not is_settled(tag), tag))[:MAX_TRANSPORTS]
    return {index for index in accepted if tags[index] not in allowed}


def _has_transport(offer: SessionDescription, media: MediaDescription) -> bool:
    """A bundle-only section without a group has none (RFC 9143 6)."""
    return not media.bundle_only or any(media.mid in group for group in offer.bundle_groups)


def _bundled(offer: SessionDescription, first: int, second: int) -> bool:
    mids = {offer.media[first].mid, offer.media[second].mid}
    return any(mids <= set(group) for group in offer.bundle_groups)
