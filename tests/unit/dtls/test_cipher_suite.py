from frazil.dtls.cipher_suite import CIPHER_SUITES
from frazil.dtls.record import HEADER_SIZE, MAX_RECORD_OVERHEAD


def test_what_every_endpoint_must_have_comes_first():
    """RFC 8827 6.5."""
    first = next(iter(CIPHER_SUITES.values()))
    assert first.name == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"


def test_each_suite_is_there_for_both_kinds_of_certificate():
    ecdsa = [name for name in CIPHER_SUITES if "ECDSA" in name]
    assert [name.replace("ECDSA", "RSA") for name in ecdsa] == [
        name for name in CIPHER_SUITES if "RSA" in name
    ]


def test_what_a_record_grows_by_is_known():
    growth = {suite.name: suite.growth for suite in CIPHER_SUITES.values()}
    assert set(growth.values()) == {24, 16}
    assert growth["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"] == 16
    assert max(growth.values()) + HEADER_SIZE == MAX_RECORD_OVERHEAD
