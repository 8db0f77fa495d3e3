"""One end of a DTLS association: the handshake, the check of the fingerprint, sealing and opening.

Sans-IO except for what OpenSSL does by itself in the handshake: it draws its own random numbers. So
a recording holds what :class:`~frazil.dtls.engine.Engine` was asked and answered, and a replay
starts there.
"""

from collections.abc import Sequence
from typing import Final

from frazil.deadline import earlier
from frazil.dtls.alert import Alert, AlertLevel
from frazil.dtls.certificate import Certificate
from frazil.dtls.config import DtlsConfig
from frazil.dtls.engine import AssociationBrokenError, CloseNotifyReceived, EngineFactory
from frazil.dtls.event import DtlsEvent, DtlsFailure, DtlsStateChanged
from frazil.dtls.fingerprint import Fingerprint
from frazil.dtls.openssl import OpenSslEngine
from frazil.dtls.outbox import Outbox
from frazil.dtls.record import (
    MAX_PLAINTEXT_SIZE,
    ContentType,
    Record,
    RecordDecodeError,
    belongs_to_handshake,
    encode_alert,
    is_acceptable,
    is_hello,
    payload_end,
    split,
)
from frazil.dtls.role import DtlsRole
from frazil.dtls.state import Cause, transport_machine
from frazil.dtls.witness import Witness
from frazil.errors import InvalidStateError, RTCErrorDetail
from frazil.run import Run
from frazil.states.enums import RTCDtlsTransportState as State
from frazil.trace import Trace

_NEW: Final = State.NEW
_CONNECTING: Final = State.CONNECTING
_CONNECTED: Final = State.CONNECTED
_CLOSED: Final = State.CLOSED
_ENDED: Final = frozenset({State.FAILED, _CLOSED})
_FLIGHT_TYPES: Final = frozenset({ContentType.HANDSHAKE, ContentType.CHANGE_CIPHER_SPEC})
_TRACED_TYPES: Final = _FLIGHT_TYPES | {ContentType.ALERT}


class DtlsEndpoint:
    """A DTLS 1.2 endpoint that trusts exactly the certificates signalling vouched for.

    Args:
        certificate: Who we are.
        role: Which side of the handshake we play.
        remote_fingerprints: What signalling says about the peer's certificate.
        trace: Where decisions are recorded and bad input is counted.
        config: Timers and sizes.
        name: Names this transport in state changes.
        make_engine: Makes the DTLS implementation.

    Attributes:
        events: What :meth:`poll_events` will return.

    ``connected`` means: the handshake is complete *and* a fingerprint vouches for the peer. No
    payload is opened or sealed in any other state.
    """

    __slots__ = (
        "_config",
        "_deadline_at",
        "_engine",
        "_machine",
        "_outbox",
        "_started_at",
        "_trace",
        "_witness",
        "events",
        "role",
    )

    def __init__(
        self,
        certificate: Certificate,
        role: DtlsRole,
        remote_fingerprints: Sequence[Fingerprint],
        trace: Trace,
        *,
        config: DtlsConfig | None = None,
        name: str = "0",
        make_engine: EngineFactory = OpenSslEngine,
    ) -> None:
        self.role = role
        self._config = config or DtlsConfig()
        self._trace = trace
        self._machine = transport_machine(name, trace)
        self._witness = Witness(remote_fingerprints)
        self._outbox = Outbox(self._config, trace)
        self._engine = make_engine(certificate, role, self._witness, self._config.mtu)
        self._started_at = 0.0
        self._deadline_at: float | None = None
        self.events: list[DtlsEvent] = []

    # What it is.

    @property
    def state(self) -> State:
        """The W3C transport state."""
        return self._machine.state

    @property
    def cipher(self) -> str | None:
        """The IANA name of the cipher suite while connected."""
        return self._engine.cipher if self.state is _CONNECTED else None

    @property
    def tls_version(self) -> str | None:
        """The version as W3C statistics write it, four hexadecimal digits, while connected."""
        return "FEFD" if self.state is _CONNECTED else None

    @property
    def awaits_peer(self) -> bool:
        """Whether the handshake has begun, and its clock waits for a sign that the peer is ready.

        That is :meth:`peer_ready`, or a record: the peer takes part.
        """
        return self._deadline_at is None and self.state is _CONNECTING

    # What it is told to do.

    def start(self, now: float, *, peer_is_ready: bool = True) -> None:
        """Begin the handshake: the client sends its first flight, the server waits for one.

        The clock of ``handshake_timeout_s`` starts on both sides. Does nothing if the handshake is
        under way or over: a server may have been started by an early ClientHello.

        Args:
            now: The instant.
            peer_is_ready: The peer knows whom to trust. One that has not seen our answer yet cannot
                go on (RFC 8842 5.2), and that is no failure: the clock waits for
                :meth:`peer_ready`, or for a record of the peer, while the flight is repeated as
                ever.

        Raises:
            InvalidStateError: The endpoint is closed or has failed.
        """
        if self.state in _ENDED:
            raise InvalidStateError(f"cannot start a DTLS endpoint that is {self.state}")
        if self.state is _NEW:
            text = f"the handshake starts; we are the {self.role}"
            if peer_is_ready:
                self._start_clock(now)
            else:
                text += ", and the peer may not have our description yet"
            self._begin(Cause.STARTED, text, now)
            self._advance(b"", now)

    def send(self, payloads: list[bytes]) -> None:
        """Seal each payload into a record of its own, to be fetched by :meth:`poll_runs`.

        Raises:
            InvalidStateError: The endpoint is not connected.
            ValueError: A payload is empty or above 16384 bytes.
        """
        self._require_connected()
        sizes: list[int] = []
        for payload in payloads:
            size = len(payload)
            if not 0 < size <= MAX_PLAINTEXT_SIZE:
                raise ValueError("a DTLS payload has 1 to 16384 bytes")
            sizes.append(size)
        if sizes:
            self._outbox.add_payloads(self._engine.seal(payloads), sizes)

    def export_keying_material(self, label: bytes, length: int) -> bytes:
        """Keys for another protocol on the same transport, SRTP for example (RFC 5705, RFC 5764).

        Raises:
            InvalidStateError: The endpoint is not connected.
        """
        self._require_connected()
        return self._engine.export_keying_material(label, length)

    def close(self, now: float) -> None:
        """Say goodbye to the peer if it can hear us, and be closed. Idempotent."""
        state = self.state
        if state is _CLOSED:
            return
        if state is _CONNECTED:
            self._engine.close()
            self._outbox.add_flight(self._engine.output(), now)
        elif state is _CONNECTING:
            # In plaintext, as OpenSSL seals none before the end of the handshake. A server that has
            # our Finished already will not heed it, and learns from ICE that we are gone.
            self._outbox.add_flight(encode_alert(AlertLevel.WARNING, Alert.CLOSE_NOTIFY), now)
        self._close(Cause.CLOSE, "the application closed the transport", now)

    # What comes in.

    def resembles(self, datagram: bytes) -> bool:
        """Whether the datagram looks like payload of this association; nothing is verified."""
        return self.state is _CONNECTED and payload_end([datagram], 0) == 1

    def receive(self, datagrams: list[bytes], now: float) -> list[bytes]:
        """Process datagrams; returns the payloads they carried, in order.

        Never raises on their content: what is malformed, was seen or does not verify is counted and
        dropped. The handshake advances as a side effect.
        """
        payloads: list[bytes] = []
        at = 0
        while at < len(datagrams):
            end = payload_end(datagrams, at)
            if end > at:
                is_whole = end - at == len(datagrams)
                batch = datagrams if is_whole else datagrams[at:end]
                self._receive_payload(batch, payloads, now)
                at = end
            else:
                self._receive_records(datagrams[at], payloads, now)
                at += 1
        return payloads

    def handle_timeout(self, now: float) -> None:
        """Repeat the last flight or give up, if it is time."""
        if self.state is not _CONNECTING:
            return
        if self._deadline_at is not None and now >= self._deadline_at:
            self._outbox.forget_flight()
            text = "the handshake did not finish in time"
            self._fail(Cause.HANDSHAKE_TIMEOUT, text, now, deadline_at=self._deadline_at)
        elif self._outbox.flight_due_at is not None and now >= self._outbox.flight_due_at:
            self._repeat_flight(now)

    def path_changed(self, now: float) -> None:
        """The path works again, or is another: a handshake under way gets its full time anew.

        Whoever lets the clock of an endpoint stand still calls this before it goes on.
        """
        if self.state is _CONNECTING:
            if not self.awaits_peer:
                self._start_clock(now)
            self._outbox.answer_repetition(now)  # unless the flight was sent just now

    def peer_ready(self, now: float) -> None:
        """The peer knows whom to trust: the clock of a handshake that waited for that starts."""
        if self.awaits_peer:
            self._start_clock(now)
            self._outbox.answer_repetition(now)

    # What goes out.

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` wants to be called; ``None`` outside the handshake."""
        if self.state is not _CONNECTING:
            return None
        return earlier(self._outbox.flight_due_at, self._deadline_at)

    def poll_runs(self) -> list[Run]:
        """The datagrams to send, in order; equal records stay in one buffer."""
        return self._outbox.drain()

    def poll_events(self) -> list[DtlsEvent]:
        """What happened since the last call."""
        events, self.events = self.events, []
        return events

    # Records.

    def _receive_payload(self, batch: list[bytes], payloads: list[bytes], now: float) -> None:
        """Open datagrams of one payload record each."""
        state = self.state
        if state is not _CONNECTED:
            if state in _ENDED:
                self._outbox.answer_repetition(now)
            else:
                self._trace.count("dtls-payload-unexpected")
            return
        before = len(payloads)
        self._open(batch, len(batch), payloads, now)
        if self._outbox.flight_due_at is not None and len(payloads) > before:
            self._outbox.forget_flight()

    def _receive_records(self, datagram: bytes, payloads: list[bytes], now: float) -> None:
        """Process a datagram that is anything but one record of payload."""
        records = self._accept(datagram)
        if not records:
            return
        if self.state is _NEW and self.role is DtlsRole.SERVER and is_hello(records[0]):
            self._start_clock(now)
            self._begin(Cause.CLIENT_HELLO_RECEIVED, "the peer began the handshake", now)
        if self.state is _NEW:
            self._trace.count("dtls-early")
        elif self.state not in _ENDED:
            if self.awaits_peer:
                self._start_clock(now)
            self._process(records, payloads, now)
        elif any(record.content_type != ContentType.ALERT for record in records):
            self._outbox.answer_repetition(now)

    def _accept(self, datagram: bytes) -> list[Record]:
        """The records of the datagram that may be looked into."""
        try:
            records = split(datagram)
        except RecordDecodeError:
            self._trace.count("dtls-malformed")
            return []
        accepted = [record for record in records if is_acceptable(record)]
        if len(accepted) < len(records):
            self._trace.count("dtls-unacceptable")
        return accepted

    def _process(self, records: list[Record], payloads: list[bytes], now: float) -> None:
        types = [each.content_type for each in records]
        if self.state is _CONNECTING:
            if not _TRACED_TYPES.isdisjoint(types):
                self._trace_flight(records, now)
            self._advance(
                b"".join([each.data for each in records if belongs_to_handshake(each)]), now
            )
        elif 0 in [each.epoch for each in records]:
            self._trace.count("dtls-handshake-late")  # anybody can have sent that
        if self.state is _CONNECTED:
            sealed = [each.data for each in records if each.epoch != 0]
            self._open(sealed, types.count(ContentType.APPLICATION_DATA), payloads, now)
        if self.state is not _CONNECTED:
            return
        if output := self._engine.output():
            self._outbox.add_flight(output, now)
        elif not _FLIGHT_TYPES.isdisjoint(types):
            self._outbox.answer_repetition(now)

    def _trace_flight(self, records: list[Record], now: float) -> None:
        self._trace.record(
            now,
            "dtls",
            "flight-received",
            type=ContentType(records[0].content_type).name.lower(),
            records=len(records),
            size=sum([len(record.data) for record in records]),
        )

    def _open(self, records: list[bytes], promised: int, payloads: list[bytes], now: float) -> None:
        """Open sealed records, of which so many claim to be payload; end if one says so."""
        due = len(payloads) + promised
        try:
            self._engine.open(records, payloads)
        except CloseNotifyReceived:
            self._engine.close()
            self._outbox.add_flight(self._engine.output(), now)
            self._close(Cause.CLOSE_NOTIFY_RECEIVED, "the peer closed the transport", now)
        except AssociationBrokenError as error:
            self._break(str(error), now)
        for _ in range(due - len(payloads)):
            self._trace.count("dtls-payload-unverified")

    # The handshake.

    def _start_clock(self, now: float) -> None:
        self._deadline_at = now + self._config.handshake_timeout_s

    def _begin(self, cause: Cause, text: str, now: float) -> None:
        self._started_at = now
        change = self._machine.move(cause, text, now, next_deadline_at=self._deadline_at)
        self.events.append(DtlsStateChanged(change))

    def _advance(self, records: bytes, now: float) -> None:
        """Let OpenSSL work on what arrived, send what it answers, and judge the outcome."""
        try:
            done = self._engine.handshake(records)
        except CloseNotifyReceived:
            self._outbox.forget_flight()
            text = "the peer closed the transport during the handshake"
            self._close(Cause.CLOSE_NOTIFY_RECEIVED, text, now)
            return
        except AssociationBrokenError as error:
            self._break(str(error), now)
            return
        self._outbox.add_flight(self._engine.output(), now)
        if done:
            self._connect(now)

    def _connect(self, now: float) -> None:
        if not self._witness.trusted:
            self._break("the peer showed no certificate", now)
            return
        if self.role is DtlsRole.CLIENT:
            # The server's last flight answers ours. Ours, as server, is answered by payload only.
            self._outbox.forget_flight()
        change = self._machine.move(
            Cause.HANDSHAKE_COMPLETED,
            "the handshake is complete and the peer's certificate is the one signalling promised",
            now,
            evidence=(("cipher", self._engine.cipher), ("duration_s", now - self._started_at)),
        )
        self.events.append(DtlsStateChanged(change, self._engine.remote_certificates))

    def _repeat_flight(self, now: float) -> None:
        if not self._outbox.flight_is_sealed:  # OpenSSL adds nothing, and gives up after minutes
            self._outbox.repeat_flight(now)
            return
        try:
            self._engine.retransmit()
        except AssociationBrokenError as error:
            self._break(str(error), now)
        else:
            self._outbox.repeat_flight(now, self._engine.output())

    # Ends.

    def _break(self, explanation: str, now: float) -> None:
        """The association is broken: tell the peer why if it is for us to tell, and fail."""
        witness = self._witness
        output = self._engine.output()
        if witness.trusted is False:
            # OpenSSL cannot be told which alert to send, and has chosen unknown_ca.
            witness.sent_alert = Alert.BAD_CERTIFICATE
            output = encode_alert(AlertLevel.FATAL, Alert.BAD_CERTIFICATE)
        self._outbox.forget_flight()
        self._outbox.add_flight(output, now)
        self._fail(*witness.explain(explanation), now)

    def _fail(self, cause: Cause, text: str, now: float, deadline_at: float | None = None) -> None:
        received, sent = self._witness.received_alert, self._witness.sent_alert
        change = self._machine.move(
            cause,
            text,
            now,
            evidence=(("received_alert", received), ("sent_alert", sent)),
            deadline_at=deadline_at,
        )
        is_impostor = cause is Cause.FINGERPRINT_MISMATCH
        detail = RTCErrorDetail.FINGERPRINT_FAILURE if is_impostor else RTCErrorDetail.DTLS_FAILURE
        failure = DtlsFailure(detail, text, received_alert=received, sent_alert=sent)
        self.events.append(DtlsStateChanged(change, failure=failure))

    def _close(self, cause: Cause, text: str, now: float) -> None:
        self.events.append(DtlsStateChanged(self._machine.move(cause, text, now)))

    def _require_connected(self) -> None:
        if self.state is not _CONNECTED:
            raise InvalidStateError(f"the DTLS transport is {self.state}, not connected")
