"""Streams that stand still while their network is blocked."""

from collections.abc import Callable
from typing import Final

from frazil.aio.network import MAX_UNSENT_BYTES, AcceptHandler, Stream, StreamHandlers
from frazil.types import Address

MAX_HELD_BYTES: Final = 4 * 1024 * 1024
"""How much may arrive at a stream while it stands still; more ends it."""


class BlockableStream:
    """A stream that can stand still; a :class:`frazil.aio.Stream`.

    What TCP repeats until it arrives is held back meanwhile, in both directions.

    Args:
        is_blocked: Whether it stands still right now.
        forget: Called when there is nothing more to hold back.
    """

    __slots__ = (
        "_end_is_held",
        "_forget",
        "_handlers",
        "_held",
        "_inner",
        "_is_blocked",
        "_is_over",
        "_lost",
        "_unsent",
    )

    _inner: Stream
    _handlers: StreamHandlers

    def __init__(
        self, is_blocked: Callable[[], bool], forget: Callable[["BlockableStream"], None]
    ) -> None:
        self._is_blocked = is_blocked
        self._forget = forget
        self._held = bytearray()
        self._unsent: list[bytes] = []
        self._lost = 0
        self._end_is_held = False
        self._is_over = False

    # --- how it gets its inner stream ---------------------------------------------------------

    def around(self, handlers: StreamHandlers) -> StreamHandlers:
        """What the inner stream is to call so that ``handlers`` is called in the end."""
        self._handlers = handlers
        return StreamHandlers(self._on_data, self._on_end)

    def adopt(self, inner: Stream) -> None:
        """Be this stream from now on."""
        self._inner = inner

    def accept(self, accept: AcceptHandler, inner: Stream) -> StreamHandlers:
        """Be a stream that has arrived, and show it to ``accept``."""
        self.adopt(inner)
        return self.around(accept(self))

    # --- a stream -----------------------------------------------------------------------------

    @property
    def local(self) -> Address:
        """The address at this end."""
        return self._inner.local

    @property
    def remote(self) -> Address:
        """The address at the other end."""
        return self._inner.remote

    @property
    def dropped(self) -> int:
        """How many messages were given to :meth:`send` and never sent."""
        return self._inner.dropped + self._lost

    def send(self, message: bytes) -> None:
        """Send the message, now or later, or lose it; see :class:`frazil.aio.Stream`."""
        if self._is_over or not self._is_blocked():
            self._inner.send(message)
        elif sum(map(len, self._unsent)) > MAX_UNSENT_BYTES:
            self._lost += 1
        else:
            self._unsent.append(message)

    def close(self) -> None:
        """Close. Nothing is called any more. Idempotent."""
        self._is_over = True
        self._forget(self)
        self._inner.close()

    # --- standing still, and going on ---------------------------------------------------------

    def go_on(self) -> None:
        """Let pass what was held back."""
        unsent, self._unsent = self._unsent, []
        for message in unsent:
            self._inner.send(message)
        held, self._held = bytes(self._held), bytearray()
        if held and not self._is_over:
            self._handlers.on_data(held)
        if self._end_is_held:
            self._end()

    def _on_data(self, data: bytes) -> None:
        if not self._is_blocked():
            self._handlers.on_data(data)
        elif len(self._held) + len(data) <= MAX_HELD_BYTES:
            self._held += data
        else:
            self._inner.close()
            self._end_is_held = True

    def _on_end(self) -> None:
        if self._is_blocked():
            self._end_is_held = True
        else:
            self._end()

    def _end(self) -> None:
        self._forget(self)
        if not self._is_over:
            self._is_over = True
            self._handlers.on_end()
