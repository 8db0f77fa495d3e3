"""Where the states of each diagram stand, and how its arrows go."""

from typing import NamedTuple

Point = tuple[float, float]

START = "[*]"


class Route(NamedTuple):
    """How one move is drawn, where a straight line with the label in its middle will not do.

    Attributes:
        via: What the curve bends towards.
        at: Where on the curve the label is.
        shift: From there to the middle of the label.
    """

    via: Point | None = None
    at: float = 0.5
    shift: Point = (0, 0)


class Layout(NamedTuple):
    """One diagram.

    Attributes:
        size: Width and height.
        places: The middle of each state.
        routes: How moves are drawn that are not straight.
    """

    size: tuple[int, int]
    places: dict[str, Point]
    routes: dict[tuple[str, str], Route]


ICE = Layout(
    (1060, 540),
    {
        START: (14, 140),
        "new": (110, 140),
        "checking": (345, 140),
        "connected": (650, 140),
        "completed": (965, 140),
        "failed": (345, 440),
        "disconnected": (740, 440),
    },
    {
        ("new", "checking"): Route(shift=(0, -13)),
        ("new", "failed"): Route(via=(130, 330), shift=(-40, 10)),
        ("checking", "connected"): Route(shift=(0, -20)),
        ("connected", "checking"): Route(shift=(0, 13)),
        ("connected", "completed"): Route(shift=(0, -13)),
        ("completed", "connected"): Route(shift=(0, 13)),
        ("completed", "checking"): Route(via=(655, -80), shift=(0, -13)),
        ("checking", "failed"): Route(at=0.6, shift=(32, 0)),
        ("failed", "checking"): Route(at=0.6, shift=(-30, 0)),
        ("checking", "disconnected"): Route(at=0.2, shift=(58, -6)),
        ("disconnected", "checking"): Route(at=0.4, shift=(-50, 36)),
        ("connected", "failed"): Route(at=0.86, shift=(42, 6)),
        ("connected", "disconnected"): Route(at=0.4, shift=(72, 0)),
        ("disconnected", "connected"): Route(at=0.55, shift=(-38, 0)),
        ("completed", "disconnected"): Route(via=(925, 330), shift=(52, 30)),
        ("disconnected", "failed"): Route(shift=(0, -20)),
        ("completed", "failed"): Route(via=(1140, 640), at=0.62, shift=(0, 20)),
    },
)
SIGNALING = Layout(
    (1060, 410),
    {
        START: (434, 200),
        "stable": (530, 200),
        "have-local-offer": (170, 70),
        "have-remote-offer": (170, 330),
        "have-remote-pranswer": (860, 70),
        "have-local-pranswer": (860, 330),
    },
    {
        ("have-local-offer", "have-local-offer"): Route(shift=(0, -9)),
        ("have-remote-pranswer", "have-remote-pranswer"): Route(shift=(0, -9)),
        ("have-remote-offer", "have-remote-offer"): Route(shift=(0, 10)),
        ("have-local-pranswer", "have-local-pranswer"): Route(shift=(0, 10)),
        ("stable", "have-local-offer"): Route(at=0.42, shift=(-62, 14)),
        ("have-local-offer", "stable"): Route(at=0.5, shift=(64, -10)),
        ("stable", "have-remote-offer"): Route(at=0.5, shift=(60, 12)),
        ("have-remote-offer", "stable"): Route(at=0.56, shift=(-70, -12)),
        ("have-local-offer", "have-remote-offer"): Route(shift=(-46, 0)),
        ("have-local-offer", "have-remote-pranswer"): Route(shift=(0, -13)),
        ("have-remote-offer", "have-local-pranswer"): Route(shift=(0, 13)),
        ("have-remote-pranswer", "stable"): Route(shift=(56, 6)),
        ("have-local-pranswer", "stable"): Route(shift=(52, -6)),
    },
)
DTLS = Layout(
    (1060, 300),
    {
        START: (14, 60),
        "new": (110, 60),
        "connecting": (480, 60),
        "connected": (960, 60),
        "closed": (480, 260),
        "failed": (960, 260),
    },
    {
        ("new", "connecting"): Route(shift=(0, -20)),
        ("connecting", "connected"): Route(shift=(0, -13)),
        ("connecting", "closed"): Route(shift=(-82, 0)),
        ("connecting", "failed"): Route(at=0.3, shift=(66, -14)),
        ("connected", "failed"): Route(shift=(-58, 0)),
        ("connected", "closed"): Route(at=0.72, shift=(-66, -12)),
    },
)
CHANNEL = Layout(
    (1060, 340),
    {
        START: (14, 60),
        "connecting": (140, 60),
        "open": (520, 60),
        "closing": (520, 240),
        "closed": (930, 240),
    },
    {
        ("connecting", "open"): Route(shift=(0, -13)),
        ("connecting", "closing"): Route(shift=(-66, 10)),
        ("connecting", "closed"): Route(via=(300, 390), at=0.5, shift=(-78, 14)),
        ("open", "closing"): Route(shift=(60, 0)),
        ("open", "closed"): Route(shift=(78, -8)),
        ("closing", "closed"): Route(shift=(-4, -34)),
    },
)

LAYOUTS = (DTLS, CHANNEL, SIGNALING, ICE)
