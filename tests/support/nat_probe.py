"""Finding out what kind of NAT one is behind (RFC 5780), on a virtual network.

A probe knows nothing of the network's inside: it sends binding requests and looks at what comes
back.
"""

import asyncio
from itertools import count

from frazil.aio import UdpSocket
from frazil.stun import Attribute, Message, MessageClass, Method, StunDecodeError
from frazil.testing import Dependence, VirtualHost, VirtualNetwork
from frazil.types import Address, Datagram, Transmit

CHANGE_ADDRESS = 0x4
CHANGE_PORT = 0x2
_PATIENCE_S = 0.5


class ProbeServer:
    """A STUN server with two addresses and two ports, which answers from another on request."""

    def __init__(self, net: VirtualNetwork, first="192.0.2.1", second="192.0.2.2") -> None:
        self.addresses, self.ports = (first, second), (3478, 3479)
        self._host = net.host("probe server", first, second)
        self._sockets: dict[Address, UdpSocket] = {
            (address, port): self._host.open_udp(address, port, self._on_datagrams)
            for address in self.addresses
            for port in self.ports
        }

    def close(self) -> None:
        for socket in self._sockets.values():
            socket.close()

    def hide_second_address(self) -> None:
        """Name it as before, though nobody gets there."""
        for port in self.ports:
            self._sockets[self.addresses[1], port].close()

    def at(self, address: int, port: int) -> Address:
        """The first or second address with the first or second port, by index."""
        return self.addresses[address], self.ports[port]

    def _on_datagrams(self, batch: list[Datagram]) -> None:
        for data, (address, port), remote in map(Datagram.as_tuple, batch):
            request = Message.decode(data)
            other = (_other(self.addresses, address), _other(self.ports, port))
            change = request.attributes.get(Attribute.CHANGE_REQUEST, 0)
            if change & CHANGE_ADDRESS:
                address = _other(self.addresses, address)
            if change & CHANGE_PORT:
                port = _other(self.ports, port)
            origin = (address, port)
            attributes = {
                Attribute.XOR_MAPPED_ADDRESS: remote,
                Attribute.RESPONSE_ORIGIN: origin,
                Attribute.OTHER_ADDRESS: other,
            }
            send(
                self._sockets[origin],
                Message(
                    Method.BINDING, MessageClass.SUCCESS, request.transaction_id, attributes
                ).encode(),
                remote,
            )


class Probe:
    """A socket behind the NAT in question."""

    def __init__(self, host: VirtualHost, server: ProbeServer, port: int = 0) -> None:
        self.server = server
        self.socket = host.open_udp(host.interfaces()[0].address, port, self._on_datagrams)
        self.heard: list[tuple[bytes, Address]] = []
        self._answers: dict[bytes, Message] = {}
        self._numbers = count()

    def close(self) -> None:
        self.socket.close()

    async def ask(self, target: Address, change: int = 0) -> Address | None:
        """The address at which ``target`` sees the socket; None if no answer comes through."""
        transaction = next(self._numbers).to_bytes(12)
        attributes = {Attribute.CHANGE_REQUEST: change} if change else {}
        request = Message(Method.BINDING, MessageClass.REQUEST, transaction, attributes)
        send(self.socket, request.encode(), target)
        await asyncio.sleep(_PATIENCE_S)
        answer = self._answers.get(transaction)
        return answer.address(Attribute.XOR_MAPPED_ADDRESS) if answer is not None else None

    async def mapping(self) -> Dependence:
        """What the mapping depends on (RFC 5780, 4.3)."""
        at = self.server.at
        first = await self.ask(at(0, 0))
        by_address = await self.ask(at(1, 0))
        by_port = await self.ask(at(1, 1))
        assert None not in (first, by_address, by_port)
        return _dependence(first == by_address, by_address == by_port)

    async def filtering(self) -> Dependence:
        """What the filter depends on (RFC 5780, 4.4); for a socket that has sent nothing yet."""
        target = self.server.at(0, 0)
        assert await self.ask(target) is not None
        from_all = await self.ask(target, CHANGE_ADDRESS | CHANGE_PORT)
        from_port = await self.ask(target, CHANGE_PORT)
        return _dependence(from_all is not None, from_port is not None)

    def _on_datagrams(self, batch: list[Datagram]) -> None:
        for data, _, remote in map(Datagram.as_tuple, batch):
            try:
                answer = Message.decode(data)
            except StunDecodeError:
                self.heard.append((data, remote))
            else:
                self._answers[answer.transaction_id] = answer


def send(socket, data: bytes, remote: Address) -> None:
    """One datagram."""
    socket.send([Transmit(data, len(data), socket.local, remote)])


def _other(pair, one):
    return pair[1] if one == pair[0] else pair[0]


def _dependence(any_address: bool, any_port: bool) -> Dependence:
    if any_address:
        return Dependence.ENDPOINT_INDEPENDENT
    return Dependence.ADDRESS_DEPENDENT if any_port else Dependence.ADDRESS_AND_PORT_DEPENDENT
