import random

from frazil.peer.stats import StatsType
from frazil.peer.stats_id import StatsIds


def ids(seed: int) -> StatsIds:
    return StatsIds(random.Random(seed).randbytes)


def test_the_same_object_keeps_its_name():
    names = ids(1)
    assert names.of(StatsType.TRANSPORT, "0") == names.of(StatsType.TRANSPORT, "0")


def test_other_objects_have_other_names():
    names = ids(1)
    parts = [(), ("0",), ("1",), (0,), ("0", "0"), (("a", 1),), ("a", 1)]
    given = {names.of(kind, *each) for kind in StatsType for each in parts}
    assert len(given) == len(StatsType) * len(parts)


def test_two_connections_name_equal_things_differently():
    assert ids(1).of(StatsType.TRANSPORT, "0") != ids(2).of(StatsType.TRANSPORT, "0")


def test_nothing_is_drawn_before_there_is_something_to_name():
    def refuse(size: int) -> bytes:
        raise AssertionError

    StatsIds(refuse)
