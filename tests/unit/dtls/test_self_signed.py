"""The certificate is the one that cryptography's builder makes of the same facts."""

from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from frazil.dtls.self_signed import self_signed

KEYS = {
    "ecdsa": ec.generate_private_key(ec.SECP256R1()),
    "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
}
LAST_SECOND_OF_2049 = 2_524_607_999.0


def built(key, name, serial_number, valid_from, valid_to):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial_number)
        .not_valid_before(datetime.fromtimestamp(valid_from, UTC))
        .not_valid_after(datetime.fromtimestamp(valid_to, UTC))
        .sign(key, hashes.SHA256())
    )


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("serial_number", [1, 127, 128, 255, 256, (1 << 127) - 1])
@pytest.mark.parametrize(
    ("valid_from", "valid_to"),
    [
        (1_700_000_000.0, 1_702_592_000.75),
        (LAST_SECOND_OF_2049, LAST_SECOND_OF_2049 + 1),
        (LAST_SECOND_OF_2049 - 1, LAST_SECOND_OF_2049),
    ],
)
def test_it_says_what_the_builder_would_say(kind, serial_number, valid_from, valid_to):
    facts = (KEYS[kind], "0123456789abcdef", serial_number, valid_from, valid_to)
    ours, theirs = x509.load_der_x509_certificate(self_signed(*facts)), built(*facts)
    assert ours.tbs_certificate_bytes == theirs.tbs_certificate_bytes
    assert ours.signature_algorithm_oid == theirs.signature_algorithm_oid
    ours.verify_directly_issued_by(ours)


@pytest.mark.parametrize("size", [1, 100, 127, 128, 255, 256])
def test_lengths_of_every_form(size):
    """cryptography allows 64 characters of a name, DER does not care."""
    ours = x509.load_der_x509_certificate(self_signed(KEYS["ecdsa"], "x" * size, 1, 0.0, 1.0))
    with pytest.warns(UserWarning, match="64") if size > 64 else nullcontext():
        assert ours.subject.rfc4514_string() == f"CN={'x' * size}"
    ours.verify_directly_issued_by(ours)
