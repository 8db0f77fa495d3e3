"""Listening to events, the browser's way and aiortc's way."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, ClassVar, Final, NoReturn, Self, TypeVar, overload
from weakref import ref

from frazil.w3c.event import Event
from frazil.w3c.listener_table import ENDS_PROGRAM, Listener, ListenerTable

_F = TypeVar("_F", bound=Listener)

_listener: Final[ContextVar["ref[asyncio.Task[Any]] | None"]] = ContextVar("listener", default=None)
"""The task of the coroutine listener that this code belongs to, or was begun by."""


def is_in_listener(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether the running task is a coroutine listener, of whatever object."""
    task, listener = asyncio.current_task(loop), _listener.get()
    return task is not None and listener is not None and listener() is task


class EventHandler:
    """An ``on...`` attribute: the one listener of an event that is set by assignment.

    It keeps its place among the other listeners when it is replaced, as in the DOM.
    """

    def __init__(self, doc: str) -> None:
        """Describe the event in a sentence, for ``help()``."""
        self.type = ""
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.type = name.removeprefix("on")

    @overload
    def __get__(self, target: None, owner: type) -> Self: ...
    @overload
    def __get__(self, target: "EventTarget", owner: type) -> Listener | None: ...
    def __get__(self, target: "EventTarget | None", owner: type) -> Self | Listener | None:
        return self if target is None else target._handler(self.type)

    def __set__(self, target: "EventTarget", listener: Listener | None) -> None:
        target._set_handler(self.type, listener)


class EventTarget:
    """An object with events (DOM EventTarget).

    Three ways to listen, with plain functions or coroutine functions::

        pc.addEventListener("icecandidate", lambda event: send(event.candidate))
        pc.onicecandidate = lambda event: send(event.candidate)


        @pc.on("icecandidate")
        def trickle(candidate):
            send(candidate)

    Listeners run one after the other in a callback of the event loop, in the :mod:`contextvars`
    context in which the connection was made; coroutines become tasks. An
    exception in one is reported to the loop's exception handler and harms nothing else.

    Attributes:
        EVENTS: The events of this class, those with an ``on...`` attribute.
    """

    __slots__ = ("__weakref__", "_listeners", "_tasks")

    EVENTS: ClassVar[frozenset[str]] = frozenset()
    _ALWAYS: ClassVar[frozenset[str]] = frozenset()
    """Events that make a difference here though nobody listens."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        handlers = (each for each in vars(cls).values() if isinstance(each, EventHandler))
        cls.EVENTS = cls.EVENTS.union(handler.type for handler in handlers)

    def __init__(self, tasks: "set[asyncio.Task[Any]]") -> None:
        """Keep the tasks of coroutine listeners in ``tasks`` until they end."""
        self._listeners = ListenerTable(self._ALWAYS)
        self._tasks = tasks

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} cannot be copied or pickled: "
            "it belongs to the event loop in which it was made"
        )

    # --- listening ----------------------------------------------------------------------------

    def addEventListener(self, type: str, listener: Listener, *, once: bool = False) -> None:
        """Call ``listener`` with an event object at each event ``type``, or at the next one.

        Adding the same listener again changes nothing.

        Raises:
            ValueError: This object has no such event.
            TypeError: ``listener`` cannot be called.
        """
        self._add(type, listener, is_once=bool(once))

    def removeEventListener(self, type: str, listener: Listener) -> None:
        """Undo :meth:`addEventListener` or :meth:`on`; unknown listeners are ignored.

        Raises:
            ValueError: This object has no such event.
        """
        self._check(type)
        self._listeners.remove(type, listener)

    @overload
    def on(self, type: str) -> Callable[[_F], _F]: ...
    @overload
    def on(self, type: str, listener: _F) -> _F: ...
    def on(self, type: str, listener: _F | None = None) -> _F | Callable[[_F], _F]:
        """Call a function with the bare payload: the candidate, the channel, the message.

        Works as a decorator. Events without payload call it without argument.

        Raises:
            ValueError: This object has no such event.
            TypeError: ``listener`` cannot be called.
        """
        if listener is None:
            return self._decorator(type, is_once=False)
        self._add(type, listener, is_once=False, is_bare=True)
        return listener

    @overload
    def once(self, type: str) -> Callable[[_F], _F]: ...
    @overload
    def once(self, type: str, listener: _F) -> _F: ...
    def once(self, type: str, listener: _F | None = None) -> _F | Callable[[_F], _F]:
        """Like :meth:`on`, for the next event only."""
        if listener is None:
            return self._decorator(type, is_once=True)
        self._add(type, listener, is_once=True, is_bare=True)
        return listener

    # --- registrations ------------------------------------------------------------------------

    def _decorator(self, type: str, *, is_once: bool) -> Callable[[_F], _F]:
        self._check(type)

        def register(function: _F) -> _F:
            self._add(type, function, is_once=is_once, is_bare=True)
            return function

        return register

    def _check(self, type: str) -> None:
        if type not in self.EVENTS:
            raise ValueError(
                f"{self.__class__.__name__} has no event {type!r}; "
                f"it has {', '.join(sorted(self.EVENTS))}"
            )

    def _add(self, type: str, listener: Listener, *, is_once: bool, is_bare: bool = False) -> None:
        self._check(type)
        if not callable(listener):
            raise TypeError(f"a listener must be callable, not {listener!r}")
        if self._listeners.add(type, listener, is_once=is_once, is_bare=is_bare):
            self._listened(type)

    def _listened(self, type: str) -> None:
        """A listener of ``type`` was added: for targets that do nothing unless somebody listens."""

    def _handler(self, type: str) -> Listener | None:
        return self._listeners.handler(type)

    def _set_handler(self, type: str, listener: Listener | None) -> None:
        if listener is not None and not callable(listener):
            raise TypeError(f"on{type} must be callable or None, not {listener!r}")
        if self._listeners.set_handler(type, listener):
            self._listened(type)

    # --- dispatching --------------------------------------------------------------------------

    def _silence(self) -> None:
        """No event comes any more: let go of the listeners, who often hold this object.

        Without that only the garbage collector would end them. ``on...`` attributes stay.
        """
        self._listeners.clear()

    def _dispatch(self, event: Event) -> None:
        """Call whoever listens now."""
        self._listeners.dispatch(event, self)

    def _own(self, awaitable: Awaitable[Any], type: str) -> None:
        """See to what a listener of ``type`` has begun: a task is kept until it ends.

        A future that it returned is only watched. A task that waits for it would stay for ever if
        it never settles, as of a closed connection.
        """

        async def run() -> None:
            task = asyncio.current_task()
            _listener.set(ref(task) if task is not None else None)
            try:
                await awaitable
            except (asyncio.CancelledError, GeneratorExit, *ENDS_PROGRAM):
                raise
            except BaseException as error:
                self._report(error, type)

        def settled(future: "asyncio.Future[Any]") -> None:
            error = None if future.cancelled() else future.exception()
            if error is not None and not isinstance(error, ENDS_PROGRAM):
                self._report(error, type)

        begun = awaitable
        if isinstance(awaitable, asyncio.Future):
            awaitable.add_done_callback(settled)
        else:
            begun = asyncio.get_running_loop().create_task(run(), name=f"listener of {type}")
        if isinstance(begun, asyncio.Task):
            self._tasks.add(begun)
            begun.add_done_callback(self._tasks.discard)

    def _report(self, error: BaseException, type: str) -> None:
        asyncio.get_running_loop().call_exception_handler(
            {
                "message": f"exception in a listener of {type!r}",
                "exception": error,
                "target": self,
            }
        )
