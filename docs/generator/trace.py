"""The page about the trace."""

from collections.abc import Iterator

from frazil.trace import EVENTS, RING_COST
from generator.markdown import NOTICE, code, table


def trace_page() -> Iterator[str]:
    """What a trace may hold, by layer."""
    yield NOTICE
    yield "# The trace of a connection"
    yield (
        "`pc.trace.records` holds what a connection decided and why, oldest first, always. Each "
        "record has `at` (seconds on the clock of the event loop), `layer`, `event`, `facts` by "
        "name, and `transport`, the name of the transport it is about (empty for the connection "
        "as a whole). Facts whose name ends in `_s` are durations in seconds, `_at` instants on "
        "the same clock; evidence is a list of named facts. `pc.trace.listen(function)` calls a "
        "function with every further record, in the middle of what the connection does: it must "
        "not call that back, but may have `loop.call_soon` do so. What it raises goes to the "
        "loop's exception handler, and harms nothing else. `pc.trace.counters` counts input that "
        "was dropped. "
        "What is not there, datagram by datagram, [recordings](recording.md) hold."
    )
    yield (
        f"The ring takes at most {RING_COST // 1024} KiB for each connection; the oldest records "
        "make room, and `pc.trace.forgotten` counts them. Events marked *routine* happen again "
        "and again while nothing changes: as long as no other event comes between, those of one "
        "transport with the same first fact share one record, whose `count` says how many there "
        "were, `last_at` when the last one came, and whose facts are those of the last one. "
        "Listeners hear of each."
    )
    for layer, kinds in EVENTS.items():
        yield f"## {layer}"
        for kind in kinds.values():
            yield f"### {kind.name}"
            yield kind.meaning + (" *Routine.*" if kind.is_routine else "")
            if kind.facts:
                rows = zip(map(code, kind.facts), kind.meanings, strict=True)
                yield table(("fact", "meaning"), rows)
