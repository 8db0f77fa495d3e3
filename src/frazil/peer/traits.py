"""The ICE agents behind descriptions: what we say of ours, and what the peer says of its own."""

import math
from typing import Final

from frazil.ice import AgentTraits
from frazil.peer.media import TRICKLE
from frazil.sdp import MediaDescription, SessionDescription

_RENOMINATION: Final = "renomination"
_RFC_8445: Final = "ice2"
_DEFAULT_PACING_MS: Final = 50


def pacing_ms(traits: AgentTraits) -> int:
    """The pace of our checks, as a description says it (RFC 8839 5.5)."""
    # Never quicker than we really are; the inner rounding is for 29.000000000000004.
    return math.ceil(round(traits.pacing_s * 1000, 3))


def ice_options(traits: AgentTraits) -> tuple[str, ...]:
    """What an m-section with a transport of ours says besides."""
    return (*TRICKLE, _RENOMINATION) if traits.renominates else TRICKLE


def read_traits(description: SessionDescription, media: MediaDescription) -> AgentTraits:
    """What the peer says of the agent behind ``media``.

    One that knows RFC 8445 and asks for no pace of checks wants 50 ms (RFC 8445 14.2). Any other is
    of RFC 5245, by which each side may choose its own down to 20 ms (16.1).
    """
    asked_ms = description.ice_pacing
    if asked_ms is None:
        asked_ms = _DEFAULT_PACING_MS if _RFC_8445 in media.ice_options else 0
    return AgentTraits(
        is_lite=description.ice_lite,
        pacing_s=asked_ms / 1000,
        renominates=_RENOMINATION in media.ice_options,
    )
