"""The graceful end of an association (RFC 9260 section 9.2)."""

from typing import Final

from frazil.sctp.chunk import ChunkType, encode_chunk
from frazil.sctp.config import SctpConfig
from frazil.sctp.event import AssociationCloseCause
from frazil.sctp.inbound import Inbound
from frazil.sctp.link import Link
from frazil.sctp.outbound import Outbound
from frazil.sctp.serial import MASK_32
from frazil.sctp.state import AssociationState, StateCause
from frazil.sctp.timer import RetryTimer
from frazil.sctp.tlv import ChunkError

GUARD_RTO_COUNT: Final = 5
"""The T5-shutdown-guard timer, in units of the longest retransmission timeout (section 9.2)."""

_S = AssociationState
_WAITS_FOR_DATA: Final = frozenset({_S.SHUTDOWN_PENDING, _S.SHUTDOWN_RECEIVED})


class Shutdown:
    """Sends SHUTDOWN once all data is acknowledged, and SHUTDOWN ACK in answer.

    Attributes:
        timer: T2-shutdown.
        guard_at: When T5-shutdown-guard expires.
    """

    __slots__ = ("_guard_s", "_inbound", "_link", "_outbound", "guard_at", "timer")

    def __init__(
        self, config: SctpConfig, link: Link, outbound: Outbound, inbound: Inbound
    ) -> None:
        self._link = link
        self._outbound = outbound
        self._inbound = inbound
        self.timer = RetryTimer(config.rto_max_s)
        self._guard_s = GUARD_RTO_COUNT * config.rto_max_s
        self.guard_at: float | None = None

    def request(self, now: float) -> None:
        """The caller wants to end an established association."""
        self._link.move(StateCause.SHUTDOWN_REQUESTED, now)

    def advance(self, now: float) -> None:
        """Take the next step if all data is acknowledged by now."""
        link = self._link
        if link.state in _WAITS_FOR_DATA and self._outbound.is_idle:
            link.move(StateCause.ALL_ACKNOWLEDGED, now)
            self._send(now)

    def _send(self, now: float) -> None:
        """Send the chunk of the state that was just entered."""
        if self.guard_at is None:
            self.guard_at = now + self._guard_s
        self.timer.start(now, self._outbound.round_trip.rto_s)
        self._link.queue(self._chunk())

    def _chunk(self) -> bytes:
        if self._link.state is _S.SHUTDOWN_ACK_SENT:
            return encode_chunk(ChunkType.SHUTDOWN_ACK)
        cumulative_tsn = self._inbound.cumulative_tsn & MASK_32
        return encode_chunk(ChunkType.SHUTDOWN, cumulative_tsn.to_bytes(4, "big"))

    def receive(self, value: bytes, now: float) -> None:
        """Take a SHUTDOWN chunk.

        Raises:
            ChunkError: The chunk is malformed.
        """
        if len(value) != 4:
            raise ChunkError("SHUTDOWN has no cumulative TSN")
        link = self._link
        self._outbound.receive_cumulative_tsn(int.from_bytes(value, "big"), now)
        match link.state:
            case _S.ESTABLISHED | _S.SHUTDOWN_PENDING:
                link.move(StateCause.SHUTDOWN_ARRIVED, now)
            case _S.SHUTDOWN_SENT:  # both ends at once
                link.move(StateCause.SHUTDOWN_ARRIVED, now)
                self._send(now)
            case _S.SHUTDOWN_ACK_SENT:
                link.queue(self._chunk())
            case _:
                link.count("sctp-unexpected")

    def receive_ack(self, now: float) -> None:
        """Take a SHUTDOWN ACK chunk: answer SHUTDOWN COMPLETE, and that is the end."""
        if self._link.state in {_S.SHUTDOWN_SENT, _S.SHUTDOWN_ACK_SENT}:
            self._link.send_alone(encode_chunk(ChunkType.SHUTDOWN_COMPLETE))
            self._finish(StateCause.SHUTDOWN_ACK, now)

    def receive_complete(self, now: float) -> None:
        """Take a SHUTDOWN COMPLETE chunk."""
        if self._link.state is _S.SHUTDOWN_ACK_SENT:
            self._finish(StateCause.SHUTDOWN_COMPLETE, now)

    def _finish(self, cause: StateCause, now: float) -> None:
        self._link.move(cause, now)
        self._link.end(AssociationCloseCause.SHUTDOWN, None, "the association was shut down", now)

    def answer_data(self, now: float) -> None:
        """Data arrived after our SHUTDOWN: repeat it with the SACK (section 9.2)."""
        if self._link.state is _S.SHUTDOWN_SENT:
            self.timer.start(now, self._outbound.round_trip.rto_s)
            self._link.queue(self._chunk())

    def answer_init(self) -> bool:
        """INIT arrived: in SHUTDOWN-ACK-SENT it is answered by SHUTDOWN ACK (section 9.2)."""
        if self._link.state is not _S.SHUTDOWN_ACK_SENT:
            return False
        self._link.queue(self._chunk())
        return True

    def handle_timeout(self, now: float) -> None:
        """Repeat the last chunk, or give up."""
        if self.guard_at is not None and now >= self.guard_at:
            self._link.time_out("the shutdown took too long", now)
        elif self.timer.expire(now):
            self._link.count_error(now)
            if not self._link.ended:
                self._link.queue(self._chunk())

    def path_changed(self, now: float) -> None:
        """Repeat what is unanswered at the next opportunity."""
        self.timer.hasten(now)

    def stop(self) -> None:
        """The association ended."""
        self.timer.stop()
        self.guard_at = None
