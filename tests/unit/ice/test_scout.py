"""Payload from elsewhere is a hint: it buys a check, and only the answer counts."""

import pytest

from frazil.ice.config import SCOUT_INTERVAL_S
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

ELSEWHERE = ("203.0.113.7", 7777)


def connected() -> IcePeer:
    """One pair in use, which was heard two seconds ago."""
    peer = IcePeer()
    peer.validate(use_candidate=True)
    assert peer.states == ["new", "checking", "connected"]
    peer.requests.clear()
    peer.now += 2
    return peer


def hint(peer: IcePeer, remote=ELSEWHERE, local=LOCAL) -> list:
    """Payload came; the paths of the checks that follow."""
    before = len(peer.requests)
    peer.agent.passage.note_stray(local, remote, peer.now)
    peer.drain()
    return [(local, remote) for _, local, remote in peer.requests[before:]]


def answer(peer: IcePeer, path, **options) -> None:
    """The peer answers the check on ``path``."""
    entry = next(each for each in peer.requests if each[1:] == path)
    peer.requests.remove(entry)
    peer.receive(peer.response(entry[0], path[0], **options), *path)


def test_it_asks_there_and_on_the_pair_in_use():
    assert hint(connected()) == [(LOCAL, ELSEWHERE), (LOCAL, REMOTE)]


def test_nothing_is_asked_while_the_pair_in_use_talks():
    peer = connected()
    peer.agent.passage.note_authentic(LOCAL, REMOTE, peer.now)
    peer.now += 0.09
    assert hint(peer) == []
    peer.now += 0.02
    assert len(hint(peer)) == 2


def test_a_flood_of_hints_costs_one_check_in_an_interval():
    peer = connected()
    asked = []
    for number in range(1000):
        peer.now += 0.001
        asked += hint(peer, (f"203.0.113.{number % 250}", 1000 + number))
    elsewhere = [path for path in asked if path != (LOCAL, REMOTE)]
    assert len(elsewhere) == 1 / SCOUT_INTERVAL_S
    assert asked.count((LOCAL, REMOTE)) == 1
    assert len(peer.agent.pairs) == 1  # nothing is remembered of them


@pytest.mark.parametrize(
    "remote", [("203.0.113.7", 0), ("224.0.0.1", 5), ("0.0.0.0", 5), ("127.0.0.1", 5), ("::1", 5)]
)
def test_some_addresses_are_nobodys(remote):
    assert hint(connected(), remote) == []


def test_an_unknown_address_matters_only_at_the_socket_in_use():
    assert hint(connected(), local=LOCAL_2) == []


def test_without_a_pair_there_is_nothing_to_leave():
    peer = IcePeer()
    assert hint(peer) == []


def test_an_answer_from_there_is_taken_when_the_pair_in_use_stays_silent():
    peer = connected()
    hint(peer)
    answer(peer, (LOCAL, ELSEWHERE))
    assert peer.agent.path == (LOCAL, REMOTE)  # it may yet answer
    peer.run(0.29)
    assert peer.agent.path == (LOCAL, REMOTE)
    peer.run(0.02)
    assert peer.agent.path == (LOCAL, ELSEWHERE)
    assert not peer.agent.pair_in_use.nominated  # that is for the peer to say
    assert peer.states == ["new", "checking", "connected"]


def test_the_order_of_lateness_and_answer_does_not_matter():
    peer = connected()
    hint(peer)
    peer.run(0.4)
    answer(peer, (LOCAL, ELSEWHERE))
    assert peer.agent.path == (LOCAL, ELSEWHERE)


def test_a_pair_that_answers_is_not_left():
    peer = connected()
    hint(peer)
    answer(peer, (LOCAL, ELSEWHERE))
    answer(peer, (LOCAL, REMOTE))
    peer.run(2)
    assert peer.agent.path == (LOCAL, REMOTE)


@pytest.mark.parametrize("lie", [{"password": "wrong"}, {"signed": False}, {"error": 400}])
def test_only_an_authentic_answer_counts(lie):
    peer = connected()
    hint(peer)
    answer(peer, (LOCAL, ELSEWHERE), **lie)
    peer.run(2)
    assert peer.agent.path == (LOCAL, REMOTE)
    assert len(peer.agent.pairs) == 1


def test_the_controlling_side_nominates_where_the_peer_went():
    peer = IcePeer(RTCIceRole.CONTROLLING)
    peer.validate()
    peer.answer_all()
    assert peer.agent.pair_in_use.nominated
    peer.now += 2
    hint(peer)
    answer(peer, (LOCAL, ELSEWHERE))
    peer.run(0.31)
    assert peer.agent.path == (LOCAL, ELSEWHERE)
    checks = [each for each, _, remote in peer.requests if remote == ELSEWHERE]
    assert [bool(each.flag(Attribute.USE_CANDIDATE)) for each in checks] == [False, True]
