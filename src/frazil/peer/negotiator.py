"""Offer/answer: the operations that create and apply descriptions (webrtc-pc 4.4.1, RFC 9429)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from frazil.dtls import Certificate
from frazil.errors import (
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    RTCError,
    RTCErrorDetail,
)
from frazil.ice import AgentTraits, Credentials
from frazil.peer.answer import answering_role, build_answer
from frazil.peer.applier import Applier
from frazil.peer.channel import DataChannel
from frazil.peer.channel_table import ChannelTable
from frazil.peer.core import Core
from frazil.peer.description import Description, DescriptionInit
from frazil.peer.event import EventType
from frazil.peer.media import SETUP_OF_ROLE, LocalTransport, live_data_index
from frazil.peer.negotiation_needed import NegotiationNeeded
from frazil.peer.offer import build_offer
from frazil.peer.operation import Steps
from frazil.peer.remote import read_transport
from frazil.peer.signaling import SdpType, Side, SignalingMachine, edge
from frazil.peer.traits import with_traits
from frazil.sdp import (
    Origin,
    SdpSemanticError,
    SdpSyntaxError,
    SessionDescription,
    Setup,
    parse_sdp,
    validate_answer,
    validate_offer,
    write_sdp,
)
from frazil.states.enums import RTCSignalingState
from frazil.types import RandomBytes

_State = RTCSignalingState

_OFFERING: Final = (_State.STABLE, _State.HAVE_LOCAL_OFFER)
_ANSWERING: Final = (_State.HAVE_REMOTE_OFFER, _State.HAVE_LOCAL_PRANSWER)
_IMPLICIT_OFFER: Final = (*_OFFERING, _State.HAVE_REMOTE_PRANSWER)


@dataclass(frozen=True, slots=True)
class _Created:
    """The description that ``createOffer`` or ``createAnswer`` made last."""

    sdp: str
    model: SessionDescription
    revision: int


class Negotiator:
    """The bodies of the chained operations, and what they remember between them.

    Attributes:
        signaling: Owns the signalling state.
        has_applied_local: Whether ``setLocalDescription`` ever succeeded.
        needed: To be told when a negotiation ends.
    """

    __slots__ = (
        "_applier",
        "_certificate",
        "_channels",
        "_core",
        "_created_answer",
        "_created_offer",
        "_fresh",
        "_random_bytes",
        "_replaced",
        "_revision",
        "_session_id",
        "_traits",
        "_version",
        "has_applied_local",
        "needed",
        "signaling",
    )

    def __init__(
        self,
        core: Core,
        applier: Applier,
        channels: ChannelTable,
        certificate: Certificate,
        traits: AgentTraits,
        random_bytes: RandomBytes,
        is_busy: Callable[[], bool],
    ) -> None:
        self._core = core
        self._applier = applier
        self._channels = channels
        self._certificate = certificate
        self._random_bytes = random_bytes
        self._traits = traits
        self.signaling = SignalingMachine(core.history)
        self.has_applied_local = False
        self.needed = NegotiationNeeded(
            core,
            is_busy=is_busy,
            is_stable=lambda: self.signaling.state is _State.STABLE,
            check=self._is_behind,
        )
        self._created_offer: _Created | None = None
        self._created_answer: _Created | None = None
        self._fresh: Credentials | None = None
        self._replaced: set[Credentials] = set()
        self._revision = 0
        # Below 2**63 (RFC 9429 5.2.1).
        self._session_id = int.from_bytes(random_bytes(8)) >> 1
        self._version = 0

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
        if created is None or (not init.sdp and created.revision != self._revision):
            yield
            created = self._make_offer(False) if kind is SdpType.OFFER else self._make_answer()
        now = yield
        description = Description(kind, created.sdp, created.model)
        failed = self._applier.apply_local(description, now)
        self.has_applied_local = True
        self._fresh = None
        self._commit(Side.LOCAL, description, failed, now)

    def set_remote(self, kind: SdpType, sdp: str) -> Steps[None]:
        """The body of ``setRemoteDescription``."""
        if kind is SdpType.ROLLBACK:
            yield from self._roll_back_on_request(Side.REMOTE)
            return
        if edge(self.signaling.state, Side.REMOTE, kind).rollback_first:
            now = yield
            self.signaling.roll_back(Side.LOCAL, now)
            self._roll_back(now)
        now = yield
        description = Description(kind, sdp, self._read(kind, sdp))
        failed = self._applier.apply_remote(description, now)
        self._commit(Side.REMOTE, description, failed, now)

    # --- commands -----------------------------------------------------------------------------

    def restart_ice(self) -> None:
        """The next offer replaces every ufrag and password in use (webrtc-pc, restartIce)."""
        pending = self._core.descriptions.pending_local
        used = (self._negotiated_credentials(), _credentials(pending.model) if pending else None)
        self._replaced = {each for each in used if each is not None}
        self._revision += 1
        self.needed.update()

    def channel_created(self) -> None:
        """The first data channel needs an m-section; further ones need nothing."""
        if self._is_behind():
            self._revision += 1
            self.needed.update()

    # --- creating -----------------------------------------------------------------------------

    def _make_offer(self, ice_restart: bool) -> _Created:
        current = self._core.descriptions.current_local
        live = self._negotiated_index()
        data = None
        if live is not None or self._channels.has_live:
            data = self._describe(self._offer_credentials(ice_restart), Setup.ACTPASS)
        model = build_offer(self._next_origin(), current.model if current else None, live, data)
        model = with_traits(model, self._traits)
        self._created_offer = _Created(write_sdp(model), model, self._revision)
        return self._created_offer

    def _make_answer(self) -> _Created:
        pending = self._core.descriptions.pending_remote
        assert pending is not None  # the signalling state says so
        data = None
        remote = read_transport(pending.model)
        if remote is not None:
            established = self._applier.stack.dtls_role if self._applier.stack else None
            setup = SETUP_OF_ROLE[answering_role(remote.setup, established)]
            data = self._describe(self._answer_credentials(remote.credentials), setup)
        model = build_answer(self._next_origin(), pending.model, data)
        model = with_traits(model, self._traits)
        self._created_answer = _Created(write_sdp(model), model, self._revision)
        return self._created_answer

    def _describe(self, credentials: Credentials, setup: Setup) -> LocalTransport:
        stack = self._applier.stack
        generation = stack.generations.get(credentials.ufrag) if stack else None
        if generation is None:
            return LocalTransport(credentials, self._certificate, setup)
        return LocalTransport(
            credentials,
            self._certificate,
            setup,
            tuple(generation.lines),
            generation.is_gathered,
            generation.default_address,
        )

    def _offer_credentials(self, ice_restart: bool) -> Credentials:
        pending = self._core.descriptions.pending_local
        used = _credentials(pending.model) if pending else self._negotiated_credentials()
        if used is None or ice_restart or used in self._replaced:
            return self._fresh_credentials()
        return used

    def _answer_credentials(self, offered: Credentials) -> Credentials:
        """New ones if the offer restarts ICE (RFC 8839 4.4.1.1.1), and only then."""
        slots = self._core.descriptions
        provisional = _credentials(slots.pending_local.model) if slots.pending_local else None
        if provisional is not None:
            return provisional
        used = self._negotiated_credentials()
        before = read_transport(slots.current_remote.model) if slots.current_remote else None
        if used is None or before is None or before.credentials != offered:
            return self._fresh_credentials()
        return used

    def _fresh_credentials(self) -> Credentials:
        """The same ones until a description with them is applied: a second offer is no restart."""
        if self._fresh is None:
            self._fresh = Credentials.generate(self._random_bytes)
        return self._fresh

    def _next_origin(self) -> Origin:
        self._version += 1
        return Origin(self._session_id, self._version)

    # --- applying -----------------------------------------------------------------------------

    def _read(self, kind: SdpType, sdp: str) -> SessionDescription:
        slots = self._core.descriptions
        try:
            model = parse_sdp(sdp)
            if kind is SdpType.OFFER:
                validate_offer(model)
            elif slots.pending_local is not None:
                validate_answer(model, slots.pending_local.model)
        except SdpSyntaxError as error:
            raise RTCError(
                f"the remote {kind} is not valid SDP: {error}",
                RTCErrorDetail.SDP_SYNTAX_ERROR,
                sdp_line_number=error.line_number,
            ) from error
        except SdpSemanticError as error:
            raise InvalidAccessError(f"the remote {kind} cannot be used: {error}") from error
        current = slots.current_remote
        if current is not None and len(model.media) < len(current.model.media):
            raise InvalidAccessError(
                f"the remote {kind} has {len(model.media)} m-sections, fewer than before; "
                "m-sections may be rejected but never removed"
            )
        return model

    def _commit(
        self, side: Side, description: Description, failed: list[DataChannel], now: float
    ) -> None:
        """The task that makes a description visible: slots first, then the events in order."""
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
        if side is Side.REMOTE:
            self._created_answer = None  # it answers another offer
        if description.type is SdpType.ANSWER:
            self._created_offer = self._created_answer = None
            local = core.descriptions.current_local
            if local is None or _credentials(local.model) not in self._replaced:
                self._replaced.clear()
            self.needed.restart()
        if changed:
            core.tasks.fire(core.target, EventType.SIGNALING_STATE_CHANGE)
        for channel in failed:
            text = "every stream id is in use"
            error = RTCError(text, RTCErrorDetail.DATA_CHANNEL_FAILURE)
            core.tasks.fire(channel, EventType.ERROR, error)

    def _roll_back_on_request(self, side: Side) -> Steps[None]:
        edge(self.signaling.state, side, SdpType.ROLLBACK)
        now = yield
        self.signaling.apply(side, SdpType.ROLLBACK, now)
        self._roll_back(now)

    def _roll_back(self, now: float) -> None:
        core = self._core
        self._applier.roll_back(now)
        core.descriptions.roll_back()
        self._revision += 1
        self.needed.restart()
        core.tasks.fire(core.target, EventType.SIGNALING_STATE_CHANGE)

    # --- questions ----------------------------------------------------------------------------

    def _implicit_type(self) -> SdpType:
        return SdpType.OFFER if self.signaling.state in _IMPLICIT_OFFER else SdpType.ANSWER

    def _require(self, allowed: tuple[RTCSignalingState, ...], call: str) -> None:
        state = self.signaling.state
        if state not in allowed:
            names = " or ".join(repr(str(each)) for each in allowed)
            raise InvalidStateError(f"{call} needs signalingState {names}, not {str(state)!r}")

    def _is_behind(self) -> bool:
        """Whether the negotiated descriptions lack something (webrtc-pc 4.7.3)."""
        return bool(self._replaced) or (
            self._channels.has_live and self._negotiated_index() is None
        )

    def _negotiated_index(self) -> int | None:
        """The index of the data section that the last negotiation accepted on both sides."""
        slots = self._core.descriptions
        if slots.current_local is None or slots.current_remote is None:
            return None
        index = live_data_index(slots.current_local.model)
        return index if index == live_data_index(slots.current_remote.model) else None

    def _negotiated_credentials(self) -> Credentials | None:
        current = self._core.descriptions.current_local
        if current is None or self._negotiated_index() is None:
            return None
        return _credentials(current.model)


def _credentials(description: SessionDescription) -> Credentials | None:
    """Ours in one of our own descriptions."""
    index = live_data_index(description)
    if index is None:
        return None
    media = description.media[index]
    return Credentials(media.ice_ufrag or "", media.ice_pwd or "")
