"""Messages that have arrived on data channels, and that nobody has read yet."""

from collections import deque
from typing import Final

MAX_UNREAD: Final = 16 * 1024 * 1024
"""Bytes of messages kept for all channels of a connection that nobody reads; as many for one
reader, besides what waited when it began."""
MESSAGE_COST: Final = 64
"""Bytes that a message takes besides its content: an empty one is not free."""


class Backlog:
    """What the channels of a connection keep together, as far as nobody reads them.

    Attributes:
        limit: Bytes that this may take, and as many that one reader may be behind, not counting
            what waited when it began.
        size: Bytes that it takes.
    """

    __slots__ = ("limit", "size")

    def __init__(self) -> None:
        self.limit = MAX_UNREAD
        self.size = 0


class Inbox:
    """The unread messages of one channel, the oldest first.

    Args:
        backlog: They are a part of it, as long as the channel is open and has no reader.

    Attributes:
        size: Bytes that they take.
    """

    __slots__ = ("_backlog", "_found", "_has_reader", "_messages", "size")

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._found = 0  # what waited when the reader began, and still does
        self._has_reader = False
        self._messages: deque[bytes | str] = deque()
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self._messages)

    def serve(self, *, has_reader: bool) -> None:
        """Somebody reads, or nobody does any more: slow readers take no room of other channels."""
        if has_reader is not self._has_reader:
            self._has_reader = has_reader
            self._backlog.size += -self.size if has_reader else self.size
            # Not what a reader before it left beyond the limit: that would add up.
            self._found = min(self.size, self._backlog.limit)

    def keep(self, message: bytes | str) -> bool:
        """Keep a message for a reader, who needs them all; ``False`` if there is no room."""
        self.serve(has_reader=True)
        cost = _cost_of(message)
        if self.size - self._found + cost > self._backlog.limit:
            return False
        self._put(message, cost)
        return True

    def keep_newest(self, message: bytes | str) -> bool:
        """Keep a message in case that somebody begins to read; ``False`` if one was lost for it.

        That is the oldest one here; or the new one itself, if other channels have the room.
        """
        self.serve(has_reader=False)
        cost, backlog = _cost_of(message), self._backlog
        if backlog.size - self.size + cost > backlog.limit:
            return False
        has_room = backlog.size + cost <= backlog.limit
        while backlog.size + cost > backlog.limit:
            self.take()
        self._put(message, cost)
        return has_room

    def take(self) -> bytes | str:
        """Hand out the oldest message; there must be one."""
        message = self._messages.popleft()
        cost = _cost_of(message)
        self._found = max(0, self._found - cost)
        self._account(-cost)
        return message

    def leave(self) -> None:
        """The channel is closed: from now on this is the business of whoever still holds it."""
        self.serve(has_reader=True)
        self._backlog = Backlog()

    def _put(self, message: bytes | str, cost: int) -> None:
        self._messages.append(message)
        self._account(cost)

    def _account(self, cost: int) -> None:
        self.size += cost
        if not self._has_reader:
            self._backlog.size += cost


def _cost_of(message: bytes | str) -> int:
    """Bytes that it takes; the widest character of a text may make each take 4."""
    size = len(message)
    if isinstance(message, str) and not message.isascii():
        size *= 4
    return size + MESSAGE_COST
