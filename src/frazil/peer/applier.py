"""What an accepted description does to transports and channels (webrtc-pc 4.4.1.5)."""

from collections.abc import Sequence
from typing import Final

from frazil.dtls import DtlsRole
from frazil.errors import InvalidAccessError
from frazil.ice import Candidate, CandidateSyntaxError, Credentials
from frazil.peer.answer import plan_answer
from frazil.peer.bundle import bundle_tags, tagged, with_group
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.channel import DataChannel
from frazil.peer.core import Core
from frazil.peer.data_section import DataSection
from frazil.peer.description import Description
from frazil.peer.media import ROLE_FACING, SETUP_OF_ROLE, live_data_index
from frazil.peer.remote import RemoteTransport, can_trickle
from frazil.peer.signaling import SdpType
from frazil.peer.stack import TransportStack
from frazil.peer.transceiver_table import TransceiverTable
from frazil.peer.transport_map import TransportMap
from frazil.peer.transport_set import TransportSet
from frazil.sdp import MediaDescription, SessionDescription
from frazil.states.enums import RTCIceGatheringState, RTCIceRole
from frazil.trace import Reason

_COMPLETE: Final = RTCIceGatheringState.COMPLETE
_ROLE_OF_SETUP: Final = {setup: role for role, setup in SETUP_OF_ROLE.items()}
_NOT_NEGOTIATED: Final = Reason(
    "rejected", "webrtc-pc 4.4.1.5", "the answer left no m-section on this transport"
)


class _Share:
    """M-sections that have one transport.

    Attributes:
        tag: The index of the one that describes it.
        mids: Their names.
        known_by: The names under which the transport may be known already.
    """

    __slots__ = ("known_by", "mids", "tag")

    def __init__(self, tag: int, mids: list[str], known_by: list[str]) -> None:
        self.tag = tag
        self.mids = mids
        self.known_by = known_by


class _Use:
    """A transport, and the m-sections that have it."""

    __slots__ = ("share", "stack")

    def __init__(self, share: _Share, stack: TransportStack) -> None:
        self.share = share
        self.stack = stack


class Applier:
    """Brings the transports in line with the descriptions; called inside their tasks.

    Attributes:
        can_trickle: What the last remote description said; ``None`` before the first.
    """

    __slots__ = ("_core", "_data", "_map", "_transceivers", "_transports", "can_trickle")

    def __init__(
        self,
        core: Core,
        transports: TransportSet,
        transport_map: TransportMap,
        transceivers: TransceiverTable,
        data: DataSection,
    ) -> None:
        self._core = core
        self._transports = transports
        self._map = transport_map
        self._transceivers = transceivers
        self._data = data
        self.can_trickle: bool | None = None

    @property
    def is_gathered(self) -> bool:
        """Whether our description has every candidate of each of its transports.

        The aggregate does not say: it hears of another gathering in a task that comes after that
        of the description, and without a transport it is never ``complete``.
        """
        description, stacks = self._core.descriptions.local, self._map.stacks
        if description is None:
            return False
        if stacks and self._core.aggregates.ice_gathering_state is not _COMPLETE:
            return False
        return all(stack.is_gathered_in(description) for stack in stacks)

    def stack_of(self, index: int) -> TransportStack | None:
        """The transport that the peer's candidates of an m-section are meant for."""
        return next((stack for stack in self._map.stacks if index in stack.sections), None)

    def apply_local(self, description: Description, now: float) -> list[DataChannel]:
        """Apply our own description; the channels that found no id."""
        if description.type is SdpType.OFFER:
            self._apply_local_offer(description, now)
            return []
        offer = self._core.descriptions.pending_remote
        assert offer is not None  # the signalling state says so
        uses = self._assign(_answered(description.model, offer.model))
        for use in uses:
            self._take_role(use, now)
            self._feed(use, offer, now)
            self._take_local(use, description, now)
            setup = description.model.media[use.share.tag].setup
            if setup is not None:
                use.stack.start(_ROLE_OF_SETUP[setup], now)
        return self._conclude(description, description, offer, uses, now)

    def apply_remote(self, description: Description, now: float) -> list[DataChannel]:
        """Apply the peer's description; the channels that found no id.

        Raises:
            InvalidAccessError: If it contradicts an association that exists.
        """
        model, is_offer = description.model, description.type is SdpType.OFFER
        shares = self._offered(model) if is_offer else _answered(model, model)
        roles = [self._agree(description, share) for share in shares]
        if not is_offer:
            self._data.check_move(model, [(s.mids, self._map.first(s.known_by)) for s in shares])
        self.can_trickle = can_trickle(model)
        if is_offer:
            uses = [_Use(share, self._map.obtain(share.known_by)) for share in shares]
            self._data.offer(model, [(use.share.mids, use.stack) for use in uses], self._map, now)
            self._map.replace([use.stack for use in uses], now)
            for use in uses:
                self._take_role(use, now)
                self._feed(use, description, now)
            return []
        uses = self._assign(shares)
        for use, role in zip(uses, roles, strict=True):
            self._feed(use, description, now)
            if role is not None:
                use.stack.start(role, now)
        offer = self._core.descriptions.pending_local
        assert offer is not None  # the signalling state says so
        return self._conclude(description, offer, description, uses, now)

    def roll_back(self, now: float) -> None:
        """Undo what the pending offer did."""
        self._map.roll_back(now)
        self._data.roll_back(now)

    # --- which transports ---------------------------------------------------------------------

    def _offered(self, offer: SessionDescription) -> list[_Share]:
        """Those on transports that exist, and the data channels'; the answer makes the others."""
        policy = self._transports.configuration.bundle_policy
        plan = plan_answer(offer, self._transceivers, self._map, policy)
        data_mid = offer.media[plan.data].mid if plan.data is not None else None
        return [
            share
            for share in _shares(offer, plan.tags, offer)
            if data_mid in share.mids or self._map.first(share.known_by)
        ]

    def _assign(self, shares: list[_Share]) -> list[_Use]:
        """Give m-sections of an answer their transports."""
        uses = []
        for share in shares:
            stack = self._map.obtain(share.known_by)
            for mid in share.mids:
                self._map.assign(mid, stack)
            uses.append(_Use(share, stack))
        return uses

    def _apply_local_offer(self, description: Description, now: float) -> None:
        model = description.model
        live = [media for media in model.media if not media.is_rejected and media.mid]
        described: set[TransportStack] = set()
        for media in sorted(live, key=lambda each: _speaks_for_itself(model, each), reverse=True):
            mid, tag = media.mid or "", model.bundle_tag(media)
            stack = self._map.obtain([mid, tag.mid or ""] if media.bundle_only else [mid])
            self._map.assign(mid, stack)
            if media.bundle_only or stack in described:
                continue
            described.add(stack)
            stack.set_role(RTCIceRole.CONTROLLING, now)
            self._take_local(
                _Use(_Share(model.media.index(media), [mid], [mid]), stack), description, now
            )
        self._data.offer_local(model, self._map)

    # --- what they are told -------------------------------------------------------------------

    @staticmethod
    def _take_role(use: _Use, now: float) -> None:
        """Our ICE role when the peer offers, unless one of us is lite (RFC 8445 6.1.1)."""
        use.stack.set_role(RTCIceRole.CONTROLLED, now)

    @staticmethod
    def _take_local(use: _Use, description: Description, now: float) -> None:
        """Our credentials, and in the description the candidates surfaced since it was made."""
        media = description.model.media[use.share.tag]
        use.stack.apply_local(Credentials(media.ice_ufrag or "", media.ice_pwd or ""), now)
        for ufrag, generation in use.stack.generations.items():
            index = description.place_of(ufrag)
            if index is not None:
                generation.write_to(description, index)

    def _agree(self, description: Description, share: _Share) -> DtlsRole | None:
        """Our DTLS role if it is an answer; checked against the association there is."""
        remote = self._transport_of(description, share)
        stack = self._map.first(share.known_by)
        role = ROLE_FACING.get(remote.setup) if remote.setup else None
        is_offer = description.type is SdpType.OFFER
        if stack is None or stack.dtls_role is None:
            return None if is_offer else role
        known = stack.remote.fingerprints if stack.remote else ()
        if set(known) != set(remote.fingerprints):
            raise InvalidAccessError(
                "the remote certificate differs from that of the established connection; "
                "close this connection and negotiate a new one"
            )
        # Firefox answers every later offer with `active`, whoever is the client. Without a new
        # association there are no roles to choose, so what it says has no effect (RFC 8842 5.5).
        return None if is_offer else stack.dtls_role

    def _transport_of(self, description: Description, share: _Share) -> RemoteTransport:
        """What the peer's description says about the transport."""
        is_offer = description.type is SdpType.OFFER
        index = self._map.describing(description.model, share.tag) if is_offer else share.tag
        return description.transport_at(index)

    def _feed(self, use: _Use, description: Description, now: float) -> None:
        """The peer's side, and the candidates that the description has by now."""
        stack, model = use.stack, description.model
        remote = self._transport_of(description, use.share)
        sections = {use.share.tag, remote.candidate_section} | {
            index
            for index, media in enumerate(model.media)
            if self._shares(media, use, is_offer=description.type is SdpType.OFFER)
        }
        is_known = remote == stack.remote and sections == stack.sections
        stack.sections = frozenset(sections)
        if is_known and description is self._core.descriptions.pending_remote:
            return  # the offer was taken in when it came, and its candidates one by one since
        stack.apply_remote(remote, now)
        self._add_candidates(stack, remote, description, now)

    def _shares(self, media: MediaDescription, use: _Use, *, is_offer: bool) -> bool:
        """Whether candidates of the m-section are meant for the transport.

        Who shares is decided by the answer. In an offer only those do that have no transport of
        their own, and those that were bundled before.
        """
        if is_offer and not media.bundle_only:
            return self._map.is_settled(media.mid, use.stack)
        return media.mid in use.share.mids

    def _add_candidates(
        self, stack: TransportStack, remote: RemoteTransport, description: Description, now: float
    ) -> None:
        ufrag = remote.credentials.ufrag
        index = remote.candidate_section
        mid = description.model.media[index].mid
        signalled = []
        for line in description.candidates_at(index):
            try:
                candidate = Candidate.from_line(line)
            except CandidateSyntaxError:
                self._core.trace.count("candidate-malformed")
                continue
            signalled.append((candidate, CandidateInit(line, mid, index, ufrag)))
        stack.add_candidates(ufrag, signalled, now)
        if description.has_ended_at(index) or not remote.is_trickling:
            stack.session.end_remote_candidates(now, ufrag)

    def _conclude(
        self,
        answer: Description,
        ours: Description,
        theirs: Description,
        uses: list[_Use],
        now: float,
    ) -> list[DataChannel]:
        """After an answer: data channels start, and transports that nobody uses are discarded."""
        index = live_data_index(answer.model)
        failed: list[DataChannel] = []
        if index is not None:
            mid = answer.model.media[index].mid or ""
            stack = next(use.stack for use in uses if mid in use.share.mids)
            sections = ours.model.media[index], theirs.model.media[index]
            failed = self._data.start(mid, stack, *sections, now)
        if answer.type is SdpType.ANSWER:
            mids = {mid for use in uses for mid in use.share.mids}
            self._map.settle(mids, _NOT_NEGOTIATED, now)
            if index is None:
                self._data.end(now)
            self._data.settle()
        return failed


def _speaks_for_itself(model: SessionDescription, media: MediaDescription) -> tuple[bool, bool]:
    """How much an m-section of an offer says about its transport: the tag of a group most."""
    return not media.bundle_only, model.bundle_tag(media) is media


def _answered(answer: SessionDescription, offer: SessionDescription) -> list[_Share]:
    """The m-sections that an answer accepts, by transport."""
    return _shares(answer, bundle_tags(answer), offer)


def _shares(
    model: SessionDescription, tags: Sequence[int | None], offer: SessionDescription
) -> list[_Share]:
    return [_Share(tag, mids, with_group(offer, mids)) for tag, mids in tagged(model, tags).items()]
