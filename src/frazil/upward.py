"""Calls from a part to the whole that owns it.

Were such a call a plain bound method, part and whole would keep each other in memory until the
garbage collector comes by, and with them everything else that a closed connection has.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakMethod

P = ParamSpec("P")
T = TypeVar("T")


def upward(method: Callable[P, T]) -> Callable[P, T]:
    """``method``, a bound one, as a function that does not keep its object alive.

    Raises:
        ReferenceError: When called: the object is gone. A part does not outlive its whole in use.
    """
    reference = WeakMethod(method)

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        bound: Callable[P, T] | None = reference()
        if bound is None:
            raise ReferenceError("the owner of this part is gone")
        return bound(*args, **kwargs)

    return call
