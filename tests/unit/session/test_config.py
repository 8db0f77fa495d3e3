import pytest

from frazil.session.config import SessionConfig


def test_every_part_has_its_class():
    with pytest.raises(TypeError, match=r"ice must be of the class IceConfig, not {'pacing_s': 1}"):
        SessionConfig(ice={"pacing_s": 1})
    with pytest.raises(TypeError, match="relay_patience_s must be a number, not None"):
        SessionConfig(relay_patience_s=None)
    with pytest.raises(TypeError, match="snap must be a bool, not 1"):
        SessionConfig(snap=1)
