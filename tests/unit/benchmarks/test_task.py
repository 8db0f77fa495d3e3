from effort import FULL, QUICK
from task import Role, Task


def test_a_task_passes_through_json() -> None:
    task = Task(Role.SENDER, "flow", QUICK, {"sizes": [1, 2]})
    again = Task.from_json(task.to_json())
    assert again._replace(effort=QUICK) == task
    assert again.effort.round_trips == QUICK.round_trips


def test_the_quick_run_does_less_of_everything() -> None:
    for name, full in FULL._asdict().items():
        assert getattr(QUICK, name) < full, name
