import pytest

from frazil.sctp.reconfig import (
    OtherRequest,
    OutgoingReset,
    Response,
    decode_reconfig,
    encode_outgoing_reset,
    encode_responses,
)
from frazil.sctp.tlv import ChunkError, encode_tlv


def test_encode_and_decode():
    reset = OutgoingReset(1, 2, 3, (4, 5, 6))
    chunk = encode_outgoing_reset(reset)
    expected = "8200001a 000d0016 00000001 00000002 00000003 0004 0005 0006 0000"
    assert chunk[4:] == bytes.fromhex(expected)[4:]
    assert decode_reconfig(chunk[4:]) == [reset]
    responses = [Response(1, 6), Response(2, 1)]
    chunk = encode_responses(responses)
    assert chunk == bytes.fromhex("8200001c 0010000c 00000001 00000006 0010000c 00000002 00000001")
    assert decode_reconfig(chunk[4:]) == responses


def test_decode_of_other_parameters():
    number = (9).to_bytes(4, "big")
    assert decode_reconfig(encode_tlv(14, number + bytes([0, 1, 0, 2]))) == [OtherRequest(9)]
    assert decode_reconfig(encode_tlv(15, number)) == [OtherRequest(9)]
    assert decode_reconfig(encode_tlv(17, number + bytes(4))) == [OtherRequest(9)]
    assert decode_reconfig(encode_tlv(18, number + bytes(4))) == [OtherRequest(9)]
    assert decode_reconfig(encode_tlv(99, number)) == []
    assert decode_reconfig(encode_tlv(16, number + number + bytes(8))) == [Response(9, 9)]


@pytest.mark.parametrize(
    "value",
    [
        encode_tlv(13, bytes(11)),
        encode_tlv(13, bytes(13)),
        encode_tlv(14, bytes(3)),
        encode_tlv(15, bytes(3)),
        encode_tlv(16, bytes(7)),
        encode_tlv(17),
        encode_tlv(14, bytes(4)) * 3,
        b"\0",
    ],
)
def test_decode_of_malformed_parameters(value):
    with pytest.raises(ChunkError):
        decode_reconfig(value)
