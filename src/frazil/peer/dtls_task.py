"""The tasks of DTLS transports (webrtc-pc 5.5 and "update the connection state")."""

from typing import Final

from frazil.dtls import DtlsFailure, DtlsStateChanged
from frazil.errors import RTCError, RTCErrorDetail
from frazil.peer.core import Core
from frazil.peer.event import EventType
from frazil.peer.stack import TransportStack
from frazil.states.enums import RTCDtlsTransportState
from frazil.trace import Reason

_FAILED: Final = RTCDtlsTransportState.FAILED
_CONNECTED: Final = RTCDtlsTransportState.CONNECTED
_STATE_CHANGE: Final = EventType.STATE_CHANGE
_STATES: Final = {str(state): state for state in RTCDtlsTransportState}


class DtlsTasks:
    """Queues one task per report, and behind it one for the state of the connection."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    def change(self, stack: TransportStack, event: DtlsStateChanged) -> None:
        """The state, and on failure an ``error`` event first."""
        self._core.tasks.queue(lambda now: self._change(stack, event, now))

    def _change(self, stack: TransportStack, event: DtlsStateChanged, now: float) -> None:
        core, dtls, change = self._core, stack.dtls, event.change
        if stack.is_discarded or dtls.state is _FAILED:
            return
        dtls.state = _STATES[change.new]
        machine = f"dtls-transport {stack.name}"
        core.history.record(change.at, machine, change.old, change.new, change.reason)
        if dtls.state is _CONNECTED:
            dtls.remote_certificates = event.remote_certificates
        if event.failure is not None:
            core.tasks.fire(dtls, EventType.ERROR, _error(event.failure))
        core.tasks.fire(dtls, _STATE_CHANGE)
        core.tasks.follow(lambda now: self._derive(change.reason, now))

    def _derive(self, reason: Reason, now: float) -> None:
        for kind in self._core.aggregates.derive_connection(reason, now):
            self._core.tasks.fire(None, kind)


def _error(failure: DtlsFailure) -> RTCError:
    """What listeners are told; alerts belong to a ``dtls-failure`` only (webrtc-pc, RTCError)."""
    if failure.detail is not RTCErrorDetail.DTLS_FAILURE:
        return RTCError(failure.text, failure.detail)
    return RTCError(
        failure.text,
        failure.detail,
        received_alert=failure.received_alert,
        sent_alert=failure.sent_alert,
    )
