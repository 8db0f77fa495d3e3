"""A handshake by OpenSSL over memory BIOs, and all that is peculiar about driving it.

OpenSSL draws its own random numbers and, for its own retransmission timer, reads the wall clock.
The latter only matters when real time passes: see :meth:`Handshake.retransmit`.
"""

from collections.abc import Iterable
from typing import Final

from OpenSSL import SSL, crypto

from frazil.dtls.certificate import Certificate
from frazil.dtls.cipher_suite import CIPHER_SUITES, CipherSuite
from frazil.dtls.engine import AssociationBrokenError, CloseNotifyReceived
from frazil.dtls.master_secret import MasterSecret
from frazil.dtls.protection import Opener
from frazil.dtls.record import HEADER_SIZE, ContentType, Record, split
from frazil.dtls.role import DtlsRole
from frazil.dtls.witness import Witness

_OUTPUT_SIZE: Final = 65536
_ALERT: Final = " alert "
"""OpenSSL calls the alerts of a peer ``tlsv1 alert unknown ca`` and the like."""
_ALERT_SIZE: Final = 2


class Handshake:
    """One OpenSSL connection, which takes tens of kilobytes: to be dropped when it has done.

    Args:
        certificate: Who we are.
        role: Which side of the handshake we play.
        witness: Is told the peer's certificate, and alerts.
        mtu: The size of our datagrams.

    Attributes:
        last_sealed: The last record of the output that was sealed; empty if there was none.
    """

    __slots__ = ("_connection", "_role", "_witness", "last_sealed")

    def __init__(
        self, certificate: Certificate, role: DtlsRole, witness: Witness, mtu: int
    ) -> None:
        self._role = role
        self._witness = witness
        self._connection = certificate.new_connection()
        self._connection.set_app_data(witness)
        self._connection.set_ciphertext_mtu(mtu)
        if role is DtlsRole.CLIENT:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()
        self.last_sealed = b""

    def advance(self, records: bytes) -> bool:
        """Work on records; returns whether the handshake is complete.

        Args:
            records: Whole ones, at most ``MAX_DATAGRAM_SIZE`` bytes; none for a client to begin.

        Raises:
            CloseNotifyReceived: The peer gave up in an orderly way.
            AssociationBrokenError: A fatal alert was received or is in the output.
        """
        if records:
            self._connection.bio_write(records)
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.ZeroReturnError:
            raise CloseNotifyReceived from None
        except SSL.Error as error:
            text = _explain(error)
            if _ALERT in text:
                self._note_alerts(split(records), sent=False)
            raise AssociationBrokenError(text) from None
        return True

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

    def output(self) -> bytes:
        """The records that OpenSSL has written since the last call."""
        try:
            data = self._connection.bio_read(_OUTPUT_SIZE)
        except SSL.WantReadError:
            return b""
        records = split(data)
        for record in records:
            if record.epoch != 0:
                self.last_sealed = record.data
        self._note_alerts(records, sent=True)
        return data

    def _note_alerts(self, records: Iterable[Record], *, sent: bool) -> None:
        """Tell the witness of alerts that end the handshake. Those of a peer are plain.

        OpenSSL would call for each, but for each of the many steps of a handshake as well.
        """
        for record in records:
            if record.content_type == ContentType.ALERT:
                is_plain = record.epoch == 0
                alert = record.data[HEADER_SIZE:] if is_plain else self._open_own(record)
                if len(alert) == _ALERT_SIZE:
                    self._witness.note_alert(sent=sent, level=alert[0], code=alert[1])

    def _open_own(self, record: Record) -> bytes:
        """What OpenSSL has sealed: all that a client sends after its last flight."""
        suite = self.cipher_suite
        opener = Opener(suite, *self.master_secret(suite).key_block().of(self._role))
        control = opener.open(iter((record.data,)), [])
        return b"" if control is None else control.content

    # What came of it, once it is complete.

    @property
    def cipher_suite(self) -> CipherSuite:
        """What was agreed on."""
        name = self._connection.get_cipher_name()
        assert name is not None
        return CIPHER_SUITES[name]

    def master_secret(self, suite: CipherSuite) -> MasterSecret:
        """What all keys of the suite that was agreed on follow from."""
        connection = self._connection
        secret = connection.master_key()
        ours, theirs = connection.client_random(), connection.server_random()
        assert secret is not None
        assert ours is not None
        assert theirs is not None
        return MasterSecret(secret, ours, theirs, suite)

    @property
    def remote_certificates(self) -> tuple[bytes, ...]:
        """The peer's certificates in DER, its own first."""
        leaf = self._witness.certificate
        if leaf is None:
            return ()
        chain = self._connection.get_peer_cert_chain() or []
        # OpenSSL's chain begins with the leaf on a client and lacks it on a server.
        others = chain[1:] if self._role is DtlsRole.CLIENT else chain
        return (leaf, *[crypto.dump_certificate(crypto.FILETYPE_ASN1, each) for each in others])


def _explain(error: SSL.Error) -> str:
    """The words of OpenSSL's error queue, for example ``"no shared cipher"``."""
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(dict.fromkeys(entry[-1] for entry in queue)) or "OpenSSL gave no reason"
