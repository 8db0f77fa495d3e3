"""Checks of the settings that an application gives."""

from dataclasses import fields
from typing import Any, Final

_KINDS: Final[dict[type, tuple[Any, str]]] = {
    bool: (bool, "True or False"),
    int: (int, "a whole number"),
    float: (int | float, "a number"),
}
"""By the type of the default: what is taken, and how that is called."""


def check_types(settings: Any, optional: tuple[str, ...] = ()) -> None:
    """Be sure that every setting is of the type of its default, for which these are numbers.

    Args:
        settings: An instance of a dataclass.
        optional: Those that may be ``None``.

    Raises:
        TypeError: One is not; it is named.
    """
    for each in fields(settings):
        value = getattr(settings, each.name)
        allowed, called = _KINDS[type(each.default)]
        if not isinstance(value, allowed) and not (value is None and each.name in optional):
            raise TypeError(f"{each.name} must be {called}, not {value!r}")
