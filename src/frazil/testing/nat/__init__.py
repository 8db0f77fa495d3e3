"""NATs and firewalls of a virtual network, in the terms of RFC 4787.

Behind a router there is a realm of its own, whose hosts know only their private addresses::

    home = net.nat("home", "203.0.113.5", kind=SYMMETRIC)
    alice = net.host("alice", "192.168.1.2", behind=home)

| popular name | mapping | filtering |
|---|---|---|
| full cone | endpoint-independent | endpoint-independent |
| address-restricted cone | endpoint-independent | address-dependent |
| port-restricted cone | endpoint-independent | address-and-port-dependent |
| symmetric | address-and-port-dependent | address-and-port-dependent |
"""

from frazil.testing.nat.binding import Binding
from frazil.testing.nat.dependence import Dependence
from frazil.testing.nat.firewall import NO_UDP, OPEN, WEB_ONLY, Firewall
from frazil.testing.nat.kind import (
    ADDRESS_RESTRICTED_CONE,
    FULL_CONE,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    SYMMETRIC_RANDOM,
    NatKind,
)
from frazil.testing.nat.port import PortAssignment
from frazil.testing.nat.router import Passage, Router

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
    "Dependence",
    "Firewall",
    "NatKind",
    "Passage",
    "PortAssignment",
    "Router",
]
