import hashlib

import pytest

from frazil.stun import (
    AlgorithmChoice,
    Attribute,
    ErrorCode,
    Message,
    MessageClass,
    Method,
    PasswordAlgorithm,
    long_term_key,
    user_hash,
)
from frazil.turn.authentication import Authentication, ChallengeError

MD5 = AlgorithmChoice(PasswordAlgorithm.MD5)
SHA256 = AlgorithmChoice(PasswordAlgorithm.SHA256)


def challenge(code=401, **values):
    attributes = {Attribute.ERROR_CODE: ErrorCode(code)}
    values = {"REALM": "example.org", "NONCE": "nonce"} | values
    attributes |= {Attribute[name]: value for name, value in values.items() if value is not None}
    return Message.decode(
        Message(Method.ALLOCATE, MessageClass.ERROR, bytes(12), attributes).encode()
    )


def signed(authentication):
    request = Message(Method.REFRESH, MessageClass.REQUEST, bytes(12), {Attribute.LIFETIME: 600})
    return Message.decode(authentication.sign(request))


def answered(**values):
    authentication = Authentication("user", "password")
    authentication.accept(challenge(**values))
    return signed(authentication)


def test_before_a_challenge_nothing_is_proven():
    authentication = Authentication("user", "password")
    request = signed(authentication)
    assert not authentication.is_challenged
    assert not request.has_integrity
    assert request.attributes == {Attribute.LIFETIME: 600}
    assert not authentication.is_authentic(request)


def test_the_proof_of_rfc_5389():
    request = answered()
    assert request.attributes == {
        Attribute.LIFETIME: 600,
        Attribute.USERNAME: "user",
        Attribute.REALM: "example.org",
        Attribute.NONCE: "nonce",
    }
    assert request.is_authentic(hashlib.md5(b"user:example.org:password").digest())


@pytest.mark.parametrize(
    ("offered", "chosen", "key"),
    [
        ((SHA256, MD5), SHA256, hashlib.sha256(b"user:example.org:password").digest()),
        ((MD5, SHA256), MD5, hashlib.md5(b"user:example.org:password").digest()),
        (
            (AlgorithmChoice(9, b"abc"), MD5),
            MD5,
            hashlib.md5(b"user:example.org:password").digest(),
        ),
    ],
)
def test_the_first_known_algorithm_is_chosen_and_the_offer_sent_back(offered, chosen, key):
    request = answered(PASSWORD_ALGORITHMS=offered, NONCE="obMatJos2AAABx")
    assert request.attributes[Attribute.PASSWORD_ALGORITHM] == chosen
    assert request.attributes[Attribute.PASSWORD_ALGORITHMS] == offered
    assert request.is_authentic(key)
    # Only MESSAGE-INTEGRITY-SHA256 may be used from now on.
    assert b"\0\x1c\0\x20" in Message.encode(request, key, sha256=True)
    assert not request._sha1_at
    assert request._sha256_at


def test_a_username_can_be_hidden():
    request = answered(NONCE="obMatJos2AAACx")
    assert Attribute.USERNAME not in request.attributes
    assert request.opaque(Attribute.USERHASH) == user_hash("user", "example.org")
    assert request.is_authentic(long_term_key("user", "example.org", "password"))


@pytest.mark.parametrize("nonce", ["obMatJos2", "obMatJos2AA", "obMatJos2!!!!", "obMatJos2ÄÄÄÄ"])
def test_half_a_nonce_cookie_is_just_a_nonce(nonce):
    assert answered(NONCE=nonce).text(Attribute.USERNAME) == "user"


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"REALM": None}, "without a realm"),
        ({"NONCE": None}, "without a realm and a nonce"),
        ({"NONCE": ""}, "without a realm and a nonce"),
        ({"REALM": "a\x07b"}, "cannot be used"),
        ({"NONCE": "obMatJos2AAABx"}, "are missing"),
        ({"PASSWORD_ALGORITHMS": (AlgorithmChoice(9),)}, "no password algorithm"),
        ({"PASSWORD_ALGORITHMS": (AlgorithmChoice(1, b"x"),)}, "no password algorithm"),
        ({"NONCE": "n" * 753}, "too long"),
        ({"NONCE": "n" * 745, "PASSWORD_ALGORITHMS": (SHA256, MD5)}, "too long"),
    ],
)
def test_challenges_that_cannot_be_answered(values, complaint):
    authentication = Authentication("user", "password")
    with pytest.raises(ChallengeError, match=complaint):
        authentication.accept(challenge(**values))
    assert not authentication.realm


def test_the_longest_challenge_and_the_longest_username_fit_in_a_request():
    authentication = Authentication("u" * 508, "password")
    authentication.accept(challenge(NONCE="n" * 752))
    request = Message(
        Method.CHANNEL_BIND,
        MessageClass.REQUEST,
        bytes(12),
        {Attribute.CHANNEL_NUMBER: 0x4000, Attribute.XOR_PEER_ADDRESS: ("2001:db8::1", 1)},
    )
    assert len(authentication.sign(request)) <= 1500


def test_a_stale_nonce_is_replaced_and_the_realm_kept():
    authentication = Authentication("user", "password")
    authentication.accept(challenge())
    authentication.accept(challenge(code=438, REALM=None, NONCE="fresh"))
    request = signed(authentication)
    assert request.text(Attribute.NONCE) == "fresh"
    assert request.text(Attribute.REALM) == "example.org"


def test_a_bad_challenge_leaves_the_proof_as_it_was():
    authentication = Authentication("user", "password")
    authentication.accept(challenge())
    for values in ({"NONCE": "obMatJos2AAABx"}, {"REALM": "a\x07b", "NONCE": "new"}):
        with pytest.raises(ChallengeError):
            authentication.accept(challenge(code=438, **values))
        request = signed(authentication)
        assert request.text(Attribute.NONCE) == "nonce"
        assert authentication.is_authentic(request)
