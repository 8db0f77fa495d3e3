import sys

import harness
import pytest
from effort import QUICK, Effort
from metric import Column, Metric, Sample
from process import WorkerError, find_version
from runtime import PYTHON, Runtime, RuntimeMissingError
from stack import CHROMIUM, STACKS, Stack

ABSENT = Stack("absent", "stack_absent", "absent-package")


def metric(measure, **options: object) -> Metric:
    return Metric("name", "Title", (Column("x", "X"),), measure, **options)


def test_the_stacks_take_turns_within_each_round() -> None:
    order = []

    def measure(stack: Stack, effort: Effort) -> Sample:
        order.append(stack.name)
        return {"x": float(len(order))}

    stacks = STACKS[:2]
    results = harness.take_rounds(metric(measure), stacks, QUICK._replace(rounds=2))
    assert order == [stack.name for stack in stacks] * 2
    assert results.samples[stacks[1].name] == [{"x": 2.0}, {"x": 4.0}]
    assert results.failures == {}


def test_a_metric_may_ask_for_fewer_rounds_and_other_subjects() -> None:
    order = []
    one = metric(
        lambda stack, effort: order.append(stack.name) or {},
        rounds=1,
        subjects=lambda stacks: stacks[:1],
    )
    harness.take_rounds(one, STACKS, QUICK._replace(rounds=5))
    assert order == [STACKS[0].name]


def test_a_measurement_that_fails_is_told_and_the_others_go_on() -> None:
    def measure(stack: Stack, effort: Effort) -> Sample:
        if stack is STACKS[0]:
            raise WorkerError("it hung")
        return {"x": 1.0}

    results = harness.take_rounds(metric(measure), STACKS[:2], QUICK)
    assert results.samples == {STACKS[0].name: [None], STACKS[1].name: [{"x": 1.0}]}
    assert results.failures == {STACKS[0].name: ["it hung"]}


def test_a_stack_that_is_not_installed_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(harness, "STACKS", (ABSENT,))
    here, missing = harness.find_stacks([], "")
    assert here == {}
    assert missing == {
        ABSENT: "ModuleNotFoundError: No module named 'stack_absent' (pip install absent-package)"
    }


def test_without_a_network_of_its_own_a_stack_that_needs_one_is_not_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(harness, "STACKS", (CHROMIUM,))
    assert harness.find_stacks([], "no right") == ({}, {CHROMIUM: "no right"})


def test_a_runtime_that_cannot_be_made_ready_says_why() -> None:
    def refuse() -> None:
        raise RuntimeMissingError("no compiler")

    stack = ABSENT._replace(runtime=PYTHON._replace(prepare=refuse))
    with pytest.raises(WorkerError, match="no compiler"):
        find_version(stack)


def test_a_runtime_that_is_not_installed_is_named() -> None:
    stack = ABSENT._replace(runtime=Runtime(("no-such-program",), "apt-get install", False))
    with pytest.raises(WorkerError, match="no-such-program is not installed"):
        find_version(stack)


def test_a_worker_that_ends_without_a_word_is_quoted() -> None:
    script = "import sys; sys.exit('what it complained about')"
    stack = ABSENT._replace(runtime=Runtime((sys.executable, "-c", script), "", False))
    with pytest.raises(WorkerError, match="what it complained about"):
        find_version(stack)
