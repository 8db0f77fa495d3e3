"""The client side of one request over UDP: when to send it again, when to give up."""

from enum import StrEnum
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.types import RandomBytes

TRANSACTION_ID_SIZE: Final = 12


def new_transaction_id(random_bytes: RandomBytes) -> bytes:
    """96 random bits: unique, and not to be guessed by anyone off the path (RFC 8489, 5)."""
    return random_bytes(TRANSACTION_ID_SIZE)


class TransactionStep(StrEnum):
    """What a timeout asks of the owner of a :class:`Transaction`."""

    WAIT = "wait"
    RETRANSMIT = "retransmit"
    EXPIRED = "expired"


@mypyc_attr(acyclic=True)
class Transaction:
    """The retransmission clock of one request (RFC 8489, 6.2.1).

    The request is sent at ``now`` by whoever creates this. Each further send waits twice as long
    as the one before, starting from ``rto_s``; the last one waits ``last_wait`` times ``rto_s``.
    With the defaults: sends at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s, expired at 39.5 s. A send
    that comes late moves the later ones, so that a stalled program does not burst.

    Attributes:
        transaction_id: The id in the request.
        started_at: When it was first sent.
        rto_s: The initial retransmission timeout.
        last_sent_at: When it was last sent.
        sends: How often it was sent, the first time included.
        repeats: How often it was sent besides, out of turn.
    """

    __slots__ = (
        "_deadline_at",
        "_interval_s",
        "_last_wait_s",
        "_max_sends",
        "_repeat_at",
        "last_sent_at",
        "repeats",
        "rto_s",
        "sends",
        "started_at",
        "transaction_id",
    )

    def __init__(
        self,
        transaction_id: bytes,
        now: float,
        *,
        rto_s: float = 0.5,
        max_sends: int = 7,
        last_wait: int = 16,
    ) -> None:
        """Count the first send as made at ``now``.

        Args:
            transaction_id: The 12 bytes in the request.
            now: The instant of the first send.
            rto_s: The initial retransmission timeout, RTO.
            max_sends: How often to send at most, Rc.
            last_wait: How many RTOs to wait after the last send, Rm.

        Raises:
            ValueError: A limit is not positive, or the id does not have 12 bytes.
        """
        if len(transaction_id) != TRANSACTION_ID_SIZE:
            raise ValueError("a transaction id has 12 bytes")
        if rto_s <= 0 or max_sends < 1 or last_wait < 1:
            raise ValueError("rto_s, max_sends and last_wait are positive")
        self.transaction_id = transaction_id
        self.started_at = now
        self.last_sent_at = now
        self.sends = 1
        self.repeats = 0
        self.rto_s = rto_s
        self._interval_s = rto_s
        self._max_sends = max_sends
        self._last_wait_s = last_wait * rto_s
        self._deadline_at: float | None = now + self._wait_s()
        self._repeat_at: float | None = None

    def begin_again(self, transaction_id: bytes, now: float) -> None:
        """Be the clock of another request like the one before, sent first at ``now``."""
        self.transaction_id = transaction_id
        self.started_at = self.last_sent_at = now
        self.sends = 1
        self.repeats = 0
        self._interval_s = self.rto_s
        self._deadline_at = now + self._wait_s()
        self._repeat_at = None

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` is due; None once finished or expired."""
        return self._deadline_at if self._repeat_at is None else self._repeat_at

    def handle_timeout(self, now: float) -> TransactionStep:
        """Move on if the deadline has passed.

        Returns:
            ``RETRANSMIT``: send the same bytes again now. ``EXPIRED``, once: no response will
            be waited for any more. ``WAIT``: nothing to do.
        """
        if self._deadline_at is None:
            return TransactionStep.WAIT
        if now < self._deadline_at:
            return self._repeat_if_due(now)
        self._repeat_at = None
        if self.sends >= self._max_sends:
            self._deadline_at = None
            return TransactionStep.EXPIRED
        self.sends += 1
        self.last_sent_at = now
        self._interval_s *= 2
        self._deadline_at = now + self._wait_s()
        return TransactionStep.RETRANSMIT

    def repeat(self, at: float) -> None:
        """Send it once more at ``at``, out of turn; the schedule stays as it is.

        Nothing changes if it is to be sent anyway until then.
        """
        next_at = self.next_timeout()
        if next_at is not None and at < next_at:
            self._repeat_at = at

    def _repeat_if_due(self, now: float) -> TransactionStep:
        if self._repeat_at is None or now < self._repeat_at:
            return TransactionStep.WAIT
        self._repeat_at = None
        self.repeats += 1
        self.last_sent_at = now
        return TransactionStep.RETRANSMIT

    def finish(self) -> None:
        """Stop the clock: the response has arrived, or nobody waits for it any more."""
        self._deadline_at = self._repeat_at = None

    def rtt_s(self, now: float) -> float | None:
        """The round trip if the response arrives ``now``.

        None if the request was sent more than once: which send it answers is unknown (Karn).
        """
        return now - self.started_at if self.sends + self.repeats == 1 else None

    def _wait_s(self) -> float:
        return self._interval_s if self.sends < self._max_sends else self._last_wait_s
