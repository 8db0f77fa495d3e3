from random import Random

import pytest

from frazil.errors import InvalidStateError
from frazil.stun import AlgorithmChoice, Attribute, ErrorCode, Message, MessageClass, Method
from frazil.stun import PasswordAlgorithm as Algorithm
from frazil.trace import Trace
from frazil.turn import (
    Allocated,
    AllocationFailed,
    RelayFamily,
    RelayProtocol,
    TurnClient,
    TurnState,
)
from support.turn_pair import CLIENT, DELAY_S, PEER, RELAYED, RELAYED_IPV6, TurnPair, config, seen

ALLOCATE = (Method.ALLOCATE, MessageClass.REQUEST)


def only_event(pair):
    ((_, event),) = pair.events
    return event


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
    pair = TurnPair(config(protocol=RelayProtocol.TCP))
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
        ({Attribute.XOR_RELAYED_ADDRESS: [(RELAYED[0], 0)]}, "without an address"),
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


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([440], ["both", "ipv4"]),
        ([508], ["both", "ipv4"]),
        ([508, 440], ["both", "ipv4", "ipv6"]),
    ],
)
def test_who_takes_any_family_gets_what_there_is(answers, expected):
    pair = TurnPair(config(family=RelayFamily.BOTH), ipv6=True)
    pair.service.refusals_in_turn[Method.ALLOCATE] = [ErrorCode(code, "No") for code in answers]
    pair.client.allocate(0.0)
    pair.run(1)
    assert pair.kinds() == ["Allocated"]
    asked = [Message.decode(data) for _, data in pair.sent]
    assert [family_of(each) for each in asked if each.has_integrity] == expected


def test_a_server_without_any_address_is_asked_for_each_family_once():
    pair = TurnPair(config(family=RelayFamily.BOTH))
    pair.service.refusals[Method.ALLOCATE] = ErrorCode(508, "Full")
    pair.client.allocate(0.0)
    pair.run(60)
    ((_, event),) = pair.events
    assert (event.code, event.text) == (508, "The server has no capacity left.")
    assert len(pair.requests(Method.ALLOCATE)) == 4  # one of them without proof


def family_of(request):
    if request.flag(Attribute.ADDITIONAL_ADDRESS_FAMILY):
        return "both"
    return {None: "ipv4", 2: "ipv6"}[request.number(Attribute.REQUESTED_ADDRESS_FAMILY)]
