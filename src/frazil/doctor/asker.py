"""A UDP socket that asks STUN servers, and hears whatever else arrives."""

import asyncio
from types import TracebackType
from typing import Final, NamedTuple, Self

from frazil.aio.network import MeasuringSocket, Network
from frazil.ice import reflexive_address
from frazil.stun import (
    Attribute,
    Message,
    MessageClass,
    Method,
    StunDecodeError,
    Transaction,
    TransactionStep,
    is_stun,
    new_transaction_id,
)
from frazil.types import Address, Datagram, Transmit

CHANGE_ADDRESS: Final = 0x4
"""Asks for an answer from the server's other IP address (RFC 5780 7.2)."""
CHANGE_PORT: Final = 0x2
"""Asks for an answer from the server's other port."""

_RTO_S: Final = 0.3
_SENDS: Final = 4
_LAST_WAIT: Final = 3
"""Sends at 0, 0.3, 0.9 and 2.1 s; over after 3 s: nobody would use a slower server."""
_MAX_STRANGERS: Final = 64
_BARE_SIZE: Final = 28
"""Bytes of the header and the fingerprint."""
_MAX_REMARK: Final = 760
"""Bytes of one SOFTWARE attribute (RFC 8489 14.14), rounded down."""


class Answer(NamedTuple):
    """What a server said.

    Attributes:
        source: Where it came from.
        rtt_s: Since the request was sent last.
        mapped: How the server sees the socket; None if it gave nothing that can be a candidate.
        other: Its second address, if it has one (RFC 5780 7.4).
        refusal: The error code, if it refused.
    """

    source: Address
    rtt_s: float
    mapped: Address | None
    other: Address | None
    refusal: int | None


class Asker:
    """One socket on one local address; to be used as a context.

    Attributes:
        local: The address of the socket.
        strangers: Payloads that are no STUN messages, the first 64 of them.
    """

    def __init__(self, network: Network, host: str) -> None:
        """Open the socket.

        Raises:
            OSError: There is no such address.
        """
        self.strangers: list[bytes] = []
        self._network = network
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[bytes, asyncio.Future[tuple[Message, Address]]] = {}
        self._socket = network.open_udp(host, 0, self._on_datagrams)
        self.local: Address = self._socket.local

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def forbid_fragments(self) -> bool:
        """Send in one piece or not at all from now on; whether this host can do that."""
        return isinstance(self._socket, MeasuringSocket) and self._socket.forbid_fragments()

    async def ask(self, server: Address, change: int = 0, *, size: int = 0) -> Answer | None:
        """A Binding request to ``server``, repeated for 3 s; None if no answer comes.

        Args:
            server: Where to.
            change: :data:`CHANGE_ADDRESS` and :data:`CHANGE_PORT`, or 0.
            size: How many bytes the request is to have, a multiple of 4 from 40 to 1500; as many
                as it needs, unless told. It is filled with what every server passes over.
        """
        number = new_transaction_id(self._network.random_bytes)
        attributes: dict[Attribute, object] = {Attribute.CHANGE_REQUEST: change} if change else {}
        if size:
            attributes[Attribute.SOFTWARE] = _filling(size - _BARE_SIZE)
        request = Message(Method.BINDING, MessageClass.REQUEST, number, attributes)
        data = request.encode()
        future: asyncio.Future[tuple[Message, Address]] = self._loop.create_future()
        self._waiting[number] = future
        try:
            return await self._converse(data, server, number, future)
        finally:
            del self._waiting[number]

    async def _converse(
        self,
        data: bytes,
        server: Address,
        number: bytes,
        future: "asyncio.Future[tuple[Message, Address]]",
    ) -> Answer | None:
        clock = Transaction(
            number, self._loop.time(), rto_s=_RTO_S, max_sends=_SENDS, last_wait=_LAST_WAIT
        )
        self.send(data, server)
        while (deadline_at := clock.next_timeout()) is not None:
            await asyncio.wait([future], timeout=max(0.0, deadline_at - self._loop.time()))
            if future.done():
                rtt_s = self._loop.time() - clock.last_sent_at
                return self._answer(*future.result(), rtt_s)
            if clock.handle_timeout(self._loop.time()) is TransactionStep.RETRANSMIT:
                self.send(data, server)
        return None

    def _answer(self, message: Message, source: Address, rtt_s: float) -> Answer:
        other = message.address(Attribute.OTHER_ADDRESS)
        if message.message_class is MessageClass.ERROR:
            error = message.error
            return Answer(source, rtt_s, None, other, error.code if error is not None else None)
        mapped = reflexive_address(message, ":" in self.local[0])
        return Answer(source, rtt_s, mapped, other, None)

    def send(self, data: bytes, remote: Address) -> None:
        """Send one datagram."""
        self._socket.send([Transmit(data, len(data), self.local, remote)])

    def _on_datagrams(self, batch: list[Datagram]) -> None:
        for datagram in batch:
            data = datagram.data
            if not is_stun(data):
                if len(self.strangers) < _MAX_STRANGERS:
                    self.strangers.append(data)
                continue
            try:
                message = Message.decode(data)
            except StunDecodeError:
                continue
            if message.message_class not in (MessageClass.SUCCESS, MessageClass.ERROR):
                continue
            future = self._waiting.get(message.transaction_id)
            if future is not None and not future.done():
                future.set_result((message, datagram.remote))


def _filling(size: int) -> list[str]:
    """Remarks that take ``size`` bytes together with their headers."""
    first = min(size - 4, _MAX_REMARK)
    left = size - 4 - first
    return ["." * first, "." * (left - 4)] if left else ["." * first]
