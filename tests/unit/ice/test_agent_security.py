"""What strangers, and peers gone bad, cannot do."""

import hmac
import random

import pytest

from frazil.ice import Candidate, IceAgent, IceConfig
from frazil.ice.check_table import CheckTable
from frazil.ice.config import (
    MAX_EARLY_CHECKS,
    MAX_REMOTE_PEER_REFLEXIVE,
    MAX_REPEATS,
    MAX_VALIDATED,
    REPEAT_DELAY_S,
)
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message, MessageClass, Method, short_term_key
from frazil.trace import Trace
from support.ice_pair import IcePair
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

STRANGER = ("10.6.6.6", 666)


def table(agent: IceAgent) -> CheckTable:
    return agent._checker._table


def snapshot(peer: IcePeer) -> tuple:
    """Everything that a packet could have changed, but counters."""
    agent = peer.agent
    monitor = agent._selection.monitor
    current = agent._lineage.current
    return (
        agent.state,
        agent.role,
        agent.path,
        tuple(agent._validated),
        [(str(pair), pair.state, pair.requests_received) for pair in agent.pairs],
        len(current.remote_candidates) if current else None,
        [len(generation.early_checks) for generation in agent._lineage],
        len(table(agent)),
        (monitor.heard_at, monitor.consented_at) if monitor else None,
        agent.next_timeout(),
    )


@pytest.fixture
def peer() -> IcePeer:
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    peer.run(1)
    return peer


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"password": "wrongwrongwrongwrongwrong"}, 401),
        ({"username": "nobody:x"}, 401),
        ({"username": "nocolon"}, 401),
        ({"username": ":x"}, 400),
    ],
)
def test_requests_that_are_not_authentic_change_nothing(peer, options, code):
    before = snapshot(peer)
    response = peer.check(LOCAL, STRANGER, **options)
    assert response.error.code == code
    assert not response.has_integrity
    assert snapshot(peer) == before
    assert not peer.agent.passage.is_validated(LOCAL, STRANGER)


def test_our_ufrag_without_a_colon_is_no_username(peer):
    response = peer.check(LOCAL, STRANGER, username=peer.theirs.ufrag)
    assert response.error.code == 401


def test_requests_without_integrity_change_nothing(peer):
    before = snapshot(peer)
    request = Message(
        Method.BINDING,
        MessageClass.REQUEST,
        bytes(12),
        {Attribute.USERNAME: f"{peer.theirs.ufrag}:x", Attribute.USE_CANDIDATE: True},
    )
    peer.responses.clear()
    peer.receive(request.encode(), LOCAL, STRANGER)
    assert peer.responses[-1].error.code == 400
    assert snapshot(peer) == before


def test_a_forged_role_claim_changes_nothing(peer):
    peer.tie_breaker = 0
    before = snapshot(peer)
    peer.check(claim=Attribute.ICE_CONTROLLED, password="wrongwrongwrongwrongwrong")
    assert snapshot(peer) == before


def test_indications_and_other_methods_change_nothing(peer):
    before = snapshot(peer)
    key = short_term_key(peer.theirs.password)
    for method, kind in [
        (Method.BINDING, MessageClass.INDICATION),
        (Method.ALLOCATE, MessageClass.REQUEST),
        (Method.DATA, MessageClass.INDICATION),
    ]:
        message = Message(method, kind, bytes(12), {Attribute.USERNAME: f"{peer.theirs.ufrag}:x"})
        peer.receive(message.encode(), LOCAL, STRANGER)
        peer.receive(message.encode(key), LOCAL, REMOTE)
    assert snapshot(peer) == before
    assert peer.trace.counters["stun-unexpected-method"] == 4


@pytest.mark.parametrize("error", [None, 400, 401, 403, 420, 487, 500])
@pytest.mark.parametrize("forgery", [{"signed": False}, {"password": "x" * 24}])
def test_forged_responses_change_nothing_and_the_check_goes_on(error, forgery):
    peer = IcePeer()
    peer.check()
    (request, local, remote) = peer.requests[0]
    before = snapshot(peer)
    peer.receive(peer.response(request, LOCAL, error=error, **forgery), local, remote)
    assert snapshot(peer) == before
    peer.receive(peer.response(request, LOCAL), local, remote)
    assert peer.agent.path == (LOCAL, REMOTE)


def test_responses_nobody_asked_for_change_nothing(peer):
    stray = Message(Method.BINDING, MessageClass.REQUEST, bytes(12))
    before = snapshot(peer)
    peer.receive(peer.response(stray, LOCAL), LOCAL, REMOTE)
    assert snapshot(peer) == before
    assert peer.trace.counters["stun-response-unmatched"] == 1


def test_a_response_counts_once(peer):
    peer.run(3)
    (request, local, remote) = peer.requests[-1]
    data = peer.response(request, LOCAL)
    peer.receive(data, local, remote)
    before = snapshot(peer)
    peer.run(0)
    peer.receive(data, local, remote)
    assert snapshot(peer) == before


def test_unknown_attributes_are_refused_with_their_numbers(peer):
    """RFC 8489 6.3.1; the request is authentic, so the answer is as well."""
    plain = peer.request()
    before = snapshot(peer)
    message = Message.decode(plain)
    body = (0x7FFE).to_bytes(2) + (4).to_bytes(2) + b"abcd"
    attributes = plain[20 : plain.index(b"\x00\x08\x00\x14", 20)]
    data = _sign(message.transaction_id, body + attributes, peer.theirs.password)
    peer.responses.clear()
    peer.receive(data, LOCAL, STRANGER)
    response = peer.responses[-1]
    assert response.error.code == 420
    assert response.attributes[Attribute.UNKNOWN_ATTRIBUTES] == (0x7FFE,)
    assert response.is_authentic(short_term_key(peer.theirs.password))
    assert snapshot(peer) == before


def _sign(transaction_id: bytes, body: bytes, password: str) -> bytes:
    head = b"\x00\x01" + (len(body) + 24).to_bytes(2) + b"\x21\x12\xa4\x42" + transaction_id
    mac = hmac.digest(short_term_key(password), head + body, "sha1")
    return head + body + b"\x00\x08\x00\x14" + mac


def test_messages_of_an_old_generation_do_not_select_anything(peer):
    old_request = peer.request(use_candidate=True)
    peer.ours, peer.theirs = type(peer.ours)("newa", "a" * 24), type(peer.ours)("newb", "b" * 24)
    for _ in range(3):  # so often that the old generation is forgotten
        suffix = f"{peer.random.random()}"[2:10]
        peer.theirs = type(peer.ours)("b" + suffix, "b" * 24)
        peer.ours = type(peer.ours)("a" + suffix, "a" * 24)
        peer.agent.set_local_credentials(peer.theirs, peer.now)
        peer.agent.set_remote_credentials(peer.ours, peer.now)
        for address in (LOCAL, LOCAL_2):
            peer.agent.local.add_address(address, peer.now)
        peer.agent.local.addresses_done(peer.now)
        peer.drain()
    before = snapshot(peer)
    used = peer.agent._selection.generation
    peer.receive(old_request, LOCAL, STRANGER)
    after = snapshot(peer)
    # It is answered, since the old pair still carries data, but selects and checks nothing.
    assert after[:3] == before[:3]
    assert after[4] == before[4]
    assert used is peer.agent._selection.generation


# --- bounds -----------------------------------------------------------------------------------


def test_an_authentic_flood_from_many_addresses_is_bounded():
    peer = IcePeer()
    for n in range(2000):
        peer.receive(peer.request(), LOCAL, ("10.6.6.6", 1 + n))
    assert len(peer.agent._lineage.current.remote_candidates) == MAX_REMOTE_PEER_REFLEXIVE
    assert len(peer.agent.pairs) == MAX_REMOTE_PEER_REFLEXIVE
    # Others get no answer: the peer would nominate what works, and we could not follow.
    assert len(peer.responses) == MAX_REMOTE_PEER_REFLEXIVE
    assert len(table(peer.agent)) == MAX_REMOTE_PEER_REFLEXIVE
    assert len(peer.agent._validated) == MAX_VALIDATED
    assert peer.trace.counters["check-without-pair"] == 2000 - MAX_REMOTE_PEER_REFLEXIVE


def test_an_authentic_flood_before_the_answer_is_bounded():
    peer = IcePeer(answer=False)
    for n in range(2000):
        peer.receive(peer.request(), LOCAL, ("10.6.6.6", 1 + n))
    (generation,) = peer.agent._lineage
    assert len(generation.early_checks) == MAX_EARLY_CHECKS
    assert peer.agent.next_timeout() is None


def test_an_authentic_flood_on_one_pair_makes_us_repeat_one_check_a_few_times():
    peer = IcePeer()
    for _ in range(10):
        for _ in range(200):
            peer.receive(peer.request())
        peer.now += REPEAT_DELAY_S
        peer.agent.handle_timeout(peer.now)
        peer.drain()
    assert len(peer.requests) == 1 + MAX_REPEATS
    assert len({request.transaction_id for request, _, _ in peer.requests}) == 1
    assert len(table(peer.agent)) == 1


def test_the_path_in_use_stays_validated_under_a_flood(peer):
    for n in range(1000):
        peer.receive(peer.request(), LOCAL, ("10.6.6.6", 1 + n))
    assert peer.agent.passage.is_validated(*peer.agent.path)
    assert peer.agent.passage.is_validated(LOCAL, ("10.6.6.6", 1000))
    assert not peer.agent.passage.is_validated(LOCAL, ("10.6.6.6", 1))


def test_a_lost_interface_validates_nothing_any_more(peer):
    peer.agent.local.remove_address(LOCAL, peer.now)
    assert not peer.agent.passage.is_validated(LOCAL, REMOTE)


def test_ten_thousand_mutated_datagrams_raise_nothing_and_leave_nothing():
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    before = snapshot(peer)
    source = random.Random(9)
    models = [peer.request(use_candidate=True), peer.request(nomination=3)]
    peer.run(2)
    models += [peer.response(request, LOCAL) for request, _, _ in peer.requests[-2:]]
    models += [peer.response(request, LOCAL, error=487) for request, _, _ in peer.requests[-2:]]
    before = snapshot(peer)
    for _ in range(10_000):
        model = source.choice(models)
        data = bytearray(model)
        while data == model:
            for _ in range(source.randrange(1, 4)):  # in what is signed, so not in FINGERPRINT
                data[source.randrange(len(data) - 8)] ^= 1 << source.randrange(8)
        if source.random() < 0.2:
            del data[source.randrange(len(data)) :]
        peer.receive(bytes(data), LOCAL, STRANGER if source.random() < 0.5 else REMOTE)
    assert snapshot(peer) == before
    assert len(peer.trace.counters) < 12


def test_random_bytes_raise_nothing():
    peer = IcePeer()
    source = random.Random(10)
    for _ in range(3000):
        head = b"\0\1" if source.random() < 0.3 else source.randbytes(2)
        body = source.randbytes(source.randrange(0, 100) & ~3)
        data = head + len(body).to_bytes(2) + b"\x21\x12\xa4\x42" + source.randbytes(12) + body
        peer.receive(data)
    peer.receive(b"")
    peer.receive(bytes(3000))
    assert peer.agent.state == "new"


# --- credentials and candidates from signalling -----------------------------------------------


def test_the_longest_credentials_work():
    pair = IcePair()
    for side in pair.sides:
        kind = type(side.credentials)
        side.credentials = kind(side.name * 256, "p" * 256)
    pair.negotiate()
    pair.run(5)
    assert pair.a.states[-1] == pair.b.states[-1] == "completed"


def test_candidates_for_an_unknown_generation_are_counted():
    peer = IcePeer()
    candidate = Candidate.from_line("candidate:1 1 udp 1 10.0.0.2 2000 typ host")
    peer.agent.add_remote_candidates([candidate], peer.now, "nobody")
    peer.agent.end_remote_candidates(peer.now, "nobody")
    assert peer.agent.pairs == ()
    assert peer.trace.counters["ice-candidate-of-unknown-generation"] == 1


def test_signalled_candidates_are_bounded_and_counted():
    peer = IcePeer()
    for n in range(60):
        text = f"candidate:1 1 udp {1000 + n} 10.0.0.2 {2000 + n} typ host"
        peer.agent.add_remote_candidates([Candidate.from_line(text)], peer.now)
    assert peer.trace.counters["ice-candidate-too-many"] == 10
    assert len(peer.agent.pairs) == 100
    peer.agent.end_remote_candidates(peer.now)
    late = Candidate.from_line("candidate:1 1 udp 9 10.0.0.9 9 typ host")
    peer.agent.add_remote_candidates([late], peer.now)
    assert peer.trace.counters["ice-candidate-too-many"] == 11


def test_ordinary_checks_are_paced():
    """RFC 8445 14.2: one per Ta, however many candidates are claimed."""
    peer = IcePeer(RTCIceRole.CONTROLLING)
    for n in range(50):
        text = f"candidate:{n} 1 udp {1000 + n} 10.0.0.{n + 2} 2000 typ host"
        peer.agent.add_remote_candidates([Candidate.from_line(text)], peer.now)
    peer.drain()
    assert len(peer.requests) == 1
    peer.run(0.2)
    assert len(peer.requests) == 11
    peer.run(1.8)
    assert len({(local, remote) for _, local, remote in peer.requests}) == 100
    assert len(peer.requests) <= 105  # all were sent once before most are repeated


def test_the_configuration_is_checked():
    with pytest.raises(ValueError, match="pacing_s"):
        IceConfig(pacing_s=0.004)
    with pytest.raises(ValueError, match="timers"):
        IceConfig(disconnected_after_s=1)


def test_an_agent_that_was_never_negotiated_answers_strangers_only():
    trace = Trace()
    agent = IceAgent("x", IceConfig(), random.Random(1).randbytes, trace)
    peer = IcePeer()
    agent.receive_datagram(peer.request(), LOCAL, REMOTE, 1.0)
    (transmit,) = agent.poll_transmits()
    assert Message.decode(transmit.data).error.code == 401
    assert agent.next_timeout() is None
    agent.rollback(1.0)
    agent.handle_timeout(1.0)
    assert agent.state == "new"
