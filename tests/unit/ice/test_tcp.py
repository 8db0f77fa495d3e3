"""TCP candidates in the agent (RFC 6544)."""

import pytest

from frazil.ice import ACTIVE_PORT, Candidate, CandidateType, PairState, TcpType
from frazil.ice.candidate import CandidateProtocol, CandidateSyntaxError
from frazil.ice.checklist import can_pair
from frazil.ice.config import MAX_REMOTE_PEER_REFLEXIVE
from frazil.ice.priority import candidate_priority, tcp_preference
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute
from support.ice_peer import LOCAL, IcePeer

HOST, REMOTE = ("10.0.0.1", ACTIVE_PORT), ("192.0.2.1", 7000)
LISTENING, ARRIVED = ("10.0.0.1", 4000), ("192.0.2.1", 50000)


def line(tcp_type="passive", address=REMOTE, transport="tcp"):
    kind = f" tcptype {tcp_type}" if tcp_type else ""
    host, port = address
    return Candidate.from_line(f"candidate:1 1 {transport} 100 {host} {port} typ host{kind}")


# --- grammar and priorities -------------------------------------------------------------------


@pytest.mark.parametrize("tcp_type", ["active", "passive", "so"])
def test_lines_name_the_type(tcp_type):
    text = f"candidate:1 1 tcp 1518280447 10.0.0.1 9 typ host tcptype {tcp_type}"
    candidate = Candidate.from_line(text)
    assert (candidate.protocol, candidate.tcp_type) == ("tcp", tcp_type)
    assert candidate.is_tcp
    assert candidate.to_line() == text


@pytest.mark.parametrize("tail", ["", " tcptype", " tcptype server"])
def test_a_tcp_line_without_a_type_is_none(tail):
    with pytest.raises(CandidateSyntaxError):
        Candidate.from_line(f"candidate:1 1 tcp 100 10.0.0.1 9 typ host{tail}")


def test_tcp_is_below_udp_of_the_same_type():
    """RFC 6544 4.2."""
    for kind in (CandidateType.HOST, CandidateType.PEER_REFLEXIVE, CandidateType.SERVER_REFLEXIVE):
        udp = candidate_priority(kind, 0, 256)
        assert candidate_priority(kind, 65535, 1, CandidateProtocol.TCP) < udp


def test_the_direction_comes_first_in_the_local_preference():
    """(2^13) * direction-pref + other-pref, RFC 6544 4.2."""
    assert tcp_preference(True, 0, TcpType.ACTIVE) == 6 * 8192 + 8191
    assert tcp_preference(False, 0, TcpType.ACTIVE) == 6 * 8192 + 8190
    assert tcp_preference(True, 1, TcpType.PASSIVE) == 4 * 8192 + 8189
    assert tcp_preference(True, 70000, TcpType.ACTIVE) > tcp_preference(True, 0, TcpType.PASSIVE)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("active", "passive", True),
        ("passive", "active", True),
        ("so", "so", True),
        ("active", "active", False),
        ("passive", "passive", False),
        ("active", "so", False),
        ("so", "passive", False),
    ],
)
def test_who_opens_pairs_with_who_lets_in(ours, theirs, expected):
    """RFC 6544 6.2."""
    assert can_pair(line(ours, HOST), line(theirs)) is expected


def test_tcp_and_udp_do_not_pair():
    assert not can_pair(line(None, HOST, "udp"), line("passive"))
    assert not can_pair(line("active", HOST), line(None, REMOTE, "udp"))


# --- an agent ---------------------------------------------------------------------------------


def active_peer(*remotes, role=RTCIceRole.CONTROLLED):
    peer = IcePeer(role, addresses=(), tcp=[(HOST, TcpType.ACTIVE)])
    for remote in remotes or (line(),):
        peer.agent.add_remote_candidates([remote], peer.now)
    peer.drain()
    return peer


def passive_peer(role=RTCIceRole.CONTROLLED):
    return IcePeer(role, addresses=(), tcp=[(LISTENING, TcpType.PASSIVE)])


def test_an_active_candidate_is_paired_with_passive_ones_only():
    peer = active_peer(line(), line("active"), line("so"), line(None, REMOTE, "udp"))
    assert [pair.key for pair in peer.agent.pairs] == [(HOST, REMOTE)]
    assert [(local, remote) for _, local, remote in peer.requests] == [(HOST, REMOTE)]


def test_a_check_over_a_stream_is_sent_once_and_waited_for():
    """RFC 8489 6.2.2."""
    peer = active_peer()
    peer.run(39.4)
    assert len(peer.requests) == 1
    assert peer.agent.pairs[0].state is PairState.IN_PROGRESS
    peer.run(0.2)
    assert len(peer.requests) == 1
    assert peer.agent.pairs[0].state is PairState.FAILED


def test_a_stream_that_leads_nowhere_holds_others_back_as_long_as_udp_would():
    peer = active_peer(line(), line(address=("192.0.2.1", 7001)))
    peer.run(3.4)
    assert len(peer.requests) == 1
    peer.run(0.2)
    assert [remote[1] for _, _, remote in peer.requests] == [7000, 7001]
    assert [pair.state for pair in peer.agent.pairs] == [PairState.IN_PROGRESS] * 2


def test_a_better_pair_over_a_stream_that_leads_nowhere_is_waited_for_as_long_as_by_udp():
    peer = IcePeer(addresses=(LOCAL,), tcp=[(HOST, TcpType.ACTIVE)])
    peer.agent.add_remote_candidates(
        [
            Candidate.from_line("candidate:2 1 udp 16777215 192.0.2.9 3000 typ relay"),
            Candidate.from_line(
                "candidate:1 1 tcp 1518280447 192.0.2.1 7000 typ host tcptype passive"
            ),
        ],
        peer.now,
    )
    peer.agent.end_remote_candidates(peer.now)
    peer.drain()
    began_at = peer.now
    peer.validate(LOCAL, ("192.0.2.9", 3000), use_candidate=True)
    assert peer.states[-1] == "connected"
    while peer.states[-1] == "connected":
        peer.run(0.1)
        peer.validate(LOCAL, ("192.0.2.9", 3000))
    assert peer.states[-1] == "completed"
    assert peer.now - began_at == pytest.approx(2.5, abs=0.15)


def test_a_check_of_the_peer_does_not_repeat_ours_over_a_stream():
    peer = active_peer()
    peer.check(HOST, REMOTE)
    assert len(peer.requests) == 1


def test_the_priority_of_a_check_is_that_of_a_reflexive_tcp_candidate():
    peer = active_peer()
    ((request, _, _),) = peer.requests
    priority = request.number(Attribute.PRIORITY)
    assert priority >> 24 == 80
    assert (priority >> 8) & 0xFFFF == tcp_preference(False, 0, TcpType.ACTIVE)


def test_the_address_that_the_peer_saw_is_our_reflexive_candidate():
    peer = active_peer()
    (request, local, remote) = peer.requests.pop()
    peer.receive(peer.response(request, ("203.0.113.9", 40000)), local, remote)
    shown = peer.agent.selected_pair.local
    assert (shown.type, shown.protocol, shown.tcp_type) == ("prflx", "tcp", "active")
    assert (shown.address, shown.base) == (("203.0.113.9", 40000), HOST)


def test_a_passive_candidate_waits_for_checks_and_answers_on_their_stream():
    peer = passive_peer()
    peer.agent.add_remote_candidates([line("active")], peer.now)
    assert peer.agent.pairs == ()
    peer.validate(LISTENING, ARRIVED, use_candidate=True)
    assert peer.agent.path == (LISTENING, ARRIVED)
    shown = peer.agent.selected_pair.remote
    assert (shown.type, shown.protocol, shown.tcp_type) == ("prflx", "tcp", "active")


# --- streams that end -------------------------------------------------------------------------


def test_a_stream_that_cannot_be_opened_fails_its_pair_at_once():
    other = ("192.0.2.2", 7000)
    peer = active_peer(line(), line(address=other))
    peer.agent.local.lose_stream(HOST, REMOTE, "refused", peer.now)
    states = {pair.key[1]: pair.state for pair in peer.agent.pairs}
    assert states[REMOTE] is PairState.FAILED
    assert states[other] is not PairState.FAILED


def test_a_stream_of_nobody_is_no_matter():
    peer = active_peer()
    before = peer.states.copy()
    peer.agent.local.lose_stream(HOST, ARRIVED, "closed", peer.now)
    peer.drain()
    assert peer.states == before


def connected(peer, local, remote):
    peer.validate(local, remote, use_candidate=True)
    assert peer.states[-1] in ("connected", "completed")
    peer.run(1)
    peer.requests.clear()


def test_our_stream_is_opened_again_by_a_check_that_is_due_at_once():
    peer = active_peer()
    connected(peer, HOST, REMOTE)
    peer.agent.local.lose_stream(HOST, REMOTE, "closed", peer.now)
    peer.drain()
    assert peer.states[-1] == "disconnected"
    assert not peer.agent.passage.is_validated(HOST, REMOTE)
    peer.run(0)
    assert [(local, remote) for _, local, remote in peer.requests] == [(HOST, REMOTE)]
    peer.answer_all()
    assert peer.states[-1] == "connected"
    assert peer.agent.path == (HOST, REMOTE)


def test_a_stream_of_the_peer_is_forgotten_and_its_next_one_used():
    peer = passive_peer()
    connected(peer, LISTENING, ARRIVED)
    peer.agent.local.lose_stream(LISTENING, ARRIVED, "closed", peer.now)
    peer.drain()
    assert peer.states[-1] == "disconnected"
    assert peer.agent.path is None
    assert peer.agent.pairs == ()
    later = (ARRIVED[0], 50001)
    peer.validate(LISTENING, later)
    assert peer.states[-1] == "connected"
    assert peer.agent.path == (LISTENING, later)


def test_streams_of_the_peer_may_come_and_go_for_ever():
    peer = passive_peer()
    for number in range(3 * MAX_REMOTE_PEER_REFLEXIVE):
        remote = (ARRIVED[0], 50000 + number)
        peer.validate(LISTENING, remote, use_candidate=True)
        assert peer.agent.path == (LISTENING, remote)
        peer.agent.local.lose_stream(LISTENING, remote, "closed", peer.now)
        peer.drain()


def test_a_stream_that_nobody_opens_again_costs_the_consent():
    peer = active_peer()
    connected(peer, HOST, REMOTE)
    peer.agent.end_remote_candidates(peer.now)
    peer.agent.local.lose_stream(HOST, REMOTE, "closed", peer.now)
    peer.drain()
    for _ in range(35):
        peer.agent.local.lose_stream(HOST, REMOTE, "refused", peer.now)
        peer.run(1)
    assert peer.states[-2:] == ["disconnected", "failed"]


def test_a_closed_agent_loses_nothing():
    peer = active_peer()
    peer.agent.close(peer.now)
    peer.agent.local.lose_stream(HOST, REMOTE, "closed", peer.now)
    assert peer.agent.poll_events() == []
