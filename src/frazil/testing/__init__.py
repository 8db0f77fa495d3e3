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

Hosts may be behind NATs and firewalls of every kind that RFC 4787 knows::

    home = net.nat("home", "203.0.113.5", kind=SYMMETRIC)
    alice = net.host("alice", "192.168.1.2", behind=home)
    office = net.firewall("office", WEB_ONLY)
    bob = net.host("bob", "198.51.100.7", behind=office)
    home.forget()  # the NAT is switched off and on again
    office.firewall = OPEN  # the administrator has mercy
    for packet in net.packets:
        print(packet)  # with the addresses inside and outside
"""

from frazil.testing.blockable import BlockableNetwork
from frazil.testing.conditions import Conditions
from frazil.testing.host import VirtualHost
from frazil.testing.link import Link
from frazil.testing.loop import DeadlockError, OutsideWorldError, VirtualLoop
from frazil.testing.nat import (
    ADDRESS_RESTRICTED_CONE,
    FULL_CONE,
    NO_UDP,
    OPEN,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    SYMMETRIC_RANDOM,
    WEB_ONLY,
    Binding,
    Dependence,
    Firewall,
    NatKind,
    PortAssignment,
    Router,
)
from frazil.testing.network import VirtualNetwork
from frazil.testing.packet import Fate, Hop, Packet, TransportProtocol
from frazil.testing.runner import LeftoverError, run
from frazil.testing.stun import StunServer
from frazil.testing.tcp import VirtualListener, VirtualStream
from frazil.testing.turn import TurnServer
from frazil.testing.turn_allocation import TurnAllocation
from frazil.testing.turn_service import TurnService
from frazil.testing.udp import VirtualUdpSocket

__all__ = [
    "ADDRESS_RESTRICTED_CONE",
    "FULL_CONE",
    "NO_UDP",
    "OPEN",
    "PORT_RESTRICTED_CONE",
    "SYMMETRIC",
    "SYMMETRIC_RANDOM",
    "WEB_ONLY",
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
    "OutsideWorldError",
    "Packet",
    "PortAssignment",
    "Router",
    "StunServer",
    "TransportProtocol",
    "TurnAllocation",
    "TurnServer",
    "TurnService",
    "VirtualHost",
    "VirtualListener",
    "VirtualLoop",
    "VirtualNetwork",
    "VirtualStream",
    "VirtualUdpSocket",
    "run",
]
