import gc
import json
from pathlib import Path

import count
import pytest
from codepath import count_paths
from tally import Tally, tally

ONE = Tally(100, 3, 2)


def test_a_tally_repeats_to_the_digit() -> None:
    assert count_paths() == count_paths()


def test_more_work_counts_more() -> None:
    def work(times: int) -> int:
        return sum(one * one for one in range(times))

    few, many = tally(lambda: work(10)), tally(lambda: work(20))
    assert many.instructions >= few.instructions + 10
    assert many.calls == few.calls + 10  # each resumption of the generator is one


def test_only_c_that_is_called_by_the_path_is_foreign() -> None:
    assert tally(lambda: None).foreign == 0
    assert tally(lambda: len("x")).foreign == 1


def test_the_garbage_of_others_is_not_counted() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None: ...

    Cycle()
    assert tally(lambda: list(map(list, [()] * 10_000))).calls == 1
    assert gc.isenabled()


def test_the_ratio_is_to_the_reference_and_what_is_new_or_gone_is_told() -> None:
    counted = {"kept": Tally(150, 4, 2), "added": ONE}
    assert count.table(counted, {"kept": ONE, "lost": ONE}).splitlines()[2:] == [
        "| kept | 150 | 4 | 2 | 1.500× |",
        "| added | 100 | 3 | 2 | new |",
        "| lost | gone | | | |",
    ]


def test_references_of_other_versions_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "REFERENCE", tmp_path / "count.json")
    assert count.read_reference("3.11") == {}
    count.write_reference("3.12", {"a": ONE})
    count.write_reference("3.11", {"a": ONE, "b": Tally(1, 2, 3)})
    count.write_reference("3.11", {"b": Tally(1, 2, 3)})
    assert count.read_reference("3.12") == {"a": ONE}
    assert count.read_reference("3.11") == {"b": Tally(1, 2, 3)}
    assert list(json.loads(count.REFERENCE.read_text())) == ["3.11", "3.12"]
