import hashlib

import pytest

from frazil.dtls.fingerprint import PREFERENCE, Fingerprint, fingerprint_of, matches

DER = b"not even X.509"
OTHER = b"another certificate"


def test_value_is_colon_separated_upper_case_hex():
    expected = ":".join(f"{byte:02X}" for byte in hashlib.sha256(DER).digest())
    assert fingerprint_of(DER) == Fingerprint("sha-256", expected)
    assert fingerprint_of(DER).value == expected


def test_spelling_does_not_matter_for_equality():
    assert Fingerprint("SHA-256", "ab:cd") == Fingerprint("sha-256", "AB:CD")


def test_unknown_algorithm_is_refused():
    with pytest.raises(ValueError, match="md5"):
        fingerprint_of(DER, "md5")


@pytest.mark.parametrize("algorithm", PREFERENCE)
def test_every_known_algorithm_matches_alone(algorithm):
    assert matches(DER, [fingerprint_of(DER, algorithm)])
    assert not matches(DER, [fingerprint_of(OTHER, algorithm)])


def test_one_of_several_with_the_same_hash_suffices():
    assert matches(DER, [fingerprint_of(OTHER), fingerprint_of(DER)])


def test_a_weaker_hash_does_not_make_up_for_a_wrong_preferred_one():
    zeroed = Fingerprint("sha-256", ":".join(["00"] * 32))
    assert not matches(DER, [zeroed, fingerprint_of(DER, "sha-1"), fingerprint_of(DER, "sha-512")])


def test_unknown_algorithms_are_skipped():
    assert matches(DER, [Fingerprint("sha3-256", "00"), fingerprint_of(DER)])


def test_nothing_vouches_for_nothing():
    assert not matches(DER, [])
    assert not matches(DER, [Fingerprint("md5", hashlib.md5(DER).hexdigest())])


@pytest.mark.parametrize("value", ["", "é", "00" * 32, ":"])
def test_odd_values_do_not_match_and_do_not_raise(value):
    assert not matches(DER, [Fingerprint("sha-256", value)])
