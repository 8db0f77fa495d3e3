import pytest

from frazil.turn import RelayFamily, RelayProtocol, TurnConfig


def test_defaults():
    config = TurnConfig("user", "password")
    assert config.lifetime_s == 600
    assert config.family is RelayFamily.IPV4
    assert config.accepts_redirect
    assert config.protocol is RelayProtocol.UDP
    assert not config.is_reliable
    assert TurnConfig("user", "password", protocol=RelayProtocol.TLS).is_reliable


def test_the_password_is_not_shown():
    assert "hunter2" not in repr(TurnConfig("user", "hunter2"))


@pytest.mark.parametrize(("username", "password"), [("", "x"), ("x", ""), ("a\0b", "x")])
def test_credentials_that_cannot_be(username, password):
    with pytest.raises(ValueError, match="credentials"):
        TurnConfig(username, password)


def test_the_longest_username():
    TurnConfig("ü" * 254, "x")
    with pytest.raises(ValueError, match="508 bytes"):
        TurnConfig("ü" * 254 + "x", "x")


@pytest.mark.parametrize("lifetime_s", [0, -1, 1 << 32])
def test_lifetimes_that_cannot_be(lifetime_s):
    with pytest.raises(TypeError, match="lifetime_s"):
        TurnConfig("user", "password", lifetime_s=lifetime_s)
