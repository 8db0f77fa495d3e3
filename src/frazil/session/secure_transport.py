"""DTLS on the path that ICE found: what to accept, what it carries, what leaves on it.

Nothing is accepted from an address that ICE has not authenticated, so nobody can race the peer to
the handshake. What comes before signalling has said whom to trust is kept for a while.
"""

from collections.abc import Sequence
from typing import Final

from frazil.dtls import (
    Certificate,
    DtlsConfig,
    DtlsEndpoint,
    DtlsRole,
    DtlsStateChanged,
    EngineFactory,
    Fingerprint,
)
from frazil.errors import InvalidStateError
from frazil.ice import IceAgent, Traffic
from frazil.run import Run
from frazil.session.config import MAX_EARLY_DATAGRAMS
from frazil.session.data_transport import DataTransport
from frazil.states.enums import RTCDtlsTransportState
from frazil.trace import Trace
from frazil.types import Address, Datagram, Transmit, end_of_path

_NEW: Final = RTCDtlsTransportState.NEW
_CONNECTED: Final = RTCDtlsTransportState.CONNECTED
_MAX_ROUNDS: Final = 16
"""Rounds of sealing in one :meth:`SecureTransport.seal`; each gives one bounded batch."""


class SecureTransport:
    """The DTLS endpoint of a transport, from before it exists until it has ended.

    Args:
        name: Names the transport in state changes.
        config: Datagram size and handshake timers.
        certificate: What we show to the peer.
        ice: Knows the path and which addresses are authentic; is told of signs of life.
        trace: Where decisions are recorded.
        make_engine: Makes the DTLS implementation.

    Attributes:
        endpoint: The DTLS endpoint, once signalling has said whom to trust.
        traffic: What the transport carried, on all its pairs.
        is_connected: Whether payloads can be sealed, as far as :meth:`poll_events` has told.
        is_drained: The last :meth:`seal` took everything that there was.
    """

    __slots__ = (
        "_awaits_path",
        "_certificate",
        "_config",
        "_early",
        "_ice",
        "_make_engine",
        "_name",
        "_passage",
        "_trace",
        "endpoint",
        "is_connected",
        "is_drained",
        "traffic",
    )

    def __init__(
        self,
        name: str,
        config: DtlsConfig,
        certificate: Certificate | None,
        ice: IceAgent,
        trace: Trace,
        make_engine: EngineFactory,
    ) -> None:
        self._name = name
        self._config = config
        self._certificate = certificate
        self._ice = ice
        self._passage = ice.passage
        self._trace = trace
        self._make_engine = make_engine
        self._early: tuple[Datagram, ...] = ()
        self.endpoint: DtlsEndpoint | None = None
        self.traffic = Traffic()
        self.is_connected = False
        self.is_drained = True
        self._awaits_path = False

    def trust(self, role: DtlsRole, fingerprints: Sequence[Fingerprint], now: float) -> list[bytes]:
        """Secure the transport with the peer that has one of ``fingerprints``.

        Later calls do nothing: one transport has one DTLS association.

        Returns:
            The payloads of what came early.

        Raises:
            InvalidStateError: There is no certificate.
        """
        if self.endpoint is not None:
            return []
        if self._certificate is None:
            raise InvalidStateError("the transport has no certificate: it carries plain datagrams")
        self.endpoint = DtlsEndpoint(
            self._certificate,
            role,
            fingerprints,
            self._trace,
            config=self._config,
            name=self._name,
            make_engine=self._make_engine,
        )
        self._awaits_path = True
        early, self._early = self._early, ()
        return self.receive(list(early), now)

    def advance(self, now: float, *, path_works_anew: bool) -> None:
        """Begin the handshake on the first usable pair, or go on with it on another."""
        endpoint = self.endpoint
        if endpoint is None:
            return
        if self._awaits_path and self._ice.path is not None:
            self._awaits_path = False
            if endpoint.state is _NEW:  # the peer may have begun
                endpoint.start(now, peer_is_ready=self._passage.peer_knows_us)
                return
        if endpoint.awaits_peer and self._passage.peer_knows_us:
            endpoint.peer_ready(now)
        if path_works_anew:
            endpoint.path_changed(now)

    def poll_events(self) -> list[DtlsStateChanged]:
        """What happened to the association, in order."""
        if self.endpoint is None:
            return []
        events = self.endpoint.poll_events()
        if events:
            self.is_connected = self.endpoint.state is _CONNECTED
        return events

    def close(self, now: float) -> list[Transmit]:
        """Say goodbye and end; returns the goodbye."""
        endpoint, path = self.endpoint, self._ice.path
        self._early = ()
        self.endpoint = None
        self.is_connected = False
        if endpoint is None:
            return []
        endpoint.close(now)
        return [] if path is None else self._address(endpoint.poll_runs(), path, now)

    # --- what comes in ------------------------------------------------------------------------

    def receive(self, datagrams: list[Datagram], now: float) -> list[bytes]:
        """Decrypt what came; returns the payloads. What verifies is a sign of life of its path."""
        payloads: list[bytes] = []
        at = 0
        while at < len(datagrams):
            end = end_of_path(datagrams, at)
            is_whole = end - at == len(datagrams)  # nearly always
            payloads += self._receive(datagrams if is_whole else datagrams[at:end], now)
            at = end
        return payloads

    def _receive(self, datagrams: list[Datagram], now: float) -> list[bytes]:
        """The payloads of what came from one address to another."""
        local, remote = datagrams[0].local, datagrams[0].remote
        if not self._passage.is_validated(local, remote):
            self._drop(datagrams, local, remote, now)
        elif self.endpoint is None:
            for datagram in datagrams:
                self._keep_early(datagram)
        else:
            payload = [datagram.data for datagram in datagrams]
            return self._open(self.endpoint, payload, local, remote, now)
        return []

    def _drop(self, datagrams: list[Datagram], local: Address, remote: Address, now: float) -> None:
        """Take nothing from an address that is not authenticated, but a hint."""
        resembles = False
        for datagram in datagrams:
            self._trace.count("dtls-from-unvalidated-address")
            if self.endpoint is not None and not resembles:
                resembles = self.endpoint.resembles(datagram.data)
        if resembles:
            self._passage.note_stray(local, remote, now)

    def _keep_early(self, datagram: Datagram) -> None:
        if len(self._early) < MAX_EARLY_DATAGRAMS:
            self._early = (*self._early, datagram)
        else:
            self._trace.count("dtls-too-early")

    def _open(
        self,
        endpoint: DtlsEndpoint,
        datagrams: list[bytes],
        local: Address,
        remote: Address,
        now: float,
    ) -> list[bytes]:
        packets = len(datagrams)
        size = len(datagrams[0]) if packets == 1 else sum(map(len, datagrams))
        self.traffic.note_received(packets, size, now)
        pair = self._passage.pair_at(local, remote)
        if pair is not None:
            pair.traffic.note_received(packets, size, now)
        payloads = endpoint.receive(datagrams, now)
        if payloads:
            self._passage.note_authentic(local, remote, now)
        return payloads

    # --- what goes out ------------------------------------------------------------------------

    def seal(
        self, data: DataTransport | None, path: tuple[Address, Address] | None, now: float
    ) -> list[Transmit]:
        """What DTLS has to send on ``path``, with the packets of ``data`` sealed in batches."""
        self.is_drained = True
        endpoint = self.endpoint
        if endpoint is None or path is None:
            return []  # a flight that answers an early ClientHello waits for the first valid pair
        if data is not None and self.is_connected:
            for _ in range(_MAX_ROUNDS):
                packets = data.poll_packets(now)
                if packets:
                    endpoint.send(packets)
                self.is_drained = data.is_drained
                if self.is_drained:
                    break
        return self._address(endpoint.poll_runs(), path, now)

    def _address(
        self, runs: list[Run], path: tuple[Address, Address], now: float
    ) -> list[Transmit]:
        """What leaves on the pair in use, counted."""
        transmits: list[Transmit] = []
        if not runs:
            return transmits
        local, remote = path
        packets = size = 0
        for run in runs:
            data = run.data
            packets += run.datagram_count
            size += len(data)
            transmits.append(Transmit(data, run.segment_size, local, remote))
        self.traffic.note_sent(packets, size, now)
        pair = self._passage.pair_at(local, remote)
        if pair is not None:
            pair.traffic.note_sent(packets, size, now)
        return transmits

    # --- time ---------------------------------------------------------------------------------

    def handle_timeout(self, now: float) -> None:
        """Do what is due in the handshake."""
        if self.endpoint is not None and self._passage.is_alive:
            self.endpoint.handle_timeout(now)

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do.

        A handshake gives up soon, and a lost path is for ICE to judge: the clock stands still
        while nothing arrives, also while a restart looks for another path.
        """
        if self.endpoint is None or self.is_connected:
            return None
        at = self.endpoint.next_timeout()
        return at if at is not None and self._passage.is_alive else None
