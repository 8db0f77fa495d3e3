"""RTP and RTCP without multiplexing: what their agents share, and what is each one's own."""

import itertools
import random

import pytest

from frazil.ice import (
    RTCP,
    RTP,
    Candidate,
    Credentials,
    IceConfig,
    IceStream,
    PairState,
    RoleChanged,
)
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message
from frazil.trace import Trace
from support.stream_pair import DELAY_S, StreamPair

A2 = {
    RTP: (("10.0.0.1", 1000), ("10.1.0.1", 1000)),
    RTCP: (("10.0.0.1", 1001), ("10.1.0.1", 1001)),
}
B2 = {
    RTP: (("10.0.0.2", 2000), ("10.1.0.2", 2000)),
    RTCP: (("10.0.0.2", 2001), ("10.1.0.2", 2001)),
}


def stream() -> tuple[IceStream, Trace]:
    trace = Trace()
    return IceStream("x", IceConfig(), random.Random(1).randbytes, trace), trace


def test_both_components_connect_each_on_its_own_ports():
    pair = StreamPair()
    pair.negotiate()
    pair.run(5)
    for side in pair.sides:
        assert side.stream.states == ("completed", "completed")
    assert pair.a.path(RTP) == (("10.0.0.1", 1000), ("10.0.0.2", 2000))
    assert pair.a.path(RTCP) == (("10.0.0.1", 1001), ("10.0.0.2", 2001))
    assert pair.b.path(RTCP) == (("10.0.0.2", 2001), ("10.0.0.1", 1001))


def test_candidates_of_a_host_share_a_foundation_but_not_a_priority():
    own, _ = stream()
    own.set_local_credentials(Credentials("ufrag", "p" * 22), 0.0)
    own.add_local_address(RTP, ("10.0.0.1", 1), 0.0)
    own.add_local_address(RTCP, ("10.0.0.1", 2), 0.0)
    first, second = (
        next(iter(agent.generations[0].local_candidates)) for agent in own.agents.values()
    )
    assert (first.component, second.component) == (RTP, RTCP)
    assert first.foundation == second.foundation
    assert first.priority == second.priority + 1


def test_the_second_component_waits_frozen_for_what_the_first_finds_out():
    """RFC 8445 6.1.2.6: of each foundation the pair of the lowest component is checked first."""
    pair = StreamPair()
    pair.drops = lambda transmit: transmit.local[0] == "10.0.0.2"  # b is never heard
    pair.negotiate()
    pair.run(0.4)
    (rtp,) = pair.a.stream.agents[RTP].pairs
    (rtcp,) = pair.a.stream.agents[RTCP].pairs
    assert rtp.foundation == rtcp.foundation
    assert (rtp.state, rtcp.state) == (PairState.IN_PROGRESS, PairState.FROZEN)
    assert {local for _, local, _ in pair.a.requests} == {("10.0.0.1", 1000)}
    pair.drops = lambda transmit: False
    pair.run(0.2)
    assert (rtp.state, rtcp.state) == (PairState.SUCCEEDED, PairState.SUCCEEDED)


def test_a_foundation_that_works_unfreezes_the_other_component_at_once():
    pair = StreamPair()
    pair.drops = lambda transmit: transmit.data[:2] == b"\0\1" and transmit.local[0] == "10.0.0.2"
    pair.negotiate()  # b answers, but asks nothing, so that nothing is triggered
    pair.run(1)
    first = {local: at for at, local, _ in reversed(pair.a.requests)}
    assert first["10.0.0.1", 1000] == 0.0
    assert first["10.0.0.1", 1001] == pytest.approx(max(2 * DELAY_S, 0.02))


def test_a_foundation_that_fails_does_not_hold_the_other_component_up_for_ever():
    pair = StreamPair(config=IceConfig(check_sends=2, check_last_wait=1, check_rto_s=0.1))
    pair.drops = lambda transmit: 1000 in (transmit.local[1], transmit.remote[1])
    pair.negotiate()
    pair.run(1)
    assert pair.a.path(RTP) is None
    assert pair.a.path(RTCP) is not None


def test_all_checks_of_a_stream_keep_one_pace():
    pair = StreamPair(A2, B2)
    pair.drops = lambda transmit: True
    pair.negotiate()
    pair.run(0.3)
    times = sorted(at for at, _, _ in pair.a.requests)
    assert len(times) >= 4
    assert all(b - a >= 0.0199 for a, b in itertools.pairwise(times))


def test_a_role_conflict_is_settled_once_for_all_components():
    pair = StreamPair()
    pair.negotiate(("controlling", "controlling"))
    pair.run(5)
    roles = {agent.role for agent in pair.a.stream.agents.values()}
    others = {agent.role for agent in pair.b.stream.agents.values()}
    assert {*roles, *others} == {RTCIceRole.CONTROLLING, RTCIceRole.CONTROLLED}
    assert len(roles) == len(others) == 1
    assert pair.a.stream.states == pair.b.stream.states == ("completed", "completed")


def test_a_settled_component_follows_the_role_at_once():
    pair = StreamPair()
    pair.negotiate()
    pair.run(8)
    stream = pair.a.stream
    stream.poll_events()
    stream.set_role(RTCIceRole.CONTROLLED, pair.now)
    told = [tuple(each) for each in stream.poll_events()]
    assert told == [(each, RoleChanged(RTCIceRole.CONTROLLED)) for each in (RTP, RTCP)]


def test_nomination_is_each_component_s_own():
    pair = StreamPair(A2, B2)
    dead = {("10.0.0.1", 1001), ("10.0.0.2", 2001)}
    pair.drops = lambda transmit: {transmit.local, transmit.remote} == dead
    pair.negotiate()
    pair.run(60)
    assert pair.a.path(RTP) == (("10.0.0.1", 1000), ("10.0.0.2", 2000))
    assert pair.a.path(RTCP) != (("10.0.0.1", 1001), ("10.0.0.2", 2001))
    assert pair.a.path(RTCP) == tuple(reversed(pair.b.path(RTCP)))


def test_what_is_for_no_component_is_counted():
    own, trace = stream()
    candidate = Candidate.from_line("candidate:1 3 udp 1 10.0.0.9 9009 typ host")
    own.add_remote_candidate(candidate, 0.0)
    own.receive_datagram(b"\0\1\0\0" + bytes(16), ("10.0.0.1", 1), ("10.0.0.2", 2), 0.0)
    assert trace.counters == {
        "ice-candidate-of-other-component": 1,
        "stun-at-unknown-address": 1,
    }


def test_an_agent_takes_candidates_of_its_component_only():
    own, trace = stream()
    agent = own.agents[RTP]
    agent.set_remote_credentials(Credentials("ufrag", "p" * 22), 0.0)
    candidate = Candidate.from_line("candidate:1 2 udp 1 10.0.0.9 9009 typ host")
    agent.add_remote_candidates([candidate], 0.0)
    assert trace.counters["ice-candidate-of-other-component"] == 1
    assert not len(agent.generations[0].remote_candidates)


def test_components_do_not_share_a_socket():
    own, _ = stream()
    own.add_local_address(RTP, ("10.0.0.1", 1), 0.0)
    with pytest.raises(ValueError, match="sockets of its own"):
        own.add_local_address(RTCP, ("10.0.0.1", 1), 0.0)
    with pytest.raises(ValueError, match="no component 3"):
        own.add_local_address(3, ("10.0.0.1", 1), 0.0)


def test_checks_carry_the_priority_of_their_component():
    own, _ = stream()
    own.set_role(RTCIceRole.CONTROLLING, 0.0)
    own.set_local_credentials(Credentials("ours", "p" * 22), 0.0)
    own.set_remote_credentials(Credentials("theirs", "q" * 22), 0.0)
    own.add_local_address(RTCP, ("10.0.0.1", 2), 0.0)
    own.add_remote_candidate(Candidate.from_line("candidate:1 2 udp 1 10.0.0.9 9009 typ host"), 0.0)
    (check,) = own.poll_transmits()
    assert Message.decode(check.data).number(Attribute.PRIORITY) & 0xFF == 256 - RTCP


def test_a_restart_is_one_for_all_components():
    pair = StreamPair()
    pair.negotiate()
    pair.run(5)
    for side in pair.sides:
        side.credentials = Credentials.generate(random.Random(9).randbytes)
        side.ended = 0
    pair.negotiate()
    assert pair.a.stream.states == ("connected", "connected")
    pair.run(5)
    assert pair.a.stream.states == pair.b.stream.states == ("completed", "completed")


def test_a_lost_interface_and_the_end():
    pair = StreamPair()
    pair.negotiate()
    pair.run(5)
    pair.a.stream.remove_local_address(("10.0.0.1", 1001), pair.now)
    pair.a.stream.remove_local_address(("10.0.0.77", 1), pair.now)
    assert pair.a.stream.states == ("completed", "disconnected")
    pair.a.stream.close(pair.now)
    assert pair.a.stream.states == ("closed", "closed")
    assert pair.a.stream.next_timeout() is None
