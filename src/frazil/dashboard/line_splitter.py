"""Lines out of pieces of bytes."""

from collections.abc import Iterator


class LineSplitter:
    """Puts lines together; one that is too long is left out, and not kept meanwhile.

    So is the byte order mark that some editors put before the first.

    Args:
        limit: Bytes of the longest line.
    """

    __slots__ = ("_is_too_long", "_limit", "_rest")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._is_too_long = False

    def feed(self, data: bytes, *, is_last: bool = False) -> Iterator[str]:
        """The lines that ``data`` ends; with ``is_last``, also what has no end."""
        *ended, rest = data.split(b"\n")
        for piece in ended:
            self._take(piece)
            yield from self._end()
        self._take(rest)
        if is_last:
            yield from self._end()

    def _take(self, piece: bytes) -> None:
        if len(self._rest) + len(piece) > self._limit:
            self._is_too_long = True
            self._rest.clear()
        elif not self._is_too_long:
            self._rest += piece

    def _end(self) -> Iterator[str]:
        if not self._is_too_long:
            yield self._rest.decode("utf-8-sig", "replace")
        self._rest.clear()
        self._is_too_long = False
