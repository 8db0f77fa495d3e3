"""Where the way to a relay begins."""

from typing import NamedTuple

from frazil.turn import TurnConfig
from frazil.types import Address


class RelayOrigin(NamedTuple):
    """A server of the configuration, asked for a relay: it may have one, or send us to another.

    Attributes:
        server: Its address.
        config: How to ask it.
    """

    server: Address
    config: TurnConfig
