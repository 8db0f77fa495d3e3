"""A virtual clock and a virtual network, for testing what is built on frazil.

:func:`run` gives a coroutine function a :class:`VirtualNetwork` whose hosts stand in for the
machine's own network. Hours pass in milliseconds, and the same seed gives the same run.

    >>> import asyncio
    >>> from frazil.testing import Conditions, run
    >>> async def main(net):
    ...     alice, bob = net.host("alice", "10.0.0.1"), net.host("bob", "10.0.0.2")
    ...     net.connect(alice, bob, Conditions(delay_s=0.05, loss=0.02))
    ...     # connect two peers over these hosts, then cut the line for six seconds
    ...     net.block(alice, bob, for_s=6)
    ...     await asyncio.sleep(20)
    >>> run(main, seed=7)
"""

from frazil.testing.blockable import BlockableNetwork
from frazil.testing.conditions import Conditions
from frazil.testing.host import VirtualHost, VirtualUdpSocket
from frazil.testing.link import Link
from frazil.testing.loop import DeadlockError, VirtualLoop
from frazil.testing.network import VirtualNetwork
from frazil.testing.packet import Fate, Packet
from frazil.testing.runner import LeftoverError, run
from frazil.testing.stun import StunServer

__all__ = [
    "BlockableNetwork",
    "Conditions",
    "DeadlockError",
    "Fate",
    "LeftoverError",
    "Link",
    "Packet",
    "StunServer",
    "VirtualHost",
    "VirtualLoop",
    "VirtualNetwork",
    "VirtualUdpSocket",
    "run",
]
