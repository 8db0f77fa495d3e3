"""asyncio meets the world: sockets, interfaces, names, and what a connection needs of them."""

from frazil.aio.ice_option import (
    AddressMapMode,
    IceOptions,
    MdnsMode,
    TcpGathering,
    unverified_tls,
)
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
from frazil.aio.selection import IpHandlingPolicy
from frazil.aio.shared_port import SharedPort
from frazil.aio.system import SystemNetwork

__all__ = [
    "AcceptHandler",
    "AddressMapMode",
    "DatagramHandler",
    "IceOptions",
    "Interface",
    "InterfaceWatch",
    "IpHandlingPolicy",
    "MdnsMode",
    "Network",
    "SharedPort",
    "Stream",
    "StreamHandlers",
    "StreamListener",
    "SystemNetwork",
    "TcpGathering",
    "Tls",
    "TraceFile",
    "UdpSocket",
    "unverified_tls",
    "usable",
]
