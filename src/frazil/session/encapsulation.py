"""SCTP in the records of DTLS (RFC 8261): one layer to those below."""

from dataclasses import replace
from typing import Final

from frazil.dtls import DtlsRole, DtlsStateChanged
from frazil.errors import InvalidStateError
from frazil.sctp import SctpConfig, SignalledInits
from frazil.session.config import MAX_EARLY_PACKETS
from frazil.session.data_transport import DataTransport
from frazil.session.event import RemoteCloseCause
from frazil.session.report import Report
from frazil.session.secure_transport import SecureTransport
from frazil.states.enums import RTCDtlsTransportState, RTCSctpTransportState
from frazil.trace import Trace
from frazil.types import RandomBytes

_FAILED: Final = RTCDtlsTransportState.FAILED
_OVER: Final = frozenset({RTCDtlsTransportState.CLOSED, _FAILED})
_ENDED: Final = RTCSctpTransportState.CLOSED


class Encapsulation:
    """Brings what becomes of DTLS to the association that it carries.

    What DTLS carries before an association is negotiated, as the first or as one that follows, is
    kept for it, up to a limit. That may also be what the peer still sends on the one before, until
    packets of another come.

    Args:
        name: Names the transport in state changes.
        secure: DTLS.
        config: The ports and limits of associations.
        random_bytes: Their source of randomness.
        trace: Where decisions are recorded.
        report: Takes what happens.

    Attributes:
        data: The association and its channels, once negotiated.
    """

    __slots__ = (
        "_config",
        "_early",
        "_name",
        "_random_bytes",
        "_report",
        "_secure",
        "_trace",
        "data",
    )

    def __init__(
        self,
        name: str,
        secure: SecureTransport,
        config: SctpConfig,
        random_bytes: RandomBytes,
        trace: Trace,
        report: Report,
    ) -> None:
        self._name = name
        self._secure = secure
        self._config = config
        self._random_bytes = random_bytes
        self._trace = trace
        self._report = report
        self._early: tuple[bytes, ...] = ()
        self.data: DataTransport | None = None

    def carry(self, remote_port: int, signalled: SignalledInits | None, now: float) -> None:
        """Carry an association with this port of the peer, in place of any before.

        It begins when DTLS is connected, and is closed at once if DTLS is over.

        Raises:
            InvalidStateError: DTLS was not started: its role decides who uses which streams.
        """
        endpoint = self._secure.endpoint
        if endpoint is None:
            raise InvalidStateError("start DTLS before SCTP")
        config = self._config
        if remote_port != config.remote_port:
            config = replace(config, remote_port=remote_port)
        self.data = DataTransport(
            self._name,
            config,
            self._random_bytes,
            self._trace,
            self._report,
            is_client=endpoint.role is DtlsRole.CLIENT,
            signalled=signalled,
        )
        if endpoint.state in _OVER:
            text = f"the DTLS transport is {endpoint.state} already"
            self.data.lose_transport(text, failed=endpoint.state is _FAILED, now=now)

    def advance(self, now: float, *, path_works_anew: bool) -> None:
        """Go on where the path allows it now, and take over what follows."""
        endpoint, data = self._secure.endpoint, self.data
        if endpoint is not None:
            self._secure.advance(now, path_works_anew=path_works_anew)
            can_start = data is not None and not data.is_started and self._secure.is_connected
            if endpoint.events or can_start:
                self.collect(now, [])
        if data is not None and path_works_anew:
            data.path_changed(now)

    def collect(self, now: float, payloads: list[bytes]) -> None:
        """Tell in the order in which it happened: DTLS is up, what it carried, DTLS is over."""
        if self._secure.endpoint is None:
            return
        endings: list[DtlsStateChanged] = []
        for event in self._secure.poll_events():
            if event.change.new in _OVER:
                endings.append(event)
            else:
                self._report.events.append(event)
        data = self.data
        if data is None or data.state is _ENDED:
            self._keep_early(payloads)
        if data is not None:
            if not data.is_started and (payloads or self._secure.is_connected):
                data.start(now)  # even if DTLS is over again: what came before the goodbye counts
                payloads = [*self._early, *payloads]
                self._early = ()
            if payloads:
                data.receive(payloads, now)
        for event in endings:
            self._end(event, now)

    def close(self) -> None:
        """Carry nothing any more."""
        self.data = None
        self._early = ()

    def _keep_early(self, payloads: list[bytes]) -> None:
        """The peer may have an answer that we do not have yet."""
        for payload in payloads:
            if self._early and payload[:8] != self._early[0][:8]:  # of other ports or another tag
                self._early = ()
            if len(self._early) < MAX_EARLY_PACKETS:
                self._early = (*self._early, payload)
            else:
                self._trace.count("sctp-too-early")

    def _end(self, event: DtlsStateChanged, now: float) -> None:
        self._early = ()
        self._report.events.append(event)
        has_failed = event.change.new == _FAILED
        if not has_failed:
            self._report.add_goodbye(RemoteCloseCause.CLOSE_NOTIFY)
        if self.data is not None:
            text = f"the DTLS transport is {event.change.new}: {event.change.reason.text}"
            self.data.lose_transport(text, failed=has_failed, now=now)
