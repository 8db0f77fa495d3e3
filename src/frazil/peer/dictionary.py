"""Reading W3C dictionaries: mappings with the W3C keys, or objects with the W3C attributes.

The conversions are those of Web IDL as far as they make sense in Python: a member that is absent or
``None`` takes its default, unknown members are ignored, and nothing is coerced between types. What
nobody can mean is refused where Web IDL would take it for an empty dictionary: an object without
the one attribute by which such objects are known, and a member whose spelling is wrong in nothing
but case and underscores.
"""

from collections.abc import Awaitable, Mapping
from enum import Enum, StrEnum
from typing import TypeVar

_E = TypeVar("_E", bound=StrEnum)


class Dictionary:
    """A W3C dictionary that a caller passed; every getter raises ``TypeError`` on a wrong type."""

    __slots__ = ("_mapping", "_name", "_value")

    def __init__(self, value: object, name: str, known_by: str) -> None:
        """Wrap ``value``; ``name`` is what error sentences call it.

        Raises:
            TypeError: If ``value`` is neither ``None`` nor a mapping, and has no attribute
                ``known_by``.
        """
        self._value = value
        self._name = name
        self._mapping: dict[object, object] | None = None
        if isinstance(value, dict):
            self._mapping = value
        elif value is None:
            pass
        elif isinstance(value, Mapping):
            self._mapping = dict(value)
        elif not hasattr(value, known_by):
            raise TypeError(
                f"{name} must be a mapping with the W3C keys, or an object with "
                f"{known_by!r}, not {type(value).__name__}{_advice(value)}"
            )

    def get(self, key: str) -> object:
        """The member, or ``None``.

        Raises:
            TypeError: If there is none, but one that differs only in case and underscores.
        """
        mapping = self._mapping
        if mapping is None:
            return None if self._value is None else getattr(self._value, key, None)
        if key not in mapping:
            like = key.lower()
            for other in mapping:
                if isinstance(other, str) and other.replace("_", "").lower() == like:
                    raise TypeError(f"{self._name} has no member {other!r}; it is called {key!r}")
        return mapping.get(key)

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
        """A member of the enum of ``default``; a like one of another enum will do."""
        found = self.get(key)
        if found is None:
            return default
        if isinstance(found, Enum):
            found = found.value
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


def _advice(value: object) -> str:
    if isinstance(value, Awaitable):
        return "; await it first"
    return "; read JSON with json.loads first" if isinstance(value, str | bytes) else ""


def scalar_text(text: str) -> str:
    """``text`` with each lone surrogate as U+FFFD (Web IDL, USVString), so that it has UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
