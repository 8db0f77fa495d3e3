import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

import pytest

from frazil.dtls import Certificate
from frazil.record.value import Decoder, RecordingError, decode_bytes, encode, encode_bytes
from frazil.types import Datagram


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


class Point(NamedTuple):
    name: str
    at: tuple[str, int]


@dataclass(frozen=True)
class Settings:
    colour: Colour
    points: tuple[Point, ...]
    data: bytes | None = None
    hook: Callable[[int], bool] | None = None


def as_is(value):
    return value


def through(value, expected):
    """The value written to a file and read again."""
    text = json.dumps(encode(value, as_is))
    return Decoder(lambda der: der).decode(json.loads(text), expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None | int),
        (0.1 + 0.2, float),
        (5, float),
        ("text", str),
        (b"\x16\xfe\xfd", bytes),
        (b"", bytes),
        (b"\x17" + bytes(1000), bytes),
        (bytes(7), bytes),
        ("text", bytes | str),
        (b"bytes", bytes | str),
        (Colour.RED, Colour),
        (Number.ONE, Number),
        (("127.0.0.1", 9), tuple[str, int]),
        ([("127.0.0.1", 9)], list[tuple[str, int]]),
        (["a"], Sequence[str]),
        ((), tuple[str, ...]),
        (Point("a", ("::1", 1)), Point),
        ([Datagram(b"x", ("::1", 1), ("::2", 2))], Sequence[Datagram]),
        (Settings(Colour.RED, (Point("a", ("::1", 1)),), b"x"), Settings),
    ],
)
def test_what_is_written_is_read(value, expected):
    found = through(value, expected)
    assert found == value
    assert type(found) is type(value)


def test_zeros_at_the_end_cost_nothing():
    assert encode_bytes(b"\x17" + bytes(1187)) == {"hex": "17", "zeros": 1187}
    assert encode_bytes(b"\x17" + bytes(7)) == {"hex": "17" + "00" * 7}


def test_a_function_is_not_recorded():
    settings = Settings(Colour.RED, (), hook=bool)
    assert through(settings, Settings) == Settings(Colour.RED, ())


def test_what_hides_sees_every_value():
    def hide(value):
        return value._replace(name="?") if isinstance(value, Point) else value

    found = encode([Settings(Colour.RED, (Point("secret", ("::1", 1)),))], hide)
    assert found[0]["points"] == [["?", ["::1", 1]]]


def test_one_certificate_is_one_object():
    made = []
    decoder = Decoder(lambda der: made.append(der) or object())
    one = decoder.decode({"hex": "3000"}, Certificate)
    assert decoder.decode({"hex": "3000"}, Certificate) is one
    assert decoder.decode({"hex": "3001"}, Certificate) is not one
    assert made == [b"\x30\x00", b"\x30\x01"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("blue", Colour),
        ({"hex": "xy"}, bytes),
        ({"zeros": 3}, bytes),
        ("16", bytes),
        (["a"], Point),
        ([{"hex": "00"}, ["::1", 1]], Datagram),
        ({"colour": "red", "speed": 3}, Settings),
        (5, tuple[str, int]),
    ],
)
def test_anything_else_is_refused(value, expected):
    with pytest.raises(RecordingError):
        Decoder(lambda der: der).decode(value, expected)


@pytest.mark.parametrize(
    "value", [None, 5, "ff", [], {"hex": 5}, {"hex": "0"}, {"hex": "", "zeros": -1}]
)
def test_what_are_no_bytes(value):
    with pytest.raises(RecordingError):
        assert decode_bytes(value)
