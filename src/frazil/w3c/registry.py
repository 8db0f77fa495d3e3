"""From slot objects to the public objects that show them."""

import asyncio
from collections.abc import Callable
from typing import Any

from frazil.aio.pulse import Pulse
from frazil.peer.channel import DataChannel
from frazil.peer.connection import PeerConnection
from frazil.peer.description import Description
from frazil.peer.transceiver import RemoteTrack, RtpReceiver, RtpSender, Transceiver
from frazil.peer.transport import DtlsTransport, IceTransport, SctpTransport
from frazil.w3c.datachannel import RTCDataChannel
from frazil.w3c.description import RTCSessionDescription
from frazil.w3c.transceiver import (
    MediaStreamTrack,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
)
from frazil.w3c.transport import RTCDtlsTransport, RTCIceTransport, RTCSctpTransport


class Registry:
    """Gives each slot object of a connection its public object, always the same one.

    Args:
        peer: The connection.
        tasks: Where the tasks of coroutine listeners are kept.
        wake: Asks for a flush; gives the time.
        pulse: Beats after every task of the connection.
    """

    __slots__ = ("_peer", "_public", "_pulse", "_tasks", "_wake")

    def __init__(
        self,
        peer: PeerConnection,
        tasks: "set[asyncio.Task[Any]]",
        wake: Callable[[], float],
        pulse: Pulse,
    ) -> None:
        self._peer = peer
        self._tasks = tasks
        self._wake = wake
        self._pulse = pulse
        self._public: dict[object, Any] = {}

    def of(self, slots: object) -> Any:
        """The public object of ``slots``."""
        public = self._public.get(slots)
        if public is None:
            if isinstance(slots, Description | IceTransport | Transceiver):
                self._forget_the_past()
            public = self._public[slots] = self._make(slots)
        return public

    def forget(self, slots: object) -> None:
        """Nobody will ask for ``slots`` again."""
        self._public.pop(slots, None)

    def channels(self) -> list[RTCDataChannel]:
        """The channels that were shown and are not closed."""
        return [each for each in self._public.values() if isinstance(each, RTCDataChannel)]

    def _forget_the_past(self) -> None:
        """Drop the public objects of what is in use no longer."""
        peer = self._peer
        if peer.is_closed:
            return
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
            if slots not in kept and not isinstance(slots, DataChannel):
                del self._public[slots]

    def _make(self, slots: object) -> Any:
        match slots:
            case DataChannel():
                return RTCDataChannel(slots, self._tasks, self._wake, self._pulse)
            case IceTransport():
                return RTCIceTransport(slots, self._tasks, self._wake)
            case DtlsTransport():
                return RTCDtlsTransport(slots, self._tasks, self.of)
            case SctpTransport():
                return RTCSctpTransport(slots, self._tasks, self.of)
            case Transceiver():
                return RTCRtpTransceiver(slots, self.of, self._wake)
            case RtpSender():
                return RTCRtpSender(slots, self.of)
            case RtpReceiver():
                return RTCRtpReceiver(slots, self.of)
            case RemoteTrack():
                return MediaStreamTrack(slots, self._tasks)
            case Description():
                return RTCSessionDescription._of(slots)
        raise AssertionError(f"no public object for {slots!r}")
