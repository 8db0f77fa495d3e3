from frazil.ice import Candidate
from frazil.ice.config import MAX_LOCAL_PEER_REFLEXIVE
from frazil.ice.local_candidates import LocalCandidates

HOST, PUBLIC, OTHER = ("10.0.0.1", 1000), ("203.0.113.7", 1000), ("10.1.0.1", 1001)


def line(address, kind="host", related=None):
    tail = f" raddr {related[0]} rport {related[1]}" if related else ""
    return Candidate.from_line(f"candidate:1 1 udp 9 {address[0]} {address[1]} typ {kind}{tail}")


def made(*candidates):
    local = LocalCandidates()
    for each in candidates:
        local.add(each)
    return local


def test_candidates_are_kept_in_the_order_of_their_discovery():
    host, other = line(HOST), line(OTHER)
    local = made(other, host)
    assert list(local) == [other, host]
    assert len(local) == 2
    local.remove(other)
    assert list(local) == local.hosts() == [host]


def test_one_is_found_by_what_it_sends_from_or_by_what_others_see():
    host = line(HOST)
    local = made(host)
    shown = local.learn(host, PUBLIC, 77)
    assert local.at_base(HOST) is host
    assert local.at_base(OTHER) is None
    assert local.find(PUBLIC, HOST) is shown
    assert local.find(PUBLIC, OTHER) is None
    assert local.hosts() == [host]


def test_what_the_peer_sees_is_learned_once_and_within_bounds():
    host = line(HOST)
    local = made(host)
    assert local.learn(host, HOST, 1) is host
    for number in range(50):
        seen_at = (PUBLIC[0], 1 + number)
        candidate = local.learn(host, seen_at, 77)
        if number < MAX_LOCAL_PEER_REFLEXIVE:
            assert (candidate.type, candidate.priority, candidate.base) == ("prflx", 77, HOST)
            assert (candidate.address, candidate.related) == (seen_at, HOST)
            assert local.learn(host, seen_at, 5) is candidate
        else:
            assert candidate is host
    assert len(local) == 1 + MAX_LOCAL_PEER_REFLEXIVE


def test_that_there_was_one_is_not_forgotten_with_it():
    local = made()
    assert not local.had_any
    local.add(line(HOST))
    local.remove_base(HOST)
    assert (len(local), local.had_any) == (0, True)


def test_a_lost_base_takes_all_along_that_is_behind_it():
    host, other = line(HOST), line(OTHER)
    local = made(host, other)
    local.learn(host, PUBLIC, 77)
    local.remove_base(HOST)
    assert list(local) == [other]
