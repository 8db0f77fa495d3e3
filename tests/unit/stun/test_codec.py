"""Each layout, byte for byte, through whole messages."""

import struct

import pytest

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
)

ID = bytes(range(12))


def encode(name, value):
    """The attribute's value, length and all, as it is sent."""
    message = Message(Method.BINDING, MessageClass.SUCCESS, ID, {name: value})
    data = message.encode(fingerprint=False)
    number, size = struct.unpack_from(">HH", data, 20)
    assert number == name
    assert len(data) == 24 + size + (-size & 3)
    assert data[24 + size :] == bytes(-size & 3)
    return data[24 : 24 + size]


def decode(name, value):
    body = struct.pack(">HH", name, len(value)) + value + bytes(-len(value) & 3)
    data = struct.pack(">HHI", 0x0101, len(body), 0x2112A442) + ID + body
    return Message.decode(data).attributes[name]


LAYOUTS = [
    (Attribute.MAPPED_ADDRESS, ("192.0.2.1", 4660), "00011234c0000201"),
    (Attribute.ALTERNATE_SERVER, ("::1", 1), "00020001" + "00" * 15 + "01"),
    (Attribute.RESPONSE_ORIGIN, ("0.0.0.0", 0), "0001000000000000"),
    (Attribute.OTHER_ADDRESS, ("2001:db8::ff", 65535), "0002ffff20010db8" + "00" * 11 + "ff"),
    (Attribute.XOR_MAPPED_ADDRESS, ("33.18.164.66", 0x2112), "0001000000000000"),
    (Attribute.XOR_PEER_ADDRESS, ("0.0.0.0", 0), "000121122112a442"),
    (Attribute.XOR_RELAYED_ADDRESS, ("::", 0), "000221122112a442000102030405060708090a0b"),
    (Attribute.CHANGE_REQUEST, 6, "00000006"),
    (Attribute.LIFETIME, 600, "00000258"),
    (Attribute.PRIORITY, 0x6E7F1EFF, "6e7f1eff"),
    (Attribute.CONNECTION_ID, 0xFFFFFFFF, "ffffffff"),
    (Attribute.NOMINATION, 2, "00000002"),
    (Attribute.NETWORK_INFO, 0x0001000A, "0001000a"),
    (Attribute.ICE_CONTROLLED, 1, "0000000000000001"),
    (Attribute.ICE_CONTROLLING, 2**64 - 1, "ff" * 8),
    (Attribute.CHANNEL_NUMBER, 0x4000, "40000000"),
    (Attribute.RESPONSE_PORT, 3478, "0d96"),
    (Attribute.REQUESTED_TRANSPORT, 17, "11000000"),
    (Attribute.REQUESTED_ADDRESS_FAMILY, 2, "02000000"),
    (Attribute.ADDITIONAL_ADDRESS_FAMILY, 2, "02000000"),
    (Attribute.EVEN_PORT, 0, "00"),
    (Attribute.EVEN_PORT, 1, "80"),
    (Attribute.USE_CANDIDATE, True, ""),
    (Attribute.DONT_FRAGMENT, True, ""),
    (Attribute.USERNAME, "", ""),
    (Attribute.USERNAME, "a:é", "613ac3a9"),
    (Attribute.REALM, "example.org", b"example.org".hex()),
    (Attribute.NONCE, "n", "6e"),
    (Attribute.SOFTWARE, "frazil", b"frazil".hex()),
    (Attribute.ALTERNATE_DOMAIN, "example.org", b"example.org".hex()),
    (Attribute.DATA, b"\0\1\2\3\4", "0001020304"),
    (Attribute.USERHASH, bytes(32), "00" * 32),
    (Attribute.RESERVATION_TOKEN, b"12345678", b"12345678".hex()),
    (Attribute.PADDING, b"", ""),
    (Attribute.ERROR_CODE, ErrorCode(487, "Role"), "00000457" + b"Role".hex()),
    (Attribute.ERROR_CODE, ErrorCode(300, ""), "00000300"),
    (Attribute.ADDRESS_ERROR_CODE, AddressErrorCode(2, 440, "no"), "02000428" + b"no".hex()),
    (Attribute.UNKNOWN_ATTRIBUTES, (), ""),
    (Attribute.UNKNOWN_ATTRIBUTES, (0x7FFF, 2), "7fff0002"),
    (Attribute.ICMP, IcmpError(3, 4, b"\0\0\x05\xdc"), "00000604000005dc"),
    (Attribute.ICMP, IcmpError(127, 511, bytes(4)), "0000ffff00000000"),
    (Attribute.PASSWORD_ALGORITHM, AlgorithmChoice(2), "00020000"),
    (
        Attribute.PASSWORD_ALGORITHMS,
        (AlgorithmChoice(9, b"abc"), AlgorithmChoice(1)),
        "0009000361626300" + "00010000",
    ),
]


@pytest.mark.parametrize(("name", "value", "wire"), LAYOUTS)
def test_layout(name, value, wire):
    assert encode(name, value).hex() == wire
    decoded = decode(name, bytes.fromhex(wire))
    assert decoded == value
    assert type(decoded) is type(value)


def test_every_attribute_has_a_layout_test():
    computed = {
        Attribute.MESSAGE_INTEGRITY,
        Attribute.MESSAGE_INTEGRITY_SHA256,
        Attribute.FINGERPRINT,
    }
    assert {name for name, _, _ in LAYOUTS} == set(Attribute) - computed


def test_no_more_attributes_are_encoded_than_a_receiver_takes():
    # Two places are kept for the integrity attribute and the fingerprint.
    values = {name: value for name, value, _ in LAYOUTS}
    fitting = dict(list(values.items())[: MAX_ATTRIBUTES - 2])
    message = Message(Method.BINDING, MessageClass.REQUEST, ID, fitting)
    assert Message.decode(message.encode(b"key")).attributes == fitting
    message.attributes.update(list(values.items())[: MAX_ATTRIBUTES - 1])
    with pytest.raises(ValueError, match="31 attributes: too large"):
        message.encode()


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        (Attribute.MAPPED_ADDRESS, ""),
        (Attribute.MAPPED_ADDRESS, "000112"),
        (Attribute.MAPPED_ADDRESS, "00011234c00002"),
        (Attribute.MAPPED_ADDRESS, "00011234c000020100"),
        (Attribute.MAPPED_ADDRESS, "00021234c0000201"),
        (Attribute.MAPPED_ADDRESS, "00031234c0000201"),
        (Attribute.XOR_MAPPED_ADDRESS, "0000"),
        (Attribute.XOR_MAPPED_ADDRESS, "00011234" + "00" * 16),
        (Attribute.PRIORITY, ""),
        (Attribute.PRIORITY, "000000"),
        (Attribute.PRIORITY, "0000000000"),
        (Attribute.ICE_CONTROLLED, "00000000"),
        (Attribute.RESPONSE_PORT, "00"),
        (Attribute.CHANNEL_NUMBER, "4000"),
        (Attribute.EVEN_PORT, ""),
        (Attribute.EVEN_PORT, "8000"),
        (Attribute.USE_CANDIDATE, "00"),
        (Attribute.USERNAME, "ff"),
        (Attribute.USERNAME, "eda080"),
        (Attribute.ERROR_CODE, ""),
        (Attribute.ERROR_CODE, "000004"),
        (Attribute.ERROR_CODE, "00000200"),
        (Attribute.ERROR_CODE, "00000700"),
        (Attribute.ERROR_CODE, "00000464"),
        (Attribute.UNKNOWN_ATTRIBUTES, "00"),
        (Attribute.ICMP, "000006"),
        (Attribute.ICMP, "000006040000000000"),
        (Attribute.PASSWORD_ALGORITHM, ""),
        (Attribute.PASSWORD_ALGORITHM, "0002"),
        (Attribute.PASSWORD_ALGORITHM, "00020001"),
        (Attribute.PASSWORD_ALGORITHM, "0001000000020000"),
        (Attribute.PASSWORD_ALGORITHMS, "000100000002ffff"),
        (Attribute.PASSWORD_ALGORITHMS, "000100"),
    ],
)
def test_values_of_another_shape_are_refused(name, wire):
    with pytest.raises(StunDecodeError, match=name.name):
        decode(name, bytes.fromhex(wire))


@pytest.mark.parametrize(
    "value",
    [b"\x00\x02\x00\x00", b"\x00\x04\x00\x02\x00\x04"],
    ids=["algorithm", "parameters"],
)
def test_a_value_does_not_reach_into_its_neighbour(value):
    # The length tells less than the bytes that follow would offer.
    size = len(value) - 2
    body = struct.pack(">HH", 0x001D, size) + value + bytes(-len(value) & 3)
    body += b"\x00\x24\x00\x04\x00\x00\x00\x00"
    data = struct.pack(">HHI", 0x0101, len(body), 0x2112A442) + ID + body
    with pytest.raises(StunDecodeError, match="PASSWORD_ALGORITHM"):
        Message.decode(data)


@pytest.mark.parametrize("name", [Attribute.MAPPED_ADDRESS, Attribute.XOR_MAPPED_ADDRESS])
@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("::ffff:0:0", "0.0.0.0"),
        ("2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::192.0.2.1", "::c000:201"),
    ],
)
def test_addresses_come_out_canonical(name, spelled, canonical):
    assert decode(name, encode(name, (spelled, 9))) == (canonical, 9)


def test_a_mapped_address_is_sent_as_ipv4():
    assert encode(Attribute.MAPPED_ADDRESS, ("::ffff:192.0.2.1", 9)).hex() == "00010009c0000201"


def test_a_mapped_address_on_the_wire_is_ipv4():
    wire = bytes.fromhex("00020009" + "00" * 10 + "ffff" + "c0000201")
    assert decode(Attribute.MAPPED_ADDRESS, wire) == ("192.0.2.1", 9)


def test_reserved_bits_are_ignored():
    assert decode(Attribute.MAPPED_ADDRESS, bytes.fromhex("ff011234c0000201")) == (
        "192.0.2.1",
        4660,
    )
    assert decode(Attribute.ERROR_CODE, bytes.fromhex("fffffc57")) == ErrorCode(487, "")
    assert decode(Attribute.CHANNEL_NUMBER, bytes.fromhex("4000ffff")) == 0x4000
    assert decode(Attribute.REQUESTED_TRANSPORT, bytes.fromhex("11ffffff")) == 17
    assert decode(Attribute.EVEN_PORT, b"\x7f") == 0


@pytest.mark.parametrize(
    ("name", "wire", "value"),
    [
        (Attribute.SOFTWARE, b"caf\xe9", "caf\ufffd"),
        (Attribute.ERROR_CODE, b"\0\0\x04\x01\xe9", ErrorCode(401, "\ufffd")),
    ],
)
def test_text_for_people_never_costs_the_message(name, wire, value):
    assert decode(name, wire) == value
