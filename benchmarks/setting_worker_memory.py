"""frazil where the garbage collector is kept away from connections, as in a worker of a pool."""

import asyncio
from collections.abc import Callable, Sequence

from peer import Signal
from stack_frazil import VERSION, FrazilPeer

from frazil.worker.memory import Memory

__all__ = ["VERSION", "make_peer", "run"]

_memory = Memory()


def make_peer(send_signal: Callable[[Signal], None], servers: Sequence[str] = ()) -> FrazilPeer:
    """A peer that the memory counts."""
    _memory.opened()
    return FrazilPeer(send_signal, servers)


run = asyncio.run
