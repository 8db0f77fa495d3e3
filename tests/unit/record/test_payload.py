import pytest

from frazil.record.payload import PacketEraser, is_dtls, without_checksum, without_ciphertext
from frazil.sctp.chunk import BEGIN, END, WHOLE, encode_chunk, encode_data, encode_i_data
from frazil.sctp.packet import Header, decode_header, encode_packet
from frazil.sctp.tlv import ChunkError

HEADER = Header(5000, 5000, 7)
DCEP, BINARY = 50, 53


def packet(*chunks):
    return encode_packet(HEADER, b"".join(chunks))


def erased(*packets):
    eraser = PacketEraser()
    return [eraser.erase(each) for each in packets]


def test_sealed_payload_becomes_zeros():
    record = b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x05" + b"abcde"
    assert without_ciphertext(record) == record[:13] + bytes(5)


def test_the_handshake_stays():
    hello = b"\x16\xfe\xfd" + bytes(8) + b"\x00\x03" + b"abc"
    sealed = b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x02" + b"xy"
    alert = b"\x15\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x02" + b"zz"
    assert without_ciphertext(hello + sealed + alert) == hello + sealed[:13] + bytes(2) + alert


@pytest.mark.parametrize("size", range(1, 19))
def test_a_record_that_is_cut_off(size):
    record = (b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x05" + b"abcde")[:size]
    assert without_ciphertext(record) == (record[:13] + bytes(max(size - 13, 0)))[:size]


def test_what_is_dtls():
    assert [is_dtls(bytes([first])) for first in (0, 19, 20, 63, 64)] == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert not is_dtls(b"")


@pytest.mark.parametrize("interleaved", [False, True])
def test_a_message_becomes_zeros_and_the_checksum_is_right(interleaved):
    encode = encode_i_data if interleaved else encode_data
    before = packet(encode(WHOLE, 1, 2, 3, BINARY, b"secret"))
    (found,) = erased(before)
    assert found == packet(encode(WHOLE, 1, 2, 3, BINARY, bytes(6)))
    assert decode_header(found) == HEADER


@pytest.mark.parametrize("encode", [encode_data, encode_i_data])
def test_announcements_of_channels_stay(encode):
    before = packet(encode(WHOLE, 1, 2, 3, DCEP, b"label"))
    assert erased(before) == [before]


def test_an_announcement_in_pieces_stays_and_the_next_message_does_not():
    packets = [
        packet(encode_i_data(BEGIN, 1, 2, 3, DCEP, b"la")),
        packet(encode_i_data(END, 2, 2, 3, 1, b"bel")),
        packet(encode_i_data(BEGIN, 3, 2, 4, BINARY, b"se")),
        packet(encode_i_data(END, 4, 2, 4, 1, b"cret")),
    ]
    found = erased(*packets)
    assert found[:2] == packets[:2]
    assert not any(b"cret" in each or b"se" in each for each in found[2:])


def test_other_chunks_stay():
    before = packet(encode_chunk(3, bytes(12)), encode_chunk(4, b"heartbeat!!!"))
    assert erased(before) == [before]


def test_a_wrong_checksum_stays_wrong():
    before = bytearray(packet(encode_data(WHOLE, 1, 2, 3, BINARY, b"secret")))
    before[8] ^= 1
    (found,) = erased(bytes(before))
    assert b"secret" not in found
    with pytest.raises(ChunkError):
        decode_header(found)


@pytest.mark.parametrize("size", [0, 5, 12, 14, 20, 28, 31])
def test_pieces_of_packets_do_no_harm(size):
    piece = packet(encode_data(WHOLE, 1, 2, 3, BINARY, b"secret"))[:size]
    assert len(erased(piece)[0]) == size


def test_erasing_twice_is_erasing_once():
    (once,) = erased(packet(encode_data(WHOLE, 1, 2, 3, BINARY, b"secret")))
    assert erased(once) == [once]
    assert without_checksum(once)[8:12] == bytes(4)
