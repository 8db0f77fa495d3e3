"""A STUN server on the virtual network."""

import asyncio

from frazil.stun import Attribute, Message, MessageClass, Method, StunDecodeError
from frazil.testing.host import VirtualHost
from frazil.types import Address, Datagram, Transmit


class StunServer:
    """Answers binding requests with the address they came from (RFC 8489).

    Made by :meth:`frazil.testing.VirtualNetwork.stun_server`.

    Attributes:
        host: The host it runs on.
        silent: Do not answer.
        delay_s: How long it thinks about an answer.
        requests: How many binding requests it has seen.
    """

    def __init__(self, host: VirtualHost, port: int) -> None:
        self.host = host
        self.silent = False
        self.delay_s = 0.0
        self.requests = 0
        self._timers: list[asyncio.TimerHandle] = []
        self._socket = host.open_udp(host.interfaces()[0].address, port, self._on_datagrams)

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self._socket.local

    def close(self) -> None:
        """Stop answering for good, also what it is still thinking about. Idempotent."""
        for timer in self._timers:
            timer.cancel()
        self._socket.close()

    def _on_datagrams(self, batch: list[Datagram]) -> None:
        for datagram in batch:
            try:
                request = Message.decode(datagram.data)
            except StunDecodeError:
                continue
            if (request.method, request.message_class) == (Method.BINDING, MessageClass.REQUEST):
                self.requests += 1
                if not self.silent:
                    self._answer(request, datagram.remote)

    def _answer(self, request: Message, remote: Address) -> None:
        answer = Message(
            Method.BINDING,
            MessageClass.SUCCESS,
            request.transaction_id,
            {Attribute.XOR_MAPPED_ADDRESS: remote},
        ).encode()
        transmit = Transmit(answer, len(answer), self.address, remote)
        loop = asyncio.get_running_loop()
        self._timers = [timer for timer in self._timers if timer.when() > loop.time()]
        self._timers.append(loop.call_later(self.delay_s, self._socket.send, [transmit]))
