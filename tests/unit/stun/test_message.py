import hmac
import struct
import zlib

import pytest

from frazil.errors import ProtocolError
from frazil.stun import (
    MAX_ATTRIBUTES,
    MAX_MESSAGE_SIZE,
    Attribute,
    ErrorCode,
    Message,
    MessageClass,
    Method,
    StunDecodeError,
    is_stun,
)

KEY = b"swordfish"
ID = bytes(range(12))


def request(attributes=None):
    return Message(Method.BINDING, MessageClass.REQUEST, ID, attributes)


def attribute(number, value):
    return struct.pack(">HH", number, len(value)) + value + bytes(-len(value) & 3)


def raw(*attributes, wire_type=0x0001):
    """A message with these attributes as they are, and no trailer."""
    body = b"".join(attributes)
    return struct.pack(">HH", wire_type, len(body)) + b"\x21\x12\xa4\x42" + ID + body


def fingerprinted(data):
    data = data[:2] + struct.pack(">H", len(data) - 20 + 8) + data[4:]
    return data + attribute(0x8028, struct.pack(">I", zlib.crc32(data) ^ 0x5354554E))


def insert_before_fingerprint(encoded, addition):
    return fingerprinted(encoded[:-8] + addition)


# --- header ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "message_class", "wire_type"),
    [
        (Method.BINDING, MessageClass.REQUEST, 0x0001),
        (Method.BINDING, MessageClass.INDICATION, 0x0011),
        (Method.BINDING, MessageClass.SUCCESS, 0x0101),
        (Method.BINDING, MessageClass.ERROR, 0x0111),
        (Method.ALLOCATE, MessageClass.ERROR, 0x0113),
        (Method.SEND, MessageClass.INDICATION, 0x0016),
        (Method.DATA, MessageClass.INDICATION, 0x0017),
        (Method.CHANNEL_BIND, MessageClass.SUCCESS, 0x0109),
    ],
)
def test_the_class_sits_between_the_bits_of_the_method(method, message_class, wire_type):
    data = Message(method, message_class, ID).encode(fingerprint=False)
    assert data == struct.pack(">HHI", wire_type, 0, 0x2112A442) + ID
    decoded = Message.decode(data)
    assert decoded.method is method
    assert decoded.message_class is message_class
    assert decoded.transaction_id == ID


def test_every_message_type_has_its_own_number():
    types = {
        Message(method, message_class, ID).encode()[:2]
        for method in Method
        for message_class in MessageClass
    }
    assert len(types) == len(Method) * len(MessageClass)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        raw()[:19],
        raw() + b"\0\0\0\0",
        raw()[:4] + b"\x21\x12\xa4\x43" + raw()[8:],
        b"\0\x01\0\x02" + raw()[4:] + b"\0\0",
        raw(wire_type=0x4001),
        raw(wire_type=0x8001),
        raw(wire_type=0x0000),
        raw(wire_type=0x0200),
        b"\0\x01\0\x04" + raw()[4:],
    ],
    ids=[
        "empty",
        "short",
        "trailing bytes",
        "wrong cookie",
        "length no multiple of 4",
        "first bits 01",
        "first bits 10",
        "method 0",
        "GOOG-PING",
        "cut off",
    ],
)
def test_bad_headers_are_refused(data):
    with pytest.raises(StunDecodeError):
        Message.decode(data)


def test_the_decode_error_is_a_protocol_error():
    assert issubclass(StunDecodeError, ProtocolError)


def test_a_transaction_id_has_12_bytes():
    with pytest.raises(ValueError, match="12 bytes"):
        Message(Method.BINDING, MessageClass.REQUEST, bytes(16))


def test_is_stun():
    data = request().encode()
    assert is_stun(data)
    assert is_stun(data[:20])
    assert not is_stun(data[:19])
    assert not is_stun(b"\x04" + data[1:])
    assert not is_stun(data[:4] + bytes(4) + data[8:])
    assert not is_stun(b"")
    assert not is_stun(b"\x16\xfe\xfd" + bytes(30))


# --- attributes -----------------------------------------------------------------------------------


def test_wire_order_is_the_order_of_the_dict():
    attributes = {Attribute.PRIORITY: 1, Attribute.USERNAME: "a:b", Attribute.USE_CANDIDATE: True}
    data = request(attributes).encode(fingerprint=False)
    assert data[20:] == (b"\x00\x24\x00\x04\x00\x00\x00\x01\x00\x06\x00\x03a:b\x00\x00\x25\x00\x00")
    assert list(Message.decode(data).attributes.items()) == list(attributes.items())


def test_the_constructor_copies_the_attributes():
    attributes = {Attribute.PRIORITY: 1}
    message = request(attributes)
    attributes[Attribute.PRIORITY] = 2
    assert message.number(Attribute.PRIORITY) == 1


def test_the_first_occurrence_wins_even_over_a_malformed_repetition():
    data = raw(attribute(0x0006, b"one"), attribute(0x0006, b"two"), attribute(0x0006, b"\xff"))
    assert Message.decode(data).attributes == {Attribute.USERNAME: "one"}


def test_padding_is_ignored_whatever_it_is():
    data = raw(b"\x00\x06\x00\x01a\xff\xff\xff")
    assert Message.decode(data).text(Attribute.USERNAME) == "a"


def test_unknown_required_numbers_are_told_once_each_and_optional_ones_ignored():
    data = raw(
        attribute(0x7FFF, b"x"),
        attribute(0x8000 + 0x1234, b"abcd"),
        attribute(0x0002, b""),
        attribute(0x7FFF, b"y"),
    )
    message = Message.decode(data)
    assert message.unknown_required == (0x7FFF, 0x0002)
    assert message.attributes == {}


@pytest.mark.parametrize(
    "body",
    [b"\x00\x06\x00\x05abcd", b"\x00\x06\xff\xff", b"\x00\x24\x00\x04"],
    ids=["into nothing", "longest", "no value"],
)
def test_an_attribute_that_is_cut_off_is_refused(body):
    with pytest.raises(StunDecodeError, match="cut off"):
        Message.decode(raw(body))


def test_attributes_are_limited():
    full = [attribute(0x0024, bytes(4))] * MAX_ATTRIBUTES
    assert Message.decode(raw(*full)).attributes == {Attribute.PRIORITY: 0}
    with pytest.raises(StunDecodeError, match="too many"):
        Message.decode(raw(*full, attribute(0x0024, bytes(4))))


PEERS = [("192.0.2.1", 1), ("2001:db8::1", 2), ("192.0.2.1", 1)]


def repeated(key=None, sha256=False):
    attributes = {
        Attribute.LIFETIME: 600,
        Attribute.XOR_PEER_ADDRESS: PEERS,
        Attribute.SOFTWARE: "abcde",
    }
    request = Message(Method.CREATE_PERMISSION, MessageClass.REQUEST, bytes(12), attributes)
    return request.encode(key, sha256=sha256)


def test_a_list_is_several_attributes():
    message = Message.decode(repeated())
    assert message.address(Attribute.XOR_PEER_ADDRESS) == PEERS[0]
    assert message.values(Attribute.XOR_PEER_ADDRESS) == PEERS
    assert message.values(Attribute.SOFTWARE) == ["abcde"]
    assert message.values(Attribute.DATA) == []


@pytest.mark.parametrize("sha256", [False, True])
def test_values_end_where_integrity_begins(sha256):
    signed = repeated(b"key", sha256)[:-8]  # without the fingerprint
    more = attribute(0x0012, b"\0\1" + bytes(6))
    length = len(signed) + len(more) - 20
    message = Message.decode(signed[:2] + length.to_bytes(2) + signed[4:] + more)
    assert message.is_authentic(b"key")
    assert message.values(Attribute.XOR_PEER_ADDRESS) == PEERS


def test_values_pass_over_what_cannot_be_read():
    message = Message.decode(raw(attribute(0x000D, b"\0\0\0\1"), attribute(0x000D, b"\0\0")))
    assert message.values(Attribute.LIFETIME) == [1]


def test_a_list_counts_against_the_limit_and_is_checked_item_by_item():
    def encode(items):
        attributes = {Attribute.PRIORITY: items}
        return Message(Method.BINDING, MessageClass.REQUEST, bytes(12), attributes).encode()

    assert len(Message.decode(encode([1] * 30)).values(Attribute.PRIORITY)) == 30
    with pytest.raises(ValueError, match="31 attributes"):
        encode([1] * 31)
    with pytest.raises(TypeError, match="cannot hold 'x'"):
        encode([1, "x"])


def test_size_is_limited():
    largest = raw(attribute(0x0013, bytes(MAX_MESSAGE_SIZE - 24)))
    assert len(largest) == MAX_MESSAGE_SIZE
    assert Message.decode(largest).opaque(Attribute.DATA) == bytes(MAX_MESSAGE_SIZE - 24)
    with pytest.raises(StunDecodeError):
        Message.decode(raw(attribute(0x0013, bytes(MAX_MESSAGE_SIZE - 20))))


@pytest.mark.parametrize(
    ("key", "sha256", "fingerprint", "trailer"),
    [
        (None, False, False, 0),
        (None, True, True, 8),
        (KEY, False, True, 32),
        (KEY, True, True, 44),
    ],
)
def test_what_would_not_decode_is_not_encoded(key, sha256, fingerprint, trailer):
    room = MAX_MESSAGE_SIZE - 24 - trailer
    message = request({Attribute.DATA: bytes(room)})
    data = message.encode(key, sha256=sha256, fingerprint=fingerprint)
    assert len(data) == MAX_MESSAGE_SIZE
    assert Message.decode(data).attributes == message.attributes
    for size in (room + 1, 65535):
        with pytest.raises(ValueError, match="too large"):
            request({Attribute.DATA: bytes(size)}).encode(
                key, sha256=sha256, fingerprint=fingerprint
            )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (Attribute.PRIORITY, 1 << 32),
        (Attribute.PRIORITY, -1),
        (Attribute.PRIORITY, "1"),
        (Attribute.PRIORITY, None),
        (Attribute.ICE_CONTROLLING, 1 << 64),
        (Attribute.USERNAME, b"bytes"),
        (Attribute.USERNAME, "\ud800"),
        (Attribute.DATA, 4),
        (Attribute.DATA, bytes(65536)),
        (Attribute.DATA, "text"),
        (Attribute.USE_CANDIDATE, False),
        (Attribute.XOR_MAPPED_ADDRESS, ("example.org", 1)),
        (Attribute.XOR_MAPPED_ADDRESS, ("192.0.2.1", 65536)),
        (Attribute.XOR_MAPPED_ADDRESS, ("192.0.2.1", -1)),
        (Attribute.XOR_MAPPED_ADDRESS, "192.0.2.1"),
        (Attribute.MAPPED_ADDRESS, (3221225985, 1)),
        (Attribute.ERROR_CODE, ErrorCode(299)),
        (Attribute.ERROR_CODE, ErrorCode(700)),
        (Attribute.ERROR_CODE, 487),
        (Attribute.EVEN_PORT, 2),
        (Attribute.EVEN_PORT, -1),
        (Attribute.MESSAGE_INTEGRITY, bytes(20)),
        (Attribute.FINGERPRINT, 0),
        (0x1234, b""),
    ],
)
def test_a_value_that_does_not_fit_is_a_type_error(name, value):
    with pytest.raises(TypeError, match="cannot hold"):
        request({name: value}).encode()


# --- fingerprint and integrity --------------------------------------------------------------------


def test_fingerprint_is_verified():
    data = request({Attribute.PRIORITY: 7}).encode()
    assert Message.decode(data).has_fingerprint
    for at in range(len(data) - 4, len(data)):
        broken = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(StunDecodeError, match="FINGERPRINT"):
            Message.decode(broken)
    with pytest.raises(StunDecodeError, match="FINGERPRINT"):
        Message.decode(data[:27] + b"\x08" + data[28:])


def test_fingerprint_is_optional():
    message = Message.decode(request().encode(fingerprint=False))
    assert not message.has_fingerprint
    assert not message.has_integrity


def test_fingerprint_is_the_last_attribute():
    data = fingerprinted(raw())
    longer = data[:2] + struct.pack(">H", 16) + data[4:] + attribute(0x0024, bytes(4))
    with pytest.raises(StunDecodeError, match="last"):
        Message.decode(longer)
    with pytest.raises(StunDecodeError, match="last"):
        Message.decode(raw(attribute(0x8028, bytes(8))))


@pytest.mark.parametrize("sha256", [False, True])
@pytest.mark.parametrize("fingerprint", [False, True])
def test_integrity_round_trip(sha256, fingerprint):
    data = request({Attribute.USERNAME: "a:b"}).encode(KEY, sha256=sha256, fingerprint=fingerprint)
    message = Message.decode(data)
    assert message.has_integrity
    assert message.has_fingerprint is fingerprint
    assert message.is_authentic(KEY)
    assert not message.is_authentic(KEY + b"x")
    assert not message.is_authentic(b"")
    assert Attribute.MESSAGE_INTEGRITY not in message.attributes


@pytest.mark.parametrize("sha256", [False, True])
def test_integrity_covers_every_byte_before_it(sha256):
    username = attribute(0x0006, b"user")
    data = request({Attribute.USERNAME: "user"}).encode(KEY, sha256=sha256, fingerprint=False)
    end = data.index(username) + len(username)
    changed = 0
    for at in [*range(8, 20), *range(24, end), *range(end + 4, len(data))]:
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert not Message.decode(flipped).is_authentic(KEY), at
        changed += 1
    assert changed == 12 + 4 + (32 if sha256 else 20)
    assert not Message.decode(b"\x01\x01" + data[2:]).is_authentic(KEY)


def test_without_integrity_nothing_is_authentic():
    assert not Message.decode(request().encode()).is_authentic(KEY)
    assert not request().is_authentic(KEY)


def test_what_follows_integrity_is_ignored_but_must_be_whole():
    data = request({Attribute.USERNAME: "a:b"}).encode(KEY)
    extended = insert_before_fingerprint(
        data,
        attribute(0x0025, b"")
        + attribute(0x7FFF, b"")
        + attribute(0x0024, b"\0")
        + attribute(0x0008, bytes(20)),
    )
    message = Message.decode(extended)
    assert message.attributes == {Attribute.USERNAME: "a:b"}
    assert message.unknown_required == ()
    assert message.has_fingerprint
    assert message.is_authentic(KEY)
    with pytest.raises(StunDecodeError, match="cut off"):
        Message.decode(insert_before_fingerprint(data, b"\x00\x25\xff\x00"))


def test_sha256_decides_where_both_are_present():
    sha1 = request({Attribute.USERNAME: "a:b"}).encode(KEY, fingerprint=False)
    head = sha1[:2] + struct.pack(">H", len(sha1) - 20 + 36) + sha1[4:]
    good = head + attribute(0x001C, hmac.digest(KEY, head, "sha256"))
    assert Message.decode(good).is_authentic(KEY)
    assert not Message.decode(head + attribute(0x001C, bytes(32))).is_authentic(KEY)
    # And with a SHA-1 that is wrong, which is of no interest any more.
    broken = head[:-1] + bytes([head[-1] ^ 1])
    good = broken + attribute(0x001C, hmac.digest(KEY, broken, "sha256"))
    assert Message.decode(good).is_authentic(KEY)


def test_message_integrity_after_sha256_is_ignored():
    data = request().encode(KEY, sha256=True)
    for late in (attribute(0x0008, bytes(20)), attribute(0x0008, b""), attribute(0x001C, bytes(4))):
        assert Message.decode(insert_before_fingerprint(data, late)).is_authentic(KEY)


@pytest.mark.parametrize(
    ("number", "size"), [(0x0008, 0), (0x0008, 16), (0x001C, 16), (0x001C, 36)]
)
def test_integrity_of_another_size_is_refused(number, size):
    with pytest.raises(StunDecodeError, match="MESSAGE-INTEGRITY"):
        Message.decode(raw(attribute(number, bytes(size))))


# --- typed values ---------------------------------------------------------------------------------


def test_typed_values():
    message = request(
        {
            Attribute.USERNAME: "a:b",
            Attribute.PRIORITY: 5,
            Attribute.DATA: b"abc",
            Attribute.XOR_MAPPED_ADDRESS: ("192.0.2.1", 9),
            Attribute.USE_CANDIDATE: True,
            Attribute.ERROR_CODE: ErrorCode(487, "Role Conflict"),
        }
    )
    assert message.text(Attribute.USERNAME) == "a:b"
    assert message.number(Attribute.PRIORITY) == 5
    assert message.opaque(Attribute.DATA) == b"abc"
    assert message.address(Attribute.XOR_MAPPED_ADDRESS) == ("192.0.2.1", 9)
    assert message.flag(Attribute.USE_CANDIDATE)
    assert message.error == ErrorCode(487, "Role Conflict")


def test_absent_values():
    message = request()
    assert message.text(Attribute.USERNAME) is None
    assert message.number(Attribute.PRIORITY) is None
    assert message.opaque(Attribute.DATA) is None
    assert message.address(Attribute.XOR_MAPPED_ADDRESS) is None
    assert message.flag(Attribute.USE_CANDIDATE) is False
    assert message.error is None


@pytest.mark.parametrize("accessor", ["text", "number", "opaque", "address"])
def test_asking_for_another_type_is_a_type_error(accessor):
    message = request({Attribute.ERROR_CODE: ErrorCode(400)})
    with pytest.raises(TypeError, match="ERROR_CODE does not hold"):
        getattr(message, accessor)(Attribute.ERROR_CODE)


def test_repr_shows_what_matters():
    assert repr(request({Attribute.PRIORITY: 1})) == (
        "<BINDING REQUEST 000102030405060708090a0b PRIORITY=1>"
    )
