"""Messages that arrived on a stream before there is a channel for them."""

from typing import Final

from frazil.compiled import mypyc_attr

MAX_HELD_MESSAGES: Final = 32
"""So many early messages are kept over all streams. Two honest peers need it. One creates a
negotiated channel a little earlier than the other; one sends unordered messages right behind the
OPEN, against RFC 8832 6, and the network lets them overtake it."""
MAX_HELD_SIZE: Final = 1 << 18
"""Bytes over all streams: one message of the usual largest size."""
MAX_WAITING_MESSAGES: Final = 1 << 15
"""So many messages wait over all streams for the next channels on them. A peer to whom a channel is
closed, while its last word about that is lost, opens others and sends until it has repeated it."""
MAX_WAITING_SIZE: Final = 5 << 20
"""Bytes over all streams: another receive window. Channels for which it is too little are
refused."""


@mypyc_attr(acyclic=True)
class HeldMessages:
    """Keeps messages, up to a number and a size over all streams.

    Args:
        max_messages: How many.
        max_size: How many bytes of user data.
    """

    __slots__ = ("_by_stream", "_count", "_max_messages", "_max_size", "_size")

    def __init__(self, max_messages: int, max_size: int) -> None:
        self._max_messages = max_messages
        self._max_size = max_size
        self._by_stream: dict[int, list[tuple[int, int, bytes]]] = {}
        self._count = 0
        self._size = 0

    def hold(self, stream_id: int, ppid: int, data: bytes) -> bool:
        """Keep a message; returns False if there is no room for it."""
        if self._count >= self._max_messages or self._size + len(data) > self._max_size:
            return False
        self._by_stream.setdefault(stream_id, []).append((stream_id, ppid, data))
        self._count += 1
        self._size += len(data)
        return True

    def release(self, stream_id: int) -> list[tuple[int, int, bytes]]:
        """Take the messages of a stream out, oldest first: stream, identifier and data."""
        messages = self._by_stream.pop(stream_id, [])
        self._count -= len(messages)
        self._size -= sum(len(data) for _, _, data in messages)
        return messages

    def clear(self) -> None:
        """Forget everything."""
        self._by_stream.clear()
        self._count = self._size = 0
