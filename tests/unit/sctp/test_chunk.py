import pytest

from frazil.sctp.chunk import (
    BEGIN,
    END,
    UNORDERED,
    ChunkType,
    ForwardTsn,
    Init,
    Sack,
    Skip,
    decode_forward_tsn,
    decode_init,
    decode_sack,
    encode_chunk,
    encode_data,
    encode_forward_tsn,
    encode_i_data,
    encode_init,
    encode_sack,
    unpack_data,
    unpack_i_data,
)
from frazil.sctp.tlv import ChunkError, Tlv
from support.init import changed


def test_plain_chunk():
    assert encode_chunk(ChunkType.COOKIE_ACK) == bytes.fromhex("0b000004")
    assert encode_chunk(ChunkType.ABORT, b"x", 1) == bytes.fromhex("0601000578000000")


def test_data():
    chunk = encode_data(BEGIN | END | UNORDERED, 0x01020304, 5, 6, 51, b"hello")
    assert chunk == bytes.fromhex("00070015 01020304 0005 0006 00000033") + b"hello\0\0\0"
    assert unpack_data(chunk) == (0, 7, 21, 0x01020304, 5, 6, 51)


def test_data_in_fours_is_not_padded():
    assert encode_data(0, 1, 2, 3, 4, b"four").endswith(b"four")


def test_i_data():
    chunk = encode_i_data(BEGIN, 0x01020304, 5, 0x0A0B0C0D, 51, b"hello")
    expected = bytes.fromhex("40020019 01020304 0005 0000 0a0b0c0d 00000033") + b"hello\0\0\0"
    assert chunk == expected
    assert unpack_i_data(chunk) == (64, 2, 25, 0x01020304, 5, 0x0A0B0C0D, 51)


INIT = Init(0x11223344, 0x00500000, 65535, 1024, 0xAABBCCDD, (Tlv(0xC000, b""), Tlv(7, b"abc")))
INIT_HEX = "01000023 11223344 00500000 ffff 0400 aabbccdd c0000004 00070007 61626300"


def test_init():
    chunk = encode_init(ChunkType.INIT, INIT)
    expected = bytes.fromhex(INIT_HEX.replace("01000023", "01000020"))
    assert chunk == expected
    assert decode_init(chunk[4:]) == INIT


@pytest.mark.parametrize("field", ["tag", "outbound_streams", "inbound_streams"])
def test_init_with_a_forbidden_zero(field):
    chunk = encode_init(ChunkType.INIT, changed(INIT, **{field: 0}))
    with pytest.raises(ChunkError):
        decode_init(chunk[4:])


def test_init_cut_off():
    chunk = encode_init(ChunkType.INIT, INIT)
    for size in (0, 15, 17, 25):
        with pytest.raises(ChunkError):
            decode_init(chunk[4 : 4 + size])


def test_sack_without_gaps():
    chunk = encode_sack(0x01020304, 0x00050000, [], [])
    assert chunk == bytes.fromhex("03000010 01020304 00050000 0000 0000")
    assert decode_sack(chunk[4:]) == Sack(0x01020304, 0x00050000, (), ())


def test_sack_with_gaps_and_duplicates():
    chunk = encode_sack(1, 2, [(2, 3), (5, 5)], [9])
    expected = "0300001c 00000001 00000002 0002 0001 0002 0003 0005 0005 00000009"
    assert chunk == bytes.fromhex(expected)
    assert decode_sack(chunk[4:]) == Sack(1, 2, ((2, 3), (5, 5)), (9,))


def test_sack_that_promises_more_than_it_holds():
    chunk = encode_sack(1, 2, [(2, 3)], [9])
    for size in (0, 11, 12, 15, 19):
        with pytest.raises(ChunkError):
            decode_sack(chunk[4 : 4 + size])


FORWARD = ForwardTsn(0x01020304, (Skip(1, False, 7), Skip(2, False, 65535)))


def test_forward_tsn():
    chunk = encode_forward_tsn(FORWARD, interleaving=False)
    assert chunk == bytes.fromhex("c0000010 01020304 0001 0007 0002 ffff")
    assert decode_forward_tsn(chunk[4:], interleaving=False) == FORWARD


def test_i_forward_tsn():
    forward = ForwardTsn(0x01020304, (Skip(1, True, 7), Skip(2, False, 0x00010000)))
    chunk = encode_forward_tsn(forward, interleaving=True)
    expected = "c2000018 01020304 0001 0001 00000007 0002 0000 00010000"
    assert chunk == bytes.fromhex(expected)
    assert decode_forward_tsn(chunk[4:], interleaving=True) == forward


@pytest.mark.parametrize(("size", "interleaving"), [(0, False), (3, True), (6, False), (8, True)])
def test_forward_tsn_cut_off(size, interleaving):
    with pytest.raises(ChunkError):
        decode_forward_tsn(bytes(size), interleaving=interleaving)
