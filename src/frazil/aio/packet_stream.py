"""One ICE stream: a TCP connection that carries datagrams (RFC 6544 3, RFC 4571)."""

from collections.abc import Callable
from typing import Final, Protocol

from frazil.aio.network import DatagramHandler, Stream, StreamHandlers
from frazil.aio.silence import Silence
from frazil.ice.framing import Deframer, FramingError, frame
from frazil.types import Address, Datagram, Transmit

MAX_UNPROVEN_SIZE: Final = 2048
"""Bytes of a datagram from somebody who has not proven to be the peer: a check is much shorter."""
MAX_UNPROVEN_CHECKS: Final = 32
"""Messages that may fail to prove it: the peer does by its first. Thousands could come at once,
and be answered in one turn of the loop."""
MAX_EARLY: Final = 16
"""Datagrams that wait until the stream is open."""
_LAST_STUN_BYTE: Final = 3


class StreamWatch(Protocol):
    """What the streams of candidates ask and tell."""

    def is_validated(self, local: Address, remote: Address) -> bool:
        """Whether the peer has proven to be at ``remote``, seen from ``local``."""

    def datagram_sizes(self) -> range:
        """The sizes of the datagrams that may be of any use to the owner."""

    def lose(self, local: Address, remote: Address, text: str) -> None:
        """The stream between these addresses has ended; ``text`` says why."""


class PacketStream:
    """Datagrams to and from one remote address.

    Until the peer has proven that it is there, nothing but STUN is taken, and little of it;
    anything else ends the stream. So does, later, a datagram longer than any that is of use: where
    one ends and the next begins is lost, and never found again. Shorter ones, of which a stream may
    bring one in every two bytes, are lost.

    Attributes:
        local: The candidate at this end.
        remote: The address at the other end.
        handlers: What the stream below has to call.
        is_proven: Whether the peer has been heard here.
        dropped: How many datagrams were given to :meth:`send` and never sent.
    """

    __slots__ = (
        "_deframer",
        "_early",
        "_is_over",
        "_least",
        "_on_datagrams",
        "_on_end",
        "_silence",
        "_stream",
        "_unproven",
        "_watch",
        "dropped",
        "handlers",
        "is_proven",
        "local",
        "remote",
    )

    def __init__(
        self,
        local: Address,
        remote: Address,
        on_datagrams: DatagramHandler,
        on_end: Callable[["PacketStream", str], None],
        watch: StreamWatch,
    ) -> None:
        """Prepare for a stream; :meth:`open` gives it.

        Args:
            local: The candidate at this end.
            remote: The address at the other end.
            on_datagrams: Gets what arrives.
            on_end: Called once with the reason when the stream ends by itself.
            watch: Tells whether the peer is at the other end, and what is of use from there.
        """
        self.local = local
        self.remote = remote
        self.handlers = StreamHandlers(self._take, lambda: self.fail("the peer closed it"))
        self.is_proven = False
        self.dropped = 0
        self._on_datagrams = on_datagrams
        self._on_end = on_end
        self._watch = watch
        self._deframer = Deframer(MAX_UNPROVEN_SIZE)
        self._stream: Stream | None = None
        self._early: list[Transmit] = []
        self._is_over = False
        self._least = 0
        self._silence = Silence()
        self._unproven = 0

    def is_silent(self, now: float) -> bool:
        """Whether the other end owes an answer for long, and has said nothing since."""
        return self._silence.is_long(now)

    def open(self, stream: Stream, now: float) -> None:
        """The stream is there: send what has waited for it."""
        if self._is_over:
            stream.close()
            return
        self._stream = stream
        early, self._early = self._early, []
        for transmit in early:
            self.send(transmit, now)

    def send(self, transmit: Transmit, now: float) -> None:
        """Send each datagram, or lose it."""
        if self._stream is not None:
            lost = self._stream.dropped
            for data in transmit.datagrams():
                self._silence.note_sent(data, now)
                self._stream.send(frame(data))
            self.dropped += self._stream.dropped - lost
        elif not self._is_over and len(self._early) < MAX_EARLY:
            self._early.append(transmit)
        else:
            self.dropped += len(transmit.datagrams())

    def close(self) -> None:
        """Close. Nothing is called any more. Idempotent."""
        self._is_over = True
        self._early.clear()
        if self._stream is not None:
            self._stream.close()

    def fail(self, text: str) -> None:
        """End it, and tell why."""
        if not self._is_over:
            self.close()
            self._on_end(self, text)

    def _take(self, data: bytes) -> None:
        if self._is_over:
            return
        self._deframer.feed(data)
        try:
            self._hand_over()
        except FramingError as error:
            self.fail(str(error))

    def _hand_over(self) -> None:
        """All that is whole; one by one as long as each may be what proves that it is the peer."""
        local, remote = self.local, self.remote
        while not (self.is_proven or self._is_over):
            data = self._deframer.take()
            if data is None:
                return
            self._silence.note_heard()
            self._examine(Datagram(data, local, remote))
        least = self._least
        while not self._is_over and (whole := self._deframer.take_all()):
            batch = [Datagram(data, local, remote) for data in whole if len(data) >= least]
            if batch:
                self._silence.note_heard()  # parts of a datagram may be of one that never ends
                self._on_datagrams(batch)

    def _examine(self, datagram: Datagram) -> None:
        if not datagram.data or datagram.data[0] > _LAST_STUN_BYTE:
            self.fail("what came is no connectivity check")
            return
        self._on_datagrams([datagram])
        self._unproven += 1
        if self._watch.is_validated(self.local, self.remote):
            self.is_proven = True
            sizes = self._watch.datagram_sizes()
            self._least, self._deframer.limit = sizes.start, sizes.stop - 1
        elif self._unproven == MAX_UNPROVEN_CHECKS:
            self.fail("none of its checks is the peer's")
