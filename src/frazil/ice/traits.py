"""What each side tells the other about its ICE agent, beside the credentials (RFC 8839 5)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentTraits:
    """How an agent goes about ICE, as its description says.

    Attributes:
        is_lite: It answers checks and sends none (RFC 8445 2.5): ``a=ice-lite``.
        pacing_s: Ta, the least time between two checks that it asks for: ``a=ice-pacing``. 0 asks
            for nothing.
        renominates: It follows the latest of several nominations by their numbers
            (draft-thatcher-ice-renomination): ``a=ice-options:renomination``.
    """

    is_lite: bool = False
    pacing_s: float = 0.0
    renominates: bool = False


UNKNOWN_TRAITS = AgentTraits()
"""Those of a peer that says nothing of itself."""
