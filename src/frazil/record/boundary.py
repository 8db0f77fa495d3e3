"""Methods that are recorded: each call of one writes a line."""

from collections.abc import Callable
from functools import partial, wraps
from inspect import signature
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from frazil.record.outcome import Teller
from frazil.record.recorder import Recorder

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

INPUTS: Final[dict[str, Callable[..., Any]]] = {}
"""Every call that recordings hold, by object and method: what makes it, and its line."""


def recorded(
    name: str,
    method: Callable[Concatenate[S, P], R],
    tell: Callable[[Teller, Any], object] = Teller.nothing,
) -> Callable[Concatenate[S, P], R]:
    """A method that writes a line for each call.

    Args:
        name: The object, as recordings call it. One with a ``number`` is told apart by that.
        method: What it does. Recordings call it by its name, without a leading underscore.
        tell: What of the result leaves the core.
    """
    name = f"{name}.{method.__name__.removeprefix('_')}"
    bind = signature(method).bind

    @wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        recorder: Recorder = self.recorder  # type: ignore[attr-defined]  # who has such methods
        arguments = dict(bind(self, *args, **kwargs).arguments)
        number = getattr(arguments.pop("self"), "number", None)
        if number is not None:
            arguments["number"] = number
        made: Callable[[], R] = partial(method, self, *args, **kwargs)
        told = partial(tell, recorder.tell)
        result: R = recorder.run(name, arguments, made, told)
        return result

    INPUTS[name] = call
    return call


def recording(
    name: str, tell: Callable[[Teller, Any], object] = Teller.nothing
) -> Callable[[Callable[Concatenate[S, P], R]], Callable[Concatenate[S, P], R]]:
    """:func:`recorded` as a decorator.

    For methods of compiled classes, which do not have the annotations that a replay needs.
    """

    def decorate(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
        return recorded(name, method, tell)

    return decorate
