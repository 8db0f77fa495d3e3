import struct

from hypothesis import example, given
from hypothesis import strategies as st

from frazil.stun import (
    MAX_ATTRIBUTES,
    AddressErrorCode,
    AlgorithmChoice,
    Attribute,
    ErrorCode,
    IcmpError,
    Message,
    MessageClass,
    Method,
    StunDecodeError,
    is_stun,
)

KEY = b"0123456789abcdef"

texts = st.text(st.characters(codec="utf-8"), max_size=20)
opaques = st.binary(max_size=40)
flags = st.just(True)
addresses = st.tuples(
    st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).filter(lambda ip: ip.ipv4_mapped is None).map(str),
    st.integers(0, 0xFFFF),
)
codes = st.integers(300, 699)
algorithms = st.builds(AlgorithmChoice, st.integers(0, 0xFFFF), st.binary(max_size=9))


def unsigned(bits):
    return st.integers(0, (1 << bits) - 1)


VALUES = {
    Attribute.MAPPED_ADDRESS: addresses,
    Attribute.USERNAME: texts,
    Attribute.ERROR_CODE: st.builds(ErrorCode, codes, texts),
    Attribute.UNKNOWN_ATTRIBUTES: st.lists(unsigned(16), max_size=5).map(tuple),
    Attribute.CHANNEL_NUMBER: unsigned(16),
    Attribute.XOR_PEER_ADDRESS: addresses,
    Attribute.DATA: opaques,
    Attribute.EVEN_PORT: unsigned(1),
    Attribute.REQUESTED_TRANSPORT: unsigned(8),
    Attribute.PASSWORD_ALGORITHM: algorithms,
    Attribute.XOR_MAPPED_ADDRESS: addresses,
    Attribute.PRIORITY: unsigned(32),
    Attribute.USE_CANDIDATE: flags,
    Attribute.RESPONSE_PORT: unsigned(16),
    Attribute.ADDRESS_ERROR_CODE: st.builds(AddressErrorCode, unsigned(8), codes, texts),
    Attribute.PASSWORD_ALGORITHMS: st.lists(algorithms, max_size=4).map(tuple),
    Attribute.ICMP: st.builds(
        IcmpError, unsigned(7), unsigned(9), st.binary(min_size=4, max_size=4)
    ),
    Attribute.SOFTWARE: texts,
    Attribute.ICE_CONTROLLING: unsigned(64),
}

messages = st.builds(
    Message,
    st.sampled_from(Method),
    st.sampled_from(MessageClass),
    st.binary(min_size=12, max_size=12),
    st.fixed_dictionaries({}, optional=VALUES),
)

tlvs = st.tuples(
    st.sampled_from([*Attribute, 0x7FFE, 0xFFFE]) | st.integers(0, 0xFFFF), st.binary(max_size=40)
).map(lambda each: struct.pack(">HH", each[0], len(each[1])) + each[1] + bytes(-len(each[1]) & 3))
near_messages = st.lists(tlvs, max_size=MAX_ATTRIBUTES + 2).map(
    lambda body: (
        b"\0\1" + struct.pack(">HI", len(b"".join(body)), 0x2112A442) + bytes(12) + b"".join(body)
    )
)


@given(messages, st.none() | st.binary(max_size=70), st.booleans(), st.booleans())
def test_what_is_encoded_is_decoded(message, key, sha256, fingerprint):
    data = message.encode(key, sha256=sha256, fingerprint=fingerprint)
    assert is_stun(data)
    decoded = Message.decode(data)
    assert decoded.method is message.method
    assert decoded.message_class is message.message_class
    assert decoded.transaction_id == message.transaction_id
    assert list(decoded.attributes.items()) == list(message.attributes.items())
    assert decoded.unknown_required == ()
    assert decoded.has_fingerprint is fingerprint
    assert decoded.has_integrity is (key is not None)
    if key is not None:
        assert decoded.is_authentic(key)
        assert not decoded.is_authentic(key + b"x")
    assert decoded.encode(key, sha256=sha256, fingerprint=fingerprint) == data


def check_any_bytes(data):
    try:
        message = Message.decode(data)
    except StunDecodeError:
        return
    assert is_stun(data)
    assert not message.is_authentic(KEY)
    assert not set(message.unknown_required) & set(Attribute)
    again = Message.decode(message.encode(KEY))
    assert again.attributes == message.attributes
    assert again.is_authentic(KEY)


@given(st.binary(max_size=200))
@example(b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12))
def test_any_bytes_decode_or_raise_the_documented_error(data):
    check_any_bytes(data)


@given(near_messages)
def test_any_attributes_decode_or_raise_the_documented_error(data):
    check_any_bytes(data)


@given(messages, st.data())
def test_a_damaged_message_decodes_or_raises_and_is_never_authentic(message, data):
    encoded = message.encode(KEY, fingerprint=False)
    at = data.draw(st.integers(0, len(encoded) - 1))
    damage = data.draw(st.integers(1, 255))
    damaged = encoded[:at] + bytes([encoded[at] ^ damage]) + encoded[at + 1 :]
    try:
        decoded = Message.decode(damaged)
    except StunDecodeError:
        return
    assert not decoded.is_authentic(KEY)
