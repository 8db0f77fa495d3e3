"""The largest packet that a path carries in one piece (RFC 4821, RFC 8899)."""

import asyncio
from typing import Final

from frazil.aio.network import Network
from frazil.doctor.asker import Asker
from frazil.types import Address

_SIZES: Final = (1500, 1492, 1480, 1460, 1440, 1420, 1400, 1380, 1360, 1340, 1320, 1300, 1280)
"""Bytes of whole IP packets: Ethernet, PPPoE, and what tunnels leave of them."""
_SMALLER: Final = (1248, 1200, 1100, 1000, 800, 576)
_OVERHEAD: Final = {False: 28, True: 48}
"""Bytes of the headers of IPv4 or IPv6, and UDP."""


async def measure_packet_size(network: Network, local: str, server: Address) -> int | None:
    """The largest IP packet, in bytes, that gets to a STUN server without being cut.

    Probed by sizes that are usual, up to that of Ethernet. None if this host cannot forbid that
    packets are cut, or no answer comes at all.

    Raises:
        OSError: There is no such address.
    """
    overhead = _OVERHEAD[":" in local]
    with Asker(network, local) as asker:
        if not asker.forbid_fragments():
            return None
        for sizes in (_SIZES, _SMALLER):
            answers = await asyncio.gather(
                *(asker.ask(server, size=size - overhead) for size in sizes)
            )
            arrived = [size for size, answer in zip(sizes, answers, strict=True) if answer]
            if arrived:
                return max(arrived)
    return None
