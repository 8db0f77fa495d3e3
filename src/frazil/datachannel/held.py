"""Messages that arrived on a stream before there is a channel for them."""

from typing import Final, NamedTuple

from frazil.compiled import mypyc_attr

MAX_HELD_MESSAGES: Final = 32
MAX_HELD_SIZE: Final = 1 << 18
"""Bytes over all streams: one message of the usual largest size."""


class HeldMessage(NamedTuple):
    """A message that waits for its channel."""

    ppid: int
    data: bytes


@mypyc_attr(acyclic=True)
class HeldMessages:
    """Keeps a few early messages, over all streams at most :data:`MAX_HELD_MESSAGES`.

    Three honest peers need it. One creates a negotiated channel a little earlier than the other;
    one sends unordered messages right behind the OPEN, against RFC 8832 6, and the network lets
    them overtake it; one opens a channel on the stream of another that is closed for it already,
    while its last word about that is lost.
    """

    __slots__ = ("_by_stream", "_count", "_size")

    def __init__(self) -> None:
        self._by_stream: dict[int, list[HeldMessage]] = {}
        self._count = 0
        self._size = 0

    def hold(self, stream_id: int, ppid: int, data: bytes) -> bool:
        """Keep a message; returns False if there is no room for it."""
        if self._count >= MAX_HELD_MESSAGES or self._size + len(data) > MAX_HELD_SIZE:
            return False
        self._by_stream.setdefault(stream_id, []).append(HeldMessage(ppid, data))
        self._count += 1
        self._size += len(data)
        return True

    def release(self, stream_id: int) -> list[HeldMessage]:
        """Take the messages of a stream out, oldest first."""
        messages = self._by_stream.pop(stream_id, [])
        self._count -= len(messages)
        self._size -= sum(len(message.data) for message in messages)
        return messages
