"""One TURN server of a round of gathering, and what became of it."""

from collections.abc import Sequence

from frazil.ice import CandidateError
from frazil.turn import TurnConfig
from frazil.types import Address


class RelayServer:
    """A server that was resolved.

    Attributes:
        url: As configured.
        config: The credentials for it.
        error: The first misfortune with it.
        is_complete: Whether every way to it is known.
        is_settled: ICE knows that it has given all that it gives.
    """

    __slots__ = ("_addresses", "config", "error", "is_complete", "is_settled", "url")

    def __init__(
        self,
        url: str,
        addresses: Sequence[Address],
        config: TurnConfig,
        *,
        is_complete: bool = True,
    ) -> None:
        self.url = url
        self.config = config
        self.error: CandidateError | None = None
        self.is_complete = is_complete
        self.is_settled = False
        self._addresses = tuple(addresses)

    def address_for(self, host: Address) -> Address | None:
        """Its best address that can be reached from ``host``."""
        is_ipv6 = ":" in host[0]
        return next((each for each in self._addresses if (":" in each[0]) == is_ipv6), None)
