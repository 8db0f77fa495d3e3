import pytest

from frazil.sctp.packet import Envelope, Header, chunk_types, decode_header, encode_packet
from frazil.sctp.tlv import ChunkError

CHUNKS = bytes.fromhex("0b000004")
OURS = Envelope(5000, 6000, 0x0A0B0C0D)
THEIRS = Envelope(6000, 5000, 0x01020304)


def test_sealed_packet_is_accepted_by_the_addressee():
    theirs = Envelope(6000, 5000, 0x01020304)
    theirs.address(0x0A0B0C0D)
    packet = theirs.seal(CHUNKS)
    assert packet == encode_packet(Header(6000, 5000, 0x0A0B0C0D), CHUNKS)
    assert OURS.accepts(packet)


@pytest.mark.parametrize("at", range(16))
def test_a_changed_byte_is_refused(at):
    theirs = Envelope(6000, 5000, 0x01020304)
    theirs.address(0x0A0B0C0D)
    packet = bytearray(theirs.seal(CHUNKS))
    packet[at] ^= 0x40
    assert not OURS.accepts(bytes(packet))


def test_short_packets_are_refused():
    for size in range(16):
        assert not OURS.accepts(bytes(size))
        with pytest.raises(ChunkError):
            decode_header(bytes(size))


def test_another_tag():
    packet = THEIRS.seal_with_tag(0, CHUNKS)
    assert not OURS.accepts(packet)
    header = decode_header(packet)
    assert header == Header(6000, 5000, 0)
    assert OURS.is_from_peer(header)
    assert not THEIRS.is_from_peer(header)


def test_decode_header_checks_the_checksum():
    packet = THEIRS.seal_with_tag(0, CHUNKS)
    with pytest.raises(ChunkError):
        decode_header(packet[:-1] + b"\x01")


def test_chunk_types_end_where_the_packet_is_broken():
    header = bytes(12)
    assert chunk_types(header + CHUNKS + bytes.fromhex("0e000004")) == [11, 14]
    assert chunk_types(header + bytes.fromhex("09000005 41000000") + CHUNKS) == [9, 11]
    assert chunk_types(header + CHUNKS + bytes.fromhex("00000100")) == [11]
    assert chunk_types(header + CHUNKS + bytes.fromhex("00000003")) == [11]
    assert chunk_types(b"") == []
