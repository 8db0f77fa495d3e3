"""A STUN server that answers whatever a test wants it to."""

from collections.abc import Callable, Mapping
from functools import partial

from frazil.aio import UdpSocket
from frazil.stun import Attribute, Message, MessageClass, Method
from frazil.testing import VirtualHost
from frazil.types import Address, Datagram, Transmit


class OddStunServer:
    """Answers every request from where it arrived, whatever it asks for.

    Args:
        host: Where it listens, at each address.
        answer: The attributes of the answer to whom a request came from. One with an ERROR-CODE is
            an error.
        ports: Where it listens.
    """

    def __init__(
        self,
        host: VirtualHost,
        answer: Callable[[Address], Mapping[Attribute, object]],
        ports: tuple[int, ...] = (3478,),
    ) -> None:
        self._answer = answer
        self._sockets: dict[Address, UdpSocket] = {}
        for interface in host.interfaces():
            for port in ports:
                local = (interface.address, port)
                self._sockets[local] = host.open_udp(*local, partial(self._on_datagrams, local))

    def close(self) -> None:
        for socket in self._sockets.values():
            socket.close()

    def _on_datagrams(self, local: Address, batch: list[Datagram]) -> None:
        for datagram in batch:
            request = Message.decode(datagram.data)
            attributes = self._answer(datagram.remote)
            is_error = Attribute.ERROR_CODE in attributes
            kind = MessageClass.ERROR if is_error else MessageClass.SUCCESS
            answer = Message(Method.BINDING, kind, request.transaction_id, attributes).encode()
            transmit = Transmit(answer, len(answer), local, datagram.remote)
            self._sockets[local].send([transmit])
