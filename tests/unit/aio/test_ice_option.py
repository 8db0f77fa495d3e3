"""What the user may decide about gathering, and what is refused at once."""

import dataclasses

import pytest

import frazil
from frazil import IceOptions


def test_options_are_public_keyword_only_and_frozen():
    assert "IceOptions" in frazil.__all__
    with pytest.raises(TypeError):
        IceOptions(True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        IceOptions().include_loopback = True


def test_include_loopback_is_a_bool():
    assert IceOptions().include_loopback is False
    with pytest.raises(TypeError, match="include_loopback must be a bool, not 1"):
        IceOptions(include_loopback=1)
