"""What answers, and their absence, say of a pair."""

import pytest

from frazil.ice import Credentials
from frazil.ice.config import MAX_ROLE_CONFLICTS
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute
from support.ice_pair import IcePair
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

STRANGER = ("10.6.6.6", 6666)


def test_a_peer_that_answers_487_for_ever_is_given_up():
    peer = IcePeer()
    peer.check()
    asked = 0
    while peer.requests and asked < 1000:
        request, local, remote = peer.requests.pop(0)
        asked += 1
        peer.receive(peer.response(request, local, error=487), local, remote)
    assert asked == MAX_ROLE_CONFLICTS + 1
    assert [each.state for each in peer.agent.pairs] == ["failed"]


def test_a_restart_starts_the_count_of_conflicts_over():
    peer = IcePeer()
    peer.check()
    peer.agent._checker._assessor._conflicts = MAX_ROLE_CONFLICTS
    peer.agent.set_local_credentials(Credentials("new1", "n" * 22), peer.now)
    peer.agent.set_remote_credentials(Credentials("new2", "m" * 22), peer.now)
    assert peer.agent._checker._assessor._conflicts == 0


def test_a_487_to_a_check_of_the_role_before_changes_nothing():
    peer = IcePeer()
    peer.check()
    (request, local, remote), *_ = peer.requests
    peer.requests.clear()
    peer.agent.set_role(RTCIceRole.CONTROLLING, peer.now)
    peer.receive(peer.response(request, local, error=487), local, remote)
    assert peer.agent.role is RTCIceRole.CONTROLLING
    (again, _, _) = peer.requests[0]
    assert again.flag(Attribute.ICE_CONTROLLING)


def test_our_own_address_behind_a_nat_is_learned_from_the_response():
    """RFC 8445 7.2.5.3.1: the selected pair names the local candidate that the peer sees."""
    public = ("203.0.113.7", 61000)
    pair = IcePair()
    pair.a.nat[("10.0.0.1", 1000)] = public
    pair.negotiate()
    pair.run(10)
    local = pair.a.agent.selected_pair.local
    assert (local.type, local.address, local.base) == ("prflx", public, ("10.0.0.1", 1000))
    assert local.related == ("10.0.0.1", 1000)
    assert pair.b.agent.path == (("10.0.0.2", 2000), public)
    assert pair.b.agent.selected_pair.remote.type == "prflx"
    assert [c.type for c in pair.a.gathered] == ["host"]  # it is never signalled


@pytest.mark.parametrize(("at", "to"), [(LOCAL, STRANGER), (LOCAL_2, REMOTE)])
def test_an_authentic_response_that_took_another_way_fails_the_pair(at, to):
    """RFC 8445 7.2.5.2.1; and nothing is validated by it."""
    peer = IcePeer()
    peer.check()
    (request, _, _) = peer.requests[0]
    peer.receive(peer.response(request, LOCAL), at, to)
    assert [pair.state for pair in peer.agent.pairs] == ["failed"]
    assert not peer.agent.passage.is_validated(at, to)
    assert peer.agent.path is None


def test_a_pair_that_is_not_in_use_is_never_used_again_once_it_is_forbidden():
    """RFC 7675 5.1: of the one in use nothing changes."""
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    peer.check(LOCAL_2)
    (request,) = [request for request, local, _ in peer.requests if local == LOCAL_2]
    peer.requests.clear()
    peer.receive(peer.response(request, LOCAL_2, error=403), LOCAL_2, REMOTE)
    (forbidden,) = [pair for pair in peer.agent.pairs if pair.key == (LOCAL_2, REMOTE)]
    assert (forbidden.is_barred, forbidden.error_code, forbidden.state) == (True, 403, "failed")
    assert peer.agent.path == (LOCAL, REMOTE)
    assert peer.check(LOCAL_2).error.code == 403
    assert peer.requests == []


def test_a_check_in_vain_fails_its_pair_and_says_how_long_it_was_tried():
    peer = IcePeer()
    peer.check()
    peer.run(60)
    (pair,) = peer.agent.pairs
    assert pair.state == "failed"
    (told,) = [record for record in peer.trace.records if record.event == "check-timed-out"]
    facts = told.facts
    assert facts["purpose"] == "connectivity"
    assert facts["sends"] == 7
    assert facts["waited_s"] == pytest.approx(told.at - 100.0)


def test_a_nat_that_moves_us_makes_the_controlling_side_say_its_nomination_again():
    peer = IcePeer(RTCIceRole.CONTROLLING)
    peer.validate()
    peer.answer_all()
    changes = peer.agent.pair_changes
    peer.run(8)
    (request, local, remote) = peer.requests.pop()
    assert not request.flag(Attribute.USE_CANDIDATE)
    peer.requests.clear()
    peer.receive(peer.response(request, STRANGER), local, remote)
    assert peer.agent.selected_pair.local.address == STRANGER
    assert peer.agent.pair_changes == changes + 1
    assert [bool(each.flag(Attribute.USE_CANDIDATE)) for each, _, _ in peer.requests] == [True]
