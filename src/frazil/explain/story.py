"""A trace as the rules read it: the connection as a whole, and each of its transports."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

from frazil.explain.finding import Finding
from frazil.states.enums import RTCDtlsTransportState as Dtls
from frazil.states.enums import RTCIceTransportState as Ice
from frazil.trace import Fact, TraceRecord

_WORKING = (Ice.CONNECTED, Ice.COMPLETED)


def fact(record: TraceRecord, name: str) -> Fact:
    """One fact of a record."""
    return record.values[record.kind.facts.index(name)]


def together(records: Sequence[TraceRecord], others: Sequence[TraceRecord]) -> list[TraceRecord]:
    """Those that were made at the instant of one of the others."""
    instants = {each.at for each in others}
    return [each for each in records if each.at in instants]


class Records:
    """Some records, oldest first, and ways to find one."""

    def __init__(self, records: Sequence[TraceRecord]) -> None:
        self.records = records

    def of(self, layer: str, event: str, **facts: Fact) -> list[TraceRecord]:
        """Those of one kind with these facts."""
        return [
            each
            for each in self.records
            if each.event == event
            and each.layer == layer
            and all(fact(each, name) == value for name, value in facts.items())
        ]

    def last(self, layer: str, event: str, **facts: Fact) -> TraceRecord | None:
        """The newest of one kind with these facts."""
        found = self.of(layer, event, **facts)
        return found[-1] if found else None

    @property
    def began_at(self) -> float:
        """When the first was made."""
        return self.records[0].at if self.records else 0.0

    def since(self, at: float) -> "Records":
        """Those from an instant on."""
        return Records([each for each in self.records if each.last_at >= at])

    def state(self, layer: str, event: str = "state") -> str:
        """Where a machine stands; empty if it never moved."""
        found = self.last(layer, event)
        return str(fact(found, "new")) if found else ""


class Path(Records):
    """What happened to one transport.

    Attributes:
        name: Its name.
        now: When the story ends.
        story: What it is part of.
    """

    def __init__(self, name: str, records: Sequence[TraceRecord], story: "Story") -> None:
        super().__init__(records)
        self.name = name
        self.now = story.now
        self.story = story

    @cached_property
    def ice(self) -> str:
        """The state of the ICE agent; DTLS begins on a path that works."""
        if known := self.state("ice"):
            return known
        return Ice.NEW if self.dtls == Dtls.NEW else Ice.CONNECTED

    @cached_property
    def dtls(self) -> str:
        """The state of the DTLS endpoint."""
        if known := self.state("dtls"):
            return known
        is_used = any(each.layer == "sctp" for each in self.records)
        return Dtls.CONNECTED if is_used or self._has_forgotten else Dtls.NEW

    @property
    def _has_forgotten(self) -> bool:
        """Whether the ring has forgotten how ICE began, and with it what followed."""
        moves = self.of("ice", "state")
        return fact(moves[0], "old") != Ice.NEW if moves else self._has_consented

    @property
    def works(self) -> bool:
        """Whether ICE has a path."""
        return self.ice in _WORKING

    @cached_property
    def _restart(self) -> TraceRecord | None:
        """The last ICE restart that is known."""
        return self.last("ice", "restart")

    @cached_property
    def attempt(self) -> Records:
        """What belongs to the newest generation: since the offer of the last ICE restart.

        Without a peer connection there are no offers, and gathering is where it began.
        """
        restart = self._restart
        if restart is None:
            return Records(self.records)
        offers = self.story.of("peer", "description-applied", type="offer")
        begun = offers or self.of("ice", "gathering", state="gathering")
        before = [each.at for each in begun if each.at <= restart.at]
        return self.since(before[-1] if before else restart.at)

    @cached_property
    def has_worked(self) -> bool:
        """Whether ICE had a path in the newest generation, if only that from before a restart."""
        moves = self.attempt.of("ice", "state")
        held: set[Fact] = {self.ice, *(fact(each, "new") for each in moves)}
        if all(fact(each, "cause") != "restart" for each in moves):
            held.update(fact(each, "old") for each in moves)  # what led there may be forgotten
        return self._has_consented or not held.isdisjoint(_WORKING)

    @property
    def _has_consented(self) -> bool:
        """Whether the peer went on answering on the pair in use."""
        return bool(self.attempt.of("ice", "consent-renewed"))

    @cached_property
    def valid(self) -> bool:
        """Whether any check of the newest generation was answered."""
        is_told = bool(self.attempt.of("ice", "pair-valid"))
        return is_told or (self._restart is None and self.has_worked)  # it may be forgotten

    @property
    def is_over(self) -> bool:
        """Whether the transport was discarded."""
        return self.ice == Ice.CLOSED


class Story(Records):
    """What happened to a connection until it was closed here.

    Attributes:
        now: When the story ends.
        is_closed: Whether the application closed it.
        is_whole: Whether it begins with the connection: none of it is forgotten.
        paths: Its transports that were not discarded.
    """

    def __init__(self, records: Sequence[TraceRecord], now: float) -> None:
        end = next((i for i, each in enumerate(records) if _closes(each)), None)
        super().__init__(records[:end])
        self.is_closed = end is not None
        self.is_whole = bool(self.records) and self.records[0].event == "configured"
        self.now = now if end is None else records[end].at
        self.paths = [each for each in self._paths() if not each.is_over]

    def _paths(self) -> Iterator[Path]:
        by_name: dict[str, list[TraceRecord]] = {}
        for each in self.records:
            if each.transport:
                by_name.setdefault(each.transport, []).append(each)
        for name, records in by_name.items():
            yield Path(name, records, self)

    @property
    def failed(self) -> bool:
        """Whether some transport failed, which is then what to explain."""
        return any(each.ice == Ice.FAILED for each in self.paths)

    @cached_property
    def servers(self) -> tuple[str, ...]:
        """The URLs of the ICE servers in force."""
        return tuple(self._setting("servers").split())

    @cached_property
    def policy(self) -> str:
        """The ICE transport policy in force; empty if the ring has forgotten it."""
        return self._setting("policy")

    def _setting(self, name: str) -> str:
        found = self.last("api", "configured")
        return str(fact(found, name)) if found else ""


def _closes(record: TraceRecord) -> bool:
    if record.event == "called":
        return fact(record, "method") == "close"
    if record.event == "state-changed":
        return fact(record, "cause") == "close" and fact(record, "machine") == "signaling"
    return False


Rule: TypeAlias = Callable[[Story], Iterator[Finding]]
PathRule: TypeAlias = Callable[[Path], Iterator[Finding]]
