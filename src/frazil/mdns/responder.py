"""The names of this host on one link: who asks is told, and not too often."""

import math
from typing import Final

from frazil.mdns.message import AddressRecord, MdnsMessage, Question, RecordType, encode_response
from frazil.types import Address

MAX_NAMES: Final = 8192
"""Names that one link answers for: one for each address of each connection."""
TTL_S: Final = 120
"""Of host names (RFC 6762 10)."""
LEGACY_TTL_S: Final = 10
"""In answers to those who do not listen to the group (RFC 6762 6.7)."""
INTERVAL_S: Final = 1.0
"""Between two answers about one name (RFC 6762 6)."""

_ASKED: Final = frozenset({RecordType.A, RecordType.AAAA, RecordType.ANY})


class Responder:
    """Answers for published names.

    The names are random and thus unique, so nobody is asked first whether one is taken, and nobody
    is told before asking (draft-ietf-mmusic-mdns-ice-candidates 3.1.1).

    Attributes:
        transmits: What is to be sent, and where to; the caller empties it.
    """

    __slots__ = ("_due", "_group", "_names", "_told_at", "transmits")

    def __init__(self, group: Address) -> None:
        self._group = group
        self._names: dict[str, str] = {}
        self._told_at: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self.transmits: list[tuple[bytes, Address]] = []

    def publish(self, name: str, address: str) -> None:
        """Answer for ``name`` with ``address`` from now on.

        Raises:
            ValueError: There are :data:`MAX_NAMES` already.
        """
        name = name.lower()
        if name not in self._names and len(self._names) >= MAX_NAMES:
            raise ValueError(f"more than {MAX_NAMES} names on one link")
        self._names[name] = address

    def withdraw(self, name: str) -> None:
        """Answer for ``name`` no more, and tell those who may remember it (RFC 6762 10.1)."""
        name = name.lower()
        address = self._names.pop(name, None)
        self._due.pop(name, None)
        if self._told_at.pop(name, None) is not None and address is not None:
            goodbye = encode_response(AddressRecord(name, address, 0))
            self.transmits.append((goodbye, self._group))

    def receive(self, query: MdnsMessage, remote: Address, now: float) -> None:
        """Take a query from ``remote``."""
        known = {record for record in query.records if record.ttl_s > TTL_S / 2}
        for name in dict.fromkeys(each.name for each in query.questions if each.type in _ASKED):
            address = self._names.get(name)
            if address is None:
                continue
            if remote[1] != self._group[1]:
                self._tell_legacy(name, address, query, remote, now)
            elif not any((one.name, one.address) == (name, address) for one in known):
                self._due.setdefault(name, max(now, self._free_at(name)))
        self.handle_timeout(now)

    def _tell_legacy(
        self, name: str, address: str, query: MdnsMessage, remote: Address, now: float
    ) -> None:
        if now < self._free_at(name):
            return
        self._told_at[name] = now
        questions = [Question(name, each.type) for each in query.questions if each.name == name]
        record = AddressRecord(name, address, LEGACY_TTL_S)
        answer = encode_response(record, request_id=query.id, questions=questions[:2])
        self.transmits.append((answer, remote))

    def _free_at(self, name: str) -> float:
        """When ``name`` may be told again."""
        return self._told_at.get(name, -math.inf) + INTERVAL_S

    def next_timeout(self) -> float | None:
        """When the next answer is due."""
        return min(self._due.values(), default=None)

    def handle_timeout(self, now: float) -> None:
        """Give the answers that are due."""
        for name in [name for name, at in self._due.items() if at <= now]:
            del self._due[name]
            self._told_at[name] = now
            answer = encode_response(AddressRecord(name, self._names[name], TTL_S))
            self.transmits.append((answer, self._group))
