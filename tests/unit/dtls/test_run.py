import pytest
from hypothesis import given
from hypothesis import strategies as st

from frazil.dtls.run import runs_of

OVERHEAD = 37


def seal(sizes):
    return [bytes([n % 256]) * (size + OVERHEAD) for n, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "counts"),
    [
        ([100], [1]),
        ([100] * 5, [5]),
        ([100, 100, 40], [3]),
        ([100, 40, 40], [2, 1]),
        ([40, 100], [1, 1]),
        ([40, 100, 100, 3, 3, 100], [1, 3, 1, 1]),
        ([100, 40, 100], [2, 1]),
    ],
)
def test_equal_records_form_a_run_which_a_shorter_one_ends(sizes, counts):
    records = seal(sizes)
    runs = runs_of(b"".join(records), sizes)
    assert [len(run.datagrams()) for run in runs] == counts


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40))
def test_runs_cut_back_into_exactly_the_records(sizes):
    records = seal(sizes)
    runs = runs_of(b"".join(records), sizes)
    assert [datagram for run in runs for datagram in run.datagrams()] == records
