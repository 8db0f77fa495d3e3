"""TURN: a relayed address on a server, for when there is no direct way (RFC 8656, 6156, 8489)."""

from frazil.turn.channel_data import MAX_DATA_SIZE
from frazil.turn.client import TurnClient
from frazil.turn.config import (
    DEFAULT_LIFETIME_S,
    MAX_CHANNELS,
    MAX_HELD,
    MAX_PERMISSIONS,
    RelayFamily,
    RelayProtocol,
    TurnConfig,
)
from frazil.turn.credential import RestCredentials, rest_credentials
from frazil.turn.event import (
    Allocated,
    AllocationFailed,
    AllocationLost,
    Closed,
    Confirmed,
    PermissionFailed,
    Redirected,
    TurnEvent,
)
from frazil.turn.framer import StreamFramer, StreamFramingError, frame
from frazil.turn.state import TurnState

__all__ = [
    "DEFAULT_LIFETIME_S",
    "MAX_CHANNELS",
    "MAX_DATA_SIZE",
    "MAX_HELD",
    "MAX_PERMISSIONS",
    "Allocated",
    "AllocationFailed",
    "AllocationLost",
    "Closed",
    "Confirmed",
    "PermissionFailed",
    "Redirected",
    "RelayFamily",
    "RelayProtocol",
    "RestCredentials",
    "StreamFramer",
    "StreamFramingError",
    "TurnClient",
    "TurnConfig",
    "TurnEvent",
    "TurnState",
    "frame",
    "rest_credentials",
]
