"""TCP candidates as sockets: to everybody else they send and receive datagrams (RFC 6544).

An :class:`ActivePort` opens a stream when the first datagram for a remote address comes along,
which is a connectivity check: the agent decides, by its pacing and its limits, what is worth it. At
a :class:`PassivePort` streams arrive, from anybody who knows the port.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from frazil.aio.network import DatagramHandler, Network, Stream, StreamHandlers, StreamListener
from frazil.aio.packet_stream import PacketStream, StreamWatch
from frazil.ice import ACTIVE_PORT
from frazil.types import Address, Transmit

MAX_ACTIVE: Final = 32
"""Streams that one candidate opens at the same time; checks beyond them fail."""
MAX_PROVEN: Final = 16
"""Streams of the peer at one passive candidate."""
MAX_UNPROVEN: Final = 16
"""Streams of nobody knows whom at one passive candidate. The next one displaces the oldest, so that
holding them open locks nobody out who checks at once."""
PROOF_PATIENCE_S: Final = 10.0
"""How long a stream that has arrived may take to prove that it is the peer's."""
CONNECT_PATIENCE_S: Final = 10.0
"""How long opening a stream may take."""
SILENT: Final = "nothing is answered on it any more"
"""Why a stream is given up that has not ended by itself."""


class _Port:
    """What both kinds share.

    Attributes:
        local: The address of the candidate.
        dropped: How many datagrams were given to :meth:`send` and never sent.
    """

    __slots__ = ("_loop", "_on_datagrams", "_streams", "_watch", "dropped", "local")

    def __init__(self, local: Address, on_datagrams: DatagramHandler, watch: StreamWatch) -> None:
        self.local = local
        self.dropped = 0
        self._loop = asyncio.get_running_loop()
        self._on_datagrams = on_datagrams
        self._watch = watch
        self._streams: dict[Address, PacketStream] = {}

    def _prepare(self, local: Address, remote: Address) -> PacketStream:
        stream = PacketStream(local, remote, self._on_datagrams, self._lose, self._watch)
        self._streams[remote] = stream
        return stream

    def _lose(self, stream: PacketStream, text: str) -> None:
        if self._forget(stream):
            self._watch.lose(stream.local, stream.remote, text)

    def _forget(self, stream: PacketStream) -> bool:
        if self._streams.get(stream.remote) is not stream:
            return False
        del self._streams[stream.remote]
        return True

    def close(self) -> None:
        """Close every stream. Nothing is handed over any more. Idempotent."""
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()


class ActivePort(_Port):
    """An active candidate; a :class:`frazil.aio.UdpSocket` whose remotes are passive candidates."""

    __slots__ = ("_host", "_network", "_tasks")

    def __init__(
        self, network: Network, host: str, on_datagrams: DatagramHandler, watch: StreamWatch
    ) -> None:
        """Lead away from the address ``host`` of this machine."""
        super().__init__((host, ACTIVE_PORT), on_datagrams, watch)
        self._network = network
        self._host = host
        self._tasks: list[asyncio.Task[None]] = []

    def expect(self, ufrag: str) -> None:
        """Everything that comes here is for the owner."""

    def send(self, transmits: Sequence[Transmit]) -> None:
        """Send, or lose, every datagram; the first for a remote address opens the stream.

        A stream on which an answer is owed for long is given up, and the owner told in another turn
        of the loop, so that its next check opens another one. A loop that is closed does neither.
        """
        now, is_closed = self._loop.time(), self._loop.is_closed()
        for transmit in transmits:
            stream = self._streams.get(transmit.remote)
            if stream is None:
                if is_closed or len(self._streams) >= MAX_ACTIVE:
                    self.dropped += len(transmit.datagrams())
                    continue
                stream = self._prepare(self.local, transmit.remote)
                self._start(stream)
            elif stream.is_silent(now) and not is_closed:
                self._loop.call_soon(stream.fail, SILENT)
            stream.send(transmit, now)

    def close_silent(self, now: float) -> list[Address]:
        """Close the streams on which an answer is owed for long; the next check opens another.

        Returns:
            Where they led.
        """
        silent = [stream for stream in self._streams.values() if stream.is_silent(now)]
        for stream in silent:
            self._forget(stream)
            stream.close()
        return [stream.remote for stream in silent]

    def close(self) -> None:
        """Close every stream, and open no other. Idempotent."""
        super().close()
        if not self._loop.is_closed():
            for task in self._tasks:
                task.cancel()

    def _start(self, stream: PacketStream) -> None:
        name = f"connect {stream.remote[0]} port {stream.remote[1]}"
        task = self._loop.create_task(self._connect(stream), name=name)
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

    async def _connect(self, stream: PacketStream) -> None:
        try:
            async with asyncio.timeout(CONNECT_PATIENCE_S):
                opened = await self._network.connect_tcp(
                    stream.remote, stream.handlers, local=self._host
                )
                stream.open(opened, self._loop.time())
        except TimeoutError:
            stream.fail("nobody answers")
        except OSError as error:
            stream.fail(f"it cannot be opened: {error}")


class PassivePort(_Port):
    """A passive candidate; a :class:`frazil.aio.UdpSocket` whose remotes have connected."""

    __slots__ = ("_listener", "_timers")

    def __init__(self, on_datagrams: DatagramHandler, watch: StreamWatch) -> None:
        super().__init__(("", 0), on_datagrams, watch)
        self._listener: StreamListener | None = None
        self._timers: dict[PacketStream, asyncio.TimerHandle] = {}

    async def listen(self, network: Network, host: str, port: int) -> None:
        """Let streams arrive at the address ``host`` of this machine.

        Raises:
            OSError: The address or the port refuses.
        """
        self._listener = await network.listen_tcp(host, port, self._accept)
        self.local = self._listener.local

    def expect(self, ufrag: str) -> None:
        """Everything that comes here is for the owner."""

    def send(self, transmits: Sequence[Transmit]) -> None:
        """Send, or lose, every datagram: nothing reaches a remote that has not connected."""
        now = self._loop.time()
        for transmit in transmits:
            stream = self._streams.get(transmit.remote)
            if stream is None:
                self.dropped += len(transmit.datagrams())
            else:
                stream.send(transmit, now)

    def close(self) -> None:
        """Close every stream, and let no other arrive. Idempotent."""
        super().close()
        if self._listener is not None:
            self._listener.close()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _accept(self, arrived: Stream) -> StreamHandlers:
        known = self._streams.get(arrived.remote)
        if known is not None:
            known.fail("the peer opened it anew")
        unproven = [stream for stream in self._streams.values() if not stream.is_proven]
        if len(unproven) >= MAX_UNPROVEN:
            unproven[0].fail("too many strangers")
        stream = self._prepare(arrived.local, arrived.remote)
        stream.open(arrived, self._loop.time())
        if len(self._streams) > MAX_PROVEN + MAX_UNPROVEN:
            stream.fail("too many streams")
        else:
            self._timers[stream] = self._loop.call_later(PROOF_PATIENCE_S, self._judge, stream)
        return stream.handlers

    def _judge(self, stream: PacketStream) -> None:
        del self._timers[stream]
        if stream.is_proven:
            self._make_way(stream)
        else:
            stream.fail("it did not prove to be the peer's")

    def _make_way(self, stream: PacketStream) -> None:
        """The peer talks on ``stream``: it will not come back to those that fell silent."""
        now = self._loop.time()
        silent = [each for each in self._streams.values() if each.is_silent(now)]
        if stream not in silent:
            for each in silent:
                each.fail(SILENT)

    def _lose(self, stream: PacketStream, text: str) -> None:
        if stream.is_proven:
            super()._lose(stream, text)
        else:
            self._forget(stream)  # nobody ever heard of it

    def _forget(self, stream: PacketStream) -> bool:
        timer = self._timers.pop(stream, None)
        if timer is not None:
            timer.cancel()
        return super()._forget(stream)
