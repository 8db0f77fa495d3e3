"""Asks an idle peer for a sign of life (RFC 9260 section 8.3)."""

from typing import Final

from frazil.sctp.chunk import ChunkType, ParameterType, encode_chunk
from frazil.sctp.config import SctpConfig
from frazil.sctp.link import Link
from frazil.sctp.rtt import RoundTrip
from frazil.sctp.tlv import ChunkError, decode_tlvs, encode_tlv
from frazil.slot import SLOT_S, pick_slot
from frazil.types import RandomBytes, uniform

NONCE_SIZE: Final = 8
CHOICE: Final = 4
"""Slots to choose from, so that mostly one end comes before the other, and asks for both."""
PATIENCE: Final = 0.5
"""A peer that has not answered after so much of an interval is asked again."""


class Heartbeat:
    """Sends HEARTBEAT while nothing else is outstanding, and measures the round trip with it.

    Attributes:
        expires_at: When the next one is due, or the last one counts as unanswered.
    """

    __slots__ = (
        "_interval_s",
        "_link",
        "_nonce",
        "_random_bytes",
        "_round_trip",
        "_sent_at",
        "expires_at",
    )

    def __init__(
        self, config: SctpConfig, link: Link, round_trip: RoundTrip, random_bytes: RandomBytes
    ) -> None:
        self._interval_s = config.heartbeat_s
        self._link = link
        self._round_trip = round_trip
        self._random_bytes = random_bytes
        self._nonce: bytes | None = None  # of the one that is unanswered
        self._sent_at = 0.0
        self.expires_at: float | None = None

    def start(self, now: float) -> None:
        """The association is established, or the peer has shown that it has it still."""
        self._wait(self._interval_s, now)

    def _wait(self, wait_s: float, now: float) -> None:
        """Until so long and 0.5 to 1.5 RTO later, and for one of the next slots."""
        rto_s = self._round_trip.rto_s
        due_at = now + wait_s + 0.5 * rto_s
        draw = uniform(self._random_bytes, 0.0, 1.0)
        self.expires_at = pick_slot(due_at, due_at + max(rto_s, CHOICE * SLOT_S), draw)

    def heed(self, now: float) -> None:
        """The peer has asked for ours: it is there, and need not be asked for an interval."""
        if self._nonce is None and self.expires_at is not None:
            self.start(now)

    def handle_timeout(self, now: float, *, idle: bool) -> None:
        """Send the next one if it is due; ``idle`` says that nothing is outstanding."""
        if self.expires_at is None or now < self.expires_at:
            return
        if self._nonce is not None:
            self._nonce = None
            self._link.count_error(now)
        if self._link.ended:
            return
        if not idle:
            self.start(now)
            return
        self._wait(self._interval_s * PATIENCE, now)
        self._nonce = self._random_bytes(NONCE_SIZE)
        self._sent_at = now
        info = encode_tlv(ParameterType.HEARTBEAT_INFO, self._nonce)
        self._link.queue(encode_chunk(ChunkType.HEARTBEAT, info))

    def receive_ack(self, value: bytes, now: float) -> None:
        """Take a HEARTBEAT ACK.

        Raises:
            ChunkError: The chunk is malformed.
        """
        items = decode_tlvs(value)
        if not items:
            raise ChunkError("HEARTBEAT ACK is empty")
        if self._nonce is not None and items[0].value == self._nonce:
            self._nonce = None
            self._link.sign_of_life()
            self._round_trip.measured(now - self._sent_at)
            self.start(now)

    def stop(self) -> None:
        """The association ends."""
        self.expires_at = None
