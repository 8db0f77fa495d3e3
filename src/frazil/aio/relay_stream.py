"""A TCP or TLS stream to a TURN server that can be used like a UDP socket (RFC 8656 3.1)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Self

from frazil.aio.network import DatagramHandler, Network, Stream, StreamHandlers, Tls
from frazil.aio.silence import Silence
from frazil.turn import StreamFramer, StreamFramingError, frame
from frazil.types import Address, Datagram, Transmit

UNANSWERED: Final = "the server answers nothing on the stream any more"
"""Why one is given up that has not ended by itself."""


class RelayStream:
    """A :class:`frazil.aio.network.UdpSocket` whose only remote is the server.

    Attributes:
        local: The address at this end.
        remote: The address of the server.
        tls: How it is secured, if at all.
        is_over: Whether nothing can be sent or received any more.
        end: Why it has ended by itself: a clause that begins in lower case.
    """

    __slots__ = (
        "_framer",
        "_loop",
        "_on_datagrams",
        "_on_end",
        "_silence",
        "_stream",
        "end",
        "is_over",
        "local",
        "remote",
        "tls",
    )

    def __init__(
        self,
        remote: Address,
        tls: Tls | None,
        on_datagrams: DatagramHandler,
        on_end: Callable[["RelayStream"], None],
    ) -> None:
        self.local: Address = ("", 0)
        self.remote = remote
        self.tls = tls
        self.is_over = False
        self.end = ""
        self._on_datagrams = on_datagrams
        self._on_end = on_end
        self._framer = StreamFramer()
        self._loop = asyncio.get_running_loop()
        self._silence = Silence()
        self._stream: Stream | None = None

    @classmethod
    async def connect(
        cls,
        network: Network,
        host: str,
        remote: Address,
        tls: Tls | None,
        on_datagrams: DatagramHandler,
        on_end: Callable[["RelayStream"], None],
    ) -> Self:
        """Connect from the address ``host``.

        Args:
            network: Where.
            host: One of its addresses.
            remote: The server.
            tls: How to secure it, if at all.
            on_datagrams: Gets each message of the server as a datagram.
            on_end: Called when the stream ends by itself.

        Raises:
            OSError: As of :meth:`frazil.aio.network.Network.connect_tcp`.
        """
        self = cls(remote, tls, on_datagrams, on_end)
        handlers = StreamHandlers(self._take, self.give_up)
        stream = await network.connect_tcp(remote, handlers, local=host, tls=tls)
        if self.is_over:
            stream.close()
            raise ConnectionAbortedError("the server ended the stream at once")
        self._stream = stream
        self.local = stream.local
        return self

    @property
    def dropped(self) -> int:
        """How many messages were given to :meth:`send` and never sent."""
        return self._stream.dropped if self._stream is not None else 0

    def expect(self, ufrag: str) -> None:
        """Everything that comes here is for the owner."""

    def send(self, transmits: Sequence[Transmit]) -> None:
        """Send every message, or lose it as a whole.

        If the server owes an answer for long the stream is given up, in another turn of the loop.
        """
        if self._stream is not None:
            now = self._loop.time()
            if self.is_silent(now):
                self.give_up_soon(UNANSWERED)
            for transmit in transmits:
                for message in transmit.datagrams():
                    self._silence.note_sent(message, now)
                    self._stream.send(frame(message))

    def is_silent(self, now: float) -> bool:
        """Whether the server owes an answer for long, and has said nothing since."""
        return self._silence.is_long(now)

    def give_up(self, text: str = "the server ended the stream") -> None:
        """End the stream, as if it had ended by itself; ``text`` says why. Idempotent."""
        if not self.is_over:
            self.end = text
            self.close()
            if self._stream is not None:
                self._on_end(self)

    def give_up_soon(self, text: str) -> None:
        """The same in another turn of the loop: its owner is in the middle of something."""
        if not self._loop.is_closed():
            self._loop.call_soon(self.give_up, text)

    def close(self) -> None:
        """Close. No message is handed over any more. Idempotent."""
        self.is_over = True
        if self._stream is not None:
            self._stream.close()

    def _take(self, data: bytes) -> None:
        if self._stream is None:  # a TURN server speaks when it is asked
            self.is_over = True
            return
        try:
            messages = self._framer.feed(data)
        except StreamFramingError as error:
            self.give_up(str(error))
            return
        if messages:
            self._silence.note_heard()  # parts of a message may be of one that never ends
            self._on_datagrams([Datagram(each, self.local, self.remote) for each in messages])
