"""frazil where the kernel neither cuts nor joins datagrams (GSO, GRO): not Linux, or an old one."""

import asyncio
from collections.abc import Callable, Sequence

from peer import Signal
from stack_frazil import VERSION, FrazilPeer, OneAddressNetwork

__all__ = ["VERSION", "make_peer", "run"]

_network = OneAddressNetwork(offload=False)


def make_peer(send_signal: Callable[[Signal], None], servers: Sequence[str] = ()) -> FrazilPeer:
    """A peer on such a network."""
    return FrazilPeer(send_signal, servers, network=_network)


run = asyncio.run
