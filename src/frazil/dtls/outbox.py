"""What an endpoint has to send: flights of handshake records and alerts, and sealed payload."""

from collections.abc import Sequence

from frazil.dtls.config import DtlsConfig
from frazil.dtls.flight import FlightBuffer
from frazil.dtls.record import split
from frazil.dtls.run import runs_of
from frazil.run import Run
from frazil.trace import Trace


class Outbox:
    """Collects datagrams in the order in which they are to leave."""

    __slots__ = ("_flight", "_runs", "_trace")

    def __init__(self, config: DtlsConfig, trace: Trace) -> None:
        self._flight = FlightBuffer(config)
        self._trace = trace
        self._runs: list[Run] = []

    @property
    def flight_due_at(self) -> float | None:
        """When the last flight may be repeated; ``None`` if there is none to repeat."""
        return self._flight.due_at

    @property
    def flight_is_sealed(self) -> bool:
        """Whether a record of the last flight is sealed, so that OpenSSL may want to do so anew."""
        return self._flight.is_sealed

    def add_payloads(self, sealed: bytes, sizes: list[int]) -> None:
        """Queue records of payload; equal ones stay in one buffer."""
        self._runs += runs_of(sealed, sizes)

    def add_flight(self, output: bytes, now: float) -> None:
        """Queue OpenSSL's answer, if there is one; it is the flight to repeat from now on."""
        if output:
            records = split(output)
            self._queue(self._flight.send(records, now))
            size = len(output)
            self._trace.record(now, "dtls", "flight-sent", records=len(records), size=size)

    def repeat_flight(self, now: float, resealed: bytes = b"") -> None:
        """Queue the last flight again, in the form in which OpenSSL sealed it anew if it did."""
        self._queue(self._flight.repeat(now, split(resealed) if resealed else ()))
        self._trace.record(now, "dtls", "flight-repeated", resealed=bool(resealed))

    def answer_repetition(self, now: float) -> None:
        """The peer goes on as if it had not seen our last flight: queue that once more.

        Nothing else would, as the timer stops with the handshake (RFC 6347 4.2.4).
        """
        if self._flight.may_answer(now):
            self.repeat_flight(now)

    def forget_flight(self) -> None:
        """The last flight is not to be repeated any more."""
        self._flight.clear()

    def drain(self) -> list[Run]:
        """Everything queued since the last call."""
        runs, self._runs = self._runs, []
        return runs

    def _queue(self, datagrams: Sequence[bytes]) -> None:
        self._runs += [Run(datagram, len(datagram)) for datagram in datagrams]
