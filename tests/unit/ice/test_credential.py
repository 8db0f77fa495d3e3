import random

import pytest

from frazil.ice import Credentials
from frazil.ice.credential import is_ice_chars


def test_generated_credentials_have_the_entropy_that_the_rfc_asks_for():
    credentials = Credentials.generate(random.Random(1).randbytes)
    assert is_ice_chars(credentials.ufrag, 4)
    assert len(credentials.ufrag) * 6 >= 24
    assert is_ice_chars(credentials.password, 22)
    assert len(credentials.password) * 6 >= 128


def test_all_64_characters_are_used():
    source = random.Random(2).randbytes
    used = {char for _ in range(200) for char in Credentials.generate(source).password}
    assert len(used) == 64


def test_the_key_is_the_password_as_opaque_string():
    assert Credentials("user", "pass word").key == b"pass word"
    assert Credentials("user", "pass\N{NO-BREAK SPACE}word").key == b"pass word"
    assert Credentials("user", "e\N{COMBINING ACUTE ACCENT}").key == "é".encode()


def test_the_password_is_not_shown():
    credentials = Credentials("user", "topsecrettopsecrettopsecret")
    assert "secret" not in repr(credentials)
    assert "user" in repr(credentials)


@pytest.mark.parametrize(
    ("ufrag", "password"),
    [
        ("", "p" * 22),
        ("u:v", "p" * 22),
        ("u" * 257, "p" * 22),
        ("é" * 129, "p" * 22),
        ("user", ""),
        ("user", "pass\x00word"),
        ("user", "pass\nword"),
    ],
)
def test_credentials_that_no_check_could_carry(ufrag, password):
    with pytest.raises(ValueError, match=r"."):
        Credentials(ufrag, password)


@pytest.mark.parametrize(
    ("text", "shortest", "expected"),
    [
        ("abcd", 4, True),
        ("abc", 4, False),
        ("ab+/", 4, True),
        ("ab-d", 4, False),
        ("a" * 256, 4, True),
        ("a" * 257, 4, False),
        ("abcé", 4, False),
    ],
)
def test_ice_chars(text, shortest, expected):
    assert is_ice_chars(text, shortest) is expected
