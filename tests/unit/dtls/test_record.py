from struct import pack as pack_struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frazil.dtls.alert import Alert, AlertLevel
from frazil.dtls.record import (
    MAX_DATAGRAM_SIZE,
    ContentType,
    Record,
    RecordDecodeError,
    encode_alert,
    is_acceptable,
    pack,
    payload_end,
    renumber,
    split,
)


def record(content_type=22, epoch=0, body=b"", *, version=0xFEFD, number=5):
    return (
        pack_struct("!BHH", content_type, version, epoch)
        + number.to_bytes(6)
        + pack_struct("!H", len(body))
        + body
    )


def fragment(length, offset, size, *, message_type=1, sequence=0):
    return (
        bytes([message_type])
        + length.to_bytes(3)
        + sequence.to_bytes(2)
        + offset.to_bytes(3)
        + size.to_bytes(3)
        + bytes(size)
    )


def test_split_gives_type_epoch_and_the_whole_record():
    first, second = record(20, 0, b"\x01"), record(22, 1, b"sealed", version=0xFEFF)
    assert split(first + second) == [Record(20, 0, first), Record(22, 1, second)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x16",
        record(body=b"abc")[:-1],
        record(body=b"abc") + b"\x16\xfe",
        record(version=0x0303),
        record(version=0xFEFC),
        record(23, 1, bytes(16000)) + record(23, 1, bytes(1000)),
    ],
    ids=["empty", "short", "cut", "tail", "tls", "dtls-1.3", "too-large"],
)
def test_split_refuses_what_is_not_whole_records(data):
    with pytest.raises(RecordDecodeError):
        split(data)


@given(st.binary(max_size=200))
def test_split_decodes_or_raises_its_one_error(data):
    try:
        records = split(data)
    except RecordDecodeError:
        return
    assert b"".join(each.data for each in records) == data
    for each in records:
        assert is_acceptable(each) in (True, False)


@pytest.mark.parametrize(
    ("datagram", "expected"),
    [
        (record(23, 1, b"x" * 30), True),
        (record(23, 0, b"x" * 30), False),
        (record(23, 2, b"x" * 30), False),
        (record(22, 1, b"x" * 30), False),
        (record(23, 1, b"x" * 30, version=0xFEFF), False),
        (record(23, 1, b"x" * 30) + b"y", False),
        (record(23, 1, b"x" * 30)[:-1], False),
        (record(23, 1, b"x") * 2, False),
        (b"\x17\xfe\xfd\x00\x01", False),
        (record(23, 1, bytes(MAX_DATAGRAM_SIZE - 13)), True),
        (record(23, 1, bytes(MAX_DATAGRAM_SIZE - 12)), False),
        (b"", False),
    ],
)
def test_application_data_is_one_whole_sealed_record(datagram, expected):
    assert (payload_end([datagram], 0) == 1) is expected


def test_payload_ends_at_the_first_datagram_that_is_something_else():
    long, short, other = (
        record(23, 1, bytes(90)),
        record(23, 1, bytes(20)),
        record(22, 1, bytes(90)),
    )
    damaged = long[:11] + b"\x00\x59" + long[13:]
    datagrams = [long, long, short, long, other, long, damaged, b"", short]
    assert [payload_end(datagrams, start) for start in range(10)] == [4, 4, 4, 4, 4, 6, 6, 7, 9, 9]
    assert payload_end([], 0) == 0


@pytest.mark.parametrize(
    ("content_type", "epoch", "expected"),
    [
        (20, 0, True),
        (21, 0, True),
        (23, 0, False),
        (24, 0, False),
        (20, 1, True),
        (21, 1, True),
        (22, 1, True),
        (23, 1, True),
        (25, 1, False),
        (22, 2, False),
        (23, 65535, False),
    ],
)
def test_acceptable_types_and_epochs(content_type, epoch, expected):
    assert is_acceptable(split(record(content_type, epoch, b"??"))[0]) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (fragment(100, 0, 100), True),
        (fragment(0, 0, 0), True),
        (fragment(100, 0, 40) + fragment(30, 0, 30, sequence=1), True),
        (fragment(640, 0, 10), True),
        (fragment(641, 0, 10), False),
        (fragment(641, 631, 10), True),
        (fragment(641, 640, 1), True),
        (fragment(641, 641, 0), True),
        (fragment(100, 50, 51), False),
        (fragment(16384, 0, 1000), True),
        (fragment(16385, 0, 1000), False),
        (fragment(16384, 15384, 1000, message_type=255, sequence=0xFFFF), True),
        (fragment(16384, 15385, 1000), False),
        (fragment(0x010064, 0, 100), False),
        (fragment(100, 0x010000, 100), False),
        (fragment(100, 0, 100)[:-1], False),
        (fragment(100, 0, 100) + b"\x01", False),
        (fragment(100, 0, 100)[:11], False),
        (b"", False),
    ],
)
def test_plaintext_handshake_fragments_are_bounded(body, expected):
    assert is_acceptable(split(record(body=body))[0]) is expected


def test_renumber_changes_the_sequence_number_only():
    data = record(22, 0, b"body", number=5)
    assert renumber(data, 0x010203040506) == record(22, 0, b"body", number=0x010203040506)


@pytest.mark.parametrize(
    ("sizes", "mtu", "expected"),
    [
        ([], 100, []),
        ([40, 40, 20], 100, [100]),
        ([40, 40, 21], 100, [80, 21]),
        ([150], 100, [150]),
        ([10, 150, 10], 100, [10, 150, 10]),
    ],
)
def test_pack_fills_datagrams_with_whole_records(sizes, mtu, expected):
    records = [bytes([n]) * size for n, size in enumerate(sizes)]
    datagrams = pack(records, mtu)
    assert [len(datagram) for datagram in datagrams] == expected
    assert b"".join(datagrams) == b"".join(records)


def test_alert_bytes():
    assert encode_alert(AlertLevel.FATAL, Alert.BAD_CERTIFICATE) == bytes.fromhex(
        "15fefd 0000 000000000000 0002 022a"
    )
    assert split(encode_alert(AlertLevel.WARNING, Alert.CLOSE_NOTIFY))[0].content_type == (
        ContentType.ALERT
    )
