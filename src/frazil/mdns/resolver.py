"""Looking up names on one link."""

from typing import Final, NamedTuple

from frazil.mdns.message import AddressRecord, encode_query
from frazil.types import Address

MAX_LOOKUPS: Final = 256
"""Names that are being looked up at a time."""
ASK_AGAIN_S: Final = (1.0, 2.0)
"""The waits between the questions for one name (RFC 6762 5.2)."""
PATIENCE_S: Final = 5.0
"""After so long nobody has the name."""


class LookupEnded(NamedTuple):
    """A look-up is over.

    Attributes:
        name: The name, as it was asked for.
        address: Its address; ``None`` if nobody answered.
    """

    name: str
    address: str | None


class _Lookup:
    __slots__ = ("again_at", "gives_up_at", "name", "waits")

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.waits = list(ASK_AGAIN_S)
        self.gives_up_at = now + PATIENCE_S
        self.again_at: float | None = now

    def deadline(self) -> float:
        return self.gives_up_at if self.again_at is None else self.again_at


class Resolver:
    """Asks for names until somebody answers, or patience is over.

    Attributes:
        transmits: What is to be sent, and where to; the caller empties it.
        events: The look-ups that ended; the caller empties it.
    """

    __slots__ = ("_group", "_lookups", "events", "transmits")

    def __init__(self, group: Address) -> None:
        self._group = group
        self._lookups: dict[str, _Lookup] = {}
        self.transmits: list[tuple[bytes, Address]] = []
        self.events: list[LookupEnded] = []

    def look_up(self, name: str, now: float) -> None:
        """Ask for ``name``, unless that is under way.

        Raises:
            ValueError: There are too many others.
        """
        key = name.lower()
        if key in self._lookups:
            return
        if len(self._lookups) >= MAX_LOOKUPS:
            raise ValueError(f"{MAX_LOOKUPS} other names are being looked up")
        self._lookups[key] = _Lookup(name, now)
        self.handle_timeout(now)

    def cancel(self, name: str) -> None:
        """Nobody wants to know ``name`` any more."""
        self._lookups.pop(name.lower(), None)

    def receive(self, records: tuple[AddressRecord, ...]) -> None:
        """Take the addresses of a response; the first one of a name counts."""
        for record in records:
            if record.ttl_s > 0 and record.name in self._lookups:
                name = self._lookups.pop(record.name).name
                self.events.append(LookupEnded(name, record.address))

    def next_timeout(self) -> float | None:
        """When the next question is due, or patience over."""
        return min((each.deadline() for each in self._lookups.values()), default=None)

    def handle_timeout(self, now: float) -> None:
        """Ask again, or give up."""
        for key, lookup in list(self._lookups.items()):
            if now >= lookup.gives_up_at:
                del self._lookups[key]
                self.events.append(LookupEnded(lookup.name, None))
            elif lookup.again_at is not None and now >= lookup.again_at:
                lookup.again_at = now + lookup.waits.pop(0) if lookup.waits else None
                self.transmits.append((encode_query(key), self._group))
