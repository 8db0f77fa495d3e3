"""One OpenSSL connection over memory BIOs, and all that is peculiar about driving it.

OpenSSL draws its own random numbers and, for its own retransmission timer, reads the wall clock.
The latter only matters when real time passes: see :meth:`OpenSslEngine.retransmit`.
"""

from collections.abc import Sequence

from OpenSSL import SSL, crypto

from frazil.dtls.certificate import Certificate
from frazil.dtls.context import CIPHER_NAMES
from frazil.dtls.engine import AssociationBrokenError, CloseNotifyReceived
from frazil.dtls.payload import payload_path
from frazil.dtls.record import MAX_RECORD_OVERHEAD
from frazil.dtls.role import DtlsRole
from frazil.dtls.witness import Witness

_OUTPUT_SIZE = 65536


class OpenSslEngine:
    """The :class:`~frazil.dtls.engine.Engine` of every connection that is not a replay.

    Attributes:
        witness: What OpenSSL reported by callback.
    """

    __slots__ = ("_connection", "_payload", "witness")

    def __init__(
        self, certificate: Certificate, role: DtlsRole, witness: Witness, mtu: int
    ) -> None:
        self.witness = witness
        self._connection = certificate.new_connection()
        self._connection.set_app_data(witness)
        self._connection.set_ciphertext_mtu(mtu)
        self._payload = payload_path(self._connection)
        if role is DtlsRole.CLIENT:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def feed(self, records: bytes) -> None:
        """Hand over whole records, at most ``MAX_FEED_SIZE`` bytes, to be read out next."""
        self._payload.feed(records)

    def handshake(self) -> bool:
        """Work on what was fed; returns whether the handshake is complete.

        Raises:
            CloseNotifyReceived: The peer gave up in an orderly way.
            AssociationBrokenError: A fatal alert was received or is in the output.
        """
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.ZeroReturnError:
            raise CloseNotifyReceived from None
        except SSL.Error as error:
            raise AssociationBrokenError(_explain(error)) from None
        return True

    def open(self, count: int, payloads: list[bytes]) -> None:
        """Append up to ``count`` opened payloads; records that do not verify are skipped silently.

        Asking for exactly as many as were fed avoids the exception by which OpenSSL says that there
        are no more, which costs as much as opening a record.

        Raises:
            CloseNotifyReceived: The peer says goodbye.
            AssociationBrokenError: A fatal alert was received or is in the output.
        """
        try:
            self._payload.open(count, payloads)
        except SSL.WantReadError:
            return
        except SSL.ZeroReturnError:
            raise CloseNotifyReceived from None
        except SSL.Error as error:
            raise AssociationBrokenError(_explain(error)) from None

    def seal(self, payloads: Sequence[bytes]) -> bytes:
        """One record per payload, back to back, each longer by the same overhead."""
        size = sum(map(len, payloads)) + MAX_RECORD_OVERHEAD * len(payloads)
        return self._payload.seal(payloads, size)

    def retransmit(self) -> None:
        """Let OpenSSL seal its last flight anew if it is time by the wall clock: after a second.

        Foreign servers need this: when their last flight is lost they repeat it only for a Finished
        with a number they have not seen, and OpenSSL alone can seal one.

        Raises:
            AssociationBrokenError: OpenSSL has repeated often enough for its taste.
        """
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise AssociationBrokenError(_explain(error)) from None

    def close(self) -> None:
        """Write close_notify. Only after a complete handshake."""
        self._connection.shutdown()

    def output(self) -> bytes:
        """The records OpenSSL has written by itself since the last call."""
        try:
            return self._connection.bio_read(_OUTPUT_SIZE)
        except SSL.WantReadError:
            return b""

    def export_keying_material(self, label: bytes, length: int) -> bytes:
        """Keys for another protocol (RFC 5705). Only after a complete handshake."""
        return self._connection.export_keying_material(label, length)

    @property
    def cipher(self) -> str | None:
        """The IANA name of the cipher suite, once negotiated."""
        name = self._connection.get_cipher_name()
        return None if name is None else CIPHER_NAMES[name]

    @property
    def remote_certificates(self) -> tuple[bytes, ...]:
        """The peer's certificates in DER, its own first."""
        leaf = self.witness.certificate
        if leaf is None:
            return ()
        # OpenSSL's chain holds the leaf on a client and lacks it on a server.
        chain = self._connection.get_peer_cert_chain() or []
        others = [crypto.dump_certificate(crypto.FILETYPE_ASN1, each) for each in chain]
        return (leaf, *[der for der in others if der != leaf])


def _explain(error: SSL.Error) -> str:
    """The words of OpenSSL's error queue, for example ``"no shared cipher"``."""
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(dict.fromkeys(entry[-1] for entry in queue)) or "OpenSSL gave no reason"
