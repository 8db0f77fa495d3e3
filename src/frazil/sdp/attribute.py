"""The ``a=`` lines of one section, found by name (RFC 8866 Section 5.13).

Each level of a description knows attributes of its own. At the other level the same name is
unknown, and unknown attributes are kept as text.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from frazil.compiled import mypyc_attr
from frazil.sdp.grammar import Line, SdpSyntaxError, is_token, quote, split_words
from frazil.value import Value

MAX_CANDIDATES: Final = 100
"""The most candidates that are read in one section."""

BUNDLE_GROUP: Final = "group:BUNDLE"
"""The name under which BUNDLE groups are found; groups of other semantics are unknown."""


@mypyc_attr(acyclic=True)
class Attribute(Value):
    """One known ``a=`` line; ``value`` is empty for a flag and for nothing else."""

    __slots__ = ("line_number", "name", "value")

    def __init__(self, line_number: int, name: str, value: str) -> None:
        self.line_number = line_number
        self.name = name
        self.value = value

    def as_tuple(self) -> tuple[object, ...]:
        """Line number, name and value."""
        return self.line_number, self.name, self.value

    @property
    def words(self) -> list[str]:
        """The words of the value."""
        return split_words(self.value)


class Scope(NamedTuple):
    """The attributes that are known at one level of a description, with and without a value."""

    valued: frozenset[str]
    flags: frozenset[str]


class AttributeTable:
    """The attributes of one section: the known ones by name, the others as text, in order."""

    __slots__ = ("_known", "_scope", "others")

    def __init__(self, lines: Iterable[Line], scope: Scope) -> None:
        """Sort the ``a=`` lines among ``lines``.

        Raises:
            SdpSyntaxError: A name is not a token, a known attribute lacks its value or has one too
                many, or there are more than :data:`MAX_CANDIDATES` candidates.
        """
        self._known: dict[str, list[Attribute]] = {}
        self._scope = scope
        self.others: list[str] = []
        for line in lines:
            if line.type == "a":
                self._add(line.number, line.value)

    def has(self, name: str) -> bool:
        """Whether the section has the attribute."""
        return name in self._known

    def every(self, name: str) -> list[Attribute]:
        """All lines of that name."""
        return self._known.get(name, [])

    def single(self, name: str) -> Attribute | None:
        """The line of that name. It may be repeated, but not contradicted.

        Raises:
            SdpSyntaxError: There are two of different value.
        """
        found = self._known.get(name)
        if found is None:
            return None
        for attribute in found[1:]:
            if attribute.value != found[0].value:
                raise SdpSyntaxError(f"a second, different a={name}", attribute.line_number)
        return found[0]

    def value(self, name: str) -> str | None:
        """The value of :meth:`single`."""
        attribute = self.single(name)
        return attribute.value if attribute else None

    def one_of(self, flags: Iterable[str]) -> str | None:
        """The one of ``flags`` that the section has.

        Raises:
            SdpSyntaxError: There are two of them.
        """
        found = [self._known[flag][0] for flag in flags if flag in self._known]
        if len(found) > 1:
            last = max(attribute.line_number for attribute in found)
            raise SdpSyntaxError(f"both a={found[0].name} and a={found[1].name}", last)
        return found[0].name if found else None

    def _add(self, number: int, text: str) -> None:
        name, colon, value = text.partition(":")
        known_as = name
        if name == "group" and split_words(value)[:1] == ["BUNDLE"]:
            known_as = BUNDLE_GROUP
        if known_as in self._scope.valued:
            if not value:
                raise SdpSyntaxError(f"a={name} needs a value", number)
        elif known_as in self._scope.flags:
            if colon:
                raise SdpSyntaxError(f"a={name} takes no value", number)
        elif is_token(name):
            self.others.append(text)
            return
        else:
            raise SdpSyntaxError(f"{quote(name)} is no attribute name", number)
        attribute = Attribute(number, name, value)
        lines = self._known.get(known_as)
        if lines is None:
            self._known[known_as] = [attribute]
            return
        lines.append(attribute)
        if name == "candidate" and len(lines) > MAX_CANDIDATES:
            raise SdpSyntaxError(f"more than {MAX_CANDIDATES} candidates", number)
