"""What follows from every input, and when the next is due without one."""

import pytest

from frazil.ice import Candidate, Credentials, GatheringStateChanged, RoleChanged
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute
from support.ice_peer import LOCAL, REMOTE, IcePeer


def candidate(port: int) -> Candidate:
    return Candidate.from_line(f"candidate:1 1 udp {9000 - port} 10.0.0.2 {port} typ host")


def test_a_role_is_told_once_whatever_brought_it_about():
    peer = IcePeer(RTCIceRole.CONTROLLING)
    peer.tie_breaker = 2**64 - 1
    peer.check(claim=Attribute.ICE_CONTROLLING)
    told = [record.facts for record in peer.trace.records if record.event == "role"]
    assert [facts["role"] for facts in told] == ["controlling", "controlled"]
    peer.agent.set_role(RTCIceRole.CONTROLLED, peer.now)
    assert peer.agent.poll_events() == []
    peer.agent.set_role(RTCIceRole.CONTROLLING, peer.now)
    assert peer.agent.poll_events() == [RoleChanged(RTCIceRole.CONTROLLING)]


def test_without_both_halves_only_gathering_has_something_to_tell():
    peer = IcePeer(answer=False)
    peer.check()
    peer.agent.set_local_credentials(Credentials("new1", "n" * 22), peer.now)
    events = peer.agent.poll_events()
    assert GatheringStateChanged in map(type, events)
    assert peer.states == ["new"]
    assert peer.agent.next_timeout() is None


def test_the_deadline_is_that_of_what_was_settled_last():
    peer = IcePeer()
    agent, paced_s = peer.agent, 0.02
    assert agent.next_timeout() == pytest.approx(peer.now + 39.5)  # patience
    agent.add_remote_candidates([candidate(2000), candidate(2001)], peer.now)
    peer.drain()
    assert len(peer.requests) == 1
    assert agent.next_timeout() == pytest.approx(peer.now + paced_s)
    peer.validate(LOCAL, REMOTE, use_candidate=True)
    assert agent.next_timeout() > peer.now + 2  # the pair in use, asked every five seconds


def test_a_closed_agent_has_no_deadline():
    peer = IcePeer()
    peer.validate(use_candidate=True)
    assert peer.agent.next_timeout() is not None
    peer.agent.close(peer.now)
    assert peer.agent.outcome.is_closed
    assert peer.agent.next_timeout() is None
