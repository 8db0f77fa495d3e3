"""Calls from a part to the whole that owns it.

Were such a call a plain bound method, part and whole would keep each other in memory until the
garbage collector comes by, and with them everything else that a closed connection has.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar
from weakref import ref

P = ParamSpec("P")
T = TypeVar("T")


class Whole:
    """The base of classes whose objects own parts that call them.

    A compiled class takes weak references only if a class above it is a plain one. It does not
    clear them when it goes, so nobody but parts that go with it may have one.
    """

    __slots__ = ()


def upward(method: Callable[P, T]) -> Callable[P, T]:
    """``method`` of a :class:`Whole`, as something to call that does not keep the object alive.

    Raises:
        TypeError: It is not a method of such an object.
        ReferenceError: When called: the object is gone. A part does not outlive its whole in use.
    """
    return _Upward(method)


class _Upward:
    __slots__ = ("_function", "_owner")

    def __init__(self, method: Any) -> None:
        owner = method.__self__
        if not isinstance(owner, Whole):
            raise TypeError(f"{type(owner).__name__} is not a Whole")
        self._owner = ref(owner)
        self._function = getattr(type(owner), method.__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        owner = self._owner()
        if owner is None:
            raise ReferenceError(f"the owner of {self._function.__qualname__} is gone")
        return self._function(owner, *args, **kwargs)
