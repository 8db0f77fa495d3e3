"""What is told of a gathering, and when: as it happens, or with the first credentials."""

from typing import Final

from frazil.ice.candidate import Candidate
from frazil.ice.event import (
    AddressesNeeded,
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    CandidatesLost,
    GatheringStateChanged,
    IceEvent,
)
from frazil.ice.query import SERVER_UNREACHABLE
from frazil.states.enums import RTCIceGathererState
from frazil.trace import Reason, Trace
from frazil.types import Address

_NEW: Final = RTCIceGathererState.NEW
_GATHERING: Final = RTCIceGathererState.GATHERING
_COMPLETE: Final = RTCIceGathererState.COMPLETE


class Announcement:
    """Tells how far gathering is and what it finds, of one generation after the other.

    What is found before there are credentials is held back: no candidate can be signalled without
    a ufrag (RFC 9429 3.5.4).

    Args:
        events: Takes what is to be told.
        trace: Where it is recorded, held back or not.

    Attributes:
        state: Of the newest generation's gathering.
    """

    __slots__ = ("_events", "_held", "_trace", "_ufrag", "state")

    def __init__(self, events: list[IceEvent], trace: Trace) -> None:
        self._events = events
        self._trace = trace
        self._ufrag = ""
        self._held: list[IceEvent] | None = None
        self.state = _NEW

    @property
    def is_held(self) -> bool:
        """Whether nothing is told yet."""
        return self._held is not None

    # --- from when on -------------------------------------------------------------------------

    def begin(self, ufrag: str) -> None:
        """From now on it is another generation that is gathered for, called ``ufrag``."""
        self._ufrag = ufrag
        self._held = None

    def begin_held(self) -> None:
        """From now on it is a generation without credentials: keep what is to be told of it."""
        self.begin("")
        self._held = []

    def release(self, ufrag: str, bases: set[Address], now: float) -> None:
        """It has credentials now: tell as one gathering what was held back.

        Args:
            ufrag: What it is called.
            bases: Where its candidates are; on an interface that is gone again there are none.
            now: The instant.
        """
        held = self._held or []
        self._held = None
        self._ufrag = ufrag
        states = [event for event in held if isinstance(event, GatheringStateChanged)]
        self._events.append(GatheringStateChanged(states[0].state, ufrag, states[0].reason))
        for event in held:
            if isinstance(event, CandidateError):
                self._events.append(event)
            elif isinstance(event, CandidateGathered) and event.candidate.base in bases:
                self._trace.record(
                    now,
                    "ice",
                    "candidate-released",
                    type=event.candidate.type,
                    address=_place_of(event.candidate),
                    ufrag=ufrag,
                )
                self._events.append(CandidateGathered(event.candidate, ufrag))
        if self.state is _COMPLETE:
            self._events.append(CandidatesEnded(ufrag))
            self._events.append(GatheringStateChanged(_COMPLETE, ufrag, states[-1].reason))

    def cancel(self) -> None:
        """Forget what is to be told."""
        self._held = None
        self._events.clear()

    # --- how far it is ------------------------------------------------------------------------

    def start(self, text: str, now: float) -> None:
        """A round of gathering begins, for the reason ``text``: addresses are needed at once."""
        self._events.append(AddressesNeeded(self._ufrag))
        self._move(_GATHERING, text, now)

    def end(self) -> None:
        """No further candidate will come (RFC 8838 13)."""
        self._emit(CandidatesEnded(self._ufrag))

    def complete(self, text: str, now: float) -> None:
        """The round is over, for the reason ``text``."""
        self._move(_COMPLETE, text, now)

    def _move(self, state: RTCIceGathererState, text: str, now: float) -> None:
        self.state = state
        self._trace.record(now, "ice", "gathering", state=state, text=text)
        reason = Reason(f"gathering-{state}", "webrtc-pc 5.6.1", text, (("ufrag", self._ufrag),))
        self._emit(GatheringStateChanged(state, self._ufrag, reason))

    # --- what it finds ------------------------------------------------------------------------

    def tell(self, candidate: Candidate, now: float) -> None:
        """The peer may learn of ``candidate``."""
        self._trace.record(
            now,
            "ice",
            "local-candidate",
            type=candidate.type,
            address=_place_of(candidate),
            ufrag=self._ufrag,
        )
        self._emit(CandidateGathered(candidate, self._ufrag))

    def withdraw(self, base: Address) -> None:
        """Whatever was told of ``base`` is gone; what is held back is not told then anyway."""
        if self._held is None:
            self._events.append(CandidatesLost(base))

    def host_failed(self, host: str, text: str, now: float) -> None:
        """The IP address ``host`` gives no candidate to tell of, for the reason ``text``."""
        self._trace.record(now, "ice", "host-failed", address=host, text=text)
        self._emit(CandidateError("", SERVER_UNREACHABLE, text, (host, 0)))

    def server_failed(self, error: CandidateError, now: float) -> None:
        """A server gives nothing."""
        self._trace.record(
            now, "ice", "server-failed", url=error.url, code=error.code, text=error.text
        )
        self._emit(error)

    def _emit(self, event: IceEvent) -> None:
        (self._events if self._held is None else self._held).append(event)


def _place_of(candidate: Candidate) -> str:
    """Where it is, for people."""
    return f"{candidate.address[0]}:{candidate.address[1]}"
