"""Processes that answer one another in lines of JSON, over Unix sockets.

One object per line each way. A line in has a ``number``, which its answer repeats; answers come in
any order.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

LINE_LIMIT = 1 << 20
START_TIMEOUT_S = 20.0
_RETRY_S = 0.05

Entry = dict[str, Any]


class Service:
    """Another process, as seen from here."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Entry]] = {}

    async def ask(self, **entry: Any) -> Entry:
        """Send one line and wait for what answers it.

        Raises:
            ConnectionError: The process ended before it answered.
        """
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"number": number, **entry}).encode() + b"\n")
        return await self._waiting[number]

    async def listen(self) -> None:
        """Hand out the answers, until the process ends."""
        async for line in self._reader:
            entry = json.loads(line)
            self._waiting.pop(entry.pop("number")).set_result(entry)
        for future in self._waiting.values():
            future.set_exception(ConnectionError("the process ended"))


@asynccontextmanager
async def reached(path: Path) -> AsyncIterator[Service]:
    """The process that serves there, as soon as it does.

    Raises:
        TimeoutError: It does not.
    """
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            with suppress(FileNotFoundError, ConnectionRefusedError):
                reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT)
                break
            await asyncio.sleep(_RETRY_S)
    service = Service(reader, writer)
    listening = asyncio.create_task(service.listen())
    try:
        yield service
    finally:
        writer.close()
        await listening


@asynccontextmanager
async def running(program: Path, path: Path, *arguments: str) -> AsyncIterator[Service]:
    """A process that serves at ``path``; it ends with the block."""
    process = await asyncio.create_subprocess_exec(sys.executable, program, path, *arguments)
    try:
        async with reached(path) as service:
            yield service
    finally:
        process.kill()
        await process.wait()


async def serve(path: Path, reply: Callable[[Entry], Awaitable[Entry]]) -> None:
    """Answer every line of whoever comes, many at a time, until the process is ended."""

    async def answer(line: bytes, writer: asyncio.StreamWriter) -> None:
        entry = json.loads(line)
        number = entry.pop("number")
        writer.write(json.dumps({"number": number, **await reply(entry)}).encode() + b"\n")

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.TaskGroup() as answers:
            async for line in reader:
                answers.create_task(answer(line, writer))

    server = await asyncio.start_unix_server(attend, path, limit=LINE_LIMIT)
    await server.serve_forever()
