import base64
import hashlib
import hmac

import pytest

from frazil.turn import rest_credentials


def test_the_password_is_the_mac_of_the_username():
    username, password = rest_credentials("north", "alice", 1_800_000_000)
    assert username == "1800000000:alice"
    expected = hmac.new(b"north", b"1800000000:alice", hashlib.sha1).digest()
    assert base64.b64decode(password) == expected
    # openssl dgst -sha1 -hmac north -binary | base64
    assert password == "sIm7pn/teO7y3AyXGeXl/xAQR6Q="


def test_a_name_is_not_needed():
    assert rest_credentials("north", "", 7).username == "7"


def test_a_secret_is_needed():
    with pytest.raises(ValueError, match="secret is empty"):
        rest_credentials("", "alice", 7)
