"""Collects what happens in one call of the core, and hands out a line for it."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, TypeVar

from frazil.record.outcome import Teller
from frazil.record.redaction import Redaction
from frazil.record.step import Header, Step
from frazil.record.value import Json, encode
from frazil.trace import Trace, TraceRecord
from frazil.types import RandomBytes

R = TypeVar("R")

Sink: TypeAlias = Callable[[dict[str, Json]], None]
"""Takes the lines of a recording, one by one, and must not fail."""

_API: Final = "api"
"""The layer of records that the application causes; the core makes all others."""


class Recorder:
    """Records one connection.

    Args:
        sink: Takes the lines.
        redaction: What is not told.
        random_bytes: The random source of the connection.
        trace: Its trace.
        keep: Takes every channel and transceiver that is made, in the order of their numbers, for
            who looks for them later. The recorder itself keeps none: those that are over can go.

    Attributes:
        tell: Says what of a result is recorded.
    """

    def __init__(
        self,
        sink: Sink,
        redaction: Redaction,
        random_bytes: RandomBytes,
        trace: Trace,
        keep: Callable[[object], None] | None = None,
    ) -> None:
        self._sink = sink
        self._random_bytes = random_bytes
        self._keep = keep
        self._count = 0
        self._step: Step | None = None
        self.redaction = redaction
        self.tell = Teller(redaction)
        trace.listen(self._decided)

    def begin(self, setup: object) -> None:
        """Write the header: what the connection is made with."""
        header = Header(self._encode(setup), self.redaction.keeps_payload)
        self._sink(header.to_json())

    def run(
        self,
        name: str,
        arguments: Mapping[str, object],
        call: Callable[[], R],
        tell: Callable[[R], object],
    ) -> R:
        """Make a call and write its line.

        Args:
            name: The object and its method.
            arguments: By name.
            call: Makes the call.
            tell: What of the result leaves the core.
        """
        if self._step is not None:
            return call()  # the core calls itself
        step = Step(name, {key: self._encode(value) for key, value in arguments.items()})
        self._step = step
        try:
            result = call()
            step.result = self._encode(tell(result))
        except BaseException as error:
            step.error = type(error).__name__
            raise
        finally:
            self._step = None
            self._sink(step.to_json())
        return result

    # --- during a call ------------------------------------------------------------------------

    def number(self, made: object) -> int:
        """Number a channel or transceiver: they are counted together, as they are made."""
        if self._keep is not None:
            self._keep(made)
        self._count += 1
        return self._count - 1

    def random_bytes(self, size: int) -> bytes:
        """Draw from the source and remember what came."""
        data = self._random_bytes(size)
        if self._step is not None:
            self._step.random.append(data.hex())
        return data

    def note_dtls(self, entry: list[Json]) -> None:
        """Something went in or came out of a DTLS engine."""
        if self._step is not None:
            self._step.dtls.append(entry)

    def _decided(self, record: TraceRecord) -> None:
        facts = [self._encode(value) for value in record.values]
        entry: list[Json] = [record.at, record.layer, record.event, record.transport, *facts]
        if record.layer == _API:
            self._sink({"api": entry})
        elif self._step is not None:
            self._step.decisions.append(entry)

    def _encode(self, value: object) -> Json:
        return encode(value, self.redaction.hide)
