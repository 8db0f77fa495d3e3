"""The signalling state and the table that moves it (RFC 9429 3.2, webrtc-pc RTCSignalingState)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from frazil.errors import InvalidStateError
from frazil.peer.history import History
from frazil.states.enums import RTCSignalingState
from frazil.trace import Reason

_S = RTCSignalingState
_STABLE: Final = _S.STABLE
_CLOSED: Final = _S.CLOSED


class SdpType(StrEnum):
    """webrtc-pc, RTCSdpType."""

    OFFER = "offer"
    PRANSWER = "pranswer"
    ANSWER = "answer"
    ROLLBACK = "rollback"


class Side(StrEnum):
    """Whose description it is."""

    LOCAL = "local"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class Edge:
    """A legal move.

    Attributes:
        to: The state that follows.
        rule: The clause that allows it.
        rollback_first: The pending local offer is rolled back before the move (perfect
            negotiation, RFC 9429 4.1.10.2).
    """

    to: RTCSignalingState
    rule: str
    rollback_first: bool = False


_OFFER: Final = "RFC 9429 5.5 (offer)"
_PRANSWER: Final = "RFC 9429 5.6 (pranswer)"
_ANSWER: Final = "RFC 9429 5.7 (answer)"
_ROLLBACK: Final = "RFC 9429 4.1.10.2 (rollback)"

TRANSITIONS: Final[dict[tuple[RTCSignalingState, Side, SdpType], Edge]] = {
    (_S.STABLE, Side.LOCAL, SdpType.OFFER): Edge(_S.HAVE_LOCAL_OFFER, _OFFER),
    (_S.STABLE, Side.REMOTE, SdpType.OFFER): Edge(_S.HAVE_REMOTE_OFFER, _OFFER),
    (_S.HAVE_LOCAL_OFFER, Side.LOCAL, SdpType.OFFER): Edge(_S.HAVE_LOCAL_OFFER, _OFFER),
    (_S.HAVE_LOCAL_OFFER, Side.LOCAL, SdpType.ROLLBACK): Edge(_S.STABLE, _ROLLBACK),
    (_S.HAVE_LOCAL_OFFER, Side.REMOTE, SdpType.OFFER): Edge(
        _S.HAVE_REMOTE_OFFER, _OFFER, rollback_first=True
    ),
    (_S.HAVE_LOCAL_OFFER, Side.REMOTE, SdpType.PRANSWER): Edge(_S.HAVE_REMOTE_PRANSWER, _PRANSWER),
    (_S.HAVE_LOCAL_OFFER, Side.REMOTE, SdpType.ANSWER): Edge(_S.STABLE, _ANSWER),
    (_S.HAVE_REMOTE_OFFER, Side.LOCAL, SdpType.PRANSWER): Edge(_S.HAVE_LOCAL_PRANSWER, _PRANSWER),
    (_S.HAVE_REMOTE_OFFER, Side.LOCAL, SdpType.ANSWER): Edge(_S.STABLE, _ANSWER),
    (_S.HAVE_REMOTE_OFFER, Side.REMOTE, SdpType.OFFER): Edge(_S.HAVE_REMOTE_OFFER, _OFFER),
    (_S.HAVE_REMOTE_OFFER, Side.REMOTE, SdpType.ROLLBACK): Edge(_S.STABLE, _ROLLBACK),
    (_S.HAVE_LOCAL_PRANSWER, Side.LOCAL, SdpType.PRANSWER): Edge(_S.HAVE_LOCAL_PRANSWER, _PRANSWER),
    (_S.HAVE_LOCAL_PRANSWER, Side.LOCAL, SdpType.ANSWER): Edge(_S.STABLE, _ANSWER),
    (_S.HAVE_REMOTE_PRANSWER, Side.REMOTE, SdpType.PRANSWER): Edge(
        _S.HAVE_REMOTE_PRANSWER, _PRANSWER
    ),
    (_S.HAVE_REMOTE_PRANSWER, Side.REMOTE, SdpType.ANSWER): Edge(_S.STABLE, _ANSWER),
}
"""Every legal move. Whatever is missing here is an :class:`InvalidStateError` for the caller."""


def edge(state: RTCSignalingState, side: Side, kind: SdpType) -> Edge:
    """The legal move for a description.

    Raises:
        InvalidStateError: If there is none; the sentence lists what the state does allow.
    """
    found = TRANSITIONS.get((state, side, kind))
    if found is None:
        allowed = [f"{s} {k}" for (at, s, k) in TRANSITIONS if at is state]
        raise InvalidStateError(
            f"a {side} {kind} cannot be applied in signalingState {str(state)!r}; "
            f"it takes {_enumerate(allowed)}{_hint(state, kind)}"
        )
    return found


def _hint(state: RTCSignalingState, kind: SdpType) -> str:
    if state is _STABLE and kind in (SdpType.ANSWER, SdpType.PRANSWER):
        return "; the offer was answered before, or there was none"
    return ""


class SignalingMachine:
    """Owns the signalling state; ``_move`` is the only place that writes it."""

    __slots__ = ("_history", "state")

    def __init__(self, history: History) -> None:
        self.state: RTCSignalingState = _STABLE
        self._history = history

    def apply(self, side: Side, kind: SdpType, now: float) -> bool:
        """Move for a description that took effect; whether the state changed.

        Raises:
            InvalidStateError: If the state does not allow it.
        """
        found = edge(self.state, side, kind)
        verb = "rolled back" if kind is SdpType.ROLLBACK else "applied"
        return self._move(
            found.to,
            Reason(f"{side}-{kind}", found.rule, f"a {side} {kind} was {verb}"),
            now,
        )

    def roll_back(self, side: Side, now: float) -> bool:
        """Move for the implicit rollback of a pending offer; whether the state changed."""
        text = f"the pending {side} offer was rolled back to make room for the remote one"
        return self._move(_STABLE, Reason("implicit-rollback", _ROLLBACK, text), now)

    def close(self, now: float) -> None:
        """Move to ``closed``; no event follows (webrtc-pc, close the connection)."""
        reason = Reason("close", "webrtc-pc close()", "the application closed the connection")
        self._move(_CLOSED, reason, now)

    def _move(self, to: RTCSignalingState, reason: Reason, now: float) -> bool:
        if to is self.state:
            return False
        self._history.record(now, "signaling", self.state, to, reason)
        self.state = to
        return True


def _enumerate(items: list[str]) -> str:
    if not items:
        return "no description any more"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"
