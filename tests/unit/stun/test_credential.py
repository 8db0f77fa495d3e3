import hashlib
import hmac

import pytest

from frazil.stun import PasswordAlgorithm, keyed_mac, long_term_key, short_term_key, user_hash
from frazil.stun.credential import sign


def test_short_term_key_is_the_password():
    assert short_term_key("asd88fgpdd777uzjYhagZg") == b"asd88fgpdd777uzjYhagZg"
    assert short_term_key("a b~!") == b"a b~!"


def test_long_term_keys():
    joined = b"user:realm:pass"
    assert long_term_key("user", "realm", "pass") == hashlib.md5(joined).digest()
    assert (
        long_term_key("user", "realm", "pass", PasswordAlgorithm.SHA256)
        == hashlib.sha256(joined).digest()
    )


def test_other_spaces_become_spaces():
    assert short_term_key("a\u00a0b\u3000c") == b"a b c"


def test_text_is_normalized_to_form_c():
    assert short_term_key("e\u0301") == "é".encode()


def test_compatibility_characters_and_case_stay():
    assert short_term_key("Ⅸ\uff21") == "Ⅸ\uff21".encode()


@pytest.mark.parametrize(
    "password",
    [
        "",
        "tab\t",
        "nul\0",
        "del\x7f",
        "new\nline",
        "soft\u00adhyphen",
        "\u200d",
        "\ue000",
        "\ud800",
        "\u0378",
    ],
    ids=[
        "empty",
        "tab",
        "nul",
        "del",
        "newline",
        "soft hyphen",
        "joiner",
        "private",
        "surrogate",
        "unassigned",
    ],
)
def test_what_opaque_string_forbids_is_refused(password):
    with pytest.raises(ValueError, match="credentials"):
        short_term_key(password)
    with pytest.raises(ValueError, match="credentials"):
        long_term_key("user", "realm", password)
    with pytest.raises(ValueError, match="credentials"):
        long_term_key(password, "realm", "pass")


def test_user_hash_of_the_example_in_rfc_8489():
    username = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9"
    expected = "4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704"
    assert user_hash(username, "example.org").hex() == expected


def test_user_hash_of_what_opaque_string_forbids():
    with pytest.raises(ValueError, match="not empty"):
        user_hash("user", "")


@pytest.mark.parametrize("key", [b"pass", b"", b"longer than a block of the hash " * 3])
def test_a_signature_is_an_hmac_however_often_the_key_was_used(key):
    for covered in (b"first", b"second", b"first"):
        assert sign(key, covered) == hmac.digest(key, covered, "sha1")
        assert sign(key, covered, sha256=True) == hmac.digest(key, covered, "sha256")


def test_keys_are_not_kept_for_ever():
    first = keyed_mac(b"0")
    assert keyed_mac(b"0") is first
    for number in range(1, 300):
        keyed_mac(str(number).encode())
    assert keyed_mac(b"0") is not first
