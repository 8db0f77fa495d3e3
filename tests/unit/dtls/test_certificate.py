import random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from frazil.dtls.certificate import BACKDATE_S, DEFAULT_LIFETIME_S, Certificate, KeyKind
from frazil.dtls.fingerprint import fingerprint_of
from support.dtls_pair import WALL_NOW, make_certificate


def parsed(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.der)


def test_default_is_p256_for_thirty_days_from_the_given_time_of_day():
    certificate = make_certificate(7)
    x = parsed(certificate)
    key = x.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert certificate.kind is KeyKind.ECDSA
    assert certificate.expires_at == WALL_NOW + DEFAULT_LIFETIME_S
    assert x.not_valid_after_utc.timestamp() == certificate.expires_at
    assert x.not_valid_before_utc.timestamp() == WALL_NOW - BACKDATE_S
    assert x.issuer == x.subject


def test_rsa_has_2048_bits():
    certificate = make_certificate(7, KeyKind.RSA)
    key = parsed(certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048
    assert certificate.kind is KeyKind.RSA


def test_name_and_serial_number_come_from_the_random_source():
    first, again, other = (parsed(make_certificate(seed)) for seed in (1, 1, 2))
    assert first.serial_number == again.serial_number != other.serial_number
    assert first.subject == again.subject != other.subject
    assert first.public_key() != again.public_key()


@pytest.mark.parametrize("octet", [b"\x00", b"\xff"])
def test_serial_number_is_positive_and_short_enough_for_any_random_bytes(octet):
    certificate = Certificate.generate(lambda size: octet * size, WALL_NOW)
    assert 0 < parsed(certificate).serial_number < 1 << 159


def test_lifetime_cannot_be_negative():
    with pytest.raises(ValueError, match="before it was made"):
        Certificate.generate(random.Random(1).randbytes, WALL_NOW, lifetime_s=-1)


def test_fingerprint_is_of_the_der_bytes():
    certificate = make_certificate(7)
    assert certificate.fingerprint() == fingerprint_of(certificate.der, "sha-256")
    assert certificate.fingerprint("sha-512") == fingerprint_of(certificate.der, "sha-512")


def test_connections_share_the_context_and_not_the_certificate():
    one, other = make_certificate(7), make_certificate(8)
    connections = [certificate.new_connection() for certificate in (one, other)]
    assert len({connection.get_context() for connection in connections}) == 1
    assert [shown(each) for each in connections] == [one.der, other.der]


def test_a_certificate_of_several_connections_is_read_into_a_context_of_its_own():
    one, other = make_certificate(7), make_certificate(8)
    first, second, third = (one.new_connection() for _ in range(3))
    foreign = other.new_connection()
    assert second.get_context() is third.get_context()
    assert first.get_context() is foreign.get_context() is not second.get_context()
    assert [shown(each) for each in (first, second, third)] == [one.der] * 3
    assert shown(foreign) == other.der


def shown(connection: SSL.Connection) -> bytes:
    certificate = connection.get_certificate(as_cryptography=True)
    assert certificate is not None
    return certificate.public_bytes(Encoding.DER)
