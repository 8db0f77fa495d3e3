from random import Random

import pytest

from frazil.errors import InvalidStateError
from frazil.stun import AlgorithmChoice, Attribute, ErrorCode, Message, MessageClass, Method
from frazil.stun import PasswordAlgorithm as Algorithm
from frazil.trace import Trace
from frazil.turn import (
    Allocated,
    AllocationFailed,
    AllocationLost,
    RelayFamily,
    TurnClient,
    TurnState,
)
from support.turn_pair import (
    CLIENT,
    DELAY_S,
    PEER,
    RELAYED,
    RELAYED_IPV6,
    SERVER,
    TurnPair,
    config,
    seen,
)

MINUTE_S = 60.0
ALLOCATE = (Method.ALLOCATE, MessageClass.REQUEST)
REFRESH = (Method.REFRESH, MessageClass.REQUEST)


def only_event(pair):
    ((_, event),) = pair.events
    return event


def is_response(data):
    return seen(data)[1] in (MessageClass.SUCCESS, MessageClass.ERROR)


def failed_allocation(**service):
    pair = TurnPair()
    for name, value in service.items():
        setattr(pair.service, name, value)
    pair.client.allocate(0.0)
    pair.run(60)
    assert pair.client.state is TurnState.FAILED
    assert pair.client.next_timeout() is None
    return pair, only_event(pair)


# --- allocation -------------------------------------------------------------------------------


def test_an_allocation_takes_two_round_trips():
    pair = TurnPair()
    pair.client.allocate(0.0)
    assert pair.client.state is TurnState.ALLOCATING
    pair.run(1)
    ((at, event),) = pair.events
    assert at == pytest.approx(4 * DELAY_S)
    assert isinstance(event, Allocated)
    assert event.relayed_addresses == pair.client.relayed_addresses == (RELAYED,)
    assert event.mapped_address == pair.client.mapped_address == CLIENT
    assert event.lifetime_s == 600
    assert event.change.new == pair.client.state == TurnState.ALLOCATED
    assert event.change.reason.next_deadline_at == pytest.approx(2 * DELAY_S + 500)
    assert [seen(data) for _, data in pair.sent] == [ALLOCATE, ALLOCATE]
    first, second = (Message.decode(data) for _, data in pair.sent)
    assert first.attributes == {Attribute.REQUESTED_TRANSPORT: 17, Attribute.LIFETIME: 600}
    assert not first.has_integrity
    assert second.text(Attribute.USERNAME) == "user"
    assert first.transaction_id != second.transaction_id


@pytest.mark.parametrize("seed", range(8))
def test_an_allocation_survives_loss(seed):
    pair = TurnPair()
    random = Random(seed)
    pair.loses = lambda data: random.random() < 0.3
    pair.client.allocate(0.0)
    pair.run(79)
    assert pair.kinds() == ["Allocated"]
    assert len(pair.open_relays) == 1


def test_it_is_asked_for_once():
    pair = TurnPair()
    pair.client.allocate(0.0)
    with pytest.raises(InvalidStateError, match="allocating"):
        pair.client.allocate(0.0)
    pair.run(1)
    with pytest.raises(InvalidStateError, match="allocated"):
        pair.client.allocate(pair.now)
    pair.client.close(pair.now)
    with pytest.raises(InvalidStateError, match="closing"):
        pair.client.allocate(pair.now)


@pytest.mark.parametrize("algorithms", [(Algorithm.SHA256, Algorithm.MD5), (Algorithm.MD5,)])
@pytest.mark.parametrize("hides_usernames", [False, True])
def test_the_security_features_of_rfc_8489(algorithms, hides_usernames):
    pair = TurnPair()
    pair.service.algorithms = algorithms
    pair.service.hides_usernames = hides_usernames
    pair.client.allocate(0.0)
    pair.run(1)
    assert pair.kinds() == ["Allocated"]
    request = Message.decode(pair.sent[-1][1])
    assert request.attributes[Attribute.PASSWORD_ALGORITHM] == AlgorithmChoice(algorithms[0])
    assert (Attribute.USERHASH in request.attributes) is hides_usernames


@pytest.mark.parametrize(
    ("family", "ipv6", "relayed"),
    [
        (RelayFamily.IPV4, True, (RELAYED,)),
        (RelayFamily.IPV6, True, (RELAYED_IPV6,)),
        (RelayFamily.BOTH, True, (RELAYED, (RELAYED_IPV6[0], RELAYED_IPV6[1] + 1))),
        (RelayFamily.BOTH, False, (RELAYED,)),
    ],
)
def test_address_families(family, ipv6, relayed):
    pair = TurnPair(config(family=family), ipv6=ipv6)
    pair.client.allocate(0.0)
    pair.run(1)
    assert only_event(pair).relayed_addresses == relayed
    refused = [record for record in pair.trace.records if record.event == "family-refused"]
    assert len(refused) == (family is RelayFamily.BOTH and not ipv6)


def test_a_family_that_the_server_does_not_have():
    pair = TurnPair(config(family=RelayFamily.IPV6))
    pair.client.allocate(0.0)
    pair.run(1)
    event = only_event(pair)
    assert isinstance(event, AllocationFailed)
    assert (event.code, event.text) == (440, "The server has no relayed address of this family.")


# --- failure ----------------------------------------------------------------------------------


def test_a_wrong_password():
    pair, event = failed_allocation(users={"user": "other"})
    assert event.code == 401
    assert event.text == "The server does not accept the username or the password."
    assert event.change.reason.cause == "refused"
    assert dict(event.change.reason.evidence) == {"code": 401, "server_says": "Unauthenticated"}
    assert pair.events[0][0] == pytest.approx(4 * DELAY_S)
    assert len(pair.sent) == 2


def test_an_unknown_username():
    assert failed_allocation(users={})[1].code == 401


@pytest.mark.parametrize("code", [403, 420, 437, 441, 442, 486, 500, 508])
def test_refusals_carry_their_code(code):
    pair, event = failed_allocation(refusals={Method.ALLOCATE: ErrorCode(code, "No")})
    assert isinstance(event, AllocationFailed)
    assert event.code == code
    assert pair.events[0][0] == pytest.approx(4 * DELAY_S)


def test_the_quota():
    _, event = failed_allocation(quota=0)
    assert event.code == 486
    assert "as many allocations" in event.text


def test_a_silent_server():
    pair, event = failed_allocation(silent=True)
    assert pair.events[0][0] == 39.5
    assert pair.requests(Method.ALLOCATE) == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert event.code is None
    assert event.text == "The server does not answer."
    assert event.change.reason.cause == "unanswered"


def test_over_a_stream_a_request_is_sent_once():
    pair = TurnPair(config(is_reliable=True))
    pair.service.silent = True
    pair.client.allocate(0.0)
    pair.run(60)
    assert pair.requests(Method.ALLOCATE) == [0.0]
    assert pair.events[0][0] == 39.5


def test_a_server_that_signs_no_errors_is_believed_after_two_seconds():
    pair, event = failed_allocation(quota=0, signs_errors=False)
    assert event.code == 486
    assert event.change.reason.cause == "refused"
    assert pair.events[0][0] == pytest.approx(4 * DELAY_S + 2)
    assert pair.trace.counters["turn-response-unproven"] >= 2  # retransmissions go on


def test_a_forged_refusal_loses_against_the_true_answer():
    pair = TurnPair()
    pair.client.allocate(0.0)
    pair.run(0.025)  # the signed request is under way
    request = Message.decode(pair.sent[-1][1])
    forged = Message(
        Method.ALLOCATE,
        MessageClass.ERROR,
        request.transaction_id,
        {Attribute.ERROR_CODE: ErrorCode(486, "Forged")},
    )
    assert request.has_integrity
    pair.client.receive([forged.encode(), forged.encode(b"another key")], pair.now)
    pair.run(5)
    assert pair.kinds() == ["Allocated"]


def test_a_success_without_proof_is_never_believed():
    pair = TurnPair()
    pair.loses = lambda data: seen(data) == (Method.ALLOCATE, MessageClass.SUCCESS)
    pair.client.allocate(0.0)
    pair.run(1)
    request = Message.decode(pair.sent[-1][1])
    forged = Message(
        Method.ALLOCATE,
        MessageClass.SUCCESS,
        request.transaction_id,
        {Attribute.XOR_RELAYED_ADDRESS: ("203.0.113.66", 6)},
    )
    pair.client.receive([forged.encode(), forged.encode(b"another key")], pair.now)
    pair.run(60)
    event = only_event(pair)
    assert isinstance(event, AllocationFailed)
    assert event.code is None
    assert event.text == "The server did not prove that it knows the password."
    assert event.change.reason.cause == "unanswered"


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({Attribute.REALM: "example.org"}, "without a realm and a nonce"),
        (
            {Attribute.REALM: "example.org", Attribute.NONCE: "obMatJos2AAABx"},
            "algorithms that the nonce speaks of are missing",
        ),
    ],
)
def test_a_challenge_that_cannot_be_answered(attributes, text):
    client = TurnClient(config(), bytes, Trace())
    client.allocate(0.0)
    (data,) = client.poll_transmits()
    attributes = {Attribute.ERROR_CODE: ErrorCode(401), **attributes}
    identity = Message.decode(data).transaction_id
    answer = Message(Method.ALLOCATE, MessageClass.ERROR, identity, attributes)
    client.receive([answer.encode()], 0.1)
    (event,) = client.poll_events()
    assert (event.code, client.state) == (401, TurnState.FAILED)
    assert text in event.text


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({}, "without an address"),
        ({Attribute.XOR_RELAYED_ADDRESS: [PEER], 0x7FFE: b"\0\0\0\0"}, "0x7ffe"),
    ],
)
def test_a_success_that_cannot_be_used(attributes, text):
    # A server that asks for no credentials at all.
    client = TurnClient(config(), bytes, Trace())
    client.allocate(0.0)
    (data,) = client.poll_transmits()
    unknown = attributes.pop(0x7FFE, None)
    identity = Message.decode(data).transaction_id
    answer = Message(Method.ALLOCATE, MessageClass.SUCCESS, identity, attributes)
    encoded = answer.encode(fingerprint=False)
    if unknown is not None:
        tail = b"\x7f\xfe\0\4" + unknown
        encoded = encoded[:2] + (len(encoded) + len(tail) - 20).to_bytes(2) + encoded[4:] + tail
    client.receive([encoded], 0.1)
    (event,) = client.poll_events()
    assert isinstance(event, AllocationFailed)
    assert text in event.text


def test_a_server_without_credentials_is_fine():
    client = TurnClient(config(), bytes, Trace())
    client.allocate(0.0)
    identity = Message.decode(client.poll_transmits()[0]).transaction_id
    attributes = {Attribute.XOR_RELAYED_ADDRESS: RELAYED}
    answer = Message(Method.ALLOCATE, MessageClass.SUCCESS, identity, attributes)
    client.receive([answer.encode()], 0.1)
    (event,) = client.poll_events()
    assert event.relayed_addresses == (RELAYED,)
    assert event.mapped_address is None
    assert event.lifetime_s == 600


# --- redirection ------------------------------------------------------------------------------


def test_a_redirection_is_reported():
    _, event = failed_allocation(redirect_to=("192.0.2.77", 3479))
    assert type(event).__name__ == "Redirected"
    assert (event.address, event.domain) == (("192.0.2.77", 3479), None)
    assert event.change.reason.cause == "redirected"


def test_a_second_redirection_is_a_failure():
    pair = TurnPair(config(accepts_redirect=False))
    pair.service.redirect_to = ("192.0.2.77", 3479)
    pair.client.allocate(0.0)
    pair.run(1)
    event = only_event(pair)
    assert isinstance(event, AllocationFailed)
    assert (event.code, event.text) == (300, "The server redirects us once more.")


def test_a_redirection_without_proof_is_not_followed():
    pair, event = failed_allocation(redirect_to=("192.0.2.77", 3479), signs_errors=False)
    assert isinstance(event, AllocationFailed)
    assert event.code == 300
    assert pair.events[0][0] == pytest.approx(4 * DELAY_S + 2)


@pytest.mark.parametrize("address", [("127.0.0.1", 22), ("::ffff:127.0.0.1", 22), ("::1", 1)])
def test_a_redirection_to_ourselves_is_a_failure(address):
    _, event = failed_allocation(redirect_to=address)
    assert isinstance(event, AllocationFailed)
    assert (event.code, event.text) == (300, "The server redirects us to nowhere.")


# --- keeping it -------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [10, 30, 60])
@pytest.mark.parametrize("with_traffic", [False, True])
def test_it_outlives_every_lifetime(minutes, with_traffic):
    pair = TurnPair()
    pair.service.nonce_lifetime_s = 900.0  # several nonces on the way
    pair.allocate()
    pair.permit()
    if with_traffic:
        pair.client.bind_channel(PEER, pair.now)
    for minute in range(minutes):
        if with_traffic:
            pair.client.send(b"%d" % minute, PEER, pair.now)
        pair.run(MINUTE_S)
    assert pair.events == []
    assert pair.client.state is TurnState.ALLOCATED
    pair.client.send(b"last", PEER, pair.now)
    pair.from_peer(b"back")
    pair.run(1)
    assert pair.at_peers[-1] == (b"last", PEER)
    assert len(pair.at_peers) == 1 + with_traffic * minutes
    assert [datagram.data for datagram in pair.received] == [b"back"]
    refreshes = pair.requests(Method.REFRESH)
    assert refreshes[0] == pytest.approx(2 * DELAY_S + 500)
    assert len(refreshes) == pytest.approx(minutes * 60 / 500, abs=minutes / 15 + 1)


def test_a_short_lifetime_is_refreshed_in_time():
    pair = TurnPair(config(lifetime_s=30))
    pair.service.min_lifetime_s = 30
    pair.allocate()
    pair.run(120)
    assert pair.requests(Method.REFRESH)[:2] == [
        pytest.approx(2 * DELAY_S + 25),
        pytest.approx(2 * DELAY_S + 50),
    ]
    refresh = next(data for _, data in pair.sent if seen(data) == REFRESH)
    assert Message.decode(refresh).number(Attribute.LIFETIME) == 30
    assert pair.events == []


def test_refreshes_survive_a_lossy_hour():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.client.bind_channel(PEER, pair.now)
    count = iter(range(1_000_000))
    pair.loses = lambda data: next(count) % 3 == 0
    pair.run(3600)
    assert pair.events == []
    pair.loses = lambda data: False
    pair.from_peer(b"still")
    pair.run(1)
    assert pair.received[-1].data == b"still"


def test_a_blackout_at_the_time_of_the_refresh_is_survived():
    pair = TurnPair()
    pair.allocate()
    pair.run(490)
    pair.loses = lambda data: True
    pair.run(60)  # the whole first transaction, 500 to 539.5
    pair.loses = lambda data: False
    pair.run(600)
    assert pair.events == []
    assert pair.client.state is TurnState.ALLOCATED


def test_an_allocation_that_cannot_be_refreshed_is_lost_when_it_expires():
    pair = TurnPair()
    pair.allocate()
    pair.service.silent = True
    pair.run(700)
    ((at, event),) = pair.events
    assert isinstance(event, AllocationLost)
    assert at == pytest.approx(2 * DELAY_S + 600)
    assert event.code is None
    assert event.text == "No refresh of the allocation got through in time."
    assert event.change.reason.cause == "expired"
    assert event.change.reason.deadline_at == pytest.approx(at)
    assert pair.client.relayed_addresses == ()
    assert pair.client.next_timeout() is None


def test_a_server_that_forgot_the_allocation():
    pair = TurnPair()
    pair.allocate()
    pair.service.forget_allocations()
    pair.run(600)
    ((at, event),) = pair.events
    assert isinstance(event, AllocationLost)
    assert at == pytest.approx(500 + 4 * DELAY_S)
    assert event.code == 437
    assert event.text == "The server has no allocation for our address and port any more."
    assert event.change.reason.cause == "allocation-unknown"


def test_a_permission_finds_out_sooner():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.service.forget_allocations()
    pair.run(300)
    ((at, event),) = pair.events
    assert isinstance(event, AllocationLost)
    assert 240 < at < 242
    assert event.code == 437


def test_several_permissions_find_out_at_once():
    pair = TurnPair()
    pair.service.signs_errors = False
    pair.allocate()
    pair.permit(PEER[0], "203.0.113.6", "203.0.113.7")
    pair.service.forget_allocations()
    pair.run(300)
    assert pair.kinds() == ["AllocationLost"]
    assert 242 < pair.events[0][0] < 245


def test_a_refusal_that_makes_no_sense_leads_to_a_refresh():
    # A server that restarted and says 400 where it should say 437.
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.service.refusals = {Method.CREATE_PERMISSION: ErrorCode(400)}
    pair.service.forget_allocations()
    pair.run(300)
    assert pair.kinds() == ["PermissionFailed", "AllocationLost"]
    assert [event.code for _, event in pair.events] == [400, 437]
    assert pair.events[1][0] < 242


def test_a_refusal_that_is_about_the_peer_does_not():
    pair = TurnPair()
    pair.allocate()
    pair.service.refusals = {Method.CREATE_PERMISSION: ErrorCode(403)}
    pair.client.create_permission(PEER[0], pair.now)
    pair.run(10)
    assert pair.kinds() == ["PermissionFailed"]
    assert pair.requests(Method.REFRESH) == []


@pytest.mark.parametrize("code", [400, 401, 403, 441])
def test_a_refresh_that_is_refused_for_good(code):
    pair = TurnPair()
    pair.allocate()
    pair.service.refusals = {Method.REFRESH: ErrorCode(code)}
    pair.run(501)
    event = only_event(pair)
    assert isinstance(event, AllocationLost)
    assert event.code == code
    assert event.change.reason.cause == "refresh-refused"


def test_a_server_in_trouble_is_asked_again():
    pair = TurnPair()
    pair.allocate()
    pair.service.refusals = {Method.REFRESH: ErrorCode(500)}
    pair.run(518)
    assert len(pair.requests(Method.REFRESH)) == 4  # every 5 s
    pair.service.refusals = {}
    pair.run(600)
    assert pair.events == []


# --- nonces -----------------------------------------------------------------------------------


def test_a_stale_nonce_is_replaced_wherever_it_is_used():
    pair = TurnPair()
    pair.allocate()
    pair.service.expire_nonces()
    pair.client.create_permission(PEER[0], pair.now)
    pair.client.create_permission("203.0.113.6", pair.now)
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    assert pair.events == []
    assert len(pair.sent) == 6
    pair.client.create_permission("203.0.113.7", pair.now)
    pair.run(1)
    assert len(pair.sent) == 7


def test_a_nonce_that_is_always_stale():
    pair = TurnPair()
    pair.service.nonce_lifetime_s = 0.0
    pair.client.allocate(0.0)
    pair.run(60)
    event = only_event(pair)
    assert isinstance(event, AllocationFailed)
    assert event.code == 438
    assert event.text == "The server called the nonce stale twice in a row."
    assert len(pair.sent) == 3


def test_a_stale_nonce_for_a_refresh_is_not_the_end():
    pair = TurnPair()
    pair.allocate()
    pair.service.nonce_lifetime_s = 0.0
    pair.service.expire_nonces()
    pair.run(510)
    pair.service.nonce_lifetime_s = 3600.0
    pair.run(600)
    assert pair.events == []


# --- the NAT in front of us -------------------------------------------------------------------


def test_silence_is_broken_for_the_sake_of_nats():
    pair = TurnPair()
    pair.allocate()
    pair.run(61 - pair.now)
    keepalive = (Method.BINDING, MessageClass.INDICATION)
    assert [round(at, 3) for at, data in pair.sent if seen(data) == keepalive] == [
        15.04,
        30.04,
        45.04,
        60.04,
    ]


@pytest.mark.parametrize("with_channel", [False, True])
def test_traffic_needs_no_keepalive(with_channel):
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    if with_channel:
        pair.client.bind_channel(PEER, pair.now)
        pair.run(1)
    for _ in range(12):
        pair.client.send(b"x", PEER, pair.now)
        pair.run(10)
    assert pair.service.keepalives == 0


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
    pair, _ = failed_allocation(quota=0)
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
