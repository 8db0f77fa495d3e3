"""DNS messages as multicast DNS has them (RFC 1035 4, RFC 6762 18): questions and addresses.

Everything but questions and address records is skipped, whatever it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct
from typing import Final, NamedTuple

from frazil.address import canonical_ip
from frazil.errors import ProtocolError

MAX_MESSAGE_SIZE: Final = 9000
"""Bytes, headers included (RFC 6762 17)."""
MAX_ENTRIES: Final = 128
"""Questions and records that are read of one message."""
MAX_NAME_PARTS: Final = 2048
"""Labels in the names of one message, each as often as a name leads there, and pointers to them."""
MAX_NAME_SIZE: Final = 255
_MAX_LABEL_SIZE: Final = 63

_HEADER: Final = Struct("!6H")
_QUESTION: Final = Struct("!2H")
_RECORD: Final = Struct("!2HIH")
_POINTER: Final = Struct("!H")
_RESPONSE: Final = 0x8000
_AUTHORITATIVE: Final = 0x0400
_OPCODE_AND_RCODE: Final = 0x780F
_IN: Final = 1
_TOP_BIT: Final = 0x8000
"""Of a class: "answer by unicast" in a question, "forget what you knew" in a record."""


class RecordType(IntEnum):
    """The types that matter here."""

    A = 1
    AAAA = 28
    NSEC = 47
    ANY = 255


class MdnsDecodeError(ProtocolError):
    """The bytes are no DNS message, or one that nobody may send by multicast."""


class Question(NamedTuple):
    """Who has the name?

    Attributes:
        name: Lower case, labels separated by dots.
        type: What is asked for: a :class:`RecordType` or another number.
        wants_unicast: The answer may come by unicast.
    """

    name: str
    type: int
    wants_unicast: bool = False


class AddressRecord(NamedTuple):
    """A name has an address.

    Attributes:
        name: Lower case, labels separated by dots.
        address: An IP address in canonical form.
        ttl_s: How long that is true; 0 takes it back.
    """

    name: str
    address: str
    ttl_s: int


@dataclass(frozen=True, slots=True)
class MdnsMessage:
    """A message as far as it matters.

    Attributes:
        id: Nonzero only in legacy queries and answers to them.
        is_response: Whether it answers.
        questions: What is asked for.
        records: The addresses in it, whichever section they are in.
    """

    id: int
    is_response: bool
    questions: tuple[Question, ...]
    records: tuple[AddressRecord, ...]


def is_host_name(text: str) -> bool:
    """Whether ``text`` is one label and ``.local``, as in the candidates of browsers."""
    label, dot, rest = text.partition(".")
    return (
        dot + rest.lower() == ".local"
        and 1 <= len(label) <= _MAX_LABEL_SIZE
        and label.isascii()
        and label.replace("-", "").isalnum()
    )


# --- writing ------------------------------------------------------------------------------------


def encode_query(name: str) -> bytes:
    """The question for both kinds of addresses of ``name``, to be answered by multicast."""
    labels = _labels(name)
    questions = (labels + _QUESTION.pack(kind, _IN) for kind in (RecordType.A, RecordType.AAAA))
    return _HEADER.pack(0, 0, 2, 0, 0, 0) + b"".join(questions)


def encode_response(
    record: AddressRecord, *, request_id: int = 0, questions: Sequence[Question] = ()
) -> bytes:
    """That the name has this address, and no other (RFC 6762 6.1).

    Args:
        record: What is true.
        request_id: That of the legacy query that is answered (RFC 6762 6.7).
        questions: Those of the legacy query; an ordinary answer repeats none.
    """
    address = ip_address(record.address)
    kind = RecordType.A if address.version == 4 else RecordType.AAAA
    flush = 0 if questions else _TOP_BIT
    name = _labels(record.name)
    bitmap = bytearray(kind // 8 + 1)
    bitmap[kind // 8] = 0x80 >> kind % 8
    out = [_HEADER.pack(request_id, _RESPONSE | _AUTHORITATIVE, len(questions), 2, 0, 0)]
    out += [_labels(each.name) + _QUESTION.pack(each.type, _IN) for each in questions]
    for type_, data in (
        (kind, address.packed),
        (RecordType.NSEC, name + bytes((0, len(bitmap))) + bytes(bitmap)),
    ):
        out.append(name + _RECORD.pack(type_, flush | _IN, record.ttl_s, len(data)) + data)
    return b"".join(out)


def _labels(name: str) -> bytes:
    parts = [label.encode() for label in name.split(".")]
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


# --- reading ------------------------------------------------------------------------------------


def decode(data: bytes) -> MdnsMessage:
    """Read a message.

    Raises:
        MdnsDecodeError: It is malformed, or longer than :data:`MAX_MESSAGE_SIZE`.
    """
    if not _HEADER.size <= len(data) <= MAX_MESSAGE_SIZE:
        raise MdnsDecodeError(f"a message of {len(data)} bytes")
    message_id, flags, question_count, *record_counts = _HEADER.unpack_from(data)
    if flags & _OPCODE_AND_RCODE:
        raise MdnsDecodeError("not a plain query or response (RFC 6762 18.3, 18.11)")
    reader = _Reader(data)
    budget = MAX_ENTRIES
    questions = [reader.question() for _ in range(min(question_count, budget))]
    budget -= len(questions)
    records: list[AddressRecord] = []
    for _ in range(min(sum(record_counts), budget) if question_count == len(questions) else 0):
        record = reader.record()
        if record is not None:
            records.append(record)
    is_response = bool(flags & _RESPONSE)
    return MdnsMessage(message_id, is_response, tuple(questions), tuple(records))


class _Reader:
    """Reads one entry after the other, and no more parts of names than a message may have.

    Without an end to that, records of a few bytes each could lead through all of a message.
    """

    __slots__ = ("_at", "_data", "_parts_left")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = _HEADER.size
        self._parts_left = MAX_NAME_PARTS

    def question(self) -> Question:
        """The next entry, a question."""
        name = self._name()
        kind, class_ = self._unpack(_QUESTION)
        return Question(name, kind, bool(class_ & _TOP_BIT))

    def record(self) -> AddressRecord | None:
        """The next entry, a record, if it holds an address."""
        name = self._name()
        kind, class_, ttl_s, size = self._unpack(_RECORD)
        value = self._data[self._at : self._at + size]
        if len(value) < size:
            raise MdnsDecodeError("a record is cut off")
        self._at += size
        if class_ & ~_TOP_BIT != _IN or kind not in (RecordType.A, RecordType.AAAA):
            return None
        if len(value) != (4 if kind == RecordType.A else 16):
            raise MdnsDecodeError(f"an address of {len(value)} bytes")
        address = IPv4Address(value) if kind == RecordType.A else IPv6Address(value)
        return AddressRecord(name, canonical_ip(str(address)), ttl_s)

    def _name(self) -> str:
        """The next name (RFC 1035 4.1.4).

        A pointer must lead before where its part began, so that following them ends.
        """
        data, at = self._data, self._at
        labels: list[bytes] = []
        size, part_at, end = 0, at, -1
        while True:
            if at >= len(data):
                raise MdnsDecodeError("a name is cut off")
            if self._parts_left == 0:
                raise MdnsDecodeError(f"names of more than {MAX_NAME_PARTS} labels and pointers")
            self._parts_left -= 1
            length = data[at]
            if length & 0xC0 == 0xC0:
                self._at = at
                target = self._unpack(_POINTER)[0] & 0x3FFF
                if target >= part_at:
                    raise MdnsDecodeError("a name points forward")
                end = self._at if end < 0 else end
                at = part_at = target
                continue
            if length > _MAX_LABEL_SIZE:
                raise MdnsDecodeError("a label of an unknown kind")
            at += 1
            if length == 0:
                break
            size += length + 1
            if size >= MAX_NAME_SIZE or at + length > len(data):
                raise MdnsDecodeError("a name is too long or cut off")
            labels.append(data[at : at + length])
            at += length
        self._at = at if end < 0 else end
        return b".".join(labels).decode(errors="replace").lower()

    def _unpack(self, layout: Struct) -> tuple[int, ...]:
        """The next numbers."""
        at = self._at
        self._at += layout.size
        if self._at > len(self._data):
            raise MdnsDecodeError("the message is cut off")
        return layout.unpack_from(self._data, at)
