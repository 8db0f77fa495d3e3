"""Who listens at one object, and calling them."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeAlias

from frazil.w3c.event import Event

Listener: TypeAlias = Callable[..., Any]

ENDS_PROGRAM: Final = (SystemExit, KeyboardInterrupt)
"""What is nobody's failure: as in asyncio it goes on, out of the event loop."""


class Owner(Protocol):
    """Where the listeners of a table listen."""

    def _own(self, awaitable: Awaitable[Any], type: str) -> None:
        """See to what a listener of ``type`` has begun."""

    def _report(self, error: BaseException, type: str) -> None:
        """Tell of what a listener of ``type`` has raised."""


class Registration:
    """One listener of one event.

    Attributes:
        is_bare: Whether it gets the payload instead of the event object.
        is_once: Whether it is taken out when it is called.
        is_removed: Set when it is taken out, because a dispatch may be under way.
    """

    __slots__ = ("is_bare", "is_once", "is_removed", "listener")

    def __init__(self, listener: Listener, *, is_once: bool = False, is_bare: bool = False) -> None:
        self.listener = listener
        self.is_once = is_once
        self.is_bare = is_bare
        self.is_removed = False


class ListenerTable:
    """The listeners of one object, by event, in the order in which they are called.

    Args:
        always: Events that make a difference there though nobody listens.

    Attributes:
        entries: The listeners of each event that has any; others only look.
    """

    __slots__ = ("_always", "_handlers", "entries")

    def __init__(self, always: frozenset[str]) -> None:
        self._always = always
        self._handlers: dict[str, Registration] = {}
        self.entries: dict[str, tuple[Registration, ...]] = {}

    def wants(self, type: str) -> bool:
        """Whether an event of ``type`` makes any difference here; if not, none is made."""
        return type in self.entries or type in self._always

    # --- who listens --------------------------------------------------------------------------

    def add(self, type: str, listener: Listener, *, is_once: bool, is_bare: bool) -> bool:
        """Add a listener unless it listens already, in the same way; whether it is new."""
        entries, handler = self.entries.get(type, ()), self._handlers.get(type)
        for each in entries:
            if each.listener == listener and each.is_bare is is_bare and each is not handler:
                return False
        entry = Registration(listener, is_once=is_once, is_bare=is_bare)
        self.entries[type] = (*entries, entry)
        return True

    def remove(self, type: str, listener: Listener) -> None:
        """Take a listener out, in whichever way it listens; the handler stays."""
        for entry in self.entries.get(type, ()):
            if entry.listener == listener and entry is not self._handlers.get(type):
                self._discard(type, entry)

    def handler(self, type: str) -> Listener | None:
        """The one listener that was set by :meth:`set_handler`."""
        entry = self._handlers.get(type)
        return entry.listener if entry is not None else None

    def set_handler(self, type: str, listener: Listener | None) -> bool:
        """Set it in its place, or take it out; whether there was none before."""
        entry = self._handlers.get(type)
        if entry is None:
            if listener is None:
                return False
            entry = self._handlers[type] = Registration(listener)
            self.entries[type] = (*self.entries.get(type, ()), entry)
            return True
        if listener is None:
            del self._handlers[type]
            self._discard(type, entry)
        else:
            entry.listener = listener
        return False

    def clear(self) -> None:
        """Let go of all listeners; only :meth:`handler` still tells of handlers."""
        self.entries.clear()

    def _discard(self, type: str, entry: Registration) -> None:
        entry.is_removed = True
        left = [each for each in self.entries.get(type, ()) if each is not entry]
        if left:
            self.entries[type] = tuple(left)
        else:
            self.entries.pop(type, None)

    # --- calling them -------------------------------------------------------------------------

    def dispatch(self, event: Event, owner: Owner) -> None:
        """Call whoever listens now; one that another listener removes is not called any more."""
        for entry in self.entries.get(event.type, ()):
            self.call(entry, event.type, event.payload if entry.is_bare else (event,), owner)

    def call(
        self, entry: Registration, type: str, arguments: tuple[object, ...], owner: Owner
    ) -> None:
        """Call one listener, unless it was removed; its exceptions go to the owner."""
        if entry.is_removed:
            return
        if entry.is_once:
            self._discard(type, entry)
        try:
            result = entry.listener(*arguments)
            if result is not None and inspect.isawaitable(result):
                owner._own(result, type)
        except ENDS_PROGRAM:
            raise
        except BaseException as error:
            owner._report(error, type)
