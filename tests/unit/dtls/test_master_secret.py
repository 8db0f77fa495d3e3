import pytest
from cryptography.hazmat.primitives.hashes import SHA256

from frazil.dtls.cipher_suite import CIPHER_SUITES
from frazil.dtls.master_secret import MasterSecret, prf

SECRET, CLIENT_RANDOM, SERVER_RANDOM = b"m" * 48, b"c" * 32, b"s" * 32
SUITE = CIPHER_SUITES["ECDHE-ECDSA-AES128-GCM-SHA256"]


@pytest.mark.parametrize("suite", CIPHER_SUITES.values(), ids=lambda suite: suite.name)
def test_the_key_block_is_cut_into_keys_and_ivs_without_any_for_a_mac(suite):
    secret = MasterSecret(SECRET, CLIENT_RANDOM, SERVER_RANDOM, suite)
    block = secret.key_block()
    parts = (block.client_key, block.server_key, block.client_iv, block.server_iv)
    assert list(map(len, parts)) == [suite.key_size] * 2 + [suite.iv_size] * 2
    seed = b"key expansion" + SERVER_RANDOM + CLIENT_RANDOM
    whole = prf(SECRET, seed, 2 * (suite.key_size + suite.iv_size), suite.hash_function)
    assert b"".join(parts) == whole


def test_exported_keys_follow_from_label_length_and_both_randoms():
    secret = MasterSecret(SECRET, CLIENT_RANDOM, SERVER_RANDOM, SUITE)
    expected = prf(SECRET, b"EXTRACTOR-dtls_srtp" + CLIENT_RANDOM + SERVER_RANDOM, 60, SHA256())
    assert secret.export(b"EXTRACTOR-dtls_srtp", 60) == expected
    assert secret.export(b"EXTRACTOR-dtls_srtp", 0) == b""


@pytest.mark.parametrize("label", [b"key expansion", b"master secret", b"client finished"])
def test_what_tls_keeps_secret_is_not_exported(label):
    secret = MasterSecret(SECRET, CLIENT_RANDOM, SERVER_RANDOM, SUITE)
    with pytest.raises(ValueError, match="for itself"):
        secret.export(label, 48)
