import pytest

from frazil.dtls.config import DtlsConfig


@pytest.mark.parametrize(
    "values",
    [
        {"mtu": 255},
        {"handshake_timeout_s": 0},
        {"retransmit_initial_s": 0},
        {"retransmit_initial_s": 2, "retransmit_max_s": 1},
    ],
)
def test_nonsense_is_refused(values):
    with pytest.raises(ValueError, match=r"DTLS|retransmission|handshake"):
        DtlsConfig(**values)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [("mtu", "1200", "a whole number"), ("handshake_timeout_s", None, "a number")],
)
def test_what_has_the_wrong_type_is_named(name, value, kind):
    with pytest.raises(TypeError, match=f"^{name} must be {kind}, not {value!r}$"):
        DtlsConfig(**{name: value})


def test_whole_numbers_are_numbers():
    assert DtlsConfig(handshake_timeout_s=20).handshake_timeout_s == 20
