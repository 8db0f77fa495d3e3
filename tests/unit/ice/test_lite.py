"""Lite agents: they answer, never ask, and still know whether the peer is there."""

import pytest

from frazil.ice import (
    Candidate,
    Credentials,
    IceConfig,
    IcePolicy,
    IceTransportChanged,
    RoleChanged,
    TcpType,
)
from frazil.ice.config import KEEPALIVE_S, MAX_REMOTE_PEER_REFLEXIVE
from frazil.ice.state import Cause
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message, MessageClass
from frazil.types import Transmit
from support.ice_pair import IcePair, Side
from support.ice_peer import LOCAL, REMOTE, IcePeer

UP = ["new", "checking", "connected", "completed"]
LITE = IcePolicy(lite=True)
A2 = (("10.0.0.1", 1000), ("10.1.0.1", 1001))
B2 = (("10.0.0.2", 2000), ("10.1.0.2", 2001))
A_DUAL = (("2001:db8::1", 1000), ("10.0.0.1", 1001))
REMOTE_HOST = Candidate.from_line("candidate:1 1 udp 9 10.0.0.2 2000 typ host")
B_DUAL = (("2001:db8::2", 2000), ("10.0.0.2", 2001))


def full_and_lite(**options) -> IcePair:
    return IcePair(b_policy=LITE, **options)


def both_lite(**options) -> IcePair:
    return IcePair(a_policy=LITE, b_policy=LITE, **options)


def blackout(pair: IcePair) -> None:
    pair.drops = lambda side, transmit: True


def heal(pair: IcePair) -> None:
    pair.drops = lambda side, transmit: False


def sent_by(pair: IcePair, side: Side) -> list[Message]:
    """Everything that ``side`` sends from now on; nothing is lost."""
    messages: list[Message] = []

    def drops(sender: Side, transmit: Transmit) -> bool:
        if sender is side:
            messages.append(Message.decode(transmit.data))
        return False

    pair.drops = drops
    return messages


# --- a full and a lite agent ------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_full_agent_connects_with_a_lite_one_that_never_asks(seed):
    pair = full_and_lite(a_addresses=A2, b_addresses=B2, seed=seed)
    messages = sent_by(pair, pair.b)
    pair.negotiate()
    pair.run(60)
    assert pair.states == (UP, UP)
    assert pair.agrees
    assert pair.b.agent.path == (B2[0], A2[0])
    assert {message.message_class for message in messages} == {MessageClass.SUCCESS}


def test_a_lite_agent_waits_for_the_nomination():
    """It must not send before (RFC 8445 12.1), although checks came."""
    pair = full_and_lite()
    pair.drops = lambda side, t: (
        side is pair.a and Message.decode(t.data).flag(Attribute.USE_CANDIDATE)
    )
    pair.negotiate()
    pair.run(1)
    assert pair.a.states == UP[:3]
    assert pair.b.states == UP[:2]
    assert pair.b.agent.path is None
    assert pair.b.agent.passage.is_validated(("10.0.0.2", 2000), ("10.0.0.1", 1000))
    heal(pair)
    pair.run(1)
    assert pair.states == (UP, UP)


@pytest.mark.parametrize("offerer", ["a", "b"])
def test_the_full_agent_controls_whoever_offers(offerer):
    pair = full_and_lite()
    first = getattr(pair, offerer)
    first.agent.set_role(RTCIceRole.CONTROLLING, pair.now)
    pair.peer(first).agent.set_role(RTCIceRole.CONTROLLED, pair.now)
    pair.negotiate(roles=False)
    pair.run(5)
    assert pair.a.agent.role is RTCIceRole.CONTROLLING
    assert pair.b.agent.role is RTCIceRole.CONTROLLED
    assert pair.states == (UP, UP)
    roles = [event.role for event in pair.b.events_of(RoleChanged)]
    assert roles == (["controlled"] if offerer == "a" else ["controlling", "controlled"])


def test_a_lite_agent_takes_no_part_in_role_conflicts():
    peer = IcePeer(RTCIceRole.CONTROLLED, policy=LITE)
    assert peer.agent.role is RTCIceRole.CONTROLLED
    response = peer.check(claim=Attribute.ICE_CONTROLLED, use_candidate=True)
    assert response.message_class is MessageClass.SUCCESS
    assert peer.agent.role is RTCIceRole.CONTROLLED


def test_checks_before_the_answer_count_once_it_is_there():
    peer = IcePeer(policy=LITE, answer=False)
    peer.check(use_candidate=True)
    assert peer.states == ["new"]
    peer.agent.set_remote_credentials(peer.ours, peer.now)
    peer.drain()
    assert peer.states == ["new", "checking", "connected"]
    assert peer.agent.path == (LOCAL, REMOTE)
    assert not peer.requests


def test_checks_before_the_answer_to_a_restart_count_after_it():
    """First it checks again, with as much patience as ever; then it has a pair."""
    peer = IcePeer(policy=LITE, addresses=())
    peer.agent.add_remote_candidates([REMOTE_HOST], peer.now)
    peer.agent.end_remote_candidates(peer.now)
    peer.drain()
    assert peer.states[-1] == "failed"
    peer.theirs = Credentials.generate(peer.random.randbytes)
    peer.agent.set_local_credentials(peer.theirs, peer.now)
    peer.agent.local.add_address(LOCAL, peer.now)
    peer.ours = Credentials.generate(peer.random.randbytes)
    peer.check(use_candidate=True)
    peer.agent.set_remote_credentials(peer.ours, peer.now)
    restart, connected = (
        each for each in peer.agent.poll_events() if isinstance(each, IceTransportChanged)
    )
    assert (restart.reason.cause, restart.pair) == (Cause.RESTART, None)
    assert restart.reason.next_deadline_at == pytest.approx(peer.now + 39.5)
    assert connected.reason.cause == Cause.PAIR_VALID
    assert connected.pair == peer.agent.selected_pair is not None


def test_a_lite_agent_follows_a_peer_that_moves():
    pair = full_and_lite(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(5)
    dead = {A2[0], B2[0]}
    pair.drops = lambda side, transmit: {transmit.local, transmit.remote} == dead
    pair.run(8)
    assert pair.agrees
    assert pair.b.agent.path != (B2[0], A2[0])
    assert pair.a.states[-1] in ("connected", "completed")


def test_a_lite_agent_hears_of_a_rebinding_by_the_check_from_the_new_address():
    pair = full_and_lite()
    pair.a.nat[("10.0.0.1", 1000)] = ("192.0.2.1", 7)
    pair.negotiate()
    pair.run(5)
    assert pair.b.agent.path == (("10.0.0.2", 2000), ("192.0.2.1", 7))
    pair.a.nat[("10.0.0.1", 1000)] = ("192.0.2.1", 8)
    pair.run(12)
    assert pair.b.agent.path == (("10.0.0.2", 2000), ("192.0.2.1", 8))
    assert "disconnected" not in pair.b.states


def test_a_lite_agent_follows_however_often_a_nat_moves_its_peer():
    pair = full_and_lite()
    pair.a.nat[("10.0.0.1", 1000)] = ("192.0.2.1", 7)
    pair.negotiate()
    for port in range(8, 8 + 3 * MAX_REMOTE_PEER_REFLEXIVE):
        pair.run(45)
        pair.a.nat[("10.0.0.1", 1000)] = ("192.0.2.1", port)
    pair.run(12)
    assert pair.b.agent.path == (("10.0.0.2", 2000), ("192.0.2.1", port))
    assert pair.states == (UP, UP)


# --- liveness and consent ---------------------------------------------------------------------


def test_a_lite_agent_notices_silence_by_its_own_clock():
    pair = full_and_lite()
    pair.negotiate()
    pair.run(10)
    heard_at = pair.b.agent._selection.monitor.heard_at
    blackout(pair)
    pair.run(heard_at + 12.499 - pair.now)
    assert pair.b.states == UP
    pair.run(0.002)
    assert pair.b.states == [*UP, "disconnected"]
    reason = pair.b.reasons[-1]
    assert reason.cause == Cause.LIVENESS_LOST
    assert reason.text == "the selected pair is silent: no check and no data of the peer arrive"
    assert reason.deadline_at == pytest.approx(heard_at + 12.5)
    assert reason.next_deadline_at == pytest.approx(heard_at + 30)


def test_one_lost_check_of_the_peer_is_nothing():
    """Checks come every 4 to 6 s (RFC 7675 5.1); a lite agent must bear that one is lost."""
    for seed in range(20):
        peer = IcePeer(policy=LITE)
        peer.check(use_candidate=True)
        peer.run(6 + seed * 0.3)  # up to 12 s: one of them did not come
        peer.check(use_candidate=True)
        assert peer.states == ["new", "checking", "connected"]


def test_data_of_the_peer_is_a_sign_of_life_but_no_consent():
    peer = IcePeer(policy=LITE)
    peer.check(use_candidate=True)
    began_at = peer.now
    for _ in range(29):
        peer.run(1)
        peer.agent.passage.note_authentic(LOCAL, REMOTE, peer.now)
        peer.drain()
    assert peer.states == ["new", "checking", "connected"]
    assert peer.agent.path == (LOCAL, REMOTE)
    peer.run(began_at + 30.001 - peer.now)
    assert peer.agent.path is None
    assert peer.states[-1] == "disconnected"  # more candidates may come


def test_consent_ends_thirty_seconds_after_the_last_check_of_the_peer():
    pair = full_and_lite()
    pair.negotiate()
    pair.run(10)
    expires_at = pair.b.agent._selection.monitor.consented_at + 30
    blackout(pair)
    pair.run(expires_at - 0.001 - pair.now)
    assert pair.b.agent.path is not None
    pair.run(0.002)
    assert pair.b.agent.path is None
    assert pair.b.states == [*UP, "disconnected", "failed"]
    assert pair.b.reasons[-1].cause == Cause.CONSENT_LOST


def test_a_pair_that_lost_consent_is_never_used_again():
    peer = IcePeer(policy=LITE)
    peer.check(use_candidate=True)
    peer.run(31)
    assert peer.agent.path is None
    assert peer.check(use_candidate=True).error.code == 403  # consent of ours has ended, too
    assert peer.agent.path is None
    peer.check(remote=("10.0.0.9", 9), use_candidate=True)
    assert peer.agent.path == (LOCAL, ("10.0.0.9", 9))
    assert peer.states == ["new", "checking", "connected", "disconnected", "connected"]


def test_a_short_blackout_heals_by_the_next_check():
    pair = full_and_lite()
    pair.negotiate()
    pair.run(10)
    blackout(pair)
    pair.run(14)
    assert pair.b.states == [*UP, "disconnected"]
    heal(pair)
    pair.run(3)
    assert pair.b.states == [*UP, "disconnected", "connected", "completed"]
    assert pair.agrees


def test_nobody_checks_a_lite_agent_until_patience_ends():
    peer = IcePeer(policy=LITE)
    line = "candidate:1 1 udp 2130706431 10.0.0.2 2000 typ host"
    peer.agent.add_remote_candidates([Candidate.from_line(line)], peer.now)
    peer.agent.end_remote_candidates(peer.now)
    peer.drain()
    assert peer.states == ["new", "checking"]
    assert not peer.requests
    peer.run(39.4)
    assert peer.states == ["new", "checking"]
    peer.run(0.2)
    assert peer.states == ["new", "checking", "failed"]


def test_a_restart_keeps_the_old_pair_until_the_peer_has_nominated_a_new_one():
    pair = full_and_lite()
    pair.negotiate()
    pair.run(10)
    pair.restart()
    assert pair.b.states == [*UP, "connected"]
    assert pair.b.agent.path is not None
    pair.run(5)
    assert pair.b.states == [*UP, "connected", "completed"]
    assert pair.b.agent.pair_in_use in pair.b.agent.pairs


def test_an_interface_that_goes_takes_the_pair_with_it():
    pair = full_and_lite(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(5)
    pair.b.agent.local.remove_address(B2[0], pair.now)
    pair.b.addresses.remove(B2[0])
    pair.flush()
    assert pair.b.states == [*UP, "disconnected"]
    pair.run(10)
    assert pair.b.agent.path[0] == B2[1]
    assert pair.b.states[4:6] == ["disconnected", "connected"]


def test_a_stream_that_ends_is_not_said_to_be_an_interface():
    peer = IcePeer(policy=LITE, addresses=(), tcp=[(LOCAL, TcpType.PASSIVE)])
    peer.receive(peer.request(use_candidate=True))
    assert peer.agent.path == (LOCAL, REMOTE)
    peer.agent.local.lose_stream(LOCAL, REMOTE, "the peer ended it", peer.now)
    moves = [each.facts for each in peer.trace.records if each.event == "state"]
    assert (moves[-1]["new"], moves[-1]["cause"]) == ("disconnected", Cause.STREAM_LOST)


def test_a_response_to_a_lite_agent_answers_nothing():
    peer = IcePeer(policy=LITE)
    request = Message.decode(peer.request())
    peer.receive(peer.response(request, LOCAL))
    assert peer.trace.counters["stun-response-unmatched"] == 1
    assert not peer.agent.passage.is_validated(LOCAL, REMOTE)


# --- two lite agents --------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(A2[:1], B2[:1]), (A2, B2), (A_DUAL, B_DUAL)])
def test_two_lite_agents_use_their_best_pair_without_a_packet(a, b):
    pair = both_lite(a_addresses=a, b_addresses=b)
    pair.negotiate()
    pair.run(1)
    assert pair.states == (UP, UP)
    assert pair.agrees
    assert pair.a.agent.path == (a[0], b[0])
    assert (pair.a.sent, pair.b.sent) == (0, 0)
    assert pair.a.agent.passage.is_validated(a[0], b[0])
    assert not pair.a.agent.passage.is_validated(a[0], ("10.0.0.77", 1))
    assert pair.a.agent.role is RTCIceRole.CONTROLLING


def test_two_lite_agents_agree_whatever_order_the_candidates_come_in():
    pair = both_lite(a_addresses=A2, b_addresses=tuple(reversed(B2)), signalling_s=0.5)
    pair.negotiate()
    pair.run(5)
    assert pair.agrees
    assert pair.states == (UP, UP)


def test_two_lite_agents_keep_the_way_open_and_never_lose_heart():
    pair = both_lite()
    pair.negotiate()
    pair.run(1)
    messages = sent_by(pair, pair.a)
    pair.run(10 * KEEPALIVE_S)
    assert len(messages) == 10
    assert {m.message_class for m in messages} == {MessageClass.INDICATION}
    blackout(pair)
    pair.run(300)
    assert pair.states == (UP, UP)
    pair.a.agent.close(pair.now)
    assert pair.a.agent.next_timeout() is None


# --- the timers -------------------------------------------------------------------------------


@pytest.mark.parametrize("silence_s", [0.0, -1.0, 31.0])
def test_the_silence_of_a_lite_agent_ends_before_consent(silence_s):
    with pytest.raises(ValueError, match="lite_disconnected_after_s"):
        IceConfig(lite_disconnected_after_s=silence_s)
