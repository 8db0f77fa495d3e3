import gc
from weakref import ref

import pytest

from frazil.aio.flush import Flush


class Owner:
    """As drivers are made: it has what calls it."""

    def __init__(self) -> None:
        self.flushes = 0
        self.flush = Flush(self.work)

    def work(self) -> None:
        self.flushes += 1


def test_calls_until_it_is_closed():
    owner = Owner()
    owner.flush()
    owner.flush()
    owner.flush.close()
    owner.flush()
    assert owner.flushes == 2


@pytest.mark.parametrize(("is_closed", "is_gone"), [(False, False), (True, True)])
def test_once_closed_it_keeps_nobody(is_closed, is_gone):
    owner = Owner()
    known, flush = ref(owner), owner.flush
    if is_closed:
        flush.close()
    gc.disable()
    try:
        del owner
        assert (known() is None) is is_gone
        flush()
    finally:
        gc.enable()
