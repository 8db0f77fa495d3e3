"""The path that ICE has chosen for data, and the relays on it."""

from typing import Final

from frazil.ice import AddressesNeeded, IceAgent, IceTransportChanged
from frazil.session.relay_set import RelaySet
from frazil.session.report import Report
from frazil.states.enums import RTCIceTransportState
from frazil.types import Address

_CONNECTED: Final = RTCIceTransportState.CONNECTED
_COMPLETED: Final = RTCIceTransportState.COMPLETED
_DISCONNECTED: Final = RTCIceTransportState.DISCONNECTED


class Route:
    """Brings what ICE decides to the relays, and notices when data may flow again.

    Args:
        ice: Decides.
        relays: Follow.
        report: Takes what both have to tell.

    Attributes:
        path: The local and the remote address of data; ``None`` while nothing may be sent.
    """

    __slots__ = ("_ice", "_relays", "_report", "_revivals", "path")

    def __init__(self, ice: IceAgent, relays: RelaySet, report: Report) -> None:
        self._ice = ice
        self._relays = relays
        self._report = report
        self._revivals = 0
        self.path: tuple[Address, Address] | None = None

    def advance(self, now: float) -> bool:
        """Take over what happened; whether data may flow again, or flows elsewhere."""
        works_anew = self._ice.outcome.has_news and self._follow(now)
        requests = self._relays.vacancies.requests
        if requests:
            self._report.events += requests
            requests.clear()
        return works_anew

    def _follow(self, now: float) -> bool:
        """Do what the news of ICE call for."""
        was_silent = self._hear(now)
        path, revivals = self._ice.path, self._ice.passage.revivals
        is_other, self.path = path != self.path, path
        is_revived, self._revivals = revivals != self._revivals, revivals
        if path is None:
            return False
        if is_other:
            self._relays.use(path, now)
        return is_other or is_revived or was_silent

    def _hear(self, now: float) -> bool:
        """Take over the events of ICE; whether the path works that was silent until now.

        A restart of a silent path only promises that. One of a path that works leads from
        ``completed`` to ``connected``, and nothing was lost.
        """
        was_silent = False
        for event in self._ice.poll_events():
            self._report.events.append(event)
            if isinstance(event, AddressesNeeded):
                self._relays.begin(event.ufrag, now)
            elif isinstance(event, IceTransportChanged) and event.change is not None:
                old, new = event.change.old, event.change.new
                if new == _CONNECTED and old != _COMPLETED:
                    was_silent = True
                elif new == _DISCONNECTED and self.path is not None:
                    self._relays.doubt(self.path, now)  # its server may have forgotten us
        return was_silent
