"""A DTLS peer that is OpenSSL alone: it seals, opens and repeats by itself."""

from collections.abc import Sequence

from cryptography import x509
from OpenSSL import SSL

from frazil.dtls import DtlsEndpoint, DtlsRole
from frazil.dtls.certificate import Certificate
from frazil.states.enums import RTCDtlsTransportState as State
from frazil.trace import Trace
from support.dtls_pair import CERTIFICATES, CLIENT, SERVER

_FLIGHTS = 8
"""More than a handshake has."""


class OpenSslPeer:
    """One end, in the role that ours has not, and ours.

    Attributes:
        connection: OpenSSL's end.
        endpoint: Ours.
        trace: Of ours.
        sent: What ours has sent.
    """

    def __init__(
        self,
        role: DtlsRole,
        *,
        ciphers: str | None = None,
        srtp_profile: bytes | None = None,
        certificates: Sequence[Certificate] = CERTIFICATES,
    ) -> None:
        is_client = role is DtlsRole.CLIENT
        theirs = certificates[CLIENT if is_client else SERVER]
        self.connection = SSL.Connection(_context(theirs, ciphers, srtp_profile), None)
        self.connection.set_ciphertext_mtu(1200)
        self.trace = Trace()
        self.sent: list[bytes] = []
        self.endpoint = DtlsEndpoint(
            certificates[SERVER if is_client else CLIENT],
            DtlsRole.SERVER if is_client else DtlsRole.CLIENT,
            [theirs.fingerprint()],
            self.trace,
        )
        if is_client:
            self.connection.set_connect_state()
        else:
            self.connection.set_accept_state()

    def connect(self) -> "OpenSslPeer":
        """Let both shake hands."""
        self.endpoint.start(0.0)
        for _ in range(_FLIGHTS):
            self.hear(self.poll())
            self.handshake()
            self.tell(self.output(), 0.0)
        assert self.endpoint.state is State.CONNECTED
        return self

    # OpenSSL's end.

    def handshake(self) -> bool:
        """Let OpenSSL go on with its handshake; returns whether it has done."""
        try:
            self.connection.do_handshake()
        except SSL.WantReadError:
            return False
        return True

    def hear(self, datagrams: Sequence[bytes]) -> None:
        """Hand datagrams to OpenSSL."""
        for datagram in datagrams:
            self.connection.bio_write(datagram)

    def seal(self, payload: bytes) -> bytes:
        """The record in which OpenSSL sends a payload."""
        self.connection.send(payload)
        return self.output()

    def output(self) -> bytes:
        """What OpenSSL wants to send."""
        try:
            return self.connection.bio_read(65536)
        except SSL.WantReadError:
            return b""

    def open(self, datagrams: Sequence[bytes]) -> list[bytes]:
        """The payloads that OpenSSL finds in datagrams."""
        payloads = []
        for datagram in datagrams:
            self.connection.bio_write(datagram)
            try:
                while True:
                    payloads.append(self.connection.recv(65536))
            except SSL.WantReadError:
                pass
        return payloads

    # Ours.

    def poll(self) -> list[bytes]:
        """What our end wants to send."""
        datagrams = [each for run in self.endpoint.poll_runs() for each in run.datagrams()]
        self.sent += datagrams
        return datagrams

    def tell(self, datagram: bytes, now: float) -> list[bytes]:
        """Let a datagram arrive at our end; returns its payloads."""
        return self.endpoint.receive([datagram] if datagram else [], now)


def _context(
    certificate: Certificate, ciphers: str | None, srtp_profile: bytes | None
) -> SSL.Context:
    """One that trusts everybody and knows nothing of ours."""
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_options(SSL.OP_NO_QUERY_MTU)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    context.use_certificate(x509.load_der_x509_certificate(certificate.der))
    context.use_privatekey(certificate._key)
    if ciphers is not None:
        context.set_cipher_list(ciphers.encode())
    if srtp_profile is not None:
        context.set_tlsext_use_srtp(srtp_profile)
    return context
