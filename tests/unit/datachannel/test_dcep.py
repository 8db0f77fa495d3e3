import pytest

from frazil.datachannel.dcep import ACK, DcepDecodeError, decode, encode_open
from frazil.datachannel.parameter import ChannelParameters

OPEN_MESSAGES = [
    (
        ChannelParameters(label="chat"),
        "03 00 0100 00000000 0004 0000" + b"chat".hex(),
    ),
    (
        ChannelParameters(label="é", protocol="json", ordered=False, priority=1024),
        "03 80 0400 00000000 0002 0004" + "é".encode().hex() + b"json".hex(),
    ),
    (
        ChannelParameters(max_retransmits=0, priority=0),
        "03 01 0000 00000000 0000 0000",
    ),
    (
        ChannelParameters(ordered=False, max_retransmits=65535),
        "03 81 0100 0000ffff 0000 0000",
    ),
    (
        ChannelParameters(max_packet_life_time_ms=1500),
        "03 02 0100 000005dc 0000 0000",
    ),
    (
        ChannelParameters(ordered=False, max_packet_life_time_ms=0xFFFFFFFF),
        "03 82 0100 ffffffff 0000 0000",
    ),
]


@pytest.mark.parametrize(("parameters", "octets"), OPEN_MESSAGES)
def test_open_bytes_both_ways(parameters, octets):
    data = bytes.fromhex(octets)
    assert encode_open(parameters) == data
    assert decode(data) == parameters


def test_ack_is_one_octet():
    assert bytes.fromhex("02") == ACK
    assert decode(ACK) is None


def test_the_reliability_parameter_of_a_reliable_channel_is_ignored():
    assert decode(bytes.fromhex("03 00 0100 00000007 0000 0000")) == ChannelParameters()


def test_octets_behind_the_message_are_ignored():
    data = bytes.fromhex("03 00 0100 00000000 0001 0001") + b"lpextra"
    assert decode(data) == ChannelParameters(label="l", protocol="p")
    assert decode(b"\x02\x00") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x01",
        b"\x04",
        bytes.fromhex("03 00 0100 00000000 0000 00"),
        bytes.fromhex("03 00 0100 00000000 0003 0000") + b"ab",
        bytes.fromhex("03 00 0100 00000000 0001 0002") + b"ab",
        bytes.fromhex("03 03 0100 00000000 0000 0000"),
        bytes.fromhex("03 7f 0100 00000000 0000 0000"),
        bytes.fromhex("03 ff 0100 00000000 0000 0000"),
        bytes.fromhex("03 00 0100 00000000 0001 0000") + b"\xff",
        bytes.fromhex("03 00 0100 00000000 0000 0002") + b"\xc3\x28",
    ],
)
def test_what_breaks_the_rfc_raises_the_one_error(data):
    with pytest.raises(DcepDecodeError):
        decode(data)
