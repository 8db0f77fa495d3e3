import pytest

from frazil.stun import Attribute, ErrorCode, Message, MessageClass, Method
from frazil.turn import AllocationLost, TurnState
from support.turn_pair import PEER, SERVER, TurnPair, seen

REFRESH = (Method.REFRESH, MessageClass.REQUEST)


def only_event(pair):
    ((_, event),) = pair.events
    return event


def is_response(data):
    return seen(data)[1] in (MessageClass.SUCCESS, MessageClass.ERROR)


# --- ends -------------------------------------------------------------------------------------


def test_close_gives_the_allocation_back():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.client.close(pair.now)
    assert pair.client.state is TurnState.CLOSING
    assert pair.client.relayed_addresses == ()
    pair.client.close(pair.now)
    pair.run(1)
    assert pair.client.state is TurnState.CLOSED
    assert pair.open_relays == set()
    assert [seen(data) for _, data in pair.sent] == [REFRESH]
    assert Message.decode(pair.sent[0][1]).number(Attribute.LIFETIME) == 0
    event = only_event(pair)
    assert (event.change.reason.cause, event.change.old) == ("released", "closing")
    assert pair.client.next_timeout() is None
    pair.client.close(pair.now)


def test_close_is_repeated_and_copes_with_a_stale_nonce():
    pair = TurnPair()
    pair.allocate()
    pair.service.expire_nonces()
    pair.loses = lambda data: pair.now < 3
    pair.client.close(pair.now)
    pair.run(20)
    assert pair.client.state is TurnState.CLOSED
    assert pair.open_relays == set()


def test_close_of_what_the_server_has_forgotten():
    pair = TurnPair()
    pair.allocate()
    pair.service.forget_allocations()
    pair.client.close(pair.now)
    pair.run(1)
    assert only_event(pair).change.reason.cause == "released"


def test_close_that_is_refused():
    pair = TurnPair()
    pair.allocate()
    pair.service.refusals = {Method.REFRESH: ErrorCode(403)}
    pair.client.close(pair.now)
    pair.run(1)
    assert only_event(pair).change.reason.cause == "refused"


def test_close_without_an_answer():
    pair = TurnPair()
    pair.allocate()
    pair.service.silent = True
    pair.client.close(pair.now)
    pair.run(60)
    assert only_event(pair).change.reason.cause == "unanswered"
    assert pair.client.state is TurnState.CLOSED


def test_close_while_allocating_gives_back_what_comes():
    pair = TurnPair()
    pair.client.allocate(0.0)
    pair.run(0.025)
    pair.client.close(pair.now)
    pair.run(5)
    assert pair.kinds() == ["Closed"]
    assert pair.service.requests[Method.REFRESH] == 1
    assert pair.open_relays == set()


@pytest.mark.parametrize("silent", [False, True])
def test_close_while_allocating_in_vain(silent):
    pair = TurnPair()
    pair.service.silent = silent
    pair.service.quota = 0
    pair.client.allocate(0.0)
    pair.client.close(0.0)
    pair.run(60)
    assert pair.kinds() == ["Closed"]


def test_close_before_anything_and_after_a_failure():
    pair = TurnPair()
    pair.client.create_permission(PEER[0], 0.0)
    pair.client.close(0.0)
    pair.run(1)
    assert (pair.client.state, pair.sent, pair.kinds()) == (TurnState.CLOSED, [], ["Closed"])
    pair = TurnPair()
    pair.service.quota = 0
    pair.client.allocate(0.0)
    pair.run(1)
    pair.client.close(pair.now)
    pair.run(1)
    assert pair.kinds() == ["AllocationFailed", "Closed"]


def test_the_transport_is_lost():
    text = "the connection was reset"
    pair = TurnPair()
    pair.client.lose_transport(text, 0.0)
    pair.run(1)
    assert pair.kinds() == ["AllocationFailed"]
    pair = TurnPair()
    pair.client.allocate(0.0)
    pair.client.lose_transport(text, 0.0)
    pair.run(60)
    assert pair.kinds() == ["AllocationFailed"]
    pair = TurnPair()
    pair.allocate()
    pair.client.lose_transport(text, pair.now)
    pair.client.lose_transport(text, pair.now)
    pair.run(60)
    event = only_event(pair)
    assert isinstance(event, AllocationLost)
    assert (event.code, event.text) == (None, "The connection was reset.")
    assert event.change.reason.cause == "transport-lost"
    pair = TurnPair()
    pair.allocate()
    pair.client.close(pair.now)
    pair.client.lose_transport(text, pair.now)
    pair.run(60)
    assert pair.kinds() == ["Closed"]
    pair.client.lose_transport(text, pair.now)
    pair.run(1)
    assert pair.kinds() == ["Closed"]


# --- what does not belong here ----------------------------------------------------------------


def test_foreign_bytes_are_counted_and_dropped():
    pair = TurnPair()
    pair.allocate()
    request = Message(Method.BINDING, MessageClass.REQUEST, bytes(12)).encode()
    indication = Message(Method.SEND, MessageClass.INDICATION, bytes(12)).encode()
    response = Message(Method.BINDING, MessageClass.SUCCESS, bytes(12)).encode()
    broken = response[:-1] + bytes([response[-1] ^ 1])
    messages = [b"", b"\x80rtp", b"\x16dtls", request, indication, response, broken]
    assert pair.client.receive([*messages, b"\x40\x00"], pair.now) == []
    assert pair.trace.counters == {
        "turn-foreign": 5,
        "turn-response-unexpected": 1,
        "turn-malformed": 2,
    }
    pair.run(1)
    assert pair.events == []


def test_responses_of_another_method_and_without_a_code_are_dropped():
    pair = TurnPair()
    pair.service.silent = True
    pair.client.allocate(0.0)
    pair.flush()
    identity = Message.decode(pair.sent[0][1]).transaction_id
    other = Message(Method.REFRESH, MessageClass.SUCCESS, identity)
    codeless = Message(Method.ALLOCATE, MessageClass.ERROR, identity)
    pair.client.receive([other.encode(), codeless.encode()], 0.0)
    assert pair.trace.counters == {
        "turn-response-unexpected": 1,
        "turn-response-malformed": 1,
    }
    assert pair.client.state is TurnState.ALLOCATING


def test_a_duplicated_response_changes_nothing():
    pair = TurnPair()
    pair.client.allocate(0.0)
    answers = []
    pair.loses = lambda data: answers.append(data) or False
    pair.run(1)
    pair.client.receive([data for data in answers if is_response(data)], pair.now)
    pair.run(1)
    assert pair.kinds() == ["Allocated"]
    assert len(pair.sent) == 2


def test_a_timeout_before_its_time_does_nothing():
    pair = TurnPair()
    pair.allocate()
    before = pair.client.next_timeout()
    pair.client.handle_timeout(before - 0.001)
    assert pair.client.next_timeout() == before
    assert pair.client.poll_transmits() == []


def test_the_address_of_the_server_is_nothing_special():
    # The harness checks where each message goes; here only that a peer may be anywhere.
    pair = TurnPair()
    pair.allocate()
    pair.permit(SERVER[0])
    pair.client.send(b"loop", SERVER, pair.now)
    pair.run(1)
    assert pair.at_peers == [(b"loop", SERVER)]
