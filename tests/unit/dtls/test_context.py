"""Peers whose certificates are unusual, and what the context lets them negotiate."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from frazil.dtls.certificate import Certificate
from frazil.dtls.cipher_suite import CIPHER_SUITES
from frazil.dtls.context import build_context
from frazil.dtls.fingerprint import fingerprint_of
from frazil.states.enums import RTCDtlsTransportState as State
from support.dtls_pair import CERTIFICATES, CLIENT, SERVER, WALL_NOW, DtlsPair, make_certificate


class PeculiarCertificate:
    """A certificate whose connections have a context of their own, for a test to change."""

    def __init__(self, key, certificate):
        self.der = certificate.public_bytes(Encoding.DER)
        self.context = build_context()
        self.context.use_certificate(certificate)
        self.context.use_privatekey(key)

    @classmethod
    def make(cls, seed):
        made = make_certificate(seed)
        return cls(made._key, x509.load_der_x509_certificate(made.der))

    def new_connection(self):
        return SSL.Connection(self.context, None)

    def fingerprint(self):
        return fingerprint_of(self.der)


class OddCertificate(PeculiarCertificate):
    """A certificate that claims an X.509 version that does not exist, as some peers' do."""

    def __init__(self, tmp_path):
        honest = make_certificate(5)
        super().__init__(honest._key, x509.load_der_x509_certificate(honest.der))
        assert honest.der.count(bytes.fromhex("a003020102")) == 1
        self.der = honest.der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020103"))
        text = base64.encodebytes(self.der).decode()
        path = tmp_path / "odd.pem"
        path.write_text(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n")
        self.context.use_certificate_file(str(path))


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
    assert failure.text == "the association broke: peer did not return a certificate"
    assert failure.sent_alert == 40


@pytest.mark.parametrize("name", [name for name in CIPHER_SUITES if "ECDSA" in name])
def test_each_cipher_suite_on_offer_works(name):
    certificates = (PeculiarCertificate.make(6), CERTIFICATES[SERVER])
    certificates[CLIENT].context.set_cipher_list(name.encode())
    pair = DtlsPair(certificates=certificates).connect()
    assert pair.client.cipher == CIPHER_SUITES[name].name
    pair.client.send([b"one", b"three"])
    pair.flush()
    pair.run()
    assert pair.received[SERVER] == [b"one", b"three"]


def test_expired_certificates_do_not_matter():
    old = Certificate.generate(bytes, 1.0, lifetime_s=1.0)
    DtlsPair(certificates=(old, CERTIFICATES[SERVER])).connect()


@pytest.mark.parametrize("certificate", [make_certificate(9), Certificate.generate(bytes, 1.0)])
def test_a_certificate_is_read_once_however_much_openssl_finds_fault_with(monkeypatch, certificate):
    read = []

    def dump(kind, x509_object, dump=crypto.dump_certificate):
        read.append(dump(kind, x509_object))
        return read[-1]

    monkeypatch.setattr(crypto, "dump_certificate", dump)
    DtlsPair(certificates=(certificate, CERTIFICATES[SERVER])).connect()
    assert sorted(read) == sorted([certificate.der, CERTIFICATES[SERVER].der])


class IssuedCertificate(PeculiarCertificate):
    """A certificate issued by another one, which is sent along."""

    def __init__(self):
        root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root_name, leaf_name = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("root", "leaf")
        )
        now = datetime.fromtimestamp(WALL_NOW, UTC)

        def issue(subject, key):
            return (
                x509.CertificateBuilder()
                .subject_name(subject)
                .issuer_name(root_name)
                .public_key(key.public_key())
                .serial_number(7)
                .not_valid_before(now)
                .not_valid_after(now + timedelta(days=1))
                .sign(root_key, hashes.SHA256())
            )

        root, leaf = issue(root_name, root_key), issue(leaf_name, leaf_key)
        super().__init__(leaf_key, leaf)
        self.root_der = root.public_bytes(Encoding.DER)
        self.context.add_extra_chain_cert(root)


@pytest.mark.parametrize("side", [CLIENT, SERVER])
def test_a_chain_is_told_with_the_peers_own_certificate_first(side):
    issued = IssuedCertificate()
    certificates = list(CERTIFICATES)
    certificates[side] = issued
    pair = DtlsPair(certificates=certificates).connect()
    assert pair.events[1 - side][-1].remote_certificates == (issued.der, issued.root_der)


def test_the_fingerprint_of_an_issuer_vouches_for_nothing():
    issued = IssuedCertificate()
    pair = DtlsPair(
        certificates=(CERTIFICATES[CLIENT], issued),
        client_trusts=[fingerprint_of(issued.root_der)],
    )
    pair.start()
    pair.run()
    assert pair.states == (State.FAILED, State.FAILED)


def test_a_handshake_in_which_no_certificate_was_judged_does_not_connect():
    careless = PeculiarCertificate.make(8)
    careless.context.set_verify(SSL.VERIFY_NONE)
    pair = DtlsPair(certificates=(CERTIFICATES[CLIENT], careless))
    pair.start()
    pair.run()
    assert pair.server.state is State.FAILED
    text = "the association broke: the peer showed no certificate"
    assert pair.events[SERVER][-1].failure.text == text
