"""The operations chain (webrtc-pc 4.4.1.2)."""

import pytest

from frazil.errors import InvalidStateError
from frazil.peer.chain import OperationChain
from frazil.peer.event import OperationSettled
from frazil.peer.operation import Operation
from frazil.peer.task import TaskQueue


class Fixture:
    def __init__(self) -> None:
        self.tasks = TaskQueue()
        self.emptied = 0
        self.chain = OperationChain(self.tasks, self._on_empty)
        self.log: list[str] = []

    def _on_empty(self) -> None:
        assert self.chain.is_empty
        self.emptied += 1

    def body(self, name: str, steps: int = 1, error: Exception | None = None):
        self.log.append(f"{name} starts")
        for step in range(steps):
            now = yield
            self.log.append(f"{name} step {step} at {now:g}")
        if error:
            raise error
        return name


def test_first_operation_starts_inside_the_call_and_settles_in_a_task() -> None:
    f = Fixture()
    operation = f.chain.add(f.body("a"))
    assert f.log == ["a starts"]
    assert not operation.is_settled
    with pytest.raises(RuntimeError, match="pending"):
        operation.result()
    assert f.tasks.run(1.0) == [OperationSettled(operation)]
    assert operation.result() == "a"
    assert f.emptied == 1


def test_second_operation_starts_when_the_first_has_left() -> None:
    f = Fixture()
    first, second = f.chain.add(f.body("a", 2)), f.chain.add(f.body("b"))
    assert f.log == ["a starts"]
    assert f.tasks.run(1.0) == []
    assert f.tasks.run(2.0) == [OperationSettled(first)]
    assert f.log == ["a starts", "a step 0 at 1", "a step 1 at 2", "b starts"]
    assert f.emptied == 0
    assert f.tasks.run(3.0) == [OperationSettled(second)]
    assert f.emptied == 1


def test_error_before_the_first_wait_is_there_on_return() -> None:
    f = Fixture()
    operation = f.chain.add(f.body("a", 0, ValueError("no")))
    assert operation.is_settled
    with pytest.raises(ValueError, match="no"):
        operation.result()
    assert len(f.tasks) == 0
    assert f.emptied == 1


def test_synchronous_error_behind_another_operation_settles_in_its_task() -> None:
    f = Fixture()
    first = f.chain.add(f.body("a"))
    second = f.chain.add(f.body("b", 0, ValueError("no")))
    assert not second.is_settled
    assert f.tasks.run(1.0) == [OperationSettled(first), OperationSettled(second)]
    assert isinstance(second.error, ValueError)


def test_rejection_does_not_stop_the_chain() -> None:
    f = Fixture()
    f.chain.add(f.body("a", 1, ValueError()))
    last = f.chain.add(f.body("b"))
    f.tasks.run(0.0)
    f.tasks.run(0.0)
    assert last.result() == "b"


def test_thousands_of_failing_operations_need_no_stack() -> None:
    f = Fixture()
    f.chain.add(f.body("a"))
    operations = [f.chain.add(f.body("b", 0, ValueError())) for _ in range(5000)]
    f.tasks.run(0.0)
    assert all(each.is_settled for each in operations)
    assert f.emptied == 1


def test_closing_leaves_operations_pending_for_ever() -> None:
    f = Fixture()
    running, waiting = f.chain.add(f.body("a")), f.chain.add(f.body("b"))
    f.chain.close()
    f.tasks.run(0.0)
    assert not running.is_settled
    assert not waiting.is_settled
    assert f.log == ["a starts"]
    late = f.chain.add(f.body("c"))
    assert isinstance(late.error, InvalidStateError)
    assert "c starts" not in f.log


def test_rejected_operation_is_settled_from_the_start() -> None:
    operation: Operation[None] = Operation.rejected(TypeError("x"))
    assert operation.is_settled
    with pytest.raises(TypeError, match="x"):
        operation.result()
