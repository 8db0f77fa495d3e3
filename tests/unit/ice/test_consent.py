"""What is taken without the codec leads to the same as what is not."""

import pytest

from frazil.ice import Candidate
from frazil.ice.consent import MAX_SAMPLES, Consent
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message, MessageClass
from frazil.types import Datagram
from support.ice_pair import IcePair
from support.ice_peer import LOCAL, IcePeer

UP = ["new", "checking", "connected", "completed"]
TURN_S = 3.6
"""After so long a turn of ours is over, and one of the peer is missed."""
V6 = {"a_addresses": (("2001:db8::1", 1000),), "b_addresses": (("2001:db8::2", 2000),)}


def story(options, seed: int, loss: float):
    """All that can be told of ten minutes of two idle ends."""
    pair = IcePair(seed=seed, **options)
    sent = []
    pair.negotiate()
    pair.run(20)
    pair.loss = loss
    pair.drops = lambda side, transmit: sent.append((pair.now, side.name, transmit)) or False
    pair.run(600)
    pair.loss = 0
    pair.run(7)
    ends = [
        (
            side.states,
            [getattr(side.pair, name) for name in side.pair.__slots__ if name.endswith("ed")],
            side.pair.consent_requests_sent,
            (side.pair.round_trip.total_s, side.pair.round_trip.samples),
            [(str(each), each.count, each.last_at) for each in side.trace.records],
            side.trace.counters,
        )
        for side in pair.sides
    ]
    return sent, ends


@pytest.mark.interpreted
@pytest.mark.parametrize("loss", [0.0, 0.2])
@pytest.mark.parametrize("options", [{}, V6, {"delay_s": 0.4}], ids=["IPv4", "IPv6", "slow"])
def test_it_makes_no_difference(monkeypatch, options, loss):
    usual = story(options, 3, loss)
    monkeypatch.setattr(Consent, "settle", lambda self, *, settled: None)
    assert story(options, 3, loss) == usual


@pytest.mark.interpreted
@pytest.mark.parametrize("options", [{}, V6], ids=["IPv4", "IPv6"])
def test_nothing_is_decoded_while_nothing_happens(monkeypatch, options):
    pair = IcePair(**options)
    pair.negotiate()
    pair.run(60)
    decode, decoded = Message.decode, []
    monkeypatch.setattr(Message, "decode", lambda data: decoded.append(data) or decode(data))
    pair.run(600)
    assert decoded == []
    assert pair.states == (UP, UP)


@pytest.mark.interpreted
@pytest.mark.parametrize("options", [{}, V6], ids=["IPv4", "IPv6"])
def test_what_came_before_both_settled_is_known_to_be_usual(monkeypatch, options):
    pair = IcePair(**options)
    pair.negotiate()
    pair.run(1)
    decode, decoded = Message.decode, []
    monkeypatch.setattr(Message, "decode", lambda data: decoded.append(data) or decode(data))
    pair.run(60)
    assert pair.a.pair.consent_requests_sent > 5
    assert decoded == []


def test_messages_of_a_few_pairs_are_kept_and_of_none_once_both_settled():
    crowded, settled = IcePeer(), IcePeer()
    for number in range(MAX_SAMPLES + 5):
        line = f"candidate:1 1 udp 2130706431 10.0.0.3 {3000 + number} typ host"
        crowded.agent.add_remote_candidates([Candidate.from_line(line)], crowded.now)
        crowded.check(remote=("10.0.0.3", 3000 + number))
    assert len(crowded.agent._checker.consent._samples) == MAX_SAMPLES
    settled.check(remote=("10.0.0.3", 3000))
    assert len(settled.agent._checker.consent._samples) == 1
    settled.validate(LOCAL, use_candidate=True)
    settled.run(60)
    assert settled.agent._checker.consent._samples == {}


def test_messages_of_another_generation_are_of_no_use_in_this_one():
    """The addresses of a restarted transport are the same, and the credentials are not."""
    pair = IcePair()
    pair.negotiate()
    pair.run(20)
    pair.restart()
    pair.run(60)
    assert pair.states == (UP + UP[2:], UP + UP[2:])
    for side in pair.sides:
        assert "check-unauthenticated" not in side.trace.counters
        assert "stun-response-unauthenticated" not in side.trace.counters


@pytest.fixture
def peer() -> IcePeer:
    """In use, and asked often enough to know what is usual."""
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    for _ in range(4):
        peer.run(TURN_S)
        peer.answer_all()
        peer.check()
    peer.requests.clear()
    return peer


def test_another_word_in_the_usual_check_is_heard(peer):
    assert peer.check().message_class is MessageClass.SUCCESS
    response = peer.check(password="x" * 24)
    assert response.message_class is MessageClass.ERROR
    assert peer.trace.counters["check-unauthenticated"] == 1
    pair = peer.agent.pair_in_use
    before = pair.requests_received
    assert peer.check(use_candidate=True, nomination=7).message_class is MessageClass.SUCCESS
    assert pair.requests_received == before + 1


def test_a_forged_answer_changes_nothing(peer):
    peer.run(TURN_S)
    (request, local, remote) = peer.requests[0]
    pair, counted = peer.agent.pair_in_use, peer.trace.counters
    before = pair.responses_received
    peer.receive(peer.response(request, LOCAL, password="x" * 24), local, remote)
    assert pair.responses_received == before
    assert counted["stun-response-unauthenticated"] == 1
    peer.receive(peer.response(request, LOCAL), local, remote)
    assert pair.responses_received == before + 1
    peer.receive(peer.response(request, LOCAL), local, remote)
    assert pair.responses_received == before + 1
    assert counted["stun-response-unmatched"] == 1


@pytest.mark.parametrize("size", range(20))
def test_a_piece_of_the_usual_is_counted_and_dropped(peer, size):
    peer.run(TURN_S)
    (request, local, remote) = peer.requests[0]
    for whole in (peer.response(request, LOCAL), request.data):
        piece = Datagram(whole[:size], local, remote)
        assert peer.agent.take_usual(piece, peer.now) is None
        peer.receive(whole[:size], local, remote)
    assert peer.trace.counters["stun-malformed"] == 2


def test_the_usual_answer_from_elsewhere_is_not_usual(peer):
    peer.run(TURN_S)
    (request, local, _) = peer.requests[0]
    consented_at = peer.agent.pair_in_use.consented_at
    peer.receive(peer.response(request, LOCAL), local, ("10.6.6.6", 666))
    assert peer.agent.pair_in_use.consented_at == consented_at
    assert peer.trace.counters["stun-response-from-elsewhere"] == 1


def test_an_answer_that_names_another_address_is_a_move(peer):
    peer.run(TURN_S)
    (request, local, remote) = peer.requests[0]
    peer.receive(peer.response(request, ("203.0.113.7", 7)), local, remote)
    assert peer.agent.selected_pair.local.address == ("203.0.113.7", 7)


def test_checks_announce_the_role_that_we_have(peer):
    peer.agent.set_role(RTCIceRole.CONTROLLING, peer.now)
    peer.answer_all()
    for _ in range(3):
        peer.run(6)
        assert peer.requests
        for request, _, _ in peer.requests:
            assert request.number(Attribute.ICE_CONTROLLING) is not None
            assert request.number(Attribute.ICE_CONTROLLED) is None
        peer.answer_all()
