"""The application's own datagrams on the path that ICE found, as they are."""

from typing import Final

from frazil.errors import InvalidStateError
from frazil.ice import IceAgent, Traffic
from frazil.session.event import DatagramReceived
from frazil.trace import Trace
from frazil.types import Datagram, Transmit

MAX_DATAGRAM_SIZE: Final = 65_507
"""Bytes of the largest UDP payload. Above 1200 or so the network may cut it up, or lose it."""
MAX_QUEUED_DATAGRAMS: Final = 1024
"""Datagrams that wait for one flush; more are lost, as any network may lose them."""


class PlainTransport:
    """Sends and receives datagrams that nobody here encrypts.

    They come from authenticated addresses only, but prove nothing: anybody on the way can forge
    them, so liveness and consent rest on checks alone.

    Attributes:
        traffic: What the transport carried, on all its pairs.
    """

    __slots__ = ("_ice", "_passage", "_queue", "_trace", "traffic")

    def __init__(self, ice: IceAgent, trace: Trace) -> None:
        self._ice = ice
        self._passage = ice.passage
        self._trace = trace
        self._queue: list[bytes] = []
        self.traffic = Traffic()

    def send(self, data: bytes) -> None:
        """Queue a datagram for the pair in use.

        Raises:
            InvalidStateError: There is none, or consent to send was lost (RFC 7675).
            ValueError: The datagram is empty or larger than :data:`MAX_DATAGRAM_SIZE`.
        """
        if self._ice.path is None:
            raise InvalidStateError("nothing can be sent: no pair of candidates is in use")
        if not 1 <= len(data) <= MAX_DATAGRAM_SIZE:
            raise ValueError(f"a datagram has 1 to {MAX_DATAGRAM_SIZE} bytes, not {len(data)}")
        if len(self._queue) < MAX_QUEUED_DATAGRAMS:
            self._queue.append(data)
        else:
            self._trace.count("datagram-not-sent")

    def poll_transmits(self, now: float) -> list[Transmit]:
        """What is to be sent, in order."""
        queue, self._queue = self._queue, []
        path = self._ice.path
        if path is None or not queue:
            return []
        size = sum(map(len, queue))
        self.traffic.note_sent(len(queue), size, now)
        pair = self._passage.pair_at(*path)
        if pair is not None:
            pair.traffic.note_sent(len(queue), size, now)
        local, remote = path
        return [Transmit(data, len(data), local, remote) for data in queue]

    def receive(self, datagram: Datagram, now: float) -> list[DatagramReceived]:
        """Take what is not STUN; what comes from an address of the peer is for the application."""
        data, local, remote = datagram.as_tuple()
        if not self._passage.is_validated(local, remote):
            self._trace.count("datagram-from-unvalidated-address")
            return []
        self.traffic.note_received(1, len(data), now)
        pair = self._passage.pair_at(local, remote)
        if pair is not None:
            pair.traffic.note_received(1, len(data), now)
        return [DatagramReceived(data)]
