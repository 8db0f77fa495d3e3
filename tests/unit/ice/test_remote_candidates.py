from frazil.ice.admission import Admission
from frazil.ice.candidate import Candidate, CandidateProtocol
from frazil.ice.config import MAX_REMOTE_CANDIDATES, MAX_REMOTE_PEER_REFLEXIVE
from frazil.ice.received_check import ReceivedCheck
from frazil.ice.remote_candidates import RemoteCandidates
from frazil.types import Address

LOCAL = Candidate.from_line("candidate:1 1 udp 100 10.0.0.1 1000 typ host")


def signalled(host: str = "192.0.2.1", port: int = 5) -> Candidate:
    return Candidate.from_line(f"candidate:1 1 udp 100 {host} {port} typ host")


def check(remote: Address) -> ReceivedCheck:
    return ReceivedCheck(LOCAL.base, remote, 1845501695, None)


def test_one_that_is_signalled_takes_the_place_of_the_one_that_was_learned():
    known = RemoteCandidates()
    learned = known.learn(check(("192.0.2.1", 5)), LOCAL)
    assert list(known) == [learned]
    assert known.admit(signalled()) is Admission.TAKEN
    assert list(known) == [signalled()]
    assert known.admit(signalled()) is Admission.KNOWN


def test_those_of_each_kind_leave_room_for_the_other():
    known = RemoteCandidates()
    for n in range(100):
        known.learn(check(("203.0.113.9", 1 + n)), LOCAL)
        known.admit(signalled(port=1 + n))
    assert known.admit(signalled(port=999)) is Admission.TOO_MANY
    assert known.learn(check(("203.0.113.9", 999)), LOCAL) is None
    assert len(known) == MAX_REMOTE_CANDIDATES + MAX_REMOTE_PEER_REFLEXIVE


def test_nothing_is_learned_from_where_nothing_can_come():
    known = RemoteCandidates()
    assert known.learn(check(("2001:db8::1", 5)), LOCAL) is None
    assert len(known) == 0


def test_one_that_answered_is_adopted_once_and_within_the_limit():
    known, other = RemoteCandidates(), RemoteCandidates()
    stranger = other.learn(check(("203.0.113.8", 7)), LOCAL)
    assert known.adopt(stranger)
    assert known.adopt(stranger)
    assert list(known) == [stranger]
    for n in range(100):
        known.learn(check(("203.0.113.9", 1 + n)), LOCAL)
    assert known.adopt(stranger)
    late = other.learn(check(("203.0.113.8", 8)), LOCAL)
    assert not known.adopt(late)
    assert known.find(late.address, CandidateProtocol.UDP) is None


def test_only_what_was_learned_can_be_forgotten():
    known = RemoteCandidates()
    known.admit(signalled())
    learned = known.learn(check(("203.0.113.9", 7)), LOCAL)
    for each in (signalled(), learned, learned):
        known.forget(each)
    assert list(known) == [signalled()]


def test_those_of_a_name_leave_together():
    known = RemoteCandidates()
    for candidate in (signalled("a.local", 1), signalled("b.local", 2), signalled("a.local", 3)):
        known.admit(candidate)
    assert [each.address[1] for each in known.take_named("a.local")] == [1, 3]
    assert [each.address[0] for each in known] == ["b.local"]


def test_a_name_that_is_looked_up_may_still_give_one():
    known = RemoteCandidates()
    assert not known.are_over
    known.looked_up["a.local"] = None
    known.ended = True
    assert not known.are_over
    del known.looked_up["a.local"]
    assert known.are_over
