"""From what a session reports to the tasks that make it visible."""

from collections.abc import Callable
from functools import partial

from frazil.dtls import DtlsStateChanged
from frazil.ice import (
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    GatheringStateChanged,
    IceTransportChanged,
    RoleChanged,
)
from frazil.peer.channel_table import ChannelTable
from frazil.peer.core import Core
from frazil.peer.dtls_task import DtlsTasks
from frazil.peer.event import EventType
from frazil.peer.ice_task import IceTasks
from frazil.peer.recovery import Recovery
from frazil.peer.stack import TransportStack
from frazil.session.event import (
    ChannelAnnounced,
    ChannelClosed,
    ChannelClosing,
    ChannelDrained,
    ChannelMessage,
    RelayStreamRequested,
    RemoteClosed,
    SctpChanged,
    SessionEvent,
)
from frazil.states.enums import RTCIceRole


class Router:
    """Hands each report to the part that queues its tasks, in the order of the reports."""

    __slots__ = ("_channels", "_core", "_dtls", "_ice", "_on_gathering", "_on_stream", "_recovery")

    def __init__(
        self,
        core: Core,
        channels: ChannelTable,
        recovery: Recovery,
        on_gathering: Callable[[TransportStack, GatheringStateChanged], None],
        on_stream: Callable[[TransportStack, RelayStreamRequested], None],
    ) -> None:
        """Make the router.

        Args:
            core: The task queue.
            channels: The data channels.
            recovery: Told at once of each state of ICE.
            on_gathering: Told at once, outside of any task, when a gatherer moves.
            on_stream: The same when a stream to a TURN server is wanted.
        """
        self._core = core
        self._channels = channels
        self._recovery = recovery
        self._ice = IceTasks(core)
        self._dtls = DtlsTasks(core)
        self._on_gathering = on_gathering
        self._on_stream = on_stream

    def route(self, stack: TransportStack, event: SessionEvent) -> None:
        """Queue what ``event`` asks for."""
        match event:
            case ChannelMessage():
                self._channels.receive_message(event)
            case ChannelDrained():
                self._channels.drain(event)
            case IceTransportChanged():
                if event.change is not None:
                    is_controlling = stack.ice.role is RTCIceRole.CONTROLLING
                    self._recovery.move(stack.name, event.change, is_controlling=is_controlling)
                self._ice.change(stack, event)
            case GatheringStateChanged():
                self._on_gathering(stack, event)
                self._ice.change_gathering(stack, event)
            case CandidateGathered():
                self._ice.surface(stack, event)
            case CandidatesEnded():
                self._ice.end(stack, event)
            case CandidateError():
                self._ice.report_error(stack, event)
            case RoleChanged():
                self._ice.change_role(stack, event)
            case DtlsStateChanged():
                self._dtls.change(stack, event)
            case SctpChanged():
                self._channels.change_sctp(stack, event)
            case ChannelAnnounced():
                self._channels.receive_channel(stack, event)
            case ChannelClosing():
                self._channels.start_closing(event)
            case ChannelClosed():
                self._channels.finish_closing(event)
            case RelayStreamRequested():
                self._on_stream(stack, event)
            case RemoteClosed():
                self._core.tasks.queue(partial(self._tell_remote_close, event))

    def _tell_remote_close(self, event: RemoteClosed, now: float) -> None:
        self._core.tasks.fire(self._core.target, EventType.REMOTE_CLOSE, event.cause)
