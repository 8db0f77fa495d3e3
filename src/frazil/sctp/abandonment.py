"""Tells the peer not to wait for messages that were given up (RFC 3758, RFC 8260 section 2.3)."""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.chunk import encode_forward_tsn
from frazil.sctp.config import SctpConfig
from frazil.sctp.packet import HEADER_SIZE
from frazil.sctp.retransmission import RetransmissionQueue
from frazil.sctp.retransmission_timer import RetransmissionTimer
from frazil.sctp.rtt import RoundTrip

_FIXED_SIZE: Final = 8
_SKIP_SIZE: Final = 4
_I_SKIP_SIZE: Final = 8


@mypyc_attr(acyclic=True)
class AbandonmentNotice:
    """Makes the FORWARD TSN chunks, or I-FORWARD-TSN if messages are interleaved.

    The same one is repeated at most once per round trip, however many SACKs come in.

    Attributes:
        interleaving: Whether messages are interleaved.
    """

    __slots__ = (
        "_again_at",
        "_outstanding",
        "_room",
        "_round_trip",
        "_timer",
        "_told_tsn",
        "interleaving",
    )

    def __init__(
        self,
        config: SctpConfig,
        outstanding: RetransmissionQueue,
        round_trip: RoundTrip,
        timer: RetransmissionTimer,
    ) -> None:
        self._room = config.mtu - HEADER_SIZE - _FIXED_SIZE
        self._outstanding = outstanding
        self._round_trip = round_trip
        self._timer = timer
        self.interleaving = False
        self._told_tsn = -1
        self._again_at = 0.0

    def next_chunk(self, now: float) -> bytes | None:
        """The chunk to send now, or None if the peer need not be told (RFC 3758 section 3.5)."""
        interleaving = self.interleaving
        max_skips = self._room // (_I_SKIP_SIZE if interleaving else _SKIP_SIZE)
        forward = self._outstanding.forward(max_skips, interleaving=interleaving)
        if forward is None:
            return None
        if forward.cumulative_tsn == self._told_tsn and now < self._again_at:
            return None
        self._told_tsn = forward.cumulative_tsn
        self._again_at = now + (self._round_trip.smoothed_s or self._round_trip.rto_s)
        self._timer.sent(now)
        return encode_forward_tsn(forward, interleaving=interleaving)

    def repeat(self) -> None:
        """The last chunk may be lost: do not wait to send it again."""
        self._told_tsn = -1
