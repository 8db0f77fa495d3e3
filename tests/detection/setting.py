"""On what networks, and how busy, detection is measured."""

from dataclasses import dataclass
from itertools import product
from typing import Final

from frazil.testing import Conditions


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the page.

    Attributes:
        network: What the page calls the network.
        conditions: Of the link between the peers, in each direction.
        is_busy: Whether messages go both ways all the time.
    """

    network: str
    conditions: Conditions
    is_busy: bool

    def __str__(self) -> str:
        return f"{self.network}, {'busy' if self.is_busy else 'idle'}"


LAN: Final = Conditions(delay_s=0.0005)
CONTINENT: Final = Conditions(delay_s=0.03, jitter_s=0.005, loss=0.01)
SATELLITE: Final = Conditions(delay_s=0.15, loss=0.1)
"""A round trip of 300 ms, and every tenth datagram is lost: the worst path that is still one."""

NETWORKS: Final = {
    "LAN (1 ms, no loss)": LAN,
    "continent (60 ms, 1 % loss)": CONTINENT,
    "bad satellite (300 ms, 10 % loss)": SATELLITE,
}
SETTINGS: Final = tuple(
    Setting(network, conditions, is_busy)
    for (network, conditions), is_busy in product(NETWORKS.items(), (False, True))
)
STEADY: Final = (
    Setting("LAN (1 ms, no loss)", LAN, is_busy=True),
    Setting("continent (60 ms, no loss)", Conditions(delay_s=0.03), is_busy=True),
)
"""Where nothing but a restart can make a message late."""
