"""Programs of their own in which peers live, one after the other."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket, socketpair
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

from support.namespace import Namespace
from support.process import ConfinedProcess
from support.remote import Json, RemoteControl, RemoteError
from support.remote_peer import RemotePeer

_TESTS: Final = Path(__file__).parents[1]
_LONGEST_LINE: Final = 1 << 24


class PeerHost:
    """A program that is commanded through its standard input, a socket.

    Each line is a JSON object. A command has ``id``, ``method`` and ``params``, its answer ``id``
    and ``result``, and an event has ``event``. The methods are ``open`` (``configuration``: a new
    connection), ``perform`` (``command``, ``arguments``) and ``shut`` (its end; the result has
    ``complaints``, what went wrong and reached nobody).

    Args:
        namespace: Its only network.
        command: The program and its arguments.
    """

    def __init__(self, namespace: Namespace, *command: str) -> None:
        self._namespace = namespace
        self._command = command
        self._directory: TemporaryDirectory[str]
        self._process: ConfinedProcess
        self._remote: RemoteControl
        self._peer: _HostedPeer | None = None

    @classmethod
    def of_frazil(cls, namespace: Namespace, trusted: Path | None = None) -> Self:
        """One for peers of this library, who trust what is in a file of certificates."""
        settings = [f"PYTHONPATH={_TESTS}:{_TESTS.parent / 'src'}"]
        if trusted is not None:
            settings.append(f"SSL_CERT_FILE={trusted}")
        return cls(namespace, "env", *settings, sys.executable, "-m", "support.frazil_program")

    async def start(self) -> None:
        """Start the program; it may take a moment to answer."""
        self._directory = TemporaryDirectory(prefix="frazil-", ignore_cleanup_errors=True)
        ours, theirs = socketpair()
        with theirs:
            home = Path(self._directory.name)
            self._process = ConfinedProcess(self._namespace, home, *self._command, stdin=theirs)
        self._remote = RemoteControl(await _Lines.over(ours), self._on_event)

    async def stop(self) -> None:
        """End the program; no process and no file of it is left."""
        self._process.stop()
        self._directory.cleanup()
        await self._remote.close()

    def kill(self) -> None:
        """End the program at once: its peer says no word, and is gone."""
        self._process.stop()

    @asynccontextmanager
    async def peer(self, configuration: Json | None = None) -> AsyncIterator[RemotePeer]:
        """A peer connection over there, closed in the end, unless the program was killed.

        Raises:
            AssertionError: Something went wrong there that its user would not have heard of.
        """
        self._peer = peer = _HostedPeer(self._remote)
        try:
            await self._remote.call("open", configuration=configuration or {})
        except RemoteError as error:
            error.add_note(self._process.output)
            raise
        try:
            yield peer
        finally:
            complaints = []
            if not self._process.has_ended:
                complaints = (await self._remote.call("shut"))["complaints"]
            self._peer = None
        assert not complaints, complaints

    def _on_event(self, message: Json) -> None:
        if self._peer is not None:
            self._peer.receive(message)


class _HostedPeer(RemotePeer):
    def __init__(self, remote: RemoteControl) -> None:
        super().__init__()
        self._remote = remote

    async def _evaluate(self, command: str, arguments: tuple[Any, ...]) -> Json:
        return await self._remote.call("perform", command=command, arguments=arguments)


class _Lines:
    """Texts as lines on a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, sock: socket) -> Self:
        return cls(*await asyncio.open_connection(sock=sock, limit=_LONGEST_LINE))

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._reader)

    async def send(self, text: str) -> None:
        self._writer.write(f"{text}\n".encode())
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()
