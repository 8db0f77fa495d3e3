"""Checks of the settings that an application gives."""

from dataclasses import fields
from typing import Any, Final

_KINDS: Final[dict[Any, tuple[Any, str]]] = {
    bool: (bool, "True or False"),
    int: (int, "a whole number"),
    float: (int | float, "a number"),
    int | None: (int | None, "a whole number or None"),
}
"""By the annotation: what is taken, and how that is called."""


def check_types(settings: Any) -> None:
    """Be sure that every setting is what its annotation says; a whole number is a number, too.

    Args:
        settings: An instance of a dataclass.

    Raises:
        TypeError: One is not; it is named.
    """
    for each in fields(settings):
        value = getattr(settings, each.name)
        allowed, called = _KINDS[each.type]
        if not isinstance(value, allowed):
            raise TypeError(f"{each.name} must be {called}, not {value!r}")
