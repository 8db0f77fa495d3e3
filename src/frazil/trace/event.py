"""What a kind of event is: its name, its meaning, and the facts it comes with."""

from typing import Final, NamedTuple

_PROSE: Final = frozenset(
    {"text", "detail", "label", "servers", "evidence", "host", "url", "why", "ufrag"}
)
"""Facts that are sentences, lists, or names as somebody wrote them."""
_RECORD_WEIGHT: Final = 120
"""A record with its instant and its place in the ring."""
_FACT_WEIGHT: Final = 36
"""A reference and what it refers to: mostly a number, or a text that many records share."""


class EventKind(NamedTuple):
    """One kind of event. The names of facts end in ``_s`` for seconds and ``_at`` for instants.

    Attributes:
        layer: Who records it.
        name: What happened.
        meaning: One sentence for people.
        facts: The names of its facts, in order.
        meanings: What each fact says, in the same order.
        is_routine: It happens again and again while nothing changes. In the ring, repetitions
            with the same first fact are counted by one record until something else happens.
        prose_at: Where among the facts those are whose size is anybody's choice.
        weight: Bytes that its record takes without them, rather too many than too few.
    """

    layer: str
    name: str
    meaning: str
    facts: tuple[str, ...]
    meanings: tuple[str, ...]
    is_routine: bool
    prose_at: tuple[int, ...]
    weight: int


def event(layer: str, name: str, meaning: str, **facts: str) -> EventKind:
    """A kind of event; ``facts`` says what each fact means."""
    prose_at = tuple(at for at, fact in enumerate(facts) if fact in _PROSE)
    weight = _RECORD_WEIGHT + _FACT_WEIGHT * len(facts)
    meanings = tuple(facts.values())
    return EventKind(layer, name, meaning, tuple(facts), meanings, False, prose_at, weight)


def routine(layer: str, name: str, meaning: str, **facts: str) -> EventKind:
    """A kind of event whose repetitions are counted."""
    return event(layer, name, meaning, **facts)._replace(is_routine=True)
