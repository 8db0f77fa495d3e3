"""Reading W3C dictionaries: mappings with the W3C keys, or objects with the W3C attributes.

The conversions are those of Web IDL as far as they make sense in Python: a member that is absent or
``None`` takes its default, unknown members are ignored, and nothing is coerced between types.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

_E = TypeVar("_E", bound=StrEnum)


class Dictionary:
    """A W3C dictionary that a caller passed; every getter raises ``TypeError`` on a wrong type."""

    __slots__ = ("_mapping", "_name", "_value")

    def __init__(self, value: object, name: str) -> None:
        """Wrap ``value``; ``name`` is what error sentences call it.

        Raises:
            TypeError: If ``value`` is a scalar or a sequence.
        """
        if isinstance(value, (str, bytes, int, float, list, tuple)):
            raise TypeError(
                f"{name} must be a mapping with the W3C keys, not {type(value).__name__}"
            )
        self._value = value
        self._mapping = value if isinstance(value, dict | Mapping) else None
        self._name = name

    def get(self, key: str) -> object:
        """The member, or ``None``."""
        if self._mapping is not None:
            return self._mapping.get(key)
        return None if self._value is None else getattr(self._value, key, None)

    def text(self, key: str) -> str | None:
        """A string member."""
        found = self.get(key)
        if found is not None and not isinstance(found, str):
            raise TypeError(f"{self._name}.{key} must be a str, not {type(found).__name__}")
        return found

    def flag(self, key: str, default: bool) -> bool:
        """A boolean member."""
        found = self.get(key)
        if found is None:
            return default
        if not isinstance(found, bool):
            raise TypeError(f"{self._name}.{key} must be a bool, not {type(found).__name__}")
        return found

    def number(self, key: str, maximum: int = 65535) -> int | None:
        """An integer member from 0 to ``maximum``."""
        found = self.get(key)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int):
            raise TypeError(f"{self._name}.{key} must be an int, not {type(found).__name__}")
        if not 0 <= found <= maximum:
            raise TypeError(f"{self._name}.{key} must be 0 to {maximum}, not {found}")
        return found

    def choice(self, key: str, default: _E) -> _E:
        """A member of the enum of ``default``."""
        found = self.get(key)
        if found is None:
            return default
        kind = type(default)
        try:
            return kind(found)  # type: ignore[arg-type]  # none of them is equal to what is no text
        except ValueError:
            allowed = ", ".join(repr(str(each)) for each in kind)
            message = f"{self._name}.{key} must be one of {allowed}, not {found!r}"
            raise TypeError(message) from None

    def items(self, key: str) -> list[object]:
        """A sequence member, empty by default."""
        found = self.get(key)
        if found is None:
            return []
        if not isinstance(found, (list, tuple)):
            raise TypeError(f"{self._name}.{key} must be a list, not {type(found).__name__}")
        return list(found)


def scalar_text(text: str) -> str:
    """``text`` with each lone surrogate as U+FFFD (Web IDL, USVString), so that it has UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
