from frazil.sctp.serial import MASK_16, MASK_32, is_behind, unwrap


def test_unwrap_goes_forward_over_the_wrap():
    assert unwrap(3, 0xFFFFFFFE) == 0x100000003


def test_unwrap_goes_back_over_the_wrap():
    assert unwrap(0xFFFFFFFF, 0x100000002) == 0xFFFFFFFF


def test_unwrap_of_the_opposite_number_is_in_the_past():
    assert unwrap(0x80000000, 0) == -0x80000000


def test_is_behind_of_stream_sequence_numbers():
    assert is_behind(65535, 0, MASK_16)
    assert not is_behind(0, 65535, MASK_16)
    assert not is_behind(7, 7, MASK_16)


def test_is_behind_of_message_identifiers():
    assert is_behind(0xFFFFFFFF, 0, MASK_32)
    assert not is_behind(65535, 0, MASK_32)
