"""One end of a stream, which notes what it is told."""

import asyncio

from frazil.aio import StreamHandlers


class StreamEnd:
    """Give :attr:`handlers` to ``connect_tcp``, or :meth:`accept` to ``listen_tcp``.

    Attributes:
        stream: The stream.
        data: All bytes that came.
        ends: How often it was told that it is over.
        news: Set whenever something happens.
    """

    def __init__(self):
        self.stream = None
        self.data = b""
        self.ends = 0
        self.news = asyncio.Event()
        self.handlers = StreamHandlers(self._on_data, self._on_end)

    def accept(self, stream):
        self.stream = stream
        self.news.set()
        return self.handlers

    async def until(self, condition, timeout_s=10):
        """Return as soon as ``condition()`` is true."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self.news.clear()
                await self.news.wait()

    def send(self, message):
        self.stream.send(message)

    def close(self):
        self.stream.close()

    def _on_data(self, data):
        self.data += data
        self.news.set()

    def _on_end(self):
        self.ends += 1
        self.news.set()
