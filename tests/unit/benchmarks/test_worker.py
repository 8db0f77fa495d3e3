"""The jobs with real processes on loopback; that they end and agree, not how long they take."""

import sys

import pytest
from effort import QUICK
from process import find_version, run_alone, run_pair
from runtime import Runtime
from stack import FRAZIL

import frazil

TINY = QUICK._replace(
    connections=2,
    warm_up_s=0.0,
    count_s=0.01,
    round_trips=20,
    crowd=(1, 2),
    volumes=(100_000, 200_000),
    rest_s=0.0,
    idle_s=0.01,
    upkeep_s=0.01,
    growth_s=1e9,
)


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHMARK_ADDRESS", "127.0.0.1")


def test_the_version_is_told() -> None:
    assert find_version(FRAZIL).startswith(frazil.__version__)


def test_a_remark_of_a_library_is_no_result() -> None:
    program = """print('sctp ERROR: 12:00 gave up', '[1]', '{"result": 7}', sep=chr(10))"""
    talkative = FRAZIL._replace(runtime=Runtime((sys.executable, "-c", program), "", False))
    assert run_alone("connect", talkative, TINY) == 7


def test_milestones_are_reached_in_their_order() -> None:
    sample = run_alone("connect", FRAZIL, TINY)
    assert 0 < sample["ice_ms"] <= sample["connected_ms"] <= sample["open_ms"] <= sample["p95_ms"]
    assert sample["cpu_ms"] > 0


def test_a_flow_of_each_size_is_counted_at_both_ends() -> None:
    sent, received = run_pair("flow", FRAZIL, TINY, sizes=[1000, 10])
    assert len(sent) == len(received) == 2
    assert all(per_s > 0 and cpu_s > 0 for per_s, cpu_s in (*sent, *received))


def test_every_round_trip_comes_back() -> None:
    sender, echo = run_pair("roundtrip", FRAZIL, TINY)
    assert 0 < sender["p50_us"] <= sender["p99_us"]
    assert echo["cpu_us"] > 0


def test_stages_of_growth_are_counted_one_by_one() -> None:
    stages, *_ = run_alone("crowd", FRAZIL, TINY)
    assert len(stages) == 2
    sender, receiver = run_pair("volume", FRAZIL, TINY)
    assert len(sender) == len(receiver) == 2
