import pytest

from frazil.sctp.tlv import ChunkError, Tlv, decode_tlvs, encode_tlv, padded


@pytest.mark.parametrize(("size", "total"), [(0, 0), (1, 4), (2, 4), (3, 4), (4, 4), (5, 8)])
def test_padded(size, total):
    assert padded(b"x" * size) == b"x" * size + bytes(total - size)


def test_encode():
    assert encode_tlv(0xC000) == bytes.fromhex("c0000004")
    assert encode_tlv(7, b"abcde") == bytes.fromhex("00070009") + b"abcde\0\0\0"


def test_decode_is_the_inverse():
    data = encode_tlv(7, b"abcde") + encode_tlv(0xC000) + encode_tlv(1, b"wxyz")
    assert decode_tlvs(data) == [Tlv(7, b"abcde"), Tlv(0xC000, b""), Tlv(1, b"wxyz")]


def test_decode_accepts_missing_padding_at_the_end():
    assert decode_tlvs(bytes.fromhex("00070005") + b"a") == [Tlv(7, b"a")]


@pytest.mark.parametrize("data", ["00", "000700", "00070003", "00070000", "0007000561"[:8]])
def test_decode_of_what_is_cut_off(data):
    with pytest.raises(ChunkError):
        decode_tlvs(bytes.fromhex(data))
