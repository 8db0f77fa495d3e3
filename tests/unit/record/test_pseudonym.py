import ipaddress

import pytest

from frazil.address import neighbourhood
from frazil.record import RecordingError, pseudonym
from frazil.record.proof import restore_fingerprint
from frazil.record.pseudonym import Pseudonyms
from frazil.stun import (
    Attribute,
    Message,
    MessageClass,
    Method,
    StunDecodeError,
    short_term_key,
)


def ip(text):
    return ipaddress.ip_address(text)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.168.7.9", "10.0.0.0/8"),
        ("100.64.1.2", "10.0.0.0/8"),
        ("8.8.8.8", "240.0.0.0/4"),
        ("203.0.113.5", "240.0.0.0/4"),
        ("169.254.3.4", "169.254.0.0/16"),
        ("2a00:1450::5", "2001:db8::/64"),
        ("fd12:3456::5", "fd00::/64"),
        ("fe80::5", "fe80::/64"),
    ],
)
def test_a_pseudonym_is_of_the_same_kind(address, network):
    found = Pseudonyms().of(ip(address))
    assert found in ipaddress.ip_network(network)
    assert found != ip(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.1"])
def test_addresses_that_tell_nothing_stay(address):
    assert Pseudonyms().of(ip(address)) == ip(address)


def test_one_address_has_one_pseudonym_and_nobody_else_has_it():
    pseudonyms = Pseudonyms()
    found = [pseudonyms.of(ip(f"192.168.0.{number}")) for number in range(1, 200)]
    assert len(set(found)) == len(found)
    assert pseudonyms.of(ip("192.168.0.1")) == found[0]


@pytest.mark.parametrize(
    ("neighbours", "other"),
    [
        (("192.168.7.0", "192.168.7.255"), "192.168.8.1"),
        (("8.8.8.8", "8.8.8.9"), "8.8.4.4"),
        (("2a00:1450::5", "2a00:1450::a:b:c:d"), "2a00:1450:0:1::5"),
    ],
)
def test_neighbours_stay_neighbours_and_others_do_not_become_any(neighbours, other):
    pseudonyms = Pseudonyms()
    one, two, three = (pseudonyms.of(ip(each)) for each in (*neighbours, other))
    assert one != two
    assert neighbourhood(one) == neighbourhood(two) != neighbourhood(three)


def test_a_network_has_a_pseudonym_for_each_of_its_hosts():
    pseudonyms = Pseudonyms()
    found = {pseudonyms.of(each) for each in ipaddress.ip_network("192.168.0.0/24")}
    assert found == set(ipaddress.ip_network("10.0.0.0/24"))


def test_too_many_networks(monkeypatch):
    monkeypatch.setattr(pseudonym, "_space", lambda ip: ipaddress.ip_network("10.0.0.0/23"))
    pseudonyms = Pseudonyms()
    pseudonyms.of(ip("192.168.0.1"))
    pseudonyms.of(ip("192.168.1.1"))
    with pytest.raises(RecordingError, match="more networks"):
        pseudonyms.of(ip("192.168.2.1"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.7.9", "10.0.0.1"),
        ("c=IN IP4 192.168.7.9\r\n", "c=IN IP4 10.0.0.1\r\n"),
        ("192.168.7.9:5000->192.168.7.9:80", "10.0.0.1:5000->10.0.0.1:80"),
        ("turn:[2a00::5]:443", "turn:[2001:db8::1]:443"),
        ("turn:192.168.7.9:3478", "turn:10.0.0.1:3478"),
        (
            "stun:192.168.7.9 turn:8.8.8.8?transport=tcp",
            "stun:10.0.0.1 turn:240.0.0.1?transport=tcp",
        ),
        ("cafe:192.168.7.9", "cafe:10.0.0.1"),
        ("999.168.7.9", "999.168.7.9"),
        ("it is 192.168.7.9.", "it is 10.0.0.1."),
        ("a=fingerprint:sha-256 AB:CD:EF:01", "a=fingerprint:sha-256 AB:CD:EF:01"),
        ("version 1.2.3", "version 1.2.3"),
        ("x192.168.7.9", "x192.168.7.9"),
        ("at 12:30:15", "at 12:30:15"),
        ("webrtc-pc 4.4.1.5", "webrtc-pc 4.4.1.5"),
        ("RFC 8445 7.2.5.3.1", "RFC 8445 7.2.5.3.1"),
        ("section 4.4.1.5", "section 240.0.0.1"),
        ("candidate:17", "candidate:17"),
        ("turn:candidate:3478", "turn:candidate:3478"),
        ("", ""),
    ],
)
def test_addresses_in_a_text(text, expected):
    assert Pseudonyms().text(text) == expected


def test_foundations_are_numbers_that_are_equal_where_they_were():
    lines = [
        "a=candidate:2934871 1 udp 5 192.168.7.9 5000 typ host",
        "a=candidate:842163049 1 udp 4 8.8.8.8 5000 typ srflx",
        "a=end-of-candidates",
    ]
    expected = [
        "a=candidate:0000001 1 udp 5 10.0.0.1 5000 typ host",
        "a=candidate:000000002 1 udp 4 240.0.0.1 5000 typ srflx",
        "a=end-of-candidates",
    ]
    pseudonyms = Pseudonyms()
    for _ in range(2):
        assert pseudonyms.text("\r\n".join(lines)) == "\r\n".join(expected)
    assert pseudonyms.text(lines[1].removeprefix("a=")) == expected[1].removeprefix("a=")


@pytest.mark.parametrize("length", [1, 2, 33])
def test_no_two_foundations_become_the_same_and_none_gets_shorter(length):
    pseudonyms = Pseudonyms()
    given = ["x" * size for size in range(1, 30)] + ["y" * length]
    found = [pseudonyms.text(f"candidate:{each} 1").split()[0] for each in given]
    assert len(set(found)) == len(found)
    assert len(found[-1]) >= len("candidate:") + length


def test_a_known_address_with_a_port_is_told_from_a_longer_address():
    pseudonyms = Pseudonyms()
    pseudonyms.learn("candidate:1 1 udp 5 2a00::5 443 typ host")
    assert pseudonyms.text("2a00::5:443->2a00::5:50000") == "2001:db8::1:443->2001:db8::1:50000"
    pseudonyms.learn("2a00::5:443")
    assert pseudonyms.text("2a00::5:443") == "2001:db8::2"


@pytest.mark.parametrize("address", ["192.168.7.9", "2a00:1450::5"])
@pytest.mark.parametrize(
    "attribute",
    [Attribute.XOR_MAPPED_ADDRESS, Attribute.MAPPED_ADDRESS, Attribute.ALTERNATE_SERVER],
)
def test_addresses_in_messages(address, attribute):
    key = short_term_key("password")
    message = Message(
        Method.BINDING, MessageClass.SUCCESS, bytes(range(12)), {attribute: (address, 9)}
    ).encode(key)
    pseudonyms = Pseudonyms()
    found = Message.decode(pseudonyms.datagram(message, [b"another", key]))
    assert found.address(attribute) == (str(pseudonyms.of(ip(address))), 9)
    assert found.is_authentic(key)
    assert not Message.decode(Pseudonyms().datagram(message, [])).is_authentic(key)


def test_a_message_with_a_wrong_fingerprint_stays_one():
    attributes = {Attribute.XOR_MAPPED_ADDRESS: ("192.168.7.9", 9)}
    message = Message(Method.BINDING, MessageClass.SUCCESS, bytes(12), attributes).encode()
    damaged = message[:-1] + bytes([message[-1] ^ 1])
    found = Pseudonyms().datagram(damaged, [])
    assert found[:-4] == Pseudonyms().datagram(message, [])[:-4] != message[:-4]
    with pytest.raises(StunDecodeError, match="FINGERPRINT"):
        Message.decode(found)


@pytest.mark.parametrize(
    ("number", "like"),
    [
        (0x0002, Attribute.MAPPED_ADDRESS),
        (0x0004, Attribute.MAPPED_ADDRESS),
        (0x0005, Attribute.MAPPED_ADDRESS),
        (0x000B, Attribute.MAPPED_ADDRESS),
        (0x8020, Attribute.XOR_MAPPED_ADDRESS),
    ],
)
def test_addresses_in_messages_of_old_servers(number, like):
    def message(address):
        attributes = {like: (address, 9)}
        new = Message(Method.BINDING, MessageClass.SUCCESS, bytes(range(12)), attributes).encode()
        old = bytearray(new[:20] + number.to_bytes(2) + new[22:])
        restore_fingerprint(old, new)
        return bytes(old)

    assert Pseudonyms().datagram(message("192.168.7.9"), []) == message("10.0.0.1")


def test_addresses_in_messages_that_are_relayed():
    inner = Message(
        Method.BINDING,
        MessageClass.SUCCESS,
        bytes(12),
        {Attribute.XOR_MAPPED_ADDRESS: ("192.168.7.9", 9)},
    ).encode()
    attributes = {Attribute.XOR_PEER_ADDRESS: ("192.168.7.8", 9), Attribute.DATA: inner}
    outer = Message(Method.DATA, MessageClass.INDICATION, bytes(12), attributes).encode()
    channel = b"\x40\x00" + len(inner).to_bytes(2) + inner
    pseudonyms = Pseudonyms()
    found = Message.decode(pseudonyms.datagram(outer, []))
    expected = pseudonyms.datagram(inner, [])
    assert found.attributes[Attribute.DATA] == expected
    assert expected != inner
    assert pseudonyms.datagram(channel, []) == channel[:4] + expected


@pytest.mark.parametrize("data", [b"", b"\x16\xfe\xfd", b"\x80rtp", b"\x00", b"\x01\x01\x00\x08"])
def test_other_datagrams_stay(data):
    assert Pseudonyms().datagram(data, []) == data
