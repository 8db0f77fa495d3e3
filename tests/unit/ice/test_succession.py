"""Which pair takes over, by consent, by an answer, or by what the peer sends."""

import pytest

from frazil.ice.candidate import Candidate
from frazil.ice.config import IceConfig
from frazil.ice.credential import Credentials
from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.pair import CandidatePair, PairState
from frazil.ice.succession import heir_by_answer, heir_by_consent, heir_by_payload


def half(count: int) -> bytes:
    """A random source that always draws the middle."""
    return b"\x80" + bytes(count - 1)


def pair(local: str, remote: str, priority: int, answered_at: float | None) -> CandidatePair:
    """A pair that answered once, or never."""
    ours, theirs = (
        Candidate.from_line(f"candidate:{host} 1 udp {priority} {host} 5 typ host")
        for host in (local, remote)
    )
    made = CandidatePair(ours, theirs, True)
    made.consented_at = answered_at
    return made


class Bench:
    """Three pairs that answered at 100 s, 101 s and 102 s; the first is in use since 100 s."""

    def __init__(self) -> None:
        self.generation = Generation()
        self.generation.local = self.generation.remote = Credentials("ufrag", "p" * 22)
        self.used = pair("10.0.0.1", "192.0.2.1", 9, 100.0)
        self.same_base = pair("10.0.0.1", "192.0.2.2", 5, 101.0)
        self.other_base = pair("10.9.0.1", "192.0.2.1", 7, 102.0)
        for each in (self.used, self.same_base, self.other_base):
            self.generation.checklist.add(each)
            self.generation.checklist.mark(each, PairState.SUCCEEDED)
        self.used.round_trip.sample(0.1, 0.0)
        self.monitor = Monitor(self.used, IceConfig(), half, 100.0)

    def by_payload(self, candidate: CandidatePair, now: float, *, controlling: bool = True):
        return heir_by_payload(
            self.generation, self.monitor, candidate.key, now, 30.0, controlling=controlling
        )


def test_consent_decides_and_then_priority():
    bench = Bench()
    checklist = bench.generation.checklist
    checklist.remove(bench.used)
    assert heir_by_consent(bench.generation, 105.0, 30.0) is bench.other_base
    checklist.mark(bench.other_base, PairState.FAILED)
    assert heir_by_consent(bench.generation, 130.9, 30.0) is bench.same_base
    assert heir_by_consent(bench.generation, 131.0, 30.0) is None


def test_an_answer_counts_only_while_another_is_late():
    bench = Bench()
    assert heir_by_answer(bench.generation, bench.monitor) is None
    bench.monitor.note_check(103.0)
    assert heir_by_answer(bench.generation, bench.monitor) is None
    bench.monitor.note_check(103.4)
    assert heir_by_answer(bench.generation, bench.monitor) is bench.other_base
    bench.monitor.heard_at = 102.5  # but not an answer from before the last sign of life
    assert heir_by_answer(bench.generation, bench.monitor) is None


def test_an_answer_counts_only_since_the_pair_in_use_took_over():
    """That one may have been heard even before, if it took over unasked."""
    bench = Bench()
    bench.monitor = Monitor(bench.used, IceConfig(), half, 110.0, 100.0)
    for at in (110.0, 110.4):
        bench.monitor.note_check(at)
    assert heir_by_answer(bench.generation, bench.monitor) is None
    bench.same_base.consented_at = 110.5
    assert heir_by_answer(bench.generation, bench.monitor) is bench.same_base


def test_a_pair_that_is_lost_already_has_other_ways_to_be_left():
    bench = Bench()
    for at in (103.0, 103.4):
        bench.monitor.note_check(at)
    bench.monitor.declare_lost()
    assert heir_by_answer(bench.generation, bench.monitor) is None
    assert bench.by_payload(bench.other_base, 110.0) is None


def test_where_the_peer_sends_the_controlling_side_goes():
    bench = Bench()
    assert bench.by_payload(bench.other_base, 105.0) is bench.other_base
    assert bench.by_payload(bench.same_base, 105.0) is bench.same_base


def test_the_controlled_side_goes_only_where_the_peer_may_mean_the_same_pair():
    bench = Bench()
    assert bench.by_payload(bench.other_base, 105.0, controlling=False) is None
    assert bench.by_payload(bench.same_base, 105.0, controlling=False) is bench.same_base


@pytest.mark.parametrize(("heard_at", "follows"), [(104.95, False), (104.8, True)])
def test_not_while_the_pair_in_use_talks(heard_at, follows):
    bench = Bench()
    bench.monitor.note_heard(heard_at)
    assert (bench.by_payload(bench.other_base, 105.0) is not None) is follows


@pytest.mark.parametrize(("now", "follows"), [(101.25, False), (102.1, True)])
def test_stragglers_on_the_pair_before_change_nothing(now, follows):
    """A second, and as long as a round trip may take."""
    bench = Bench()
    assert (bench.by_payload(bench.same_base, now) is not None) is follows


def test_not_without_consent_and_not_to_an_unknown_pair():
    bench = Bench()
    assert bench.by_payload(bench.other_base, 133.0) is None
    assert bench.by_payload(pair("10.0.0.1", "192.0.2.9", 1, 104.0), 105.0) is None
