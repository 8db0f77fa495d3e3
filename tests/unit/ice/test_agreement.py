import pytest

from frazil.ice.agreement import Agreement
from frazil.ice.candidate import Candidate
from frazil.ice.pair import CandidatePair


def pair(port: int) -> CandidatePair:
    local = Candidate.from_line("candidate:1 1 udp 100 10.0.0.1 1000 typ host")
    remote = Candidate.from_line(f"candidate:1 1 udp 100 192.0.2.1 {port} typ host")
    return CandidatePair(local, remote, True)


def reached(port: int = 5) -> tuple[Agreement, CandidatePair]:
    """What follows when the peer has answered our nomination."""
    agreement, agreed = Agreement(), pair(port)
    agreement.propose()
    agreement.confirm()
    agreement.reach(agreed, 7.0)
    return agreement, agreed


def test_before_anybody_nominates_there_is_nothing_to_doubt():
    agreement = Agreement()
    assert (agreement.pair, agreement.number, agreement.is_doubtful) == (None, 0, False)


def test_an_answer_settles_it():
    agreement, agreed = reached()
    assert agreement.pair is agreed
    assert (agreement.reached_at, agreement.number, agreement.is_doubtful) == (7.0, 1, False)


def test_a_pair_that_was_given_up_is_nominated_no_longer():
    agreement, first = reached()
    agreement.end()
    assert (agreement.pair, first.nominated) == (None, False)
    second = pair(6)
    agreement.reach(second, 8.0)
    assert (first.nominated, second.nominated) == (False, True)


def test_one_pair_at_a_time_is_the_nominated_one():
    agreement, first = reached()
    second = pair(6)
    agreement.reach(second, 8.0)
    assert (first.nominated, second.nominated, agreement.reached_at) == (False, True, 8.0)


def test_a_nomination_that_nobody_answers_leaves_a_doubt():
    agreement, agreed = reached()
    agreement.propose()
    assert agreement.pair is agreed
    assert agreement.is_doubtful
    agreement.confirm()
    assert not agreement.is_doubtful


def test_of_the_numbers_of_the_peer_the_highest_is_believed():
    agreement = Agreement()
    for number in (3, 5, 4, 0):
        agreement.believe(number)
    assert agreement.number == 5


@pytest.mark.parametrize(("other", "doubtful"), [(False, True), (True, False)])
def test_only_what_happens_to_the_pair_itself_is_a_reason_to_doubt(other, doubtful):
    agreement, agreed = reached()
    agreement.doubt(pair(6) if other else agreed)
    assert agreement.is_doubtful is doubtful
    assert agreement.pair is agreed


def test_after_a_doubt_the_same_is_to_be_confirmed_by_another_nomination():
    agreement, agreed = reached()
    agreement.doubt(agreed)
    agreement.propose()
    assert agreement.is_doubtful
    agreement.confirm()
    assert not agreement.is_doubtful


def test_a_new_role_counts_anew_and_doubts_even_before_the_first_nomination():
    agreement, agreed = reached()
    agreement.start_over()
    assert (agreement.number, agreement.is_doubtful) == (0, True)
    assert agreement.pair is agreed


def test_what_has_ended_is_nobody_s():
    agreement, _ = reached()
    agreement.end()
    assert agreement.pair is None
    assert not agreement.is_doubtful
