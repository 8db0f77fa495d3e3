"""What each side tells the other about its ICE agent, beside the credentials (RFC 8839 5)."""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.value import Value


@mypyc_attr(acyclic=True)
class AgentTraits(Value):
    """How an agent goes about ICE, as its description says.

    Attributes:
        is_lite: It answers checks and sends none (RFC 8445 2.5): ``a=ice-lite``.
        pacing_s: Ta, the least time between two checks that it asks for: ``a=ice-pacing``. 0 asks
            for nothing.
        renominates: It follows the latest of several nominations by their numbers
            (draft-thatcher-ice-renomination): ``a=ice-options:renomination``.
    """

    __slots__ = ("is_lite", "pacing_s", "renominates")

    def __init__(
        self, is_lite: bool = False, pacing_s: float = 0.0, renominates: bool = False
    ) -> None:
        self.is_lite = is_lite
        self.pacing_s = pacing_s
        self.renominates = renominates

    def as_tuple(self) -> tuple[object, ...]:
        """What the description says."""
        return self.is_lite, self.pacing_s, self.renominates


UNKNOWN_TRAITS: Final = AgentTraits()
"""Those of a peer that says nothing of itself."""
