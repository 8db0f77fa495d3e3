"""From what a session reports to the tasks that make it visible."""

from functools import partial
from typing import Final

from frazil.datachannel import ChannelAnnounced, MessagesArrived
from frazil.dtls import DtlsStateChanged
from frazil.ice import IceTransportChanged
from frazil.peer.channel_table import ChannelTable
from frazil.peer.core import Core
from frazil.peer.dtls_task import DtlsTasks
from frazil.peer.event import EventType
from frazil.peer.ice_router import ICE_REPORTS, IceRouter
from frazil.peer.ice_task import IceTasks
from frazil.peer.recovery import Recovery
from frazil.peer.stack import TransportStack
from frazil.sctp import BufferReleased
from frazil.session.event import (
    ChannelClosed,
    ChannelClosing,
    RemoteClosed,
    SctpChanged,
    SessionEvent,
)
from frazil.states.enums import RTCDtlsTransportState, RTCIceRole

_CONTROLLING: Final = RTCIceRole.CONTROLLING
_OVER: Final = (RTCDtlsTransportState.CLOSED, RTCDtlsTransportState.FAILED)


class Router(IceRouter):
    """Knows what the layers above ICE report, too."""

    __slots__ = ("_channels", "_core", "_dtls", "_recovery")

    def __init__(self, core: Core, channels: ChannelTable, recovery: Recovery) -> None:
        """Make the router; ``recovery`` is told at once what becomes of ICE and of DTLS."""
        super().__init__(IceTasks(core))
        self._core = core
        self._channels = channels
        self._recovery = recovery
        self._dtls = DtlsTasks(core)

    def route(self, stack: TransportStack, event: SessionEvent) -> None:
        """Queue what ``event`` asks for."""
        if type(event) in ICE_REPORTS:
            if isinstance(event, IceTransportChanged) and event.change is not None:
                is_controlling = stack.ice.role is _CONTROLLING
                self._recovery.move(stack.name, event.change, is_controlling=is_controlling)
            super().route(stack, event)
            return
        match event:
            case MessagesArrived():
                self._channels.receive_messages(event.messages)
            case BufferReleased():
                self._channels.drain(event)
            case DtlsStateChanged():
                if event.change.new in _OVER:
                    self._recovery.end(stack.name)
                self._dtls.change(stack, event)
            case SctpChanged():
                self._channels.change_sctp(stack, event)
            case ChannelAnnounced():
                self._channels.receive_channel(stack, event)
            case ChannelClosing():
                self._channels.start_closing(event)
            case ChannelClosed():
                self._channels.finish_closing(event)
            case RemoteClosed():
                self._core.tasks.queue(partial(self._tell_remote_close, event))

    def _tell_remote_close(self, event: RemoteClosed, now: float) -> None:
        self._core.tasks.fire(None, EventType.REMOTE_CLOSE, event.cause)
