"""Which protocol a datagram belongs to, by its first byte (RFC 7983 7)."""

from enum import Enum, auto
from typing import Final


class Protocol(Enum):
    """What shares one UDP port."""

    STUN = auto()
    DTLS = auto()
    RTP = auto()
    OTHER = auto()


def _protocol(first: int) -> Protocol:
    if first <= 3:
        return Protocol.STUN
    if 20 <= first <= 63:
        return Protocol.DTLS
    return Protocol.RTP if 128 <= first <= 191 else Protocol.OTHER


BY_FIRST_BYTE: Final = tuple(_protocol(first) for first in range(256))
