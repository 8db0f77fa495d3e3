import pytest
from percentile import percentile


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 5), (51, 6), (95, 10), (100, 10)])
def test_nearest_rank(percent: int, value: int) -> None:
    assert percentile(range(1, 11), percent) == value


def test_one_sample_is_every_percentile() -> None:
    assert [percentile([7], percent) for percent in (0, 50, 99, 100)] == [7] * 4
