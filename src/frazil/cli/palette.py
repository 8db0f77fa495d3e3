"""Colours of states and peers, the same in every part of the terminal view."""

from typing import Final

from rich.text import Text

_STATES: Final = {
    "new": "bright_black",
    "checking": "yellow",
    "connecting": "yellow",
    "gathering": "yellow",
    "connected": "green",
    "completed": "bright_green",
    "complete": "bright_green",
    "disconnected": "red",
    "failed": "bright_red",
    "closed": "bright_black",
    "open": "bright_black",
    "blocked": "red",
}
_OTHER: Final = "cyan"
_BADGE: Final = 20
_PEERS: Final = ("magenta", "blue")


def colour(state: str) -> str:
    """Green is well, yellow on its way, red lost; signalling states are none of these."""
    return _STATES.get(state, _OTHER)


def badge(state: str) -> Text:
    """The state on its colour, as wide as all others."""
    return Text.assemble((f"{state:^{_BADGE}}", f"bold black on {colour(state)}"))


def peer_colours(peers: tuple[str, ...]) -> dict[str, str]:
    """A colour for each peer, by name."""
    return dict(zip(peers, _PEERS, strict=False))
