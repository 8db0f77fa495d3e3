"""The way from nothing to a pair, or to the certainty that there is none."""

import pytest

from frazil.ice import (
    Candidate,
    CandidateError,
    Credentials,
    IceTransportChanged,
    PairState,
    RoleChanged,
)
from frazil.ice.state import Cause
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message, MessageClass, Method
from frazil.types import Transmit
from support.ice_pair import IcePair, Side
from support.ice_peer import IcePeer

CONNECTED = ["new", "checking", "connected"]
COMPLETED = [*CONNECTED, "completed"]


def test_c10_the_usual_way():
    pair = IcePair()
    pair.negotiate()
    pair.run(5)
    assert pair.states == (COMPLETED, COMPLETED)
    assert pair.agrees
    assert pair.a.agent.path == (("10.0.0.1", 1000), ("10.0.0.2", 2000))


def test_connecting_takes_one_round_trip_and_agreeing_one_more():
    pair = IcePair(delay_s=0.05)
    pair.negotiate()
    pair.run(5)
    assert pair.a.state_at("connected") == pytest.approx(100.1)
    assert pair.a.state_at("completed") == pytest.approx(100.2)
    assert pair.b.state_at("connected") == pytest.approx(100.1)
    assert pair.b.state_at("completed") == pytest.approx(100.15)


def test_connected_and_the_first_pair_are_one_event():
    pair = IcePair()
    pair.negotiate()
    pair.run(5)
    changes = pair.a.events_of(IceTransportChanged)
    assert [(str(e.change.new), e.pair_changed, e.pair is not None) for e in changes] == [
        ("checking", False, False),
        ("connected", True, True),
        ("completed", False, True),
    ]
    assert pair.a.agent.selected_pair == changes[-1].pair


def test_q10_without_end_of_candidates_connected_stays():
    pair = IcePair()
    pair.a.ends = False
    pair.negotiate()
    pair.run(120)
    assert pair.states == (COMPLETED, CONNECTED)


def test_c3_without_candidates_new_stays():
    pair = IcePair()
    pair.a.trickles = pair.b.trickles = pair.a.ends = pair.b.ends = False
    pair.negotiate()
    pair.run(600)
    assert pair.states == (["new"], ["new"])
    assert pair.a.agent.next_timeout() is None


@pytest.mark.parametrize("silent", ["a", "b"])
def test_c4_a_peer_reflexive_candidate_is_enough(silent):
    pair = IcePair()
    side = getattr(pair, silent)
    side.trickles = side.ends = False
    pair.negotiate()
    pair.run(60)
    # The silent side heard everything; the other one can never be sure that nothing follows.
    assert side.states == COMPLETED
    assert pair.peer(side).states == CONNECTED
    assert pair.agrees
    assert pair.peer(side).agent.selected_pair.remote.type == "prflx"
    assert pair.peer(side).agent.selected_pair.remote.line == ""


def test_a_pair_in_use_is_told_anew_once_its_candidate_is_signalled():
    pair = IcePair()
    pair.b.trickles = pair.b.ends = False
    pair.negotiate()
    pair.run(1)
    assert pair.a.agent.selected_pair.remote.type == "prflx"
    told, changes = len(pair.a.events), pair.a.agent.pair_changes
    (host,) = pair.b.gathered
    for _ in range(2):  # said twice, it is no news
        pair.a.agent.add_remote_candidates([Candidate.from_line(host.to_line())], pair.now)
        pair.flush()
    ((_, event),) = pair.a.events[told:]
    assert (event.change, event.pair_changed) == (None, True)
    assert event.pair == pair.a.agent.selected_pair
    assert (event.pair.remote.type, event.pair.remote.address) == ("host", host.address)
    assert event.reason.cause == "candidate-identified"
    assert pair.a.agent.pair_changes == changes


def test_of_candidates_that_come_together_the_best_is_checked_first():
    peer = IcePeer(addresses=[("10.0.0.1", 1000)])
    lines = [
        f"candidate:{n} 1 udp {priority} 10.0.0.{n} 2000 typ host"
        for n, priority in ((7, 100), (8, 300), (9, 200))
    ]
    peer.agent.add_remote_candidates(map(Candidate.from_line, lines), peer.now)
    peer.drain()
    assert len(peer.agent.pairs) == 3
    assert [remote for _, _, remote in peer.requests] == [("10.0.0.8", 2000)]
    assert peer.states == ["new", "checking"]


def test_early_checks_are_answered_at_once_and_used_once_the_answer_is_there():
    pair = IcePair()
    pair.set_roles()
    pair.offer(pair.a)
    pair.offer(pair.b)
    pair.hear(pair.b)
    pair.run(0.1)
    assert pair.b.states == CONNECTED  # the offerer answers although it knows no password yet
    assert pair.a.states == ["new"]
    pair.run(14.9)
    assert pair.b.states == CONNECTED  # consent checks are answered as well
    pair.hear(pair.a)
    pair.run(0.021)
    assert pair.a.states == CONNECTED
    pair.run(5)
    assert pair.agrees
    assert pair.b.states == COMPLETED


def test_early_checks_of_one_pair_are_remembered_once():
    pair = IcePair(b_addresses=(("10.0.0.2", 2000), ("10.0.0.3", 2000)))
    pair.set_roles()
    pair.a.trickles = False
    pair.offer(pair.a)
    pair.offer(pair.b)
    pair.hear(pair.b)
    host = pair.a.gathered[0].to_line()
    pair.b.agent.add_remote_candidates([Candidate.from_line(host)], pair.now)
    pair.b.trickles = False
    pair.run(60)
    pair.hear(pair.a)
    pair.run(0.05)
    assert {each.remote.address for each in pair.a.agent.pairs} == {
        ("10.0.0.2", 2000),
        ("10.0.0.3", 2000),
    }


def test_the_end_of_candidates_before_connected_gives_connected_before_completed():
    pair = IcePair(delay_s=1.0)
    pair.negotiate()
    pair.run(10)
    assert pair.states == (COMPLETED, COMPLETED)
    times = [at for at, e in pair.b.events if isinstance(e, IceTransportChanged)]
    assert times == sorted(times)


def test_both_directions_are_counted():
    pair = IcePair()
    pair.negotiate()
    pair.run(1)
    a, b = pair.a.pair, pair.b.pair
    # Checks cross, and their answers are there before either is repeated; one side nominates.
    assert (a.requests_sent, a.retransmissions_sent, a.responses_received) == (2, 0, 2)
    assert (b.requests_received, b.responses_sent) == (2, 2)
    assert (b.requests_sent, b.retransmissions_sent, b.responses_received) == (1, 0, 1)
    assert (a.requests_received, a.responses_sent) == (1, 1)
    assert a.consent_requests_sent == b.consent_requests_sent == 0
    assert a.round_trip.samples == 2
    assert a.round_trip.last_s == pytest.approx(0.02)
    assert a.round_trip.total_s == pytest.approx(0.04)
    pair.run(6)
    assert a.consent_requests_sent >= 1
    assert a.retransmissions_sent == 0


def test_checks_that_cross_on_a_slow_path_are_repeated_before_they_are_answered():
    pair = IcePair(delay_s=0.1)
    pair.negotiate()
    pair.run(1)
    a, b = pair.a.pair, pair.b.pair
    assert (a.retransmissions_sent, b.retransmissions_sent) == (1, 1)
    assert a.round_trip.samples == 1  # an answer to what was repeated measures nothing


def test_repetitions_are_counted_apart():
    pair = IcePair()
    pair.drops = lambda side, transmit: pair.now < 101
    pair.negotiate()
    pair.run(3)
    assert pair.a.pair.retransmissions_sent >= 1
    assert pair.states == (COMPLETED, COMPLETED)


# --- roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [RTCIceRole.CONTROLLING, RTCIceRole.CONTROLLED])
@pytest.mark.parametrize("seed", range(8))
def test_equal_roles_are_repaired(role, seed):
    pair = IcePair(seed=seed)
    for side in pair.sides:
        side.agent.set_role(role, pair.now)
    pair.negotiate(roles=False)
    pair.run(5)
    assert pair.states == (COMPLETED, COMPLETED)
    assert {pair.a.agent.role, pair.b.agent.role} == {
        RTCIceRole.CONTROLLING,
        RTCIceRole.CONTROLLED,
    }
    assert pair.agrees


def test_equal_tie_breakers_are_drawn_anew():
    pair = IcePair()
    for side in pair.sides:
        side.agent._role.tie_breaker = 7
        side.agent.set_role(RTCIceRole.CONTROLLING, pair.now)
    pair.negotiate(roles=False)
    pair.run(5)
    assert pair.states == (COMPLETED, COMPLETED)
    assert pair.agrees


def test_a_role_change_is_told_and_ranks_the_pairs_anew():
    pair = IcePair(b_addresses=(("10.0.0.2", 2000), ("10.0.0.3", 2000)))
    pair.drops = lambda side, transmit: True
    pair.negotiate()
    pair.run(1)
    before = [each.priority for each in pair.a.agent.pairs]
    pair.a.agent.set_role(RTCIceRole.CONTROLLED, pair.now)
    pair.flush()
    after = [each.priority for each in pair.a.agent.pairs]
    assert before != after
    assert after == sorted(after, reverse=True)
    roles = [event.role for event in pair.a.events_of(RoleChanged)]
    assert roles == ["controlling", "controlled"]


# --- nothing works ----------------------------------------------------------------------------


def test_c13_c7_all_pairs_fail_and_the_reason_says_so():
    pair = IcePair()
    pair.drops = lambda side, transmit: True
    pair.negotiate()
    pair.run(60)
    assert pair.states == (["new", "checking", "failed"],) * 2
    assert pair.a.state_at("failed") == pytest.approx(139.5)
    reason = pair.a.reasons[-1]
    assert reason.cause == Cause.GAVE_UP
    assert reason.text == "every pair was checked without success and no candidate can come"
    assert dict(reason.evidence)["pairs_failed"] == 1
    assert pair.a.agent.next_timeout() is None


def test_pairs_that_are_refused_are_judged_again_when_patience_is_over():
    pair = IcePair()
    pair.a.ends = pair.b.ends = False
    pair.drops = lambda side, transmit: True
    pair.negotiate()
    pair.run(1)
    pair.a.agent.local.refuse_peer(("10.0.0.1", 1000), "10.0.0.2", 403, pair.now)
    pair.flush()
    reason = pair.a.reasons[-1]
    assert (reason.cause, reason.next_deadline_at) == (Cause.PAIRS_EXHAUSTED, 139.5)


def test_c29_all_pairs_fail_while_candidates_may_come_and_a_late_one_works():
    pair = IcePair()
    pair.a.trickles = pair.b.trickles = pair.a.ends = pair.b.ends = False
    pair.negotiate()
    ufrag = pair.a.credentials.ufrag
    pair.signal(pair.a, "candidate:1 1 udp 2130706431 10.9.9.9 9 typ host", ufrag)
    pair.run(60)
    assert pair.b.states == ["new", "checking", "disconnected"]
    assert pair.b.reasons[-1].cause == Cause.PAIRS_EXHAUSTED
    assert pair.b.agent.path is None
    pair.signal(pair.a, pair.a.gathered[0].to_line(), ufrag)
    pair.run(1)
    assert pair.b.states == ["new", "checking", "disconnected", "checking", "connected"]
    assert pair.a.states == CONNECTED


@pytest.mark.parametrize(("after_s", "expected"), [(39.499, "new"), (39.501, "failed")])
def test_q7_the_pac_timer_with_no_remote_candidate_at_all(after_s, expected):
    pair = IcePair()
    pair.a.trickles = pair.b.trickles = False
    pair.negotiate()
    pair.run(after_s)
    assert pair.a.states[-1] == expected
    if expected == "failed":
        reason = pair.a.reasons[-1]
        assert reason.deadline_at == pytest.approx(139.5)
        expected = "no usable remote candidate was signalled and no check of the remote arrived"
        assert reason.text == expected


@pytest.mark.parametrize(("after_s", "expected"), [(39.499, "checking"), (39.501, "failed")])
def test_q7_the_pac_timer_when_nothing_can_be_reached(after_s, expected):
    pair = IcePair(b_addresses=(("2001:db8::2", 2000),))
    pair.negotiate()
    pair.run(after_s)
    assert pair.a.states[-1] == expected
    if expected == "failed":
        assert pair.a.reasons[-1].text == "no local candidate can reach any remote candidate"


def test_without_local_candidates_there_is_nothing_to_wait_for():
    pair = IcePair(a_addresses=())
    pair.negotiate()
    pair.run(0.1)
    assert pair.a.states == ["new", "checking", "failed"]
    expected = "there is no local candidate: neither an interface nor a server gives one"
    assert pair.a.reasons[-1].text == expected
    assert pair.a.reasons[-1].deadline_at is None
    assert pair.a.reasons[-1].next_deadline_at is None


@pytest.mark.parametrize("checking", [True, False])
def test_an_address_that_goes_is_missed_only_when_patience_is_over(checking):
    """RFC 8863: another one may come, as it does to a phone that leaves its Wi-Fi."""
    pair = IcePair()
    pair.b.trickles = checking
    pair.drops = lambda side, transmit: True
    pair.negotiate()
    pair.run(5)
    states = ["new", "checking"] if checking else ["new"]
    pair.a.agent.local.remove_address(pair.a.addresses.pop(), pair.now)
    pair.run(34)
    assert pair.a.states == states
    pair.run(1)
    assert pair.a.states == [*states, "failed"]
    assert pair.a.state_at("failed") == pytest.approx(139.5)


def test_patience_does_not_end_checks_that_go_on():
    """Checks that began late get their time; ``failed`` follows with the last of them."""
    pair = IcePair()
    pair.a.trickles = pair.a.ends = False
    pair.drops = lambda side, transmit: True
    pair.negotiate()
    pair.run(30)
    pair.signal(pair.a, pair.a.gathered[0].to_line(), pair.a.credentials.ufrag)
    pair.end(pair.a, pair.a.credentials.ufrag)
    pair.run(39)
    assert pair.b.states == ["new", "checking"]
    pair.run(1)
    assert pair.b.states == ["new", "checking", "failed"]
    assert pair.b.reasons[-1].deadline_at is None  # no clock, but the last check


def test_wrong_password_fails_with_its_own_reason():
    pair = IcePair()
    wrong = IcePair(seed=2).a.credentials
    pair.set_roles()
    for side in pair.sides:
        pair.offer(side)
        stolen = type(wrong)(pair.peer(side).credentials.ufrag, wrong.password)
        side.agent.set_remote_credentials(stolen, pair.now)
    pair.run(60)
    assert pair.states == (["new", "checking", "failed"],) * 2
    assert pair.a.reasons[-1].text.startswith("the remote refused every check")
    assert dict(pair.a.reasons[-1].evidence)["stun_error"] == 401
    assert not pair.a.agent.passage.is_validated(("10.0.0.1", 1000), ("10.0.0.2", 2000))


def test_failed_agents_still_answer_but_check_nothing():
    pair = IcePair()
    pair.drops = lambda side, transmit: True
    pair.negotiate()
    pair.run(60)
    sent = pair.a.sent, pair.b.sent
    pair.drops = lambda side, transmit: False
    pair.run(60)
    assert (pair.a.sent, pair.b.sent) == sent
    assert [each.state for each in pair.a.agent.pairs] == [PairState.FAILED]


def test_closed_is_silent_and_ignores_everything():
    pair = IcePair()
    pair.negotiate()
    pair.run(5)
    agent = pair.a.agent
    agent.close(pair.now)
    assert agent.state == "closed"
    *_, last = (each for each in pair.a.trace.records if each.event == "state")
    facts = dict(last.facts)
    assert (facts["new"], facts["next_deadline_at"]) == ("closed", None)
    assert agent.poll_events() == []
    assert agent.poll_transmits() == []
    assert agent.next_timeout() is None
    assert agent.path is None
    assert agent.selected_pair is None
    line = "candidate:1 1 udp 2130706431 10.9.9.9 9 typ host"
    agent.set_local_credentials(IcePair(seed=3).a.credentials, pair.now)
    agent.set_remote_credentials(IcePair(seed=4).a.credentials, pair.now)
    agent.set_role(RTCIceRole.CONTROLLED, pair.now)
    agent.local.add_address(("10.0.0.9", 1), pair.now)
    agent.local.addresses_done(pair.now)
    agent.add_remote_candidates([Candidate.from_line(line)], pair.now)
    agent.end_remote_candidates(pair.now)
    agent.local.add_stun_server("stun:x", [("192.0.2.1", 3478)], pair.now)
    agent.local.server_failed(CandidateError("stun:y", 701, "no", None), pair.now)
    agent.local.remove_address(("10.0.0.1", 1000), pair.now)
    agent.rollback(pair.now)
    agent.passage.note_authentic(("10.0.0.1", 1000), ("10.0.0.2", 2000), pair.now)
    agent.handle_timeout(pair.now + 100)
    pair.run(1)
    agent.close(pair.now)
    assert agent.state == "closed"
    assert agent.poll_events() == []
    assert agent.poll_transmits() == []
    assert agent.next_timeout() is None


# --- gathering --------------------------------------------------------------------------------

SERVER = ("192.0.2.1", 3478)


def reflect(pair: IcePair, side: Side) -> list[Message]:
    """A STUN server for ``side``, behind a NAT; returns the keepalives it gets."""
    keepalives: list[Message] = []
    public = ("203.0.113.7", 61000)

    def drops(sender: Side, transmit: Transmit) -> bool:
        if sender is not side or transmit.remote != SERVER:
            return False
        message = Message.decode(transmit.data)
        if message.message_class is MessageClass.INDICATION:
            keepalives.append(message)
            return True
        response = Message(
            Method.BINDING,
            MessageClass.SUCCESS,
            message.transaction_id,
            {Attribute.XOR_MAPPED_ADDRESS: public},
        ).encode()
        pair.at(
            0.01,
            lambda: side.agent.receive_datagram(response, transmit.local, SERVER, pair.now),
        )
        return True

    pair.drops = drops
    pair.peer(side).addresses.append(SERVER)  # so that the wire asks about it
    return keepalives


def test_bindings_are_kept_until_the_answer_comes_and_a_pair_is_selected():
    pair = IcePair()
    keepalives = reflect(pair, pair.a)
    pair.set_roles()
    pair.a.agent.local.add_stun_server("stun:early", [SERVER], pair.now)  # before there is an offer
    pair.a.agent.set_local_credentials(pair.a.credentials, pair.now)
    pair.a.agent.local.expect_server("stun:s")
    pair.gather(pair.a)
    assert pair.a.agent.gathering_state == "gathering"
    pair.a.agent.local.add_stun_server("stun:s", [SERVER], pair.now)
    pair.run(50)
    assert [candidate.type for candidate in pair.a.gathered] == ["host", "srflx"]
    assert pair.a.agent.gathering_state == "complete"
    assert len(keepalives) == 3
    pair.b.addresses.remove(SERVER)
    pair.offer(pair.b)
    for side in pair.sides:
        pair.hear(side)
    for candidate in pair.a.gathered:
        pair.signal(pair.a, candidate.to_line(), pair.a.credentials.ufrag)
    pair.run(5)
    assert pair.a.states[-1] == "completed"
    pair.b.addresses.append(SERVER)
    pair.run(60)
    assert len(keepalives) == 3


def offer_with_server(pair: IcePair, works: bool) -> list[Message]:
    """``a`` offers and asks a STUN server; the peers reach each other if it ``works``."""
    pair.a.credentials = Credentials.generate(pair.a.random_bytes)
    pair.a.agent.set_local_credentials(pair.a.credentials, pair.now)
    pair.a.agent.local.expect_server("stun:s")
    pair.gather(pair.a)
    keepalives = reflect(pair, pair.a)
    reflects = pair.drops
    pair.drops = lambda side, transmit: reflects(side, transmit) or not works
    pair.a.agent.local.add_stun_server("stun:s", [SERVER], pair.now)
    return keepalives


def test_bindings_are_kept_no_longer_than_there_is_hope():
    pair = IcePair()
    pair.offer(pair.b)
    keepalives = offer_with_server(pair, works=False)
    for side in pair.sides:
        pair.hear(side)
    pair.run(60)
    assert pair.a.states == ["new", "checking", "failed"]
    assert len(keepalives) == 2
    assert pair.a.agent.next_timeout() is None


@pytest.mark.parametrize(("works", "before"), [(True, "completed"), (False, "failed")])
def test_bindings_of_a_restart_are_kept_until_its_answer_comes(works, before):
    """Whatever has become of what was before it."""
    pair = IcePair()
    pair.drops = lambda side, transmit: not works
    pair.negotiate()
    pair.run(60)
    keepalives = offer_with_server(pair, works)
    pair.run(50)
    assert pair.a.states[-1] == before
    assert len(keepalives) == 3


def test_success_lets_all_pairs_of_the_foundation_be_checked():
    """RFC 8445 7.2.5.3.3; else they would be tried one after the other."""
    peer = IcePeer()
    for port in (2000, 2001, 2002):
        text = f"candidate:1 1 udp {9000 - port} 10.0.0.2 {port} typ host"
        peer.agent.add_remote_candidates([Candidate.from_line(text)], peer.now)
    peer.run(1)
    assert {remote[1] for _, _, remote in peer.requests} == {2000}
    answered, peer.requests = peer.requests, []
    for request, local, remote in answered:
        peer.receive(peer.response(request, local), local, remote)
    peer.run(0.2)
    assert {remote[1] for _, _, remote in peer.requests} == {2001, 2002}
