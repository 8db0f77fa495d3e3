"""What a client before this one left behind on the server."""

from random import Random

import pytest

from frazil.stun import ErrorCode, MessageClass, Method
from frazil.turn import TurnClient, TurnState
from frazil.turn.allocation import RECLAIM_PAUSE_S
from support.turn_pair import DELAY_S, TurnPair, config, seen

ROUND_TRIP_S = 2 * DELAY_S


def left_behind(*, reclaims=True):
    """The server keeps an allocation, and the client that made it is gone."""
    pair = TurnPair()
    pair.allocate()
    assert pair.client.may_linger
    source = Random(2).randbytes
    pair.client = TurnClient(config(), source, pair.trace, name="1", reclaims=reclaims)
    pair.client.allocate(pair.now)
    return pair


def test_what_is_left_behind_is_given_back_and_asked_for_anew():
    pair = left_behind()
    old = set(pair.open_relays)
    pair.run(10)
    assert pair.kinds() == ["Allocated"]
    took_s = pair.events[0][0] - 1.0
    assert took_s == pytest.approx(RECLAIM_PAUSE_S + 4 * ROUND_TRIP_S)
    assert len(pair.open_relays) == 1
    assert pair.open_relays.isdisjoint(old)
    assert pair.client.may_linger


def test_what_is_somebody_elses_is_left_alone():
    pair = left_behind(reclaims=False)
    old = set(pair.open_relays)
    pair.run(10)
    assert [(type(each).__name__, each.code) for _, each in pair.events] == [
        ("AllocationFailed", 437)
    ]
    assert pair.open_relays == old
    assert not pair.client.may_linger


@pytest.mark.parametrize("closes", [False, True])
def test_what_was_granted_unheard_before_the_nonce_was_stale_is_ours(closes):
    """The grant is lost, and what is sent again gets another transaction with another nonce."""
    pair = TurnPair()
    pair.service.nonce_lifetime_s = 0.3
    grant = (Method.ALLOCATE, MessageClass.SUCCESS)
    pair.loses = lambda data: pair.now < 0.1 and seen(data) == grant
    pair.client.allocate(pair.now)
    pair.run(0.2)
    (unheard,) = pair.open_relays
    if closes:
        pair.client.close(pair.now)
    pair.run(10)
    assert pair.kinds() == ["Closed" if closes else "Allocated"]
    assert len(pair.open_relays) == 1 - closes
    assert unheard not in pair.open_relays


def test_it_is_given_back_once():
    pair = left_behind()
    pair.service.refusals[Method.ALLOCATE] = ErrorCode(437, "Allocation Mismatch")
    pair.run(60)
    assert [each.code for _, each in pair.events] == [437]
    assert len(pair.requests(Method.REFRESH)) == 1
    assert not pair.client.may_linger


@pytest.mark.parametrize("code", [437, 441, 500])
def test_a_server_that_does_not_give_it_up_is_asked_all_the_same(code):
    pair = left_behind()
    pair.service.refusals_in_turn[Method.ALLOCATE] = [ErrorCode(437, "Allocation Mismatch")]
    pair.service.refusals[Method.REFRESH] = ErrorCode(code, "No")
    pair.service.forget_allocations()
    pair.run(10)
    assert pair.kinds() == ["Allocated"]


def test_a_server_that_falls_silent_meanwhile():
    pair = left_behind()
    pair.run(2.5 * ROUND_TRIP_S)
    assert pair.requests(Method.REFRESH)
    pair.service.silent = True
    pair.run(60)
    assert pair.kinds() == ["AllocationFailed"]
    assert pair.client.may_linger


@pytest.mark.parametrize("round_trips", [0.5, 1.5, 2.5, 3.5])
def test_closing_meanwhile_leaves_nothing(round_trips):
    pair = left_behind()
    pair.run(round_trips * ROUND_TRIP_S)
    pair.client.close(pair.now)
    pair.run(60)
    assert pair.kinds() == ["Closed"]
    assert pair.client.state is TurnState.CLOSED
    assert pair.client.next_timeout() is None
    assert pair.open_relays == set()
    assert not pair.client.may_linger


def test_a_refusal_while_it_closes_says_nothing_of_what_was_left_behind():
    pair = left_behind()
    pair.service.refusals[Method.ALLOCATE] = ErrorCode(486, "Quota Reached")
    pair.client.close(pair.now)
    pair.run(60)
    assert pair.client.state is TurnState.CLOSED
    assert pair.client.may_linger


# --- whether something may be left behind -----------------------------------------------------


def test_what_was_given_back_is_not():
    pair = TurnPair()
    pair.allocate()
    pair.client.close(pair.now)
    assert pair.client.may_linger
    pair.run(1)
    assert not pair.client.may_linger


def test_what_nobody_heard_of_may_be():
    pair = TurnPair()
    pair.allocate()
    pair.service.silent = True
    pair.client.close(pair.now)
    pair.run(60)
    assert pair.client.may_linger


def test_what_was_asked_for_without_an_answer_may_be():
    pair = TurnPair()
    pair.service.silent = True
    pair.client.allocate(0.0)
    pair.run(60)
    assert pair.client.state is TurnState.FAILED
    assert pair.client.may_linger


def test_what_the_server_forgot_or_refused_is_not():
    pair = TurnPair()
    pair.allocate()
    pair.service.forget_allocations()
    pair.client.confirm(pair.now)
    pair.run(1)
    assert pair.client.state is TurnState.FAILED
    assert not pair.client.may_linger
    pair = TurnPair()
    pair.service.quota = 0
    pair.client.allocate(0.0)
    pair.client.close(0.0)
    pair.run(60)
    assert pair.client.state is TurnState.CLOSED
    assert not pair.client.may_linger
