"""What the layers of one transport report, in one list."""

from frazil.compiled import mypyc_attr
from frazil.session.event import RemoteCloseCause, RemoteClosed, SessionEvent


@mypyc_attr(acyclic=True)
class Report:
    """Everything that happens, in order.

    Attributes:
        events: What was not fetched yet; always the same list.
    """

    __slots__ = ("_has_goodbye", "events")

    def __init__(self) -> None:
        self.events: list[SessionEvent] = []
        self._has_goodbye = False

    def add_goodbye(self, cause: RemoteCloseCause) -> None:
        """The peer said goodbye. That comes in more than one layer, and is told once."""
        if not self._has_goodbye:
            self._has_goodbye = True
            self.events.append(RemoteClosed(cause))
