"""The ``a=`` lines of one section, found by name (RFC 8866 Section 5.13).

Each level of a description knows attributes of its own. At the other level the same name is
unknown, and unknown attributes are kept as text.
"""

from collections.abc import Iterable
from typing import NamedTuple

from frazil.sdp.grammar import Line, SdpSyntaxError, is_token, quote, split_words

MAX_CANDIDATES = 100
"""The most candidates that are read in one section."""

BUNDLE_GROUP = "group:BUNDLE"
"""The name under which BUNDLE groups are found; groups of other semantics are unknown."""


class Attribute(NamedTuple):
    """One known ``a=`` line; ``value`` is empty for a flag and for nothing else."""

    line_number: int
    name: str
    value: str

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
                self._add(line)

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
        found = self.every(name)
        for attribute in found:
            if attribute.value != found[0].value:
                raise SdpSyntaxError(f"a second, different a={name}", attribute.line_number)
        return found[0] if found else None

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

    def _add(self, line: Line) -> None:
        attribute, colon = _parse_attribute(line)
        name = BUNDLE_GROUP if _is_bundle_group(attribute) else attribute.name
        if name in self._scope.valued:
            if not attribute.value:
                raise SdpSyntaxError(f"a={name} needs a value", line.number)
        elif name in self._scope.flags:
            if colon:
                raise SdpSyntaxError(f"a={name} takes no value", line.number)
        else:
            self.others.append(line.value)
            return
        lines = self._known.setdefault(name, [])
        lines.append(attribute)
        if name == "candidate" and len(lines) > MAX_CANDIDATES:
            raise SdpSyntaxError(f"more than {MAX_CANDIDATES} candidates", line.number)


def _parse_attribute(line: Line) -> tuple[Attribute, str]:
    """The attribute, and the colon after its name if there is one."""
    name, colon, value = line.value.partition(":")
    if not is_token(name):
        raise SdpSyntaxError(f"{quote(name)} is no attribute name", line.number)
    return Attribute(line.number, name, value), colon


def _is_bundle_group(attribute: Attribute) -> bool:
    return attribute.name == "group" and attribute.words[:1] == ["BUNDLE"]
