"""From what the engine fires to the event objects that listeners get."""

from collections.abc import Callable
from typing import Any, Final

from frazil.errors import RTCError
from frazil.ice import CandidateError, SelectedPair
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.event import EventType, Fired
from frazil.peer.transceiver import Transceiver
from frazil.w3c.candidate import RTCIceCandidate
from frazil.w3c.datachannel import RTCDataChannelEvent
from frazil.w3c.event import (
    Event,
    MessageEvent,
    RTCErrorEvent,
    RTCIceCandidatePairEvent,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    RTCRemoteCloseEvent,
)
from frazil.w3c.transceiver import RTCTrackEvent
from frazil.w3c.transport import RTCIceTransport

_ICE_CANDIDATE: Final = EventType.ICE_CANDIDATE


def make_event(fired: Fired, target: object, wrap: Callable[[object], Any]) -> Event:
    """The event object for ``fired``; ``wrap`` gives the public object of a slot object."""
    kind, payload = str(fired.type), fired.payload
    if fired.type is _ICE_CANDIDATE:
        candidate = RTCIceCandidate._of(payload) if isinstance(payload, CandidateInit) else None
        return RTCPeerConnectionIceEvent(kind, target, candidate)
    if payload is None:
        return Event(kind, target)
    match fired.type, payload:
        case EventType.MESSAGE, (bytes() | str()) as data:
            return MessageEvent(kind, target, data)
        case _, SelectedPair() as pair:
            assert isinstance(target, RTCIceTransport)
            return RTCIceCandidatePairEvent(kind, target, target._public_pair(pair))
        case EventType.ICE_CANDIDATE_ERROR, CandidateError() as error:
            address, port = error.local or (None, None)
            return RTCPeerConnectionIceErrorEvent(
                kind, target, address, port, error.url, error.code, error.text
            )
        case EventType.DATA_CHANNEL, channel:
            return RTCDataChannelEvent(kind, target, wrap(channel))
        case EventType.TRACK, Transceiver() as slots:
            transceiver = wrap(slots)
            receiver = transceiver.receiver
            streams = slots.receiver.streams
            return RTCTrackEvent(kind, target, receiver, receiver.track, streams, transceiver)
        case EventType.ERROR, RTCError() as failure:
            return RTCErrorEvent(kind, target, failure)
        case EventType.REMOTE_CLOSE, cause:
            return RTCRemoteCloseEvent(kind, target, str(cause))
    return Event(kind, target)
