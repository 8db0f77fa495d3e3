"""The engine of real connections: OpenSSL does the handshake, and we seal and open all the rest.

OpenSSL keeps some 65 kB for as long as its object lives, and to seal or open a record takes several
calls of it. So its keys are taken over when the handshake is complete, and the object goes.
"""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.dtls.alert import Alert, AlertLevel, alert_name
from frazil.dtls.certificate import Certificate
from frazil.dtls.engine import AssociationBrokenError, CloseNotifyReceived
from frazil.dtls.handshake import Handshake
from frazil.dtls.master_secret import MasterSecret
from frazil.dtls.protection import Control, Opener, Sealer
from frazil.dtls.record import ContentType
from frazil.dtls.role import DtlsRole
from frazil.dtls.witness import Witness

_HELLO_REQUEST: Final = b"\x00"
_CLIENT_HELLO: Final = b"\x01"
_BEGINNINGS: Final = frozenset({_HELLO_REQUEST, _CLIENT_HELLO})


@mypyc_attr(acyclic=True)
class OpenSslEngine:
    """The :class:`~frazil.dtls.engine.Engine` of every connection that is not a replay.

    Attributes:
        witness: What was learned of the peer's certificate, and of alerts.
        cipher: The IANA name of the cipher suite, once negotiated.
        remote_certificates: The peer's certificates in DER, its own first, once it is connected.
    """

    __slots__ = (
        "_handshake",
        "_opener",
        "_output",
        "_role",
        "_sealer",
        "_secret",
        "cipher",
        "remote_certificates",
        "witness",
    )

    _secret: MasterSecret
    _opener: Opener
    _sealer: Sealer

    def __init__(
        self, certificate: Certificate, role: DtlsRole, witness: Witness, mtu: int
    ) -> None:
        self.witness = witness
        self.cipher: str | None = None
        self.remote_certificates: tuple[bytes, ...] = ()
        self._role = role
        self._handshake: Handshake | None = Handshake(certificate, role, witness, mtu)
        self._output = b""

    # The handshake.

    def handshake(self, records: bytes) -> bool:
        """Work on records; returns whether the handshake is complete.

        Raises:
            CloseNotifyReceived: The peer gave up in an orderly way.
            AssociationBrokenError: A fatal alert was received or is in the output.
        """
        handshake = self._handshake
        if handshake is None:
            return True
        if not records and self._role is DtlsRole.SERVER:
            return False  # it is for the client to begin
        try:
            is_complete = handshake.advance(records)
        except (CloseNotifyReceived, AssociationBrokenError):
            self._handshake = None
            raise
        finally:
            self._output += handshake.output()
        if is_complete:
            self._take_over(handshake)
        return is_complete

    def retransmit(self) -> None:
        """Let OpenSSL seal its last flight anew if it is time by the wall clock.

        Raises:
            AssociationBrokenError: OpenSSL has repeated often enough for its taste.
        """
        handshake = self._handshake
        if handshake is not None:
            try:
                handshake.retransmit()
            finally:
                self._output += handshake.output()

    def _take_over(self, handshake: Handshake) -> None:
        """Make the keys of both directions, and let OpenSSL go.

        A server could need it once more: a client that lacks our last flight repeats its own. But
        that answer is in the outbox, and needs no new seal (:mod:`frazil.dtls.flight`).
        """
        suite = handshake.cipher_suite
        self.cipher = suite.name
        self.remote_certificates = handshake.remote_certificates
        self._secret = handshake.master_secret(suite)
        block = self._secret.key_block()
        client, server = block.of(DtlsRole.CLIENT), block.of(DtlsRole.SERVER)
        ours, theirs = (client, server) if self._role is DtlsRole.CLIENT else (server, client)
        self._sealer = Sealer(suite, *ours, handshake.last_sealed)
        self._opener = Opener(suite, *theirs)
        self._handshake = None

    # What follows it.

    def open(self, records: list[bytes], payloads: list[bytes]) -> None:
        """Append the payloads of sealed records; those that do not verify are passed over.

        Raises:
            CloseNotifyReceived: The peer says goodbye.
            AssociationBrokenError: The peer sent a fatal alert.
        """
        left = iter(records)
        while (control := self._opener.open(left, payloads)) is not None:
            self._heed(control)

    def seal(self, payloads: list[bytes]) -> bytes:
        """One record per payload, back to back, each longer by the same overhead."""
        return self._sealer.seal(ContentType.APPLICATION_DATA, payloads)

    def close(self) -> None:
        """Write close_notify. Only after a complete handshake."""
        self._write_alert(AlertLevel.WARNING, Alert.CLOSE_NOTIFY)

    def output(self) -> bytes:
        """The records that were written besides payload since the last call."""
        output, self._output = self._output, b""
        return output

    def export_keying_material(self, label: bytes, length: int) -> bytes:
        """Keys for another protocol (RFC 5705). Only after a complete handshake."""
        return self._secret.export(label, length)

    def _heed(self, control: Control) -> None:
        """Do what an authentic record asks for. Nothing is done about warnings, or flights of old.

        A new handshake is declined (RFC 5246 7.2.2): the peer must stay who it is.
        """
        content_type, content = control.content_type, control.content
        if content_type == ContentType.ALERT and len(content) == 2:
            level, code = content
            if code == Alert.CLOSE_NOTIFY:
                raise CloseNotifyReceived
            self.witness.note_alert(sent=False, level=level, code=code)
            if level == AlertLevel.FATAL:
                raise AssociationBrokenError(f"the peer sent the alert {alert_name(code)}")
        is_beginning = content_type == ContentType.HANDSHAKE and content[:1] in _BEGINNINGS
        if is_beginning and not self._output:  # one answer is enough, however many there are
            self._write_alert(AlertLevel.WARNING, Alert.NO_RENEGOTIATION)

    def _write_alert(self, level: AlertLevel, alert: Alert) -> None:
        self._output += self._sealer.seal(ContentType.ALERT, [bytes((level, alert))])
