"""asyncio meets the world: sockets, interfaces, names, and what a connection needs of them."""

from frazil.aio.ice_option import IceOptions, unverified_tls
from frazil.aio.network import (
    AcceptHandler,
    DatagramHandler,
    Interface,
    InterfaceWatch,
    Network,
    Stream,
    StreamHandlers,
    StreamListener,
    Tls,
    UdpSocket,
    usable,
)
from frazil.aio.recording_file import TraceFile
from frazil.aio.system import SystemNetwork

__all__ = [
    "AcceptHandler",
    "DatagramHandler",
    "IceOptions",
    "Interface",
    "InterfaceWatch",
    "Network",
    "Stream",
    "StreamHandlers",
    "StreamListener",
    "SystemNetwork",
    "Tls",
    "TraceFile",
    "UdpSocket",
    "unverified_tls",
    "usable",
]
