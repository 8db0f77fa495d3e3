"""Sealing and opening without a handshake. Against OpenSSL: test_openssl.py."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frazil.dtls.cipher_suite import CIPHER_SUITES
from frazil.dtls.protection import Control, Opener, Sealer
from frazil.dtls.record import MAX_PLAINTEXT_SIZE, MAX_RECORD_OVERHEAD, split
from frazil.dtls.replay_window import REPLAY_WINDOW_SIZE

GCM = CIPHER_SUITES["ECDHE-ECDSA-AES128-GCM-SHA256"]
CHACHA = CIPHER_SUITES["ECDHE-ECDSA-CHACHA20-POLY1305"]
BOTH = pytest.mark.parametrize("suite", [GCM, CHACHA], ids=["aes-gcm", "chacha20"])
FINISHED = bytes.fromhex("16fefd0001000000000000 0028 ff00000000000000".replace(" ", "")) + bytes(
    32
)


def protection(suite, last=FINISHED):
    key, iv = bytes(range(suite.key_size)), bytes(range(100, 100 + suite.iv_size))
    return Sealer(suite, key, iv, last), Opener(suite, key, iv)


def records(sealed):
    return [record.data for record in split(sealed)]


def opened(opener, datagrams):
    payloads = []
    assert opener.open(iter(datagrams), payloads) is None
    return payloads


@BOTH
def test_what_is_sealed_is_opened(suite):
    sealer, opener = protection(suite)
    payloads = [b"a", b"bc", b"de", bytes(MAX_PLAINTEXT_SIZE), bytes(1160)]
    sealed = sealer.seal(23, payloads[:3])
    assert len(sealed) == 5 + 3 * (13 + suite.growth)
    assert opened(opener, records(sealed)) == payloads[:3]
    for payload in payloads[3:]:
        assert opened(opener, [sealer.seal(23, [payload])]) == [payload]
    assert sealer.seal(23, []) == b""


def test_a_sealed_record_byte_for_byte():
    """Header, explicit nonce and ciphertext as RFC 5288 has them, by the cipher itself."""
    sealer, _ = protection(GCM)
    record = sealer.seal(23, [b"payload"])
    nonce = bytes.fromhex("7f00000000000001")
    assert record[:13].hex() == "17fefd0001000000000001001f"
    assert record[13:21] == nonce
    cipher = GCM.aead(bytes(range(16)))
    additional_data = bytes.fromhex("000100000000000117fefd0007")
    assert record[21:] == cipher.encrypt(b"defg" + nonce, b"payload", additional_data)


def test_a_record_sealed_with_chacha20_byte_for_byte():
    """RFC 7905 2: the record number laid over the last 8 bytes of the IV."""
    sealer, _ = protection(CHACHA)
    record = sealer.seal(23, [b"payload"])
    assert record[:13].hex() == "17fefd00010000000000010017"
    cipher = CHACHA.aead(bytes(range(32)))
    nonce = bytes([100, 101, 102, 103, 104, 105 ^ 1, 106, 107, 108, 109, 110, 111 ^ 1])
    additional_data = bytes.fromhex("000100000000000117fefd0007")
    assert record[13:] == cipher.encrypt(nonce, b"payload", additional_data)


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**48 - 2**32))
def test_the_explicit_nonce_is_half_the_circle_away_from_the_last_one(explicit, number):
    last = b"\x16\xfe\xfd\x00\x01" + number.to_bytes(6) + b"\x00\x28" + explicit.to_bytes(8)
    sealer, _ = protection(GCM, last)
    for _ in range(2):
        number += 1
        record = sealer.seal(23, [b"payload"])
        ours = int.from_bytes(record[13:21])
        assert record[5:11] == number.to_bytes(6)
        assert min((ours - explicit) % 2**64, (explicit - ours) % 2**64) > 2**62


@BOTH
def test_a_change_of_any_bit_of_header_nonce_or_tag_is_noticed(suite):
    sealer, opener = protection(suite)
    record = sealer.seal(23, [b"payload"])
    for position in range(len(record)):
        if position in (3, 4, 11, 12):
            continue  # epoch and length: looked at before
        for bit in range(8):
            changed = bytearray(record)
            changed[position] ^= 1 << bit
            assert opened(opener, [bytes(changed)]) == []
    assert opened(opener, [record]) == [b"payload"]


@BOTH
@pytest.mark.parametrize("size", range(13, 40))
def test_records_too_short_for_a_tag_are_passed_over(suite, size):
    sealer, opener = protection(suite)
    header = b"\x17\xfe\xfd\x00\x01" + bytes(6) + (size - 13).to_bytes(2)
    assert opened(opener, [header + bytes(size - 13)]) == []
    assert opened(opener, [sealer.seal(23, [b"payload"])]) == [b"payload"]


def test_a_record_above_the_largest_size_is_passed_over():
    sealer, opener = protection(CHACHA)
    allowed, too_large = (sealer.seal(23, [bytes(MAX_PLAINTEXT_SIZE + more)]) for more in (0, 1))
    assert len(too_large) < MAX_PLAINTEXT_SIZE + MAX_RECORD_OVERHEAD
    assert opened(opener, [too_large, allowed]) == [bytes(MAX_PLAINTEXT_SIZE)]


@BOTH
def test_empty_payload_is_no_payload_and_takes_its_number(suite):
    sealer, opener = protection(suite)
    empty, full = records(sealer.seal(23, [b"", b"full"]))
    assert opened(opener, [empty, full, empty]) == [b"full"]


@BOTH
def test_other_contents_are_given_in_their_place(suite):
    sealer, opener = protection(suite)
    before, alert, after = (
        sealer.seal(23, [b"1"]),
        sealer.seal(21, [b"\x01\x00"]),
        sealer.seal(23, [b"2"]),
    )
    left, payloads = iter([before, alert, alert, after]), []
    assert opener.open(left, payloads) == Control(21, b"\x01\x00")
    assert payloads == [b"1"]
    assert opener.open(left, payloads) is None
    assert payloads == [b"1", b"2"]


# Replay.


@BOTH
def test_a_record_is_opened_once(suite):
    sealer, opener = protection(suite)
    first, second, third = records(sealer.seal(23, [b"1", b"2", b"3"]))
    assert opened(opener, [second, second, first, second, third, first, third]) == [
        b"2",
        b"1",
        b"3",
    ]


@BOTH
def test_reordering_is_taken_up_to_the_edge_of_the_window(suite):
    sealer, opener = protection(suite)
    numbered = [b"%d" % n for n in range(REPLAY_WINDOW_SIZE + 3)]
    sealed = records(sealer.seal(23, numbered))
    assert opened(opener, sealed[-1:]) == numbered[-1:]
    late = opened(opener, sealed[:-1])
    assert late == numbered[2:-1]
    assert opened(opener, sealed) == []


def test_a_forged_number_does_not_move_the_window():
    sealer, opener = protection(GCM)
    first, second = records(sealer.seal(23, [b"1", b"2"]))
    forged = first[:5] + b"\xff" * 6 + first[11:]
    assert opened(opener, [forged, first]) == [b"1"]
    assert opened(opener, [forged, first, second]) == [b"2"]


def test_a_record_that_fails_may_come_again_unharmed():
    sealer, opener = protection(GCM)
    record = sealer.seal(23, [b"payload"])
    damaged = record[:-1] + bytes([record[-1] ^ 1])
    assert opened(opener, [damaged, record]) == [b"payload"]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=13, max_size=80), max_size=5))
def test_any_bytes_are_passed_over(garbage):
    _, opener = protection(GCM)
    assert opened(opener, garbage) == []
