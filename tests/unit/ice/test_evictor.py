"""What is learned of candidates is bounded at a time, and not for as long as a generation lasts."""

from collections.abc import Sequence

import pytest

from frazil.ice import Candidate, CandidatePair, TcpType
from frazil.ice.config import (
    MAX_LOCAL_PEER_REFLEXIVE,
    MAX_PAIRS,
    MAX_REMOTE_CANDIDATES,
    MAX_REMOTE_PEER_REFLEXIVE,
    SCOUT_INTERVAL_S,
)
from frazil.ice.pair import PairState
from frazil.states.enums import RTCIceRole
from frazil.types import Address
from support.ice_pair import IcePair
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

A, B = ("10.0.0.1", 1000), ("10.0.0.2", 2000)
LONG_S = 45.0
"""Consent is over, and a check that nobody answered has been given up."""


def public(number: int) -> Address:
    return ("192.0.2.1", 10_000 + number)


def moved(mover: str) -> IcePair:
    """Two ends, one of which a NAT has moved three times as often as may be remembered at a time.

    The other one never moves, and the peer's checks alone show where it is.
    """
    pair = IcePair()
    side = getattr(pair, mover)
    private = side.addresses[0]
    side.nat[private] = public(0)
    pair.negotiate()
    pair.run(5)
    for number in range(1, 1 + 3 * MAX_REMOTE_PEER_REFLEXIVE):
        side.nat[private] = public(number)
        pair.run(LONG_S)
        assert pair.agrees, number
    assert pair.a.agent.state == pair.b.agent.state == "completed"
    return pair


@pytest.mark.parametrize("mover", ["a", "b"])
def test_a_peer_is_followed_however_often_a_nat_moves_it(mover):
    pair = moved(mover)
    for side in pair.sides:
        (generation,) = side.agent.generations
        assert len(generation.remote_candidates) <= 1 + MAX_REMOTE_PEER_REFLEXIVE
        assert len(generation.local_candidates) <= 1 + MAX_LOCAL_PEER_REFLEXIVE
        assert len(generation.checklist) <= 1 + MAX_REMOTE_PEER_REFLEXIVE


@pytest.mark.parametrize("mover", ["a", "b"])
def test_the_end_that_is_moved_knows_where_it_is_however_often_that_happens(mover):
    pair = moved(mover)
    local = getattr(pair, mover).agent.selected_pair.local
    assert (local.address, local.type) == (public(3 * MAX_REMOTE_PEER_REFLEXIVE), "prflx")


# --- what gives way ---------------------------------------------------------------------------


LOCAL_3: Address = ("10.3.0.1", 1003)


def elsewhere(number: int) -> Address:
    return ("203.0.113.9", 7000 + number)


def full(role: RTCIceRole = RTCIceRole.CONTROLLED) -> IcePeer:
    """One pair in use, learned first, and as many others as there is room for, long given up."""
    peer = IcePeer(role)
    peer.validate(use_candidate=True)
    peer.answer_all()
    for number in range(1, MAX_REMOTE_PEER_REFLEXIVE):
        peer.check(LOCAL, elsewhere(number))
    peer.requests.clear()
    settle(peer)
    assert len(peer.agent.pairs) == MAX_REMOTE_PEER_REFLEXIVE
    return peer


def settle(peer: IcePeer) -> None:
    """Let checks be given up and consent end, but on the pair in use."""
    for _ in range(round(LONG_S)):
        peer.run(1)
        used = [each for each in peer.requests if each[1:] == peer.agent.path]
        peer.requests = used
        peer.answer_all()


def find(peer: IcePeer, number: int, local: Address = LOCAL) -> CandidatePair | None:
    (generation,) = peer.agent.generations
    return generation.checklist.find((local, elsewhere(number)))


def test_the_oldest_that_is_of_no_use_gives_way():
    peer = full()
    assert peer.check(LOCAL, elsewhere(100)) is not None
    assert find(peer, 100) is not None
    assert [find(peer, number) is None for number in range(1, 4)] == [True, False, False]
    assert peer.agent.path == (LOCAL, REMOTE)
    assert len(peer.agent.pairs) == MAX_REMOTE_PEER_REFLEXIVE


def test_no_more_than_needed_gives_way():
    peer = full()
    for _ in range(3):
        peer.check(LOCAL, elsewhere(2))
    assert find(peer, 1) is not None


def test_a_candidate_leaves_with_all_its_pairs():
    peer = full()
    peer.check(LOCAL_2, elsewhere(1))
    assert find(peer, 1, LOCAL_2) is not None
    settle(peer)
    peer.check(LOCAL, elsewhere(100))
    assert find(peer, 1) is find(peer, 1, LOCAL_2) is None


def answered(peer: IcePeer) -> None:
    peer.validate(LOCAL, elsewhere(1))


def checked(peer: IcePeer) -> None:
    peer.check(LOCAL, elsewhere(1))


def checked_at_another_base(peer: IcePeer) -> None:
    peer.check(LOCAL_2, elsewhere(1))


def barred(peer: IcePeer) -> None:
    """The peer has revoked its consent, which must not be forgotten (RFC 7675 5.1)."""
    peer.check(LOCAL, elsewhere(1))
    request, *way = next(each for each in peer.requests if each[1:] == (LOCAL, elsewhere(1)))
    peer.receive(peer.response(request, LOCAL, error=403), *way)
    settle(peer)


def agreed(peer: IcePeer) -> None:
    """Both ends agreed on it, and it has not answered for long."""
    (generation,) = peer.agent.generations
    pair = find(peer, 1)
    assert pair is not None
    generation.agreement.reach(pair, peer.now)


def pinned(peer: IcePeer) -> None:
    (generation,) = peer.agent.generations
    generation.pinned = find(peer, 1)


@pytest.mark.parametrize(
    "use", [answered, checked, checked_at_another_base, barred, agreed, pinned]
)
def test_one_that_is_of_use_stays(use):
    peer = full()
    use(peer)
    assert peer.check(LOCAL, elsewhere(100)) is not None
    assert find(peer, 1) is not None
    assert find(peer, 2) is None


def test_the_pair_in_use_stays_though_it_is_agreed_on_no_more():
    peer = full()
    agreed(peer)
    peer.requests.clear()
    peer.now += LONG_S  # its consent is over, and no clock has been looked at yet
    peer.receive(peer.request(), LOCAL, elsewhere(100))
    (generation,) = peer.agent.generations
    assert generation.checklist.find((LOCAL, REMOTE)) is not None
    assert find(peer, 1) is not None
    assert find(peer, 2) is None


def test_an_address_that_answers_finds_room_as_well():
    """Payload came from there, and the check that this brought was answered."""
    peer = full()
    peer.requests.clear()
    peer.run(4)
    peer.requests.clear()
    peer.agent.passage.note_stray(LOCAL, elsewhere(100), peer.now)
    peer.drain()
    (there,) = [each for each in peer.requests if each[2] == elsewhere(100)]
    peer.receive(peer.response(there[0], LOCAL), *there[1:])
    assert find(peer, 1) is None
    peer.run(1)
    assert peer.agent.path == (LOCAL, elsewhere(100))


# --- what is signalled ------------------------------------------------------------------------


BEST, WORST = 2130706431, 1


def line(number: int, host: str = "203.0.113.9", priority: int = BEST) -> Candidate:
    return Candidate.from_line(
        f"candidate:{number} 1 udp {priority} {host} {7000 + number} typ host"
    )


def signal(peer: IcePeer, *candidates: Candidate) -> None:
    peer.agent.add_remote_candidates(list(candidates), peer.now)
    peer.drain()


def crowded(*candidates: Candidate, addresses: Sequence[Address] = (LOCAL,)) -> IcePeer:
    """One pair in use, and candidates that never answered; nothing waits to be checked."""
    peer = IcePeer(addresses=addresses)
    peer.validate(use_candidate=True)
    peer.answer_all()
    signal(peer, *candidates)
    peer.requests.clear()
    for _ in range(5):  # a hundred pairs are not checked in less
        settle(peer)
    return peer


def known(peer: IcePeer) -> list[Address]:
    (generation,) = peer.agent.generations
    return [each.address for each in generation.remote_candidates.signalled]


@pytest.mark.parametrize("priority", [BEST, WORST], ids=["given up", "never to be checked"])
def test_a_peer_that_changes_networks_again_and_again_is_heard(priority):
    peer = crowded(*[line(n, priority=priority) for n in range(MAX_REMOTE_CANDIDATES)])
    signal(peer, line(100))
    assert known(peer) == [elsewhere(n) for n in (*range(1, MAX_REMOTE_CANDIDATES), 100)]
    assert find(peer, 100) is not None
    assert find(peer, 0) is None
    assert peer.agent.path == (LOCAL, REMOTE)


def test_candidates_make_room_for_pairs_as_well():
    """Forty of theirs and two of ours make eighty pairs, fifty a hundred."""
    peer = crowded(*[line(number) for number in range(40)], addresses=(LOCAL, LOCAL_2))
    signal(peer, *[line(number) for number in range(100, 120)])
    (generation,) = peer.agent.generations
    assert len(generation.checklist) <= MAX_PAIRS
    for number in range(100, 120):
        assert find(peer, number) is not None
        assert find(peer, number, LOCAL_2) is not None


def test_what_never_answered_goes_first():
    peer = IcePeer(addresses=(LOCAL,))
    peer.validate(use_candidate=True)
    peer.answer_all()
    standby = line(0)
    signal(peer, standby)
    peer.answer_all()
    signal(peer, *[line(number) for number in range(1, MAX_REMOTE_CANDIDATES)])
    peer.requests.clear()
    for _ in range(5):
        settle(peer)
    signal(peer, line(100), line(101))
    assert standby.address in known(peer)
    assert [elsewhere(number) in known(peer) for number in (1, 2, 3)] == [False, False, True]


def test_only_what_can_be_paired_takes_room():
    """Ours that lead elsewhere, or only wait for streams, want no places."""
    tcp = [((f"10.0.0.{n}", 1000), TcpType.PASSIVE) for n in range(1, 9)]
    peer = IcePeer(addresses=(LOCAL,), tcp=tcp)
    peer.validate(use_candidate=True)
    peer.answer_all()
    signal(peer, *[line(number) for number in range(45)])
    peer.requests.clear()
    for _ in range(5):
        settle(peer)
    (generation,) = peer.agent.generations
    for number in range(50):  # as if they had been learned and given up
        other = CandidatePair(
            next(iter(generation.local_candidates)), line(number, "198.51.100.9"), True
        )
        generation.checklist.add(other)
        generation.checklist.mark(other, PairState.FAILED)
    signal(peer, line(100))
    assert elsewhere(0) in known(peer)


def test_a_candidate_that_is_known_wants_no_room():
    peer = crowded(*[line(number) for number in range(MAX_REMOTE_CANDIDATES)])
    signal(peer, line(7, priority=WORST))
    assert known(peer) == [elsewhere(number) for number in range(MAX_REMOTE_CANDIDATES)]


def test_of_candidates_that_came_together_the_first_stay():
    peer = IcePeer()
    signal(peer, *[line(number) for number in range(MAX_REMOTE_CANDIDATES + 10)])
    assert known(peer) == [elsewhere(number) for number in range(MAX_REMOTE_CANDIDATES)]
    assert peer.trace.counters["ice-candidate-too-many"] == 10


def test_candidates_that_ours_had_no_time_to_be_paired_with_stay():
    peer = IcePeer(addresses=())
    generation = peer.agent.generations[0]
    generation.gathered = False
    signal(peer, *[line(number) for number in range(MAX_REMOTE_CANDIDATES + 1)])
    assert known(peer)[0] == elsewhere(0)


def test_what_cannot_be_paired_goes_only_where_candidates_are_too_many():
    other = line(0, "2001:db8::9")
    addresses = (LOCAL, LOCAL_2, LOCAL_3)
    peer = crowded(other, *[line(number) for number in range(33)], addresses=addresses)
    signal(peer, line(100))
    assert other.address in known(peer)
    assert elsewhere(0) not in known(peer)
    peer = crowded(other, *[line(number) for number in range(MAX_REMOTE_CANDIDATES - 1)])
    signal(peer, line(100))
    assert other.address not in known(peer)
    assert elsewhere(0) in known(peer)


def test_a_name_that_is_looked_up_stays():
    peer = IcePeer()
    peer.validate(use_candidate=True)
    peer.answer_all()
    signal(peer, *[line(number, f"name{number}.local") for number in range(50)])
    signal(peer, line(100))
    assert len(known(peer)) == 50
    assert elsewhere(100) not in known(peer)
    peer.agent.name_unresolved("name7.local", "nobody answers", peer.now)
    signal(peer, line(100))
    assert elsewhere(100) in known(peer)
    assert ("name7.local", 7007) not in known(peer)


def test_one_that_is_refused_is_still_known_from_its_checks():
    """It counts among the learned, so that these stay few as well."""
    peer = IcePeer()
    signal(peer, *[line(number) for number in range(MAX_REMOTE_CANDIDATES)])
    peer.check(LOCAL, elsewhere(100))
    signal(peer, line(100))
    (generation,) = peer.agent.generations
    assert [each.address for each in generation.remote_candidates.learned] == [elsewhere(100)]


# --- a peer that means no good ----------------------------------------------------------------


@pytest.mark.parametrize("role", [RTCIceRole.CONTROLLED, RTCIceRole.CONTROLLING])
@pytest.mark.parametrize("answers", [False, True])
def test_a_peer_that_pretends_to_move_for_ever_makes_nothing_grow_and_moves_nothing(role, answers):
    peer = full(role)
    (generation,) = peer.agent.generations
    used = peer.agent.pair_in_use
    table = peer.agent._checker._table
    for number in range(3000):
        peer.run(0.1)
        peer.check(LOCAL, elsewhere(number))
        if not answers:
            peer.requests = [each for each in peer.requests if each[1:] == used.key]
        peer.answer_all()
        assert len(generation.remote_candidates) <= MAX_REMOTE_PEER_REFLEXIVE
        assert len(generation.checklist) <= MAX_REMOTE_PEER_REFLEXIVE
        assert len(table) <= 2 * MAX_REMOTE_PEER_REFLEXIVE + 30 / SCOUT_INTERVAL_S
        assert peer.agent.pair_in_use is used
    assert used in generation.checklist
    assert peer.agent.path == (LOCAL, REMOTE)


def test_a_peer_that_sees_us_at_ever_other_addresses_is_believed_and_makes_nothing_grow():
    peer = IcePeer()
    peer.validate(use_candidate=True)
    (generation,) = peer.agent.generations
    for number in range(200):
        peer.run(6.5)
        for request, local, remote in peer.requests:
            peer.receive(peer.response(request, elsewhere(number)), local, remote)
        peer.requests.clear()
        assert len(generation.local_candidates) <= 2 + MAX_LOCAL_PEER_REFLEXIVE
        shown = peer.agent.selected_pair.local
        assert shown.address == elsewhere(number)
        assert shown in generation.local_candidates
    assert peer.agent.path == (LOCAL, REMOTE)
