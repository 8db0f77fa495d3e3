"""Calls from a part to the whole that owns it.

Were such a call a plain bound method, part and whole would keep each other in memory until the
garbage collector comes by, and with them everything else that a closed connection has.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast
from weakref import ref

P = ParamSpec("P")
T = TypeVar("T")


def upward(method: Callable[P, T]) -> Callable[P, T]:
    """``method``, a bound one, as something to call that does not keep its object alive.

    Raises:
        ReferenceError: When called: the object is gone. A part does not outlive its whole in use.
    """
    return cast("Callable[P, T]", _Upward(method))


class Whole:
    """A base that lets a compiled class have methods for :func:`upward`.

    Objects of compiled classes take weak references only if a class above them is a plain one.
    """

    __slots__ = ()


class _Upward:
    __slots__ = ("_function", "_owner")

    def __init__(self, method: Any) -> None:
        self._owner = ref(method.__self__)
        self._function = getattr(type(method.__self__), method.__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        owner = self._owner()
        if owner is None:
            raise ReferenceError(f"the owner of {self._function.__qualname__} is gone")
        return self._function(owner, *args, **kwargs)
