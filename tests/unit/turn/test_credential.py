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


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((b"north", "alice", 7), "secret must be a string"),
        (("north", None, 7), "name must be a string, not None"),
        (
            ("north", "alice", 7.5),
            r"expires_at must be an int such as int\(time.time\(\)\) \+ 3600",
        ),
    ],
)
def test_the_types_of_the_arguments(arguments, complaint):
    with pytest.raises(TypeError, match=complaint):
        rest_credentials(*arguments)
