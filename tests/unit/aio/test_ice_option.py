"""What the user may decide about gathering, and what is refused at once."""

import dataclasses

import pytest

import frazil
from frazil import IceOptions
from frazil.ice import IcePolicy


def test_options_are_public_keyword_only_and_frozen():
    assert "IceOptions" in frazil.__all__
    with pytest.raises(TypeError):
        IceOptions(True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        IceOptions().include_loopback = True


@pytest.mark.parametrize("name", ["include_loopback", "lite"])
def test_switches_are_off_and_bools(name):
    assert getattr(IceOptions(), name) is False
    with pytest.raises(TypeError, match=f"{name} must be a bool, not 1"):
        IceOptions(**{name: 1})


def test_the_policy_is_what_the_agent_needs():
    assert IceOptions().policy == IcePolicy()
    assert IceOptions(lite=True).policy == IcePolicy(lite=True)
