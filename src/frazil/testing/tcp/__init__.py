"""TCP between the hosts of a virtual network.

Streams behave as users of TCP see it: in order, complete, late when segments are lost, refused
where nobody listens, broken by a NAT that has forgotten them. What is inside is simpler: a sender
learns the fate of each segment, so no acknowledgements travel, and there is no congestion control.
"""

from frazil.testing.tcp.stack import TcpStack
from frazil.testing.tcp.stream import VirtualListener, VirtualStream

__all__ = ["TcpStack", "VirtualListener", "VirtualStream"]
