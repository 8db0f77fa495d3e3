"""The last flight of handshake records, its repetition, and the record numbers it goes out with.

OpenSSL has a retransmission timer of its own, but that one reads the wall clock, which a caller
with a virtual clock does not share. So the flight is kept here and repeated by the caller's clock.

A repetition cannot be verbatim. A receiver that has dropped a record for its content (a
ChangeCipherSpec ahead of a lost Certificate) still remembers the record's number, and from then on
takes the same number for a replay. Hence every plaintext record, first or repeated, leaves with a
fresh number drawn here. The one sealed record of a flight, Finished, stays as it is: nobody drops
it for its content, so a receiver that saw its number has accepted it.
"""

from collections.abc import Sequence

from frazil.compiled import mypyc_attr
from frazil.dtls.config import DtlsConfig
from frazil.dtls.record import Record, pack, renumber


@mypyc_attr(acyclic=True)
class FlightBuffer:
    """Holds our last flight until the peer has answered it.

    Attributes:
        due_at: When the flight may be repeated; ``None`` without a flight.
    """

    __slots__ = ("_config", "_interval_s", "_records", "_sent_at", "_sequence_number", "due_at")

    def __init__(self, config: DtlsConfig) -> None:
        self._config = config
        self._records: tuple[Record, ...] = ()
        self._sequence_number = 0
        self._interval_s = 0.0
        self._sent_at = 0.0
        self.due_at: float | None = None

    @property
    def is_sealed(self) -> bool:
        """Whether a record of the flight is sealed."""
        return any(record.epoch != 0 for record in self._records)

    def send(self, records: Sequence[Record], now: float) -> list[bytes]:
        """Replace the flight; returns its datagrams."""
        self._records = tuple(records)
        return self._datagrams(self._config.retransmit_initial_s, now)

    def repeat(self, now: float, resealed: Sequence[Record] = ()) -> list[bytes]:
        """Double the interval; returns the datagrams of the flight once more.

        Args:
            now: The instant.
            resealed: The same flight with its Finished sealed anew, if OpenSSL has done that.
        """
        self._records = tuple(resealed) or self._records
        return self._datagrams(min(2 * self._interval_s, self._config.retransmit_max_s), now)

    def may_answer(self, now: float) -> bool:
        """Whether a repetition by the peer may be answered by one of ours.

        Such answers keep a distance of half the shortest interval, so that spoofed records cannot
        make us send much, and a peer with the same timer as ours is not left unanswered by jitter.
        """
        distance_s = self._config.retransmit_initial_s / 2
        return bool(self._records) and now - self._sent_at >= distance_s

    def clear(self) -> None:
        """Forget the flight: the peer has shown that it arrived."""
        self._records = ()
        self.due_at = None

    def _datagrams(self, interval_s: float, now: float) -> list[bytes]:
        self._interval_s = interval_s
        self._sent_at = now
        self.due_at = now + interval_s
        return pack([self._numbered(record) for record in self._records], self._config.mtu)

    def _numbered(self, record: Record) -> bytes:
        if record.epoch != 0:
            return record.data
        number = self._sequence_number
        self._sequence_number += 1
        return renumber(record.data, number)
