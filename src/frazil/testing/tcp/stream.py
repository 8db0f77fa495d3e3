"""One end of a virtual TCP or TLS connection."""

import asyncio
import errno
import os
import ssl
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVarTuple

from frazil.aio.network import MAX_UNSENT_BYTES, AcceptHandler, StreamHandlers
from frazil.testing.tcp.receiver import Receiver
from frazil.testing.tcp.segment import Segment, SegmentKind
from frazil.testing.tcp.sender import Sender, Ship
from frazil.types import Address

Ts = TypeVarTuple("Ts")

SEGMENT_SIZE: Final = 1_200
"""How many bytes of a stream go into one packet."""


class VirtualListener:
    """A TCP port of a virtual host; a :class:`frazil.aio.StreamListener`.

    Attributes:
        local: The address it is bound to.
        accept: Gets every stream.
        certificate_name: The name in its certificate; None if it does not speak TLS.
    """

    __slots__ = ("_forget", "accept", "certificate_name", "local")

    def __init__(
        self,
        local: Address,
        accept: AcceptHandler,
        certificate_name: str | None,
        forget: Callable[["VirtualListener"], None],
    ) -> None:
        self.local = local
        self.accept = accept
        self.certificate_name = certificate_name
        self._forget = forget

    def __repr__(self) -> str:
        return f"<TCP listener at {self.local[0]} port {self.local[1]}>"

    def close(self) -> None:
        """Accept no more streams. Idempotent."""
        self._forget(self)


class VirtualStream:
    """One end of a stream; a :class:`frazil.aio.Stream`.

    Args:
        local: The address at this end.
        remote: The address at the other end, as seen from here.
        ship: Sends a segment there.
        forget: Called when nothing more is to come from this stream.
        number: Tells it from others between the same addresses.
        listener: Where it arrived, if the other end opened it.

    Attributes:
        local: The address at this end.
        remote: The address at the other end, as seen from here.
        number: Tells it from others between the same addresses.
        dropped: How many messages were given to :meth:`send` and never sent.
    """

    __slots__ = (
        "_forget",
        "_handlers",
        "_is_closed",
        "_listener",
        "_opening",
        "_receiver",
        "_sender",
        "_ship",
        "dropped",
        "local",
        "number",
        "remote",
    )

    def __init__(
        self,
        local: Address,
        remote: Address,
        ship: Ship,
        forget: Callable[["VirtualStream"], None],
        number: int,
        listener: VirtualListener | None = None,
    ) -> None:
        self.local = local
        self.remote = remote
        self.number = number
        self.dropped = 0
        self._ship = ship
        self._forget = forget
        self._listener = listener
        self._sender = Sender(ship, self._on_arrival, self._on_despair, number)
        self._receiver = Receiver()
        self._opening: _Opening | None = None
        self._handlers: StreamHandlers | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        return "<TCP stream {} port {} to {} port {}>".format(*self.local, *self.remote)

    @property
    def is_open(self) -> bool:
        """Whether it has an owner, who has not closed it, nor was told that it is over."""
        has_owner = self._handlers is not None or self._opening is not None
        return has_owner and not self._is_closed

    # --- what the owner calls -----------------------------------------------------------------

    async def open(self, handlers: StreamHandlers, server_name: str | None) -> None:
        """Connect, and expect the certificate of ``server_name`` if that is given.

        Raises:
            OSError: Nobody answers, or refuses, or has another name (``ssl.SSLError``).
        """
        done = asyncio.get_running_loop().create_future()
        self._opening = _Opening(done, handlers, server_name)
        self._sender.send(SegmentKind.SYN)
        try:
            await done
        except BaseException:
            self._abort()
            raise

    def send(self, message: bytes) -> None:
        """Send the message, or lose it; see :class:`frazil.aio.Stream`."""
        if self._is_closed or self._sender.unsent_bytes > MAX_UNSENT_BYTES:
            self.dropped += 1
            return
        for at in range(0, len(message), SEGMENT_SIZE):
            self._sender.send(SegmentKind.DATA, message[at : at + SEGMENT_SIZE])

    def close(self) -> None:
        """Close. What has been sent still arrives. Nothing is called any more. Idempotent."""
        if not self._is_closed:
            self._is_closed = True
            self._sender.send(SegmentKind.END)

    # --- what the host calls ------------------------------------------------------------------

    def receive(self, segment: Segment) -> None:
        """Take what has arrived."""
        is_in_order = segment.kind is not SegmentKind.RESET
        for each in self._receiver.take(segment) if is_in_order else [segment]:
            self._soon(self._process, each)

    def make_way(self) -> None:
        """Another stream has these addresses now."""
        self._soon(self._process, Segment(SegmentKind.RESET, stream=self.number))

    def abandon(self) -> None:
        """Repeat nothing any more: the network is going away."""
        self._sender.stop()

    # --- what happens -------------------------------------------------------------------------

    def _soon(self, callback: Callable[[*Ts], None], *args: *Ts) -> None:
        # In order, and as from a real loop: what a handler raises is reported and hurts no other.
        asyncio.get_running_loop().call_soon(callback, *args)

    def _process(self, segment: Segment) -> None:
        match segment.kind:
            case SegmentKind.SYN:
                self._sender.send(SegmentKind.ACCEPT)
                self._accept(speaks_tls=False)
            case SegmentKind.HELLO:
                self._welcome()
            case SegmentKind.ACCEPT | SegmentKind.WELCOME:
                self._proceed(segment)
            case SegmentKind.DATA:
                self._hand_over(segment.payload)
            case SegmentKind.RESET if self._receiver.is_fresh:
                self._finish(os_error(errno.ECONNREFUSED))
            case SegmentKind.END | SegmentKind.RESET:
                self._finish(os_error(errno.ECONNRESET))

    def _welcome(self) -> None:
        name = self._listener.certificate_name if self._listener is not None else None
        if name is None:
            self._abort()
            return
        self._sender.send(SegmentKind.WELCOME, name.encode())
        self._accept(speaks_tls=True)

    def _accept(self, *, speaks_tls: bool) -> None:
        listener = self._listener
        if listener is not None and (listener.certificate_name is not None) is speaks_tls:
            self._handlers = listener.accept(self)

    def _proceed(self, segment: Segment) -> None:
        opening = self._opening
        if opening is None or opening.done.done():
            return
        if opening.server_name is None:
            self._handlers = opening.handlers
            opening.done.set_result(None)
        elif segment.kind is SegmentKind.ACCEPT:
            self._sender.send(SegmentKind.HELLO, opening.server_name.encode())
        elif segment.payload.decode() == opening.server_name:
            self._handlers = opening.handlers
            opening.done.set_result(None)
        else:
            text = f"the certificate is not for {opening.server_name}"
            opening.done.set_exception(ssl.SSLCertVerificationError(1, text))

    def _hand_over(self, data: bytes) -> None:
        if self._is_closed:
            return
        if self._handlers is None:
            self._abort()  # plain bytes for someone who speaks TLS
        else:
            self._handlers.on_data(data)

    def _on_arrival(self) -> None:
        if self._is_closed and self._sender.is_idle:
            self._forget(self)

    def _on_despair(self) -> None:
        self._finish(os_error(errno.ETIMEDOUT))

    def _abort(self) -> None:
        """End it without good manners."""
        if not self._is_closed:
            reset = Segment(SegmentKind.RESET, stream=self.number)
            self._ship(reset.encode(), lambda fate: None)
        self._finish(os_error(errno.ECONNABORTED))

    def _finish(self, error: OSError) -> None:
        """Nothing more can be sent, and nothing more will come."""
        self._sender.stop()
        self._forget(self)
        if self._is_closed:
            return
        self._is_closed = True
        if self._handlers is not None:
            self._handlers.on_end()
        elif self._opening is not None and not self._opening.done.done():
            self._opening.done.set_exception(error)


class _Opening(NamedTuple):
    """What the owner of a new stream waits for."""

    done: "asyncio.Future[None]"
    handlers: StreamHandlers
    server_name: str | None


def os_error(number: int) -> OSError:
    """What a system call raises: the subclass of ``OSError`` that fits."""
    return OSError(number, os.strerror(number))
