"""A network at which a benchmark takes what is sent, and hands over what it likes."""

from collections.abc import Sequence
from typing import Any

from frazil.aio.network import DatagramHandler
from frazil.testing import VirtualHost
from frazil.types import Datagram, Transmit


class Tap:
    """A host whose only socket can be held: then what is sent stays here.

    Attributes:
        held: What was sent since the socket is held; ``None`` while it is not.
    """

    def __init__(self, host: VirtualHost) -> None:
        self._host = host
        self.held: list[Transmit] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def open_udp(self, host: str, port: int, on_datagrams: DatagramHandler) -> "_TappedSocket":
        self.hand_over = on_datagrams
        self.socket = _TappedSocket(self, self._host.open_udp(host, port, on_datagrams))
        return self.socket

    def take(self) -> list[Datagram]:
        """What was sent since the last call, as it arrives at the peer."""
        held, self.held = self.held or [], []
        return [Datagram(data, run.remote, run.local) for run in held for data in run.datagrams()]


class _TappedSocket:
    def __init__(self, tap: Tap, socket: Any) -> None:
        self._tap = tap
        self._socket = socket

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def send(self, transmits: Sequence[Transmit]) -> None:
        if self._tap.held is None:
            self._socket.send(transmits)
        else:
            self._tap.held += transmits
