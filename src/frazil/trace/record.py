"""One thing that happened."""

from typing import TypeAlias

from frazil.trace.event import EventKind

Scalar: TypeAlias = str | int | float | bool | None
Evidence: TypeAlias = tuple[tuple[str, Scalar], ...]
"""Named facts behind a decision; durations in seconds."""
Fact: TypeAlias = Scalar | Evidence


class TraceRecord:
    """One thing that happened, or the same thing several times.

    Attributes:
        at: When, in seconds on the connection's clock; the first time, if it was repeated.
        kind: What happened.
        values: Its facts, in the order of ``kind.facts``; the latest, if it was repeated.
        transport: The name of the transport that it is about; empty for the connection.
        count: How often; above 1 only in the ring, for routine events.
        last_at: When it happened last.
    """

    __slots__ = ("at", "count", "kind", "last_at", "transport", "values")

    def __init__(
        self, at: float, kind: EventKind, values: tuple[Fact, ...], transport: str = ""
    ) -> None:
        self.at = self.last_at = at
        self.kind = kind
        self.values = values
        self.transport = transport
        self.count = 1

    def __getnewargs__(self) -> tuple[float, EventKind, tuple[Fact, ...], str]:
        """What a copy is made with, where this is compiled; the rest is set afterwards."""
        return self.at, self.kind, self.values, self.transport

    def repeat(self, at: float, values: tuple[Fact, ...]) -> None:
        """It has happened once more."""
        self.values = values
        self.last_at = at
        self.count += 1

    @property
    def layer(self) -> str:
        """``"ice"``, ``"dtls"``, ``"sctp"``, ``"peer"`` and so on."""
        return self.kind.layer

    @property
    def event(self) -> str:
        """What happened, for example ``"pair-formed"``."""
        return self.kind.name

    @property
    def facts(self) -> dict[str, Fact]:
        """The details by name."""
        return dict(zip(self.kind.facts, self.values, strict=True))

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"<{self.at:.6f} {self.layer} {self.event} {facts}>"
