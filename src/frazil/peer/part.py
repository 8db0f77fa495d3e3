"""The parts that a connection is made of, where another kind can take their place."""

from collections.abc import Callable
from typing import NamedTuple

from frazil.peer.channel import DataChannel
from frazil.peer.channel_table import ChannelFactory
from frazil.peer.configuration import Configuration
from frazil.peer.core import Core
from frazil.peer.ice_router import IceRouter
from frazil.peer.recovery import Recovery
from frazil.peer.task import TaskQueue
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transceiver import Transceiver
from frazil.peer.transceiver_table import TransceiverFactory
from frazil.peer.transport_pool import SessionFactory
from frazil.peer.transport_set import TransportSet


class Parts(NamedTuple):
    """Everything besides the connection itself that the application or the driver calls.

    A recorder puts its own kinds in, so that a connection that is not recorded pays nothing.
    """

    transport_set: Callable[
        [Core, IceRouter, Configuration, Recovery, SessionFactory], TransportSet
    ] = TransportSet
    channel: ChannelFactory = DataChannel
    transceiver: TransceiverFactory = Transceiver
    tasks: Callable[[TaskQueue, TransportSet], TaskRunner] = TaskRunner
