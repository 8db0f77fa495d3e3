"""The checksum of SCTP against published values (RFC 3720 appendix B.4, RFC 9260 appendix A)."""

import pytest
from crc32c import crc32c

from frazil.sctp.packet import Header, encode_packet

VECTORS = [
    (b"123456789", 0xE3069283),
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(reversed(range(32))), 0x113FDB5C),
    (
        bytes.fromhex(
            "01c00000000000000000000000000000"
            "14000000000004000000001400000018"
            "28000000000000000200000000000000"
        ),
        0xD9963A56,
    ),
]


def reference(data: bytes) -> int:
    """RFC 9260 appendix A, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@pytest.mark.parametrize(("data", "expected"), VECTORS)
def test_published_values(data, expected):
    assert crc32c(data) == expected
    assert reference(data) == expected


@pytest.mark.parametrize(("data", "expected"), VECTORS)
def test_continuation_equals_one_pass(data, expected):
    assert crc32c(data[5:], crc32c(data[:5])) == expected


def test_packet_carries_the_checksum_least_significant_byte_first():
    chunks = bytes.fromhex("0b000004")  # COOKIE ACK
    packet = encode_packet(Header(5000, 5001, 0x01020304), chunks)
    header = bytes.fromhex("1388138901020304")
    checksum = reference(header + bytes(4) + chunks)
    assert packet == header + checksum.to_bytes(4, "little") + chunks
