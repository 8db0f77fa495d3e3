"""The transceivers of a connection, and what descriptions do to them (webrtc-pc 4.4.1.5, 5.4)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from frazil.peer.codec import CODECS, Codec, MediaKind, common_codecs, offered_codecs
from frazil.peer.core import Core
from frazil.peer.description import Description
from frazil.peer.event import EventType
from frazil.peer.rtp_section import has_msid, is_rtp, stream_ids, track_id
from frazil.peer.signaling import SdpType
from frazil.peer.transceiver import (
    RemoteTrack,
    RtpReceiver,
    RtpSender,
    Transceiver,
    TransceiverInit,
    TransceiverOwner,
    answer_direction,
    receives,
    reverse,
    sends,
)
from frazil.peer.transport_map import TransportMap
from frazil.sdp import Direction, MediaDescription, SessionDescription
from frazil.types import RandomBytes

_NONE: Final[frozenset[Transceiver]] = frozenset()
_ID_SIZE: Final = 16


class _Stable(NamedTuple):
    """What a rollback returns a transceiver to."""

    mid: str | None
    announced: Direction | None
    streams: tuple[str, ...]


TransceiverFactory: TypeAlias = Callable[
    [TransceiverOwner, MediaKind, Direction, RtpSender, RtpReceiver], Transceiver
]
"""Makes the slots of a transceiver."""


class TransceiverTable:
    """Owns the transceivers, in the order in which they were made.

    Attributes:
        is_closed: Whether the connection was closed.
    """

    __slots__ = (
        "_core",
        "_items",
        "_make_transceiver",
        "_on_change",
        "_random_bytes",
        "_remote",
        "_stable",
        "is_closed",
    )

    def __init__(
        self,
        core: Core,
        random_bytes: RandomBytes,
        on_change: Callable[[], None],
        make_transceiver: TransceiverFactory = Transceiver,
    ) -> None:
        """Report to ``on_change`` whenever the application asks for something new."""
        self._core = core
        self._random_bytes = random_bytes
        self._on_change: Callable[[], None] | None = on_change
        self._make_transceiver = make_transceiver
        self._items: list[Transceiver] = []
        self._remote = _NONE
        self._stable: dict[Transceiver, _Stable] = {}
        self.is_closed = False

    @property
    def items(self) -> list[Transceiver]:
        """All of them, those included that are stopped but not yet gone."""
        return list(self._items)

    def find(self, mid: str | None) -> Transceiver | None:
        """The one whose m-section is named ``mid``."""
        return next((t for t in self._items if mid is not None and t.mid == mid), None)

    # --- the application ----------------------------------------------------------------------

    def add(self, kind: MediaKind, init: TransceiverInit) -> Transceiver:
        """A transceiver of ours; it makes a negotiation needed."""
        transceiver = self._make(kind, init.direction, init.streams)
        self.note_change()
        return transceiver

    def note_change(self) -> None:
        """The application wants something other than what is negotiated."""
        if self._on_change is not None:
            self._on_change()

    def end_track(self, track: RemoteTrack) -> None:
        """Nothing can come on ``track`` any more: ``ended`` is due."""
        if not track.is_ended:
            track.is_ended = True
            self._core.tasks.queue(partial(self._tell_ended, track))

    def close(self) -> None:
        """The connection was closed: all stop, silently."""
        self.is_closed = True
        self._on_change = None
        for transceiver in self._items:
            transceiver.close()

    # --- the negotiation ----------------------------------------------------------------------

    def codecs_for(self, media: MediaDescription) -> list[Codec]:
        """What we accept of an offered RTP m-section; empty to refuse it.

        One that is only stopping is no reason to refuse: a section that goes in an answer could
        be the one whose transport others share (webrtc-pc, RTCRtpTransceiver, stop).
        """
        transceiver = self.find(media.mid)
        if media.is_rejected or not is_rtp(media) or (transceiver and transceiver.is_stopped):
            return []
        ours = transceiver.codecs if transceiver else CODECS[MediaKind(media.kind)]
        return common_codecs(offered_codecs(media), ours)

    def apply_local(
        self, kind: SdpType, model: SessionDescription, made_for: Sequence[Transceiver | None]
    ) -> None:
        """Our own description; ``made_for`` says which transceiver each m-section stands for."""
        for index, media in enumerate(model.media):
            transceiver = made_for[index]
            if transceiver is None:
                continue
            transceiver.mid = media.mid
            if kind is SdpType.OFFER or transceiver.is_stopped:
                continue
            if media.is_rejected:
                if kind is SdpType.ANSWER:
                    transceiver.finish()
                continue
            transceiver.negotiated = media.direction
            transceiver.announced = media.direction

    def apply_remote(
        self, kind: SdpType, model: SessionDescription, mids: Sequence[str | None]
    ) -> list[Transceiver]:
        """The peer's description; those whose ``track`` event is due.

        Args:
            kind: What it is.
            model: What it says.
            mids: The name of each m-section, which may be rejected without repeating it.
        """
        if kind is SdpType.OFFER:
            self._forget_absent(set(mids))
        begun = []
        for index, media in enumerate(model.media):
            transceiver = self.find(mids[index])
            if transceiver is None and kind is SdpType.OFFER:
                transceiver = self._make_for(media)
            if transceiver is None or transceiver.is_stopped:
                continue
            if media.is_rejected:
                if kind is not SdpType.PRANSWER:
                    transceiver.finish()
                continue
            direction = reverse(media.direction)
            if kind is not SdpType.OFFER:
                transceiver.negotiated = direction
            if _announce(transceiver, direction, stream_ids(media)):
                begun.append(transceiver)
        return begun

    def settle(self) -> None:
        """An answer was applied: forget whom it refused; the rest is what rollbacks return to."""
        for transceiver in self.items:
            if transceiver.is_stopping and not self._has_section(transceiver):
                transceiver.finish()  # there was none, or it was refused or went to another
                self._items.remove(transceiver)
                transceiver.mid = None
        self._stable = {
            each: _Stable(each.mid, each.announced, each.receiver.streams) for each in self._items
        }
        self._remote = _NONE

    def roll_back(self) -> list[Transceiver]:
        """Undo the pending offer; those whose ``track`` event is due, as their track is back.

        Transceivers that the peer's offer brought go with it.
        """
        begun = []
        for transceiver in self.items:
            before = self._stable.get(transceiver)
            if before is not None:
                transceiver.mid = before.mid
                if _announce(transceiver, before.announced, before.streams):
                    begun.append(transceiver)
            elif transceiver in self._remote:
                self._drop(transceiver)
            else:
                transceiver.mid = None
        self._remote = _NONE
        return begun

    def connect(self, transports: TransportMap) -> None:
        """Show every sender and receiver the transport of its m-section."""
        for transceiver in self._items:
            stack = transports.get(transceiver.mid)
            transceiver.use(stack.dtls if stack else None)

    def needs_negotiation(self) -> bool:
        """Whether the current descriptions lag behind a transceiver (webrtc-pc 4.7.3)."""
        slots = self._core.descriptions
        return any(
            _is_behind(each, slots.current_local, slots.current_remote) for each in self._items
        )

    # --- inside -------------------------------------------------------------------------------

    def _has_section(self, transceiver: Transceiver) -> bool:
        """Whether the current descriptions have a section for it that neither refuses."""
        slots = self._core.descriptions
        local, remote = slots.current_local, slots.current_remote
        index = local.index_of(transceiver.mid) if local and transceiver.mid else None
        if local is None or remote is None or index is None:
            return False
        both = (local.model.media[index], remote.model.media[index])
        return not any(media.is_rejected for media in both)

    def _make(self, kind: MediaKind, direction: Direction, streams: tuple[str, ...]) -> Transceiver:
        sender = RtpSender(kind, self._random_bytes(_ID_SIZE).hex(), streams)
        receiver = RtpReceiver(RemoteTrack(kind, self._random_bytes(_ID_SIZE).hex()))
        transceiver = self._make_transceiver(self, kind, direction, sender, receiver)
        self._items.append(transceiver)
        return transceiver

    def _make_for(self, media: MediaDescription) -> Transceiver | None:
        """The transceiver for an offered m-section that has none (RFC 9429 5.10)."""
        if media.is_rejected or not is_rtp(media):
            return None
        transceiver = self._make(MediaKind(media.kind), Direction.RECVONLY, ())
        transceiver.receiver.track.id = track_id(media) or transceiver.receiver.track.id
        transceiver.mid = media.mid
        self._remote |= {transceiver}
        return transceiver

    def _forget_absent(self, mids: set[str | None]) -> None:
        """Another offer replaces the pending one: what only that one brought goes."""
        for transceiver in self._remote - {t for t in self._remote if t.mid in mids}:
            self._drop(transceiver)
            self._remote -= {transceiver}

    def _drop(self, transceiver: Transceiver) -> None:
        transceiver.finish()
        transceiver.mid = None
        transceiver.use(None)
        self._items.remove(transceiver)

    def _tell_ended(self, track: RemoteTrack, now: float) -> None:
        track.is_told = True
        self._core.tasks.fire(track, EventType.ENDED)


def _announce(
    transceiver: Transceiver, direction: Direction | None, streams: tuple[str, ...]
) -> bool:
    """Note what the peer does; whether its track begins or joins a stream, and is to be told."""
    receiver = transceiver.receiver
    arrives = receives(direction)
    joined = set(streams) - set(receiver.streams)
    begins = arrives and (bool(joined) or not receives(transceiver.announced))
    receiver.streams = streams if arrives else ()
    transceiver.announced = direction
    return begins


def _is_behind(
    transceiver: Transceiver, local: Description | None, remote: Description | None
) -> bool:
    if transceiver.is_stopping and not transceiver.is_stopped:
        return True
    index = local.index_of(transceiver.mid) if local and transceiver.mid else None
    if local is None or remote is None or index is None:
        return not transceiver.is_stopped
    ours, theirs = local.model.media[index], remote.model.media[index]
    if transceiver.is_stopped:
        return not (ours.is_rejected or theirs.is_rejected)
    streams_differ = set(stream_ids(ours)) != set(transceiver.sender.streams)
    if sends(transceiver.wanted) and (streams_differ or not has_msid(ours)):
        return True
    if local.type is SdpType.OFFER:
        return transceiver.wanted not in (ours.direction, reverse(theirs.direction))
    return ours.direction is not answer_direction(transceiver.wanted, theirs.direction)
