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
from frazil.testing.nat import (
    ADDRESS_RESTRICTED_CONE,
    FULL_CONE,
    NO_UDP,
    OPEN,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    SYMMETRIC_RANDOM,
    Binding,
    Dependence,
    Firewall,
    NatKind,
    PortAssignment,
    Router,
)
from frazil.testing.network import VirtualNetwork
from frazil.testing.packet import Fate, Hop, Packet
from frazil.testing.runner import LeftoverError, run
from frazil.testing.stun import StunServer
from frazil.testing.turn import TurnServer
from frazil.testing.turn_allocation import TurnAllocation
from frazil.testing.turn_service import TurnService

__all__ = [
    "ADDRESS_RESTRICTED_CONE",
    "FULL_CONE",
    "NO_UDP",
    "OPEN",
    "PORT_RESTRICTED_CONE",
    "SYMMETRIC",
    "SYMMETRIC_RANDOM",
    "Binding",
    "BlockableNetwork",
    "Conditions",
    "DeadlockError",
    "Dependence",
    "Fate",
    "Firewall",
    "Hop",
    "LeftoverError",
    "Link",
    "NatKind",
    "Packet",
    "PortAssignment",
    "Router",
    "StunServer",
    "TurnAllocation",
    "TurnServer",
    "TurnService",
    "VirtualHost",
    "VirtualLoop",
    "VirtualNetwork",
    "VirtualUdpSocket",
    "run",
]
