"""A TURN client on a socket: just enough of a driver for tests, on a real or a virtual network."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from frazil.aio.network import Network
from frazil.stun import Message, MessageClass, StunDecodeError
from frazil.trace import Trace
from frazil.turn import (
    StreamFramer,
    TurnClient,
    TurnConfig,
    TurnEvent,
    TurnState,
    frame,
)
from frazil.types import Address, Datagram, Transmit

Event = TypeVar("Event", bound=TurnEvent)


class TurnSocket:
    """Drives a client; what carries its messages is left to the kinds below.

    Attributes:
        client: The client.
        trace: What it decided.
        events: What it reported.
        datagrams: What came from peers.
        refusals: The error responses of the server.
        unanswered: The transactions that wait for a response.
    """

    def __init__(self, config: TurnConfig, random_bytes: Callable[[int], bytes]) -> None:
        self.trace = Trace()
        self.client = TurnClient(config, random_bytes, self.trace)
        self.events: list[TurnEvent] = []
        self.datagrams: list[Datagram] = []
        self.refusals: list[Message] = []
        self.unanswered: set[bytes] = set()
        self._loop = asyncio.get_running_loop()
        self._skipped_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()

    @property
    def codes(self) -> list[int]:
        """The error codes of the server."""
        return [message.error.code for message in self.refusals if message.error is not None]

    @property
    def now(self) -> float:
        """The time as the client sees it."""
        return self._loop.time() + self._skipped_s

    def skip(self, by_s: float) -> None:
        """Let the client, and nobody else, believe that time has passed."""
        self._skipped_s += by_s
        self._on_timer()

    def allocate(self) -> None:
        """Ask for the relay."""
        self.client.allocate(self.now)
        self.flush()

    def permit(self, peer: Address, *, channel: bool = False) -> None:
        """Ask for a permission, or for a channel, which brings one."""
        self.client.create_permission(peer[0], self.now)
        if channel:
            self.client.bind_channel(peer, self.now)
        self.flush()

    def send(self, data: bytes, peer: Address) -> None:
        """Relay a datagram."""
        self.client.send(data, peer, self.now)
        self.flush()

    def flush(self) -> None:
        """Carry out whatever the client has to say."""
        for message in self.client.poll_transmits():
            self._note(message)
            self.transmit(message)
        self.events += self.client.poll_events()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self.client.next_timeout()
        if at is not None:
            self._timer = self._loop.call_at(at - self._skipped_s, self._on_timer)
        self._changed.set()

    def transmit(self, message: bytes) -> None:
        """Carry a message to the server."""
        raise NotImplementedError

    def receive(self, messages: list[bytes]) -> None:
        """Take messages from the server."""
        for message in messages:
            self._note(message)
        self.datagrams += self.client.receive(messages, self.now)
        self.flush()

    async def until(self, condition: Callable[[], object], limit_s: float = 10.0) -> None:
        """Return as soon as ``condition()`` is true.

        Raises:
            TimeoutError: It does not become so.
        """
        async with asyncio.timeout(limit_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def event(self, kind: type[Event]) -> Event:
        """The first event of a kind, as soon as there is one."""
        await self.until(lambda: self._find(kind))
        found = self._find(kind)
        assert found is not None
        return found

    async def close(self) -> None:
        """Give the allocation back, and the socket."""
        self.client.close(self.now)
        self.flush()
        await self.until(lambda: self.client.state is TurnState.CLOSED)
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close the socket."""
        raise NotImplementedError

    def _find(self, kind: type[Event]) -> Event | None:
        return next((event for event in self.events if isinstance(event, kind)), None)

    def _on_timer(self) -> None:
        self.client.handle_timeout(self.now)
        self.flush()

    def _note(self, data: bytes) -> None:
        with suppress(StunDecodeError):
            message = Message.decode(data)
            if message.message_class is MessageClass.REQUEST:
                self.unanswered.add(message.transaction_id)
            else:
                self.unanswered.discard(message.transaction_id)
            if message.message_class is MessageClass.ERROR:
                self.refusals.append(message)


class UdpTurnSocket(TurnSocket):
    """Over UDP, from an address of ``network``."""

    def __init__(self, network: Network, ip: str, server: Address, config: TurnConfig) -> None:
        super().__init__(config, network.random_bytes)
        self._server = server
        self._socket = network.open_udp(ip, 0, self._on_datagrams)

    def transmit(self, message: bytes) -> None:
        """Send one datagram."""
        self._socket.send([Transmit(message, len(message), self._socket.local, self._server)])

    async def hang_up(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _on_datagrams(self, batch: list[Datagram]) -> None:
        self.receive([datagram.data for datagram in batch if datagram.remote == self._server])


class StreamTurnSocket(TurnSocket):
    """Over TCP, or TLS."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        config: TurnConfig,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        super().__init__(config, random_bytes)
        self._reader = reader
        self._writer = writer
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def connect(
        cls,
        server: Address,
        config: TurnConfig,
        random_bytes: Callable[[int], bytes],
        tls: ssl.SSLContext | None = None,
    ) -> "StreamTurnSocket":
        """Connect to a server."""
        reader, writer = await asyncio.open_connection(*server, ssl=tls)
        return cls(reader, writer, config, random_bytes)

    def transmit(self, message: bytes) -> None:
        """Write one message."""
        self._writer.write(frame(message))

    async def hang_up(self) -> None:
        """Close the connection."""
        self._writer.close()
        await self._writer.wait_closed()
        await self._task

    async def _read(self) -> None:
        framer = StreamFramer()
        while data := await self._reader.read(65536):
            self.receive(framer.feed(data))
        self.client.lose_transport("the server closed the connection", self.now)
        self.flush()
