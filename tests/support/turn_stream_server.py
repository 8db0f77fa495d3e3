"""A TURN server that is reached by TCP or TLS, on a host of the virtual network."""

import asyncio

from frazil.aio import Stream, StreamHandlers
from frazil.testing import TurnService, VirtualHost
from frazil.turn import StreamFramer, frame
from frazil.types import Address, Datagram


class TurnStreamServer:
    """Relays from UDP ports of its host for whoever connects and knows a password.

    Attributes:
        host: Where it is.
        service: What it knows and counts, and how to make it misbehave.
        streams: The living streams, by the address at their other end.
    """

    def __init__(self, host: VirtualHost, port: int) -> None:
        self.host = host
        self._ip = host.interfaces()[0].address
        self._relays = {}
        self.streams: dict[Address, Stream] = {}
        self.service = TurnService(
            (self._ip, port), {"user": "password"}, host.random_bytes, self._open, self._close
        )

    @classmethod
    async def start(
        cls, host: VirtualHost, port: int = 443, *, certificate_name: str | None = None
    ) -> "TurnStreamServer":
        self = cls(host, port)
        self._listener = await host.listen_tcp(
            self._ip, port, self._accept, certificate_name=certificate_name
        )
        return self

    def show_certificate(self, name: str) -> None:
        """Prove to be ``name`` to whoever connects from now on."""
        self._listener.certificate_name = name

    def hang_up(self) -> None:
        """End every stream, and with it the allocation."""
        for stream in self.streams.values():
            stream.close()
        self.streams.clear()
        self.service.forget_allocations()

    def close(self) -> None:
        self.hang_up()
        self._listener.close()

    def _accept(self, stream: Stream) -> StreamHandlers:
        framer = StreamFramer()
        self.streams[stream.remote] = stream

        def take(data: bytes) -> None:
            for message in framer.feed(data):
                self.service.receive(message, stream.remote, self._now)
                self._flush()

        return StreamHandlers(take, lambda: self.streams.pop(stream.remote, None))

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _open(self, is_ipv6: bool) -> Address | None:
        if is_ipv6:
            return None
        relay = self.host.open_udp(self._ip, 0, self._on_datagrams)
        self._relays[relay.local] = relay
        return relay.local

    def _close(self, relayed: Address) -> None:
        self._relays.pop(relayed).close()

    def _on_datagrams(self, batch: list[Datagram]) -> None:
        for each in batch:
            self.service.receive_from_peer(each.data, each.local, each.remote, self._now)
        self._flush()

    def _flush(self) -> None:
        for transmit in self.service.poll_transmits():
            relay = self._relays.get(transmit.local)
            if relay is not None:
                relay.send([transmit])
            elif transmit.remote in self.streams:
                self.streams[transmit.remote].send(frame(transmit.data))
