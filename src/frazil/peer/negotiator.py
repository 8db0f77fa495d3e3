"""Offer/answer: the operations that create and apply descriptions (webrtc-pc 4.4.1, RFC 9429)."""

from collections.abc import Sequence
from typing import Final

from frazil.errors import (
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    RTCError,
    RTCErrorDetail,
)
from frazil.peer.applier import Applier
from frazil.peer.chain import OperationChain
from frazil.peer.channel import DataChannel
from frazil.peer.channel_table import ChannelTable
from frazil.peer.core import Core
from frazil.peer.creator import DescriptionCreator, Draft
from frazil.peer.data_section import DataSection
from frazil.peer.description import Description
from frazil.peer.description_init import DescriptionInit
from frazil.peer.event import EventType
from frazil.peer.local_credentials import LocalCredentials
from frazil.peer.negotiation_needed import NegotiationNeeded
from frazil.peer.operation import Steps
from frazil.peer.section_name import mids_of, with_mids, without_mids
from frazil.peer.signaling import SdpType, Side, SignalingMachine, edge
from frazil.peer.succession import check_succession, refuse_own
from frazil.peer.transceiver import Transceiver
from frazil.peer.transceiver_table import TransceiverTable
from frazil.peer.transport_map import TransportMap
from frazil.sdp import (
    SdpSemanticError,
    SdpSyntaxError,
    SessionDescription,
    parse_sdp,
    validate_answer,
    validate_offer,
    write_sdp,
)
from frazil.states.enums import RTCSignalingState
from frazil.trace import Reason
from frazil.value import Value

_State = RTCSignalingState

_OFFERING: Final = (_State.STABLE, _State.HAVE_LOCAL_OFFER)
_ANSWERING: Final = (_State.HAVE_REMOTE_OFFER, _State.HAVE_LOCAL_PRANSWER)
_IMPLICIT_OFFER: Final = (*_OFFERING, _State.HAVE_REMOTE_PRANSWER)
_SETTLED: Final = Reason(
    "answered", "webrtc-pc 4.4.1.5", "an answer settled which transports there are"
)
_ROLLED_BACK: Final = Reason(
    "rollback", "RFC 9429 4.1.10.2", "the offer that added transports was rolled back"
)


class _Created(Value):
    """The description that ``createOffer`` or ``createAnswer`` made last.

    Attributes:
        sdp: Its text.
        draft: What it says.
        revision: What it takes into account.
        answers: The offer that it answers.
    """

    __slots__ = ("answers", "draft", "revision", "sdp")

    def __init__(
        self, sdp: str, draft: Draft, revision: int, answers: SessionDescription | None = None
    ) -> None:
        self.sdp = sdp
        self.draft = draft
        self.revision = revision
        self.answers = answers

    def as_tuple(self) -> tuple[object, ...]:
        """Text, draft, revision, and the offer that it answers."""
        return self.sdp, self.draft, self.revision, self.answers


class Negotiator:
    """The bodies of the chained operations, and what they remember between them.

    Attributes:
        signaling: Owns the signalling state.
        has_applied_local: Whether ``setLocalDescription`` ever succeeded.
        needed: To be told when a negotiation ends.
    """

    __slots__ = (
        "_applier",
        "_channels",
        "_core",
        "_created_answer",
        "_created_offer",
        "_creator",
        "_credentials",
        "_data",
        "_revision",
        "_transceivers",
        "_transports",
        "has_applied_local",
        "needed",
        "signaling",
    )

    def __init__(
        self,
        core: Core,
        *,
        applier: Applier,
        creator: DescriptionCreator,
        credentials: LocalCredentials,
        transports: TransportMap,
        transceivers: TransceiverTable,
        channels: ChannelTable,
        data: DataSection,
        chain: OperationChain,
    ) -> None:
        self._core = core
        self._applier = applier
        self._creator = creator
        self._credentials = credentials
        self._transports = transports
        self._transceivers = transceivers
        self._channels = channels
        self._data = data
        self.signaling = SignalingMachine(core.history)
        self.has_applied_local = False
        self.needed = NegotiationNeeded(
            core,
            chain=chain,
            signaling=self.signaling,
            credentials=credentials,
            channels=channels,
            transceivers=transceivers,
        )
        self._created_offer: _Created | None = None
        self._created_answer: _Created | None = None
        self._revision = 0

    # --- operations ---------------------------------------------------------------------------

    def create_offer(self, ice_restart: bool) -> Steps[DescriptionInit]:
        """The body of ``createOffer``."""
        self._require(_OFFERING, "createOffer")
        yield
        created = self._make_offer(ice_restart)
        return DescriptionInit(SdpType.OFFER, created.sdp)

    def create_answer(self) -> Steps[DescriptionInit]:
        """The body of ``createAnswer``."""
        self._require(_ANSWERING, "createAnswer")
        yield
        created = self._make_answer()
        return DescriptionInit(SdpType.ANSWER, created.sdp)

    def set_local(self, init: DescriptionInit) -> Steps[None]:
        """The body of ``setLocalDescription``."""
        kind = init.type or self._implicit_type()
        if kind is SdpType.ROLLBACK:
            yield from self._roll_back_on_request(Side.LOCAL)
            return
        created = self._created_offer if kind is SdpType.OFFER else self._created_answer
        if init.sdp and (created is None or init.sdp != created.sdp):
            raise InvalidModificationError(
                "setLocalDescription takes what createOffer or createAnswer returned last, "
                "unchanged; call it without arguments and it creates the description itself"
            )
        edge(self.signaling.state, Side.LOCAL, kind)
        if created is not None and init.sdp and kind is not SdpType.OFFER:
            created = self._for_this_offer(created)
        if created is None or (not init.sdp and created.revision != self._revision):
            yield
            created = self._make_offer(False) if kind is SdpType.OFFER else self._make_answer()
        now = yield
        draft = created.draft
        description = Description(kind, created.sdp, draft.model)
        failed = self._applier.apply_local(description, now)
        self._transceivers.apply_local(kind, draft.model, draft.made_for)
        self.has_applied_local = True
        self._credentials.note_applied()
        self._commit(Side.LOCAL, description, failed, (), now)

    def set_remote(self, kind: SdpType, sdp: str) -> Steps[None]:
        """The body of ``setRemoteDescription``."""
        if kind is SdpType.ROLLBACK:
            yield from self._roll_back_on_request(Side.REMOTE)
            return
        move = edge(self.signaling.state, Side.REMOTE, kind)
        refuse_own(kind, sdp, self._core.descriptions)
        if move.rollback_first:
            now = yield
            self.signaling.roll_back(Side.LOCAL, now)
            self._roll_back(now)
        now = yield
        model = self._read(kind, sdp)
        description = Description(kind, sdp, model)
        failed = self._applier.apply_remote(description, now)
        begun = self._transceivers.apply_remote(kind, model, self._mids(kind, model))
        self._commit(Side.REMOTE, description, failed, begun, now)

    # --- commands -----------------------------------------------------------------------------

    def restart_ice(self) -> None:
        """The next offer replaces every ufrag and password in use (webrtc-pc, restartIce)."""
        self._credentials.replace_all()
        self.note_change()

    def outdate_candidates(self) -> None:
        """The next offer restarts ICE, for servers or policy are others (RFC 9429 5.2.2)."""
        self._credentials.outdate_all()
        self._revision += 1

    def channel_created(self) -> None:
        """The first data channel needs an m-section; further ones need nothing."""
        if self.needed.is_behind:
            self.note_change()

    def note_change(self) -> None:
        """What was created before is stale, and a negotiation may be needed."""
        self._revision += 1
        self.needed.update()

    # --- creating -----------------------------------------------------------------------------

    def _make_offer(self, ice_restart: bool) -> _Created:
        data_mid = self._data.mid
        needs_data = data_mid is not None or self._channels.has_live
        sctp_init = self._data.sctp_init if needs_data else None
        draft = self._creator.make_offer(data_mid, needs_data, sctp_init, restart=ice_restart)
        self._created_offer = _Created(write_sdp(draft.model), draft, self._revision)
        return self._created_offer

    def _make_answer(self) -> _Created:
        offer = self._core.descriptions.pending_remote
        assert offer is not None  # the signalling state says so
        draft = self._creator.make_answer(offer, self._data.sctp_init)
        text = write_sdp(without_mids(draft.model, offer.are_named()))
        self._created_answer = _Created(text, draft, self._revision, offer.model)
        return self._created_answer

    def _for_this_offer(self, created: _Created) -> _Created:
        """An answer that was made earlier; its offer may have been rolled back and come again.

        Raises:
            InvalidModificationError: If it answers another offer.
        """
        offer = self._core.descriptions.pending_remote
        assert offer is not None  # the signalling state says so
        if created.answers != offer.model:
            raise InvalidModificationError(
                "this answer was created for another offer; call createAnswer again"
            )
        draft = self._creator.with_transceivers(created.draft.model, offer)
        return _Created(created.sdp, draft, created.revision, created.answers)

    # --- applying -----------------------------------------------------------------------------

    def _read(self, kind: SdpType, sdp: str) -> SessionDescription:
        slots = self._core.descriptions
        try:
            model = parse_sdp(sdp)
            if kind is SdpType.OFFER:
                before = slots.remote
                model = with_mids(model, self._mids(kind, before.model) if before else ())
                validate_offer(model)
            elif slots.pending_local is not None:
                offer = slots.pending_local.model
                model = with_mids(model, [media.mid for media in offer.media])
                validate_answer(model, offer)
        except SdpSyntaxError as error:
            raise RTCError(
                f"the remote {kind} is not valid SDP: {error}",
                RTCErrorDetail.SDP_SYNTAX_ERROR,
                sdp_line_number=error.line_number,
            ) from error
        except SdpSemanticError as flaw:
            raise InvalidAccessError(f"the remote {kind} cannot be used: {flaw}") from flaw
        check_succession(kind, model, slots, self._transceivers)
        return model

    def _mids(self, kind: SdpType, model: SessionDescription) -> list[str | None]:
        """The name of each m-section; the peer may reject one without repeating it."""
        slots = self._core.descriptions
        before = slots.current_answer if kind is SdpType.OFFER else slots.pending_local
        return mids_of(model, before.model.media if before else ())

    def _commit(
        self,
        side: Side,
        description: Description,
        failed: Sequence[DataChannel],
        begun: Sequence[Transceiver],
        now: float,
    ) -> None:
        """The task that makes a description visible: slots first, then the events in order.

        Args:
            side: Whose description it is.
            description: What was applied.
            failed: Channels that found no id.
            begun: Transceivers whose tracks begin.
            now: When.
        """
        core = self._core
        core.descriptions.apply(side, description)
        changed = self.signaling.apply(side, description.type, now)
        core.trace.record(
            now,
            "peer",
            "description-applied",
            side=side,
            type=description.type,
            sections=len(description.model.media),
        )
        self._revision += 1
        if description.type is SdpType.ANSWER:
            self._created_offer = self._created_answer = None
            self._credentials.note_answered()
            self._creator.settle()
            self._transceivers.settle()
            self.needed.restart()
        self._transceivers.connect(self._transports)
        if changed:
            core.tasks.fire(None, EventType.SIGNALING_STATE_CHANGE)
        if description.type is SdpType.ANSWER:
            self._tell_gathering(_SETTLED, now)
        for channel in failed:
            text = "every stream id is in use"
            error = RTCError(text, RTCErrorDetail.DATA_CHANNEL_FAILURE)
            core.tasks.fire(channel, EventType.ERROR, error)
        for transceiver in begun:
            core.tasks.fire(None, EventType.TRACK, transceiver)

    def _roll_back_on_request(self, side: Side) -> Steps[None]:
        edge(self.signaling.state, side, SdpType.ROLLBACK)
        now = yield
        self.signaling.apply(side, SdpType.ROLLBACK, now)
        self._roll_back(now)

    def _roll_back(self, now: float) -> None:
        core = self._core
        self._applier.roll_back(now)
        begun = self._transceivers.roll_back()
        self._transceivers.connect(self._transports)
        core.descriptions.roll_back()
        self._revision += 1
        self.needed.restart()
        core.tasks.fire(None, EventType.SIGNALING_STATE_CHANGE)
        self._tell_gathering(_ROLLED_BACK, now)
        for transceiver in begun:
            core.tasks.fire(None, EventType.TRACK, transceiver)

    def _tell_gathering(self, reason: Reason, now: float) -> None:
        """Transports may be gone. They close in a task of their own, but gather no more already."""
        core = self._core
        for kind in core.aggregates.derive_gathering(reason, now):
            core.tasks.fire(None, kind)

    # --- questions ----------------------------------------------------------------------------

    def _implicit_type(self) -> SdpType:
        return SdpType.OFFER if self.signaling.state in _IMPLICIT_OFFER else SdpType.ANSWER

    def _require(self, allowed: tuple[RTCSignalingState, ...], call: str) -> None:
        state = self.signaling.state
        if state not in allowed:
            names = " or ".join(repr(str(each)) for each in allowed)
            raise InvalidStateError(f"{call} needs signalingState {names}, not {str(state)!r}")
