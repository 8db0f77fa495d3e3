"""The test vectors of RFC 5769 and of RFC 8489, appendix B."""

import hashlib

import pytest

from frazil.stun import (
    AlgorithmChoice,
    Attribute,
    Message,
    MessageClass,
    Method,
    PasswordAlgorithm,
    long_term_key,
    short_term_key,
)

PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION_ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")
LONG_TERM_TRANSACTION_ID = bytes.fromhex("78ad3433c6ad72c029da412e")
USERNAME = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9"
# After preparation: the vectors start from a password with a soft hyphen and other oddities.
LONG_TERM_PASSWORD = "TheMatrIX"
REALM = "example.org"

REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
IPV4_RESPONSE = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)
IPV6_RESPONSE = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c"
)
LONG_TERM_REQUEST = bytes.fromhex(
    "000100602112a44278ad3433c6ad72c029da412e"
    "00060012e3839ee38388e383aae38383e382afe382b90000"
    "0015001c662f2f3439396b39353464364f4c33346f4c39465354767936347341"
    "0014000b6578616d706c652e6f726700"
    "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666"
)
SHA256_REQUEST = bytes.fromhex(
    "000100902112a44278ad3433c6ad72c029da412e"
    "001e00204a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704"
    "001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c39465354767936347341"
    "000000"
    "0014000b6578616d706c652e6f726700"
    "001d000400020000"
    "001c0020b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65"
)


def test_request_of_2_1():
    message = Message.decode(REQUEST)
    assert message.method is Method.BINDING
    assert message.message_class is MessageClass.REQUEST
    assert message.transaction_id == TRANSACTION_ID
    assert list(message.attributes.items()) == [
        (Attribute.SOFTWARE, "STUN test client"),
        (Attribute.PRIORITY, 0x6E0001FF),
        (Attribute.ICE_CONTROLLED, 0x932FF9B151263B36),
        (Attribute.USERNAME, "evtj:h6vY"),
    ]
    assert message.unknown_required == ()
    assert message.has_fingerprint
    assert message.has_integrity
    assert message.is_authentic(short_term_key(PASSWORD))
    assert not message.is_authentic(short_term_key(PASSWORD + "x"))


@pytest.mark.parametrize(
    ("data", "mapped"),
    [
        (IPV4_RESPONSE, ("192.0.2.1", 32853)),
        (IPV6_RESPONSE, ("2001:db8:1234:5678:11:2233:4455:6677", 32853)),
    ],
    ids=["2.2", "2.3"],
)
def test_responses(data, mapped):
    message = Message.decode(data)
    assert message.method is Method.BINDING
    assert message.message_class is MessageClass.SUCCESS
    assert message.transaction_id == TRANSACTION_ID
    assert list(message.attributes.items()) == [
        (Attribute.SOFTWARE, "test vector"),
        (Attribute.XOR_MAPPED_ADDRESS, mapped),
    ]
    assert message.has_fingerprint
    assert message.is_authentic(short_term_key(PASSWORD))


@pytest.mark.parametrize("data", [REQUEST, IPV4_RESPONSE, IPV6_RESPONSE])
def test_padded_with_spaces_in_the_rfc_and_with_zeros_here(data):
    key = short_term_key(PASSWORD)
    message = Message.decode(data)
    encoded = message.encode(key)
    zeros = data.replace(b"vector\x20", b"vector\0").replace(b"h6vY\x20\x20\x20", b"h6vY\0\0\0")
    assert len(encoded) == len(data)
    assert encoded[:-32] == zeros[:-32]
    assert Message.decode(encoded).attributes == message.attributes
    assert Message.decode(encoded).is_authentic(key)


def test_long_term_request_of_2_4_bit_for_bit():
    key = long_term_key(USERNAME, REALM, LONG_TERM_PASSWORD)
    message = Message.decode(LONG_TERM_REQUEST)
    assert list(message.attributes.items()) == [
        (Attribute.USERNAME, USERNAME),
        (Attribute.NONCE, "f//499k954d6OL34oL9FSTvy64sA"),
        (Attribute.REALM, REALM),
    ]
    assert not message.has_fingerprint
    assert message.is_authentic(key)
    built = Message(
        Method.BINDING, MessageClass.REQUEST, LONG_TERM_TRANSACTION_ID, dict(message.attributes)
    )
    assert built.encode(key, fingerprint=False) == LONG_TERM_REQUEST


def test_sha256_request_of_rfc_8489_b_1_bit_for_bit():
    key = long_term_key(USERNAME, REALM, LONG_TERM_PASSWORD, PasswordAlgorithm.SHA256)
    message = Message.decode(SHA256_REQUEST)
    userhash = hashlib.sha256(f"{USERNAME}:{REALM}".encode()).digest()
    assert list(message.attributes.items()) == [
        (Attribute.USERHASH, userhash),
        (Attribute.NONCE, "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"),
        (Attribute.REALM, REALM),
        (Attribute.PASSWORD_ALGORITHM, AlgorithmChoice(PasswordAlgorithm.SHA256)),
    ]
    assert message.is_authentic(key)
    assert not message.is_authentic(long_term_key(USERNAME, REALM, LONG_TERM_PASSWORD))
    built = Message(
        Method.BINDING, MessageClass.REQUEST, LONG_TERM_TRANSACTION_ID, dict(message.attributes)
    )
    assert built.encode(key, sha256=True, fingerprint=False) == SHA256_REQUEST
