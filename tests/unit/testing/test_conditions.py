import math

import pytest

from frazil.testing import Conditions


def test_defaults_are_a_quick_perfect_link():
    conditions = Conditions()
    assert conditions.delay_s == 0.001
    assert (conditions.jitter_s, conditions.loss, conditions.duplication) == (0, 0, 0)
    assert (conditions.reordering, conditions.rate_bps) == (0, None)


@pytest.mark.parametrize("name", ["loss", "duplication", "reordering"])
@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_probabilities_are_probabilities(name, value):
    with pytest.raises(ValueError, match=f"{name} is a probability"):
        Conditions(**{name: value})


@pytest.mark.parametrize("name", ["delay_s", "jitter_s", "holdback_s", "queue_bytes"])
@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_quantities_are_finite_and_not_negative(name, value):
    with pytest.raises(ValueError, match=f"{name} cannot be"):
        Conditions(**{name: value})


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_rates_are_positive(value):
    with pytest.raises(ValueError, match="rate_bps cannot be"):
        Conditions(rate_bps=value)


@pytest.mark.parametrize("name", ["loss", "duplication", "reordering"])
@pytest.mark.parametrize("value", [0, 1])
def test_never_and_always_are_allowed(name, value):
    assert getattr(Conditions(**{name: value}), name) == value
