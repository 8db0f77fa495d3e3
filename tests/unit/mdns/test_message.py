"""DNS messages: what is written is what RFC 1035 says, and nothing that is read can hurt."""

import pytest

from frazil.mdns import (
    AddressRecord,
    MdnsDecodeError,
    Question,
    RecordType,
    decode,
    encode_query,
    encode_response,
    is_host_name,
)
from frazil.mdns.message import MAX_ENTRIES, MAX_MESSAGE_SIZE

NAME = b"\x04host\x05local\x00"
HEADER = "0000 8400 0000 0001 0000 0000"


def response(*parts: bytes, counts: str = HEADER) -> bytes:
    return bytes.fromhex(counts) + b"".join(parts)


def record(
    name: bytes = NAME,
    kind: int = 1,
    class_: int = 0x8001,
    ttl_s: int = 120,
    data: bytes = b"\x0a\0\0\1",
) -> bytes:
    numbers = kind.to_bytes(2) + class_.to_bytes(2) + ttl_s.to_bytes(4) + len(data).to_bytes(2)
    return name + numbers + data


def test_a_query_asks_for_both_families_by_multicast():
    assert encode_query("host.local") == (
        bytes.fromhex("0000 0000 0002 0000 0000 0000") + NAME + b"\0\1\0\1" + NAME + b"\0\x1c\0\1"
    )


def test_a_response_tells_the_address_and_that_there_is_no_other():
    data = encode_response(AddressRecord("host.local", "10.0.0.1", 120))
    assert data == (
        bytes.fromhex("0000 8400 0000 0002 0000 0000")
        + record()
        + record(kind=47, data=NAME + b"\0\1\x40")  # a bitmap with nothing but A
    )
    assert decode(data).records == (AddressRecord("host.local", "10.0.0.1", 120),)


def test_a_response_with_ipv6_denies_ipv4():
    data = encode_response(AddressRecord("host.local", "fd00::1", 120))
    assert data.endswith(record(kind=47, data=NAME + b"\0\4\0\0\0\x08"))
    (found,) = decode(data).records
    assert found == AddressRecord("host.local", "fd00::1", 120)


def test_an_address_comes_in_the_form_in_which_filters_know_it():
    mapped = bytes.fromhex("00000000 00000000 0000ffff 7f000001")
    (found,) = decode(response(record(kind=28, data=mapped))).records
    assert found.address == "127.0.0.1"


def test_a_legacy_response_repeats_the_question_and_flushes_nothing():
    question = Question("host.local", RecordType.A)
    record_ = AddressRecord("host.local", "10.0.0.1", 10)
    data = encode_response(record_, request_id=77, questions=[question])
    assert data.startswith(bytes.fromhex("004d 8400 0001 0002 0000 0000") + NAME + b"\0\1\0\1")
    assert record(class_=1, ttl_s=10) in data
    assert decode(data).id == 77
    assert decode(data).questions == (question,)


def test_a_question_may_want_a_unicast_answer():
    data = bytes.fromhex("0000 0000 0001 0000 0000 0000") + NAME + b"\0\xff\x80\1"
    message = decode(data)
    assert message.questions == (Question("host.local", 255, True),)
    assert not message.is_response


def test_names_are_lower_case_and_may_be_compressed():
    question = b"\x04HoSt\x05LOCAL\x00\0\1\0\1"
    data = bytes.fromhex("0000 8400 0001 0001 0000 0000") + question + record(b"\xc0\x0c")
    assert decode(data).questions[0].name == "host.local"
    assert decode(data).records == (AddressRecord("host.local", "10.0.0.1", 120),)
    tail = bytes.fromhex("0000 8400 0001 0001 0000 0000") + question + record(b"\1a\xc0\x11")
    assert decode(tail).records[0].name == "a.local"


def test_addresses_count_in_every_section_and_other_records_in_none():
    parts = (record(kind=16, data=b"text"), record(class_=3), record(), record(kind=33, data=b"x"))
    data = response(*parts, counts="0000 8400 0000 0001 0001 0002")
    assert decode(data).records == (AddressRecord("host.local", "10.0.0.1", 120),)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(11),
        bytes(MAX_MESSAGE_SIZE + 1),
        response(record())[:-1],
        response(record(data=b"\x0a\0\0")),
        response(record(kind=28)),
        response(counts=HEADER),
        response(b"\xc0\x0c" + record()[len(NAME) :]),  # points at itself
        response(b"\1a\xc0\x0e" + record()[len(NAME) :]),  # points at its own part
        response(b"\xc0\x40" + record()[len(NAME) :]),  # points forward
        response(b"\xc0"),
        response(b"\x40a" + record()),
        response((b"\x3f" + b"a" * 63) * 4 + record()),
        response(record(), counts="0000 8403 0000 0001 0000 0000"),  # an error
        response(record(), counts="0000 a800 0000 0001 0000 0000"),  # another opcode
    ],
)
def test_malformed_messages_are_refused(data):
    with pytest.raises(MdnsDecodeError):
        decode(data)


def test_nobody_has_us_follow_pointers_for_long():
    chain = [0xC00C, *[0xC000 | 23 + 2 * n for n in range(3700)]]  # each to the one before
    data = b"".join(each.to_bytes(2) for each in chain[:-1])
    parts = [
        record(b"\0", data=data, kind=16),
        *[record(chain[-1].to_bytes(2), data=b"", kind=16)] * 127,
    ]
    with pytest.raises(MdnsDecodeError, match="pointers"):
        decode(response(*parts, counts="0000 8400 0000 0080 0000 0000"))


def test_nobody_has_us_read_a_long_name_over_and_over():
    parts = [record(b"\1a" * 126 + b"\0"), *[record(b"\xc0\x0c")] * 127]
    counts = "0000 8400 0000 00%02x 0000 0000"
    assert len(decode(response(*parts, counts=counts % 16)).records) == 16
    with pytest.raises(MdnsDecodeError, match="labels"):
        decode(response(*parts, counts=counts % 17))


def test_names_of_addresses_are_read_however_many_an_interface_has():
    labels = b"".join(b"\1%x" % (n % 16) for n in range(32)) + b"\3ip6\4arpa\0"
    counts = "0000 8400 0000 0020 0000 0000"
    parts = [record(labels, kind=12), *[record(b"\xc0\x0c", kind=47)] * 30, record()]
    assert decode(response(*parts, counts=counts)).records[0].name == "host.local"


def test_only_so_many_entries_are_read():
    counts = "0000 8400 0000 ffff 0000 0000"
    data = response(*[record()] * (MAX_ENTRIES + 5), counts=counts)
    assert len(decode(data).records) == MAX_ENTRIES
    question = b"\1a\0\0\1\0\1"
    many = bytes.fromhex("0000 0000 ffff 0001 0000 0000") + question * (MAX_ENTRIES + 1)
    assert len(decode(many).questions) == MAX_ENTRIES
    assert decode(many).records == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234.local", True),
        ("3f0c3b9e-5d4e-4a0e-8f59-6c3e3e6d8a57.local", True),
        ("ABC.LOCAL", True),
        ("a.b.local", False),
        (".local", False),
        ("local", False),
        ("host.example", False),
        ("a_b.local", False),
        ("é.local", False),
        ("a" * 64 + ".local", False),
        ("10.0.0.1", False),
    ],
)
def test_a_host_name_is_one_label_on_the_link(text, expected):
    assert is_host_name(text) is expected
