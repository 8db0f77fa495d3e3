"""The page of figures about live sessions."""

from enum import StrEnum

from support.live_event import PERIOD_S, LiveEvent, Outcome


class Implementation(StrEnum):
    """Who is at an end of a session."""

    OURS = "frazil"
    CHROMIUM = "Chromium"
    PION = "Pion"


Pairing = tuple[Implementation, Implementation]

_INTRODUCTION = f"""\
<!-- Written by `make live-events`. Change tests/support/live_page.py and run it. -->

# Live sessions when the network changes

Two homes, each behind a full-cone NAT of the Linux kernel's; both ends send the time on a reliable
data channel every {PERIOD_S * 1000:.0f} ms. Something happens to the first home, that of end A.
"Back" means that messages pass both ways again: so long after the event, or after its end, did the
first message sent after it arrive. Every change of `connectionState` is listed with its time after
the event. These are single measurements; `make test` holds the bounds.

The sender's timeout of SCTP has doubled several times when a blackhole ends, and Chromium waits for
it. Pion 3.1 follows a NAT, but stays with its pair when the other end comes from another host
address: that takes an ICE restart. A blackhole for good leads to `connecting` before `failed` only
in a young session: consent to send ends after 30 s, but `failed` is not said before 39.5 s have
passed since the beginning (RFC 8863).
"""


class Figures:
    """Collects outcomes."""

    def __init__(self) -> None:
        self._outcomes: dict[tuple[LiveEvent, Pairing], Outcome] = {}

    def note(self, event: LiveEvent, pairing: Pairing, outcome: Outcome) -> None:
        """Remember what became of a session."""
        self._outcomes[event, pairing] = outcome

    def page(self) -> str:
        """All of them as a table."""
        pairings = list(dict.fromkeys(pairing for _, pairing in self._outcomes))
        heads = ["event", *(f"A {one}, B {other}" for one, other in pairings)]
        rows = [
            [event, *(str(self._outcomes.get((event, pairing), "")) for pairing in pairings)]
            for event in LiveEvent
        ]
        lines = [heads, ["---"] * len(heads), *rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{_INTRODUCTION}\n{table}\n"
