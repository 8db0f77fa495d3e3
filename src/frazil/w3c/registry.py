"""From slot objects to the public objects that show them."""

import asyncio
from collections.abc import Callable
from typing import Any, Final
from weakref import ref

from frazil.peer.channel import DataChannel
from frazil.peer.connection import PeerConnection
from frazil.peer.description import Description
from frazil.peer.event import EventType, Fired
from frazil.peer.transceiver import RemoteTrack, RtpReceiver, RtpSender, Transceiver
from frazil.peer.transport import DtlsTransport, IceTransport, SctpTransport
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceTransportState,
    RTCPeerConnectionState,
    RTCSctpTransportState,
)
from frazil.w3c.datachannel import RTCDataChannel
from frazil.w3c.description import RTCSessionDescription
from frazil.w3c.event_factory import make_event
from frazil.w3c.inbox import Backlog
from frazil.w3c.progress import Progress
from frazil.w3c.target import EventTarget
from frazil.w3c.transceiver import (
    MediaStreamTrack,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
)
from frazil.w3c.transport import RTCDtlsTransport, RTCIceTransport, RTCSctpTransport
from frazil.w3c.warning_log import WarningLog

_CLOSE: Final = EventType.CLOSE
_CONNECTION_STATE_CHANGE: Final = EventType.CONNECTION_STATE_CHANGE
_FAILED: Final = RTCPeerConnectionState.FAILED
_MESSAGE: Final = EventType.MESSAGE


class Registry:
    """Gives each slot object of a connection its public object, always the same one.

    Args:
        peer: The connection.
        connection: Its public object.
        tasks: Where the tasks of coroutine listeners are kept.
        progress: For those who wait for a channel; its pulse beats after every task.
        warnings: Is told of failure, and of channels that nobody reads.

    Attributes:
        wake: Asks for a flush; gives the time. To be set before anything is shown.
    """

    __slots__ = (
        "_backlog",
        "_connection",
        "_is_dispatching",
        "_is_untidy",
        "_left",
        "_peer",
        "_progress",
        "_public",
        "_pulse",
        "_tasks",
        "_warnings",
        "wake",
    )

    def __init__(
        self,
        peer: PeerConnection,
        connection: EventTarget,
        tasks: "set[asyncio.Task[Any]]",
        progress: Progress,
        warnings: WarningLog,
    ) -> None:
        self.wake: Callable[[], float]
        self._peer = peer
        self._connection: EventTarget | None = connection
        self._tasks = tasks
        self._progress = progress
        self._pulse = progress.pulse
        self._warnings = warnings
        self._public: dict[object, Any] = {}
        self._backlog = Backlog()
        self._left: dict[object, ref[Any]] | None = None  # those of a closed connection
        self._is_untidy = self._is_dispatching = False

    def of(self, slots: object) -> Any:
        """The public object of ``slots``."""
        public = self._public.get(slots)
        if public is not None:
            return public
        if self._left is not None:
            return self._left_of(slots, self._left)
        if isinstance(slots, (Description, IceTransport, Transceiver)):
            self._is_untidy = True
            if not self._is_dispatching:
                self._tidy()
        public = self._public[slots] = self._make(slots)
        return public

    def description(self, slots: Description | None) -> RTCSessionDescription | None:
        """The public object of a description, if there is one."""
        public: RTCSessionDescription | None = None if slots is None else self.of(slots)
        return public

    def _left_of(self, slots: object, left: "dict[object, ref[Any]]") -> Any:
        """The public object of ``slots``, of a closed connection, for as long as anybody has it."""
        known = left.get(slots)
        public = known() if known is not None else None
        if public is None:
            public = self._make(slots)
            left[slots] = ref(public)
        return public

    def dispatch(self, fired: Fired) -> bool:
        """Call the listeners of the target; nothing is forgotten under their hands.

        Returns:
            Whether there are any.
        """
        slots, kind = fired.target, fired.type
        if kind is _MESSAGE:
            channel = self._public.get(slots)
            if channel is None:
                return False  # one that was never shown to anybody has no readers
            self._is_dispatching = True
            channel._receive(fired.payload)
            self._is_dispatching = False
            return True
        if kind is _CONNECTION_STATE_CHANGE and self._peer.connection_state is _FAILED:
            self._warnings.connection_failed()
        target: Any = self._connection if slots is None else self._public.get(slots)
        # What was never shown to anybody has no listeners.
        is_wanted: bool = target is not None and target._listeners.wants(kind)
        if is_wanted:
            self._is_dispatching = True
            target._dispatch(make_event(fired, target, self.of))
            self._is_dispatching = False
        if kind is _CLOSE:
            closed = self._public.pop(slots, None)  # nobody will ask for it again
            if isinstance(closed, RTCDataChannel):
                closed._leave()
        return is_wanted

    def after_task(self) -> bool:
        """Tidy up, and wake those whose condition has come true; whether there is any."""
        if self._is_untidy:
            self._tidy()
        return bool(self._pulse.waiters) and self._pulse.beat()

    def release(self) -> None:
        """The connection is closed: no event comes, so nobody needs what nobody holds."""
        for public in self._public.values():
            if isinstance(public, EventTarget):
                public._silence()
        if self._connection is not None:
            self._connection._silence()
            self._connection = None
        self._left = {slots: ref(public) for slots, public in self._public.items()}
        self._public.clear()

    def channels(self) -> list[RTCDataChannel]:
        """The channels that were shown and are not closed."""
        return [each for each in self._public.values() if isinstance(each, RTCDataChannel)]

    def _tidy(self) -> None:
        """Between two tasks: drop the public objects of what is in use no longer.

        Transports stay until they are closed, because that is an event of theirs, and tracks until
        they have told of their end.
        """
        peer = self._peer
        if not self._is_untidy or peer.is_closed:
            return
        self._is_untidy = False
        kept = {
            peer.current_local_description,
            peer.pending_local_description,
            peer.current_remote_description,
            peer.pending_remote_description,
            peer.sctp,
            *(slots for dtls in peer.transports.dtls for slots in (dtls, dtls.ice)),
            *(
                slots
                for each in peer.transceivers
                for slots in (each, each.sender, each.receiver, each.receiver.track)
            ),
        }
        for slots in tuple(self._public):
            if slots not in kept and not _is_alive(slots):
                del self._public[slots]

    def _make(self, slots: object) -> Any:
        match slots:
            case DataChannel():
                return RTCDataChannel(
                    slots, self._tasks, self.wake, self._progress, self._backlog, self._warnings
                )
            case IceTransport():
                return RTCIceTransport(slots, self._peer.transports, self._tasks, self.wake)
            case DtlsTransport():
                return RTCDtlsTransport(slots, self._tasks, self.of)
            case SctpTransport():
                return RTCSctpTransport(slots, self._tasks, self.of)
            case Transceiver():
                return RTCRtpTransceiver(slots, self.of, self.wake)
            case RtpSender():
                return RTCRtpSender(slots, self.of)
            case RtpReceiver():
                return RTCRtpReceiver(slots, self.of)
            case RemoteTrack():
                return MediaStreamTrack(slots, self._tasks)
            case Description():
                return RTCSessionDescription._of(slots)
        raise AssertionError(f"no public object for {slots!r}")


def _is_alive(slots: object) -> bool:
    """Whether events may follow, though the connection uses it no longer."""
    match slots:
        case DataChannel():
            return True
        case IceTransport():
            return slots.state is not RTCIceTransportState.CLOSED
        case DtlsTransport():
            return slots.state is not RTCDtlsTransportState.CLOSED
        case SctpTransport():
            return slots.state is not RTCSctpTransportState.CLOSED
        case RemoteTrack():
            return slots.is_ended and not slots.is_told
    return False
