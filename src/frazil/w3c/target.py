"""Listening to events, the browser's way and aiortc's way."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar, overload

from frazil.w3c.event import Event

_log = logging.getLogger("frazil")

Listener = Callable[[Any], Any]
_F = TypeVar("_F", bound=Callable[..., Any])


class _Registration:
    """One listener. ``bare`` ones get the payload instead of the event object."""

    __slots__ = ("bare", "listener", "once")

    def __init__(self, listener: Callable[..., Any], *, once: bool, bare: bool) -> None:
        self.listener = listener
        self.once = once
        self.bare = bare


class EventTarget:
    """An object with events (DOM EventTarget).

    Three ways to listen, with plain functions or coroutine functions::

        pc.addEventListener("icecandidate", lambda event: send(event.candidate))
        pc.onicecandidate = lambda event: send(event.candidate)


        @pc.on("icecandidate")
        def trickle(candidate):
            send(candidate)

    Listeners run one after the other in a callback of the event loop. An exception in one is
    reported to the loop's exception handler and harms nothing else.
    """

    EVENTS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, tasks: "set[asyncio.Task[Any]]") -> None:
        self._listeners: dict[str, list[_Registration]] = {}
        self._handlers: dict[str, _Registration] = {}
        self._tasks = tasks

    def addEventListener(self, type: str, listener: Listener, *, once: bool = False) -> None:
        """Call ``listener`` with an event object at each event ``type``.

        Raises:
            ValueError: If this object has no such event.
            TypeError: If ``listener`` cannot be called.
        """
        self._add(type, listener, once=once, bare=False)

    def removeEventListener(self, type: str, listener: Listener) -> None:
        """Undo :meth:`addEventListener` or :meth:`on`; unknown listeners are ignored."""
        self._listeners[type] = [
            entry for entry in self._listeners.get(type, ()) if entry.listener is not listener
        ]

    @overload
    def on(self, type: str) -> Callable[[_F], _F]: ...
    @overload
    def on(self, type: str, listener: _F) -> _F: ...
    def on(self, type: str, listener: _F | None = None) -> _F | Callable[[_F], _F]:
        """Call a function with the bare payload: the candidate, the channel, the message.

        Works as a decorator. Events without payload call it without argument.

        Raises:
            ValueError: If this object has no such event.
        """
        return self._register(type, listener, once=False)

    @overload
    def once(self, type: str) -> Callable[[_F], _F]: ...
    @overload
    def once(self, type: str, listener: _F) -> _F: ...
    def once(self, type: str, listener: _F | None = None) -> _F | Callable[[_F], _F]:
        """Like :meth:`on`, for the next event only."""
        return self._register(type, listener, once=True)

    def _register(self, type: str, listener: _F | None, *, once: bool) -> _F | Callable[[_F], _F]:
        self._check(type)

        def register(function: _F) -> _F:
            self._add(type, function, once=once, bare=True)
            return function

        return register if listener is None else register(listener)

    def _check(self, type: str) -> None:
        if type not in self.EVENTS:
            raise ValueError(
                f"{self.__class__.__name__} has no event {type!r}; "
                f"it has {', '.join(sorted(self.EVENTS))}"
            )

    def _add(self, type: str, listener: Callable[..., Any], *, once: bool, bare: bool) -> None:
        self._check(type)
        if not callable(listener):
            raise TypeError(f"a listener must be callable, not {listener!r}")
        entries = self._listeners.setdefault(type, [])
        if not any(entry.listener is listener and entry.bare is bare for entry in entries):
            entries.append(_Registration(listener, once=once, bare=bare))

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("on") and name[2:] in self.EVENTS:
            self._set_handler(name[2:], value)
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("on") and name[2:] in self.EVENTS:
            entry = self._handlers.get(name[2:])
            return entry.listener if entry else None
        raise AttributeError(f"{self.__class__.__name__!r} object has no attribute {name!r}")

    def _set_handler(self, type: str, listener: Callable[..., Any] | None) -> None:
        """``target.on<type> = listener``: keeps its place among the listeners, as in the DOM."""
        if listener is not None and not callable(listener):
            raise TypeError(f"on{type} must be callable or None, not {listener!r}")
        entry = self._handlers.pop(type, None)
        if listener is None:
            if entry is not None:
                self._listeners[type].remove(entry)
            return
        if entry is None:
            entry = _Registration(listener, once=False, bare=False)
            self._listeners.setdefault(type, []).append(entry)
        entry.listener = listener
        self._handlers[type] = entry

    def _has_listener(self, type: str) -> bool:
        return bool(self._listeners.get(type))

    def _dispatch(self, event: Event) -> None:
        """Call the listeners of ``event``."""
        for entry in tuple(self._listeners.get(event.type, ())):
            if entry.once:
                self._listeners[event.type].remove(entry)
            try:
                result = entry.listener(*event.payload) if entry.bare else entry.listener(event)
                if inspect.isawaitable(result):
                    self._own(result, event)
            except Exception as error:
                self._report(error, event)

    def _own(self, awaitable: Awaitable[Any], event: Event) -> None:
        async def run() -> None:
            try:
                await awaitable
            except Exception as error:
                self._report(error, event)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _report(self, error: Exception, event: Event) -> None:
        _log.error("a listener of %s raised", event.type, exc_info=error)
        asyncio.get_running_loop().call_exception_handler(
            {
                "message": f"a listener of {event.type} at {self!r} raised",
                "exception": error,
            }
        )
