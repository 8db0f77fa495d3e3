"""Whether anybody is left at the other end of a stream."""

from typing import Final

from frazil.stun import MessageClass, class_of, is_stun

SILENT_S: Final = 5.0
"""Who has not answered for so long will not do so on this stream. TCP finds out much later, or
never where a NAT has forgotten the stream and the other end has another one there."""


class Silence:
    """Notes since when the other end of a stream owes an answer."""

    __slots__ = ("_asked_at",)

    def __init__(self) -> None:
        self._asked_at: float | None = None

    def note_sent(self, message: bytes, now: float) -> None:
        """``message`` goes there; it may be a request, which is to be answered."""
        if self._asked_at is None and _is_request(message):
            self._asked_at = now

    def note_heard(self) -> None:
        """Something has come from there, an answer or not."""
        self._asked_at = None

    def is_long(self, now: float) -> bool:
        """Whether an answer is owed for long, and nothing was said since."""
        return self._asked_at is not None and now - self._asked_at > SILENT_S


def _is_request(message: bytes) -> bool:
    """Whether it is one of STUN or TURN; what an application sends may begin like one."""
    return is_stun(message) and class_of(message) is MessageClass.REQUEST
