import pytest
from summary import Cell, number, summarize


def test_a_cell_is_median_range_and_the_median_of_the_ratios_of_each_round() -> None:
    samples = [{"x": 2.0}, {"x": 30.0}, {"x": 4.0}]
    baseline = [{"x": 1.0}, {"x": 10.0}, {"x": 1.0}]  # the machine was slow in the second round
    assert summarize(samples, baseline, "x") == Cell(4.0, 2.0, 30.0, 3.0)


def test_rounds_that_failed_on_either_side_have_no_ratio() -> None:
    samples = [{"x": 2.0}, None, {"x": 6.0}]
    baseline = [None, {"x": 1.0}, {"x": 2.0}]
    assert summarize(samples, baseline, "x") == Cell(4.0, 2.0, 6.0, 3.0)


def test_without_a_baseline_there_is_no_ratio() -> None:
    assert summarize([{"x": 2.0}], [], "x") == Cell(2.0, 2.0, 2.0, None)
    assert summarize([{"x": 2.0}], [{"x": 0.0}], "x") == Cell(2.0, 2.0, 2.0, None)


def test_nothing_measured_is_no_cell() -> None:
    assert summarize([None, {"y": 1.0}], [{"x": 1.0}], "x") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.50"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (99.94, "99.9"),
        (99.96, "100"),
        (12_345.6, "12,346"),
    ],
)
def test_numbers_have_three_digits_that_mean_something(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Cell(4.0, 2.0, 30.0, 3.0), "4.00 [2.00–30.0] (3.00×)"),
        (Cell(4.0, 4.0, 4.0, None), "4.00"),
        (Cell(4.0, 4.0, 4.0, 0.0123), "4.00 (0.012×)"),
        (Cell(4.0, 4.0, 4.0, 0.000123), "4.00 (0.00012×)"),
        (Cell(4.0, 4.0, 4.0, 12.34), "4.00 (12.3×)"),
    ],
)
def test_a_cell_says_no_more_than_it_knows(cell: Cell, text: str) -> None:
    assert str(cell) == text
