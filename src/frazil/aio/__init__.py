"""asyncio meets the world: sockets, interfaces, names, and what a connection needs of them."""

from frazil.aio.network import DatagramHandler, Interface, Network, UdpSocket, usable
from frazil.aio.system import SystemNetwork

__all__ = ["DatagramHandler", "Interface", "Network", "SystemNetwork", "UdpSocket", "usable"]
