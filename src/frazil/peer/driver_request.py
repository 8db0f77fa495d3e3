"""What a report of a session asks of the driver."""

from typing import Final

from frazil.ice import AddressesNeeded, GatheringStateChanged, NameFound
from frazil.peer.configuration import Configuration
from frazil.peer.event import (
    ChecksExpected,
    DriverRequest,
    GatheringRequested,
    LookupRequested,
    StreamReleased,
    StreamRequested,
)
from frazil.session.event import RelayStreamReleased, RelayStreamRequested, SessionEvent
from frazil.states.enums import RTCIceGathererState

FOR_DRIVER: Final = frozenset(
    (
        AddressesNeeded,
        GatheringStateChanged,
        NameFound,
        RelayStreamRequested,
        RelayStreamReleased,
    )
)
"""Reports that the driver may have to act upon."""


def request_for(
    transport: str, event: SessionEvent, configuration: Configuration
) -> DriverRequest | None:
    """What the driver shall do for ``transport`` because of ``event``, if anything."""
    match event:
        case AddressesNeeded():
            return GatheringRequested(
                transport, configuration.ice_servers, configuration.ice_transport_policy
            )
        case GatheringStateChanged(state=RTCIceGathererState.GATHERING):
            return ChecksExpected(transport, event.ufrag)
        case NameFound():
            return LookupRequested(transport, event.name)
        case RelayStreamRequested():
            return StreamRequested(transport, event)
        case RelayStreamReleased():
            return StreamReleased(transport, event)
    return None
