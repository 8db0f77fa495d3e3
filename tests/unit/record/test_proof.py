import pytest

from frazil.record.proof import PASSWORD, Proofs, data_place, places, pseudonym_of
from frazil.record.redaction import Redaction
from frazil.stun import (
    AlgorithmChoice,
    Attribute,
    Message,
    MessageClass,
    Method,
    PasswordAlgorithm,
    StunDecodeError,
    long_term_key,
    user_hash,
)

NAME, SECRET, REALM = "1700000000:älice", "s3cret", "example.org"
PSEUDONYM = pseudonym_of(NAME)
REAL_KEY = long_term_key(NAME, REALM, SECRET)
PSEUDONYM_KEY = long_term_key(PSEUDONYM, REALM, f"{PASSWORD}1")


def proofs():
    known = Proofs()
    known.add(NAME, SECRET)
    return known


def request(key=REAL_KEY, *, sha256=False, **more):
    attributes = {
        Attribute.LIFETIME: 600,
        Attribute.USERNAME: NAME,
        Attribute.REALM: REALM,
        Attribute.NONCE: "nonce",
    }
    for name, value in more.items():
        attributes[Attribute[name]] = value
    message = Message(Method.ALLOCATE, MessageClass.REQUEST, bytes(range(12)), attributes)
    return message.encode(key, sha256=sha256)


def response(key):
    attributes = {Attribute.LIFETIME: 600}
    message = Message(Method.ALLOCATE, MessageClass.SUCCESS, bytes(range(12)), attributes)
    return message.encode(key)


def test_a_pseudonym_has_the_size_of_the_name():
    assert pseudonym_of(NAME) == "u" * len(NAME.encode())


def test_other_credentials_have_another_pseudonym():
    known = Proofs()
    first = known.add(NAME, SECRET)
    assert known.add(NAME, "another") != first
    assert known.add(NAME, SECRET) == first == known.add(*first)


def test_a_request_proves_the_pseudonym():
    found = proofs().replace(request())
    message = Message.decode(found)
    assert message.text(Attribute.USERNAME) == PSEUDONYM
    assert message.is_authentic(PSEUDONYM_KEY)
    assert not message.is_authentic(REAL_KEY)
    assert len(found) == len(request())
    assert NAME.encode() not in found


def test_with_the_better_algorithm_too():
    algorithm = AlgorithmChoice(PasswordAlgorithm.SHA256)
    key = long_term_key(NAME, REALM, SECRET, PasswordAlgorithm.SHA256)
    found = proofs().replace(request(key, sha256=True, PASSWORD_ALGORITHM=algorithm))
    expected = long_term_key(PSEUDONYM, REALM, f"{PASSWORD}1", PasswordAlgorithm.SHA256)
    assert Message.decode(found).is_authentic(expected)


def test_an_anonymous_user_stays_one():
    hashed = user_hash(NAME, REALM)
    found = proofs().replace(request(USERHASH=hashed))
    assert Message.decode(found).attributes[Attribute.USERHASH] == user_hash(PSEUDONYM, REALM)


def test_a_response_that_verified_still_does():
    known = proofs()
    known.replace(request())
    assert Message.decode(known.replace(response(REAL_KEY))).is_authentic(PSEUDONYM_KEY)


def test_a_response_that_did_not_verify_stays_as_it_is():
    known = proofs()
    known.replace(request())
    forged = response(b"another key")
    assert known.replace(forged) == forged


def damaged(message):
    return message[:-1] + bytes([message[-1] ^ 1])


def test_a_message_with_a_wrong_fingerprint_stays_one():
    known = proofs()
    found = known.replace(damaged(request()))
    assert found[:-4] == known.replace(request())[:-4]
    for again in (found, known.replace(found)):
        with pytest.raises(StunDecodeError, match="FINGERPRINT"):
            Message.decode(again)


def test_a_message_with_a_wrong_fingerprint_and_nothing_to_hide_stays_as_it_is():
    known = proofs()
    known.replace(request())
    forged = damaged(response(b"another key"))
    assert known.replace(forged) == forged


def test_an_indication_with_a_wrong_fingerprint_stays_one():
    attributes = {Attribute.XOR_PEER_ADDRESS: ("192.0.2.1", 9), Attribute.DATA: b"\x80inner"}
    message = Message(Method.DATA, MessageClass.INDICATION, bytes(12), attributes).encode()
    redaction = Redaction(keep_payload=False)
    found = redaction.datagram(damaged(message))
    assert found[:-4] == redaction.datagram(message)[:-4] != message[:-4]
    for again in (found, redaction.datagram(found)):
        with pytest.raises(StunDecodeError, match="FINGERPRINT"):
            Message.decode(again)


def test_a_realm_nobody_has_asked_for_yields_no_proof():
    answer = response(REAL_KEY)
    assert proofs().replace(answer) == answer


def test_without_credentials_nothing_changes():
    assert Proofs().replace(request()) == request()
    known = Proofs()
    known.add("", "")
    known.add(PSEUDONYM, f"{PASSWORD}1")
    assert known.replace(request()) == request()


@pytest.mark.parametrize("size", [0, 4, 19, 20, 22, 25, 60])
def test_pieces_of_messages_do_no_harm(size):
    piece = request()[:size]
    assert len(proofs().replace(piece)) == size
    assert all(place.stop <= size for place in places(piece))


def test_where_a_message_carries_data():
    attributes = {Attribute.XOR_PEER_ADDRESS: ("192.0.2.1", 9), Attribute.DATA: b"inner"}
    message = Message(Method.SEND, MessageClass.INDICATION, bytes(12), attributes).encode()
    place = data_place(message)
    assert message[place.start : place.stop] == b"inner"
    assert data_place(request()) is None
