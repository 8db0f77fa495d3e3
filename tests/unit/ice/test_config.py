import pytest

from frazil.ice import IceConfig


@pytest.mark.parametrize("name", ["disconnected_after_s", "check_sends"])
def test_what_is_no_number_is_named(name):
    with pytest.raises(TypeError, match=f"{name} must be a number, not '8'"):
        IceConfig(**{name: "8"})


def test_timers_fit_each_other():
    with pytest.raises(ValueError, match="0 < probe_after_s < disconnected_after_s"):
        IceConfig(disconnected_after_s=2)
