import pytest

from frazil.worker import memory
from frazil.worker.memory import COLLECT_EVERY, FREEZE_EVERY, Memory


@pytest.fixture
def calls(monkeypatch):
    """What was asked of the garbage collector."""
    calls = []
    for name in ("freeze", "unfreeze", "collect"):
        monkeypatch.setattr(memory.gc, name, lambda name=name: calls.append(name))
    return calls


LOOK = ["unfreeze", "collect", "freeze"]


def test_living_sessions_are_frozen_now_and_then(calls):
    policy = Memory()
    for _ in range(2 * FREEZE_EVERY + 1):
        policy.opened()
    assert calls == ["freeze", "freeze"]


def test_the_last_session_takes_the_garbage_along(calls):
    policy = Memory()
    for left in reversed(range(FREEZE_EVERY)):
        policy.ended(left)
    assert calls == LOOK
    policy.ended(0)
    assert calls == LOOK


def test_a_worker_that_is_never_idle_is_cleaned_seldom(calls):
    policy = Memory()
    for _ in range(COLLECT_EVERY - 1):
        policy.ended(1)
    assert calls == []
    policy.ended(1)
    assert calls == LOOK
