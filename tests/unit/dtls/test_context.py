"""Peers whose certificates are unusual, and what the context lets them negotiate."""

import base64

import pytest
from cryptography import x509
from OpenSSL import SSL

from frazil.dtls.certificate import Certificate
from frazil.dtls.context import CIPHER_NAMES
from frazil.dtls.fingerprint import fingerprint_of
from frazil.states.enums import RTCDtlsTransportState as State
from support.dtls_pair import CERTIFICATES, CLIENT, SERVER, DtlsPair, make_certificate


class OddCertificate:
    """A certificate that claims an X.509 version that does not exist, as some peers' do."""

    def __init__(self, tmp_path):
        honest = make_certificate(5)
        assert honest.der.count(bytes.fromhex("a003020102")) == 1
        self.der = honest.der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020103"))
        self.context = honest.context
        text = base64.encodebytes(self.der).decode()
        path = tmp_path / "odd.pem"
        path.write_text(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
        self.context.use_certificate_file(str(path))

    def fingerprint(self):
        return fingerprint_of(self.der)


@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_a_certificate_that_strict_parsers_refuse_is_hashed_all_the_same(tmp_path, side):
    odd = OddCertificate(tmp_path)
    with pytest.raises(x509.InvalidVersion):
        x509.load_der_x509_certificate(odd.der)
    certificates = list(CERTIFICATES)
    certificates[side] = odd
    pair = DtlsPair(certificates=certificates).connect()
    assert pair.events[1 - side][-1].remote_certificates == (odd.der,)


def test_a_peer_without_a_certificate_is_refused():
    anonymous = SSL.Context(SSL.DTLS_METHOD)
    anonymous.set_options(SSL.OP_NO_QUERY_MTU)
    client = SSL.Connection(anonymous, None)
    client.set_ciphertext_mtu(1200)
    client.set_connect_state()
    pair = DtlsPair()
    pair.server.start(0.0)
    for _ in range(2):
        with pytest.raises(SSL.WantReadError):
            client.do_handshake()
        pair.server.receive([client.bio_read(9999)], 0.0)
        for run in pair.server.poll_runs():
            client.bio_write(run.data)
    assert pair.server.state is State.FAILED
    failure = pair.server.poll_events()[-1].failure
    assert failure.text == "The association broke: peer did not return a certificate."
    assert failure.sent_alert == 40


@pytest.mark.parametrize("name", [name for name in CIPHER_NAMES if "ECDSA" in name])
def test_each_cipher_suite_on_offer_works(name):
    certificates = (make_certificate(6), CERTIFICATES[SERVER])
    certificates[CLIENT].context.set_cipher_list(name.encode())
    pair = DtlsPair(certificates=certificates).connect()
    assert pair.client.cipher == CIPHER_NAMES[name]
    pair.client.send([b"one", b"three"])
    pair.flush()
    pair.run()
    assert pair.received[SERVER] == [b"one", b"three"]


def test_expired_certificates_do_not_matter():
    old = Certificate.generate(bytes, 1.0, lifetime_s=1.0)
    DtlsPair(certificates=(old, CERTIFICATES[SERVER])).connect()
