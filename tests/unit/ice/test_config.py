import pytest

from frazil.ice import IceConfig


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("disconnected_after_s", "8", "a number"),
        ("check_sends", "8", "a whole number"),
        ("check_sends", 7.5, "a whole number"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(name, value, what):
    with pytest.raises(TypeError, match=f"{name} must be {what}, not {value!r}"):
        IceConfig(**{name: value})


def test_timers_fit_each_other():
    with pytest.raises(ValueError, match="0 < probe_after_s < disconnected_after_s"):
        IceConfig(disconnected_after_s=2)
