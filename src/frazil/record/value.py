"""Values as JSON: written by what they are, read by what is expected.

Bytes are hexadecimal in an object of their own, ``{"hex": "16fefd"}``; a run of zeros at the end is
cut off and counted: ``{"hex": "17fefd", "zeros": 1180}``. Dataclasses are objects; values, named
tuples and all other sequences are arrays, members of enums are their values, a certificate is its
DER.
"""

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Final, TypeAlias, Union, get_args, get_origin, get_type_hints

from frazil.dtls import Certificate
from frazil.errors import FrazilError
from frazil.types import Datagram
from frazil.value import Value

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Hide: TypeAlias = Callable[[object], object]
"""Gives what takes the place of a value in a recording; most values stay."""

_SHORTEST_RUN: Final = 8
"""Fewer zeros are written out."""
_SCALARS: Final = (bool, int, float, str)


class RecordingError(FrazilError):
    """A recording cannot be read: it is damaged, or of another version."""


def encode(value: object, hide: Hide) -> Json:
    """The value as ``json.dumps`` takes it.

    What cannot be recorded, such as a function, becomes ``None``.
    """
    if value is None or type(value) in _SCALARS:
        return value  # type: ignore[return-value]  # one of the scalars
    value = hide(value)
    if isinstance(value, Enum):
        return encode(value.value, hide)
    if isinstance(value, bytes):
        return encode_bytes(value)
    if isinstance(value, Certificate):
        return encode_bytes(value.der)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [each.name for each in dataclasses.fields(value) if each.init]
        return {name: encode(getattr(value, name), hide) for name in fields}
    if isinstance(value, Value):
        value = value.as_tuple()
    if isinstance(value, Mapping):
        return {str(key): encode(each, hide) for key, each in value.items()}
    if isinstance(value, Sequence | frozenset) and not isinstance(value, str):
        return [encode(each, hide) for each in value]
    if isinstance(value, _SCALARS):
        return value
    return None


def encode_bytes(data: bytes) -> Json:
    """Bytes as an object, without the zeros at their end."""
    stripped = data.rstrip(b"\0")
    zeros = len(data) - len(stripped)
    if zeros < _SHORTEST_RUN:
        return {"hex": data.hex()}
    return {"hex": stripped.hex(), "zeros": zeros}


def decode_bytes(value: Any) -> bytes:
    """What :func:`encode_bytes` was given.

    Raises:
        RecordingError: It is something else.
    """
    try:
        return bytes.fromhex(value["hex"]) + bytes(value.get("zeros", 0))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordingError(f"no bytes: {str(value)[:80]}") from error


class Decoder:
    """Reads values back; one certificate of a recording always becomes the same object."""

    def __init__(self, certificate: Callable[[bytes], Certificate]) -> None:
        """Make certificates from their DER with ``certificate``."""
        self._certificate = lru_cache(maxsize=None)(certificate)

    def decode(self, value: Any, expected: Any) -> Any:
        """The value of the ``expected`` type, which is what annotations hold.

        Raises:
            RecordingError: It is of another type.
        """
        try:
            return self._decode(value, expected)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordingError(f"{expected} cannot be read: {error}") from error

    def _decode(self, value: Any, expected: Any) -> Any:
        origin = get_origin(expected)
        if expected in (Any, object) or expected is type(None):
            return value
        if origin in (Union, types.UnionType):
            return self._decode_union(value, get_args(expected))
        if origin is not None:
            return self._decode_generic(value, origin, get_args(expected))
        if not isinstance(expected, type):
            raise RecordingError(f"no values of type {expected} are recorded")
        if expected is bytes:
            return decode_bytes(value)
        if issubclass(expected, Certificate):
            return self._certificate(decode_bytes(value))
        if issubclass(expected, Datagram):
            data, local, remote = value
            return expected(decode_bytes(data), tuple(local), tuple(remote))
        if issubclass(expected, Enum):
            return expected(value)
        if dataclasses.is_dataclass(expected):
            hints = hints_of(expected)
            return expected(
                **{name: self._decode(each, hints[name]) for name, each in value.items()}
            )
        if issubclass(expected, tuple) and hasattr(expected, "_fields"):
            kinds = [hints_of(expected)[name] for name in expected._fields]
            return expected(*map(self._decode, value, kinds))
        return value

    def _decode_union(self, value: Any, kinds: tuple[Any, ...]) -> Any:
        if value is None:
            return None
        for kind in kinds:
            is_bytes = isinstance(value, dict) and "hex" in value
            if kind is not type(None) and is_bytes == (kind is bytes):
                return self._decode(value, kind)
        raise RecordingError(f"{value!r} is none of {kinds}")

    def _decode_generic(self, value: Any, origin: Any, kinds: tuple[Any, ...]) -> Any:
        if origin is tuple and not (len(kinds) == 2 and kinds[1] is Ellipsis):
            return tuple(map(self._decode, value, kinds))
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {key: self._decode(each, kinds[1]) for key, each in value.items()}
        if isinstance(origin, type) and issubclass(origin, tuple | frozenset):
            return origin(self._decode(each, kinds[0]) for each in value)
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return [self._decode(each, kinds[0]) for each in value]
        return None  # a function, which was not recorded


@cache
def hints_of(thing: Any) -> dict[str, Any]:
    """The annotations of a class or function, resolved."""
    return get_type_hints(thing)
