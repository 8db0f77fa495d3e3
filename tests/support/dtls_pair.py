"""Two DTLS endpoints joined by a wire in virtual time that loses what the test says."""

import heapq
import random
from collections.abc import Callable, Sequence
from itertools import count

from frazil.dtls import Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, Fingerprint, KeyKind
from frazil.dtls.event import DtlsEvent
from frazil.states.enums import RTCDtlsTransportState as State
from frazil.trace import Trace

WALL_NOW = 1_800_000_000.0
"""A time of day within the validity of every certificate made here."""
DELAY_S = 0.02
CLIENT, SERVER = 0, 1


def make_certificate(seed: int, kind: KeyKind = KeyKind.ECDSA) -> Certificate:
    return Certificate.generate(random.Random(seed).randbytes, WALL_NOW, kind=kind)


CERTIFICATES = (make_certificate(1), make_certificate(2))
"""A certificate for the client and one for the server."""


class DtlsPair:
    """A client and a server endpoint, and the datagrams between them.

    ``keep`` decides for every datagram whether it arrives, from the sender's index and the number
    of the datagram among that sender's; it may be replaced at any time.
    """

    def __init__(
        self,
        *,
        certificates: Sequence[Certificate] = CERTIFICATES,
        client_trusts: Sequence[Fingerprint] | None = None,
        server_trusts: Sequence[Fingerprint] | None = None,
        config: DtlsConfig | None = None,
        keep: Callable[[int, int], bool] = lambda sender, number: True,
        delay: Callable[[], float] = lambda: DELAY_S,
    ) -> None:
        self.now = 0.0
        self.keep = keep
        self.delay = delay
        self.traces = (Trace(), Trace())
        self.client = DtlsEndpoint(
            certificates[CLIENT],
            DtlsRole.CLIENT,
            [certificates[SERVER].fingerprint()] if client_trusts is None else client_trusts,
            self.traces[CLIENT],
            config=config,
        )
        self.server = DtlsEndpoint(
            certificates[SERVER],
            DtlsRole.SERVER,
            [certificates[CLIENT].fingerprint()] if server_trusts is None else server_trusts,
            self.traces[SERVER],
            config=config,
        )
        self.endpoints = (self.client, self.server)
        self.sent: tuple[list[bytes], list[bytes]] = ([], [])
        self.received: tuple[list[bytes], list[bytes]] = ([], [])
        self.events: tuple[list[DtlsEvent], list[DtlsEvent]] = ([], [])
        self._wire: list[tuple[float, int, int, bytes]] = []
        self._order = count()

    @property
    def states(self) -> tuple[State, State]:
        return self.client.state, self.server.state

    def start(self) -> None:
        self.client.start(self.now)
        self.server.start(self.now)
        self.flush()

    def connect(self) -> "DtlsPair":
        """Start and run until both sides are connected."""
        self.start()
        assert self.run(until=lambda: self.states == (State.CONNECTED, State.CONNECTED))
        return self

    def flush(self) -> None:
        """Put what the endpoints want to send onto the wire, and collect their events."""
        for sender, endpoint in enumerate(self.endpoints):
            for run in endpoint.poll_runs():
                for datagram in run.datagrams():
                    number = len(self.sent[sender])
                    self.sent[sender].append(datagram)
                    if self.keep(sender, number):
                        self.inject(1 - sender, datagram, self.delay())
            self.events[sender].extend(endpoint.poll_events())

    def inject(self, receiver: int, datagram: bytes, delay_s: float = 0.0) -> None:
        """Let a datagram arrive, whoever sent it."""
        heapq.heappush(self._wire, (self.now + delay_s, next(self._order), receiver, datagram))

    def run(self, *, until: Callable[[], bool] = lambda: False, limit_s: float = 60.0) -> bool:
        """Go on until ``until`` holds, nothing is left to do, or ``limit_s`` have passed."""
        end = self.now + limit_s
        while not until():
            instants = [self._wire[0][0]] if self._wire else []
            instants += [at for each in self.endpoints if (at := each.next_timeout()) is not None]
            if not instants or min(instants) > end:
                self.now = end
                return until()
            self.now = max(self.now, min(instants))
            while self._wire and self._wire[0][0] <= self.now:
                _, _, receiver, datagram = heapq.heappop(self._wire)
                self.received[receiver].extend(
                    self.endpoints[receiver].receive([datagram], self.now)
                )
            for endpoint in self.endpoints:
                endpoint.handle_timeout(self.now)
            self.flush()
        return True
