"""The lines of a recording: a header, then one line for each call of the core.

Everything that went into the core between two calls, or came out of it, belongs to the call before:
the core does nothing by itself.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from frazil.explain.trace_file import is_call
from frazil.record.value import Json, RecordingError
from frazil.version import __version__

FORMAT: Final = "frazil-recording"
VERSION: Final = 2


@dataclass(slots=True)
class Step:
    """One call, with everything that it drew, decided and gave.

    Attributes:
        call: The object and its method, for example ``"transports.receive"``.
        arguments: By name; ``now`` among them if the method takes it.
        random: What was drawn from the random source, in hexadecimal.
        dtls: What the DTLS engine was asked, and what came of it.
        decisions: The trace records: instant, layer, event, transport, facts.
        result: What the call returned, if that leaves the core.
        error: The name of the exception that it raised.
    """

    call: str
    arguments: dict[str, Json]
    random: list[str] = field(default_factory=list)
    dtls: list[Json] = field(default_factory=list)
    decisions: list[Json] = field(default_factory=list)
    result: Json = None
    error: str | None = None

    @property
    def now(self) -> float | None:
        """The instant that the call was told."""
        now = self.arguments.get("now")
        return now if isinstance(now, int | float) else None

    def to_json(self) -> dict[str, Json]:
        """The line; what is empty is left out."""
        line: dict[str, Json] = {"call": self.call, "args": dict(self.arguments)}
        if self.random:
            line["random"] = list(self.random)
        if self.dtls:
            line["dtls"] = self.dtls
        if self.decisions:
            line["trace"] = self.decisions
        if self.result not in (None, []):
            line["result"] = self.result
        if self.error is not None:
            line["error"] = self.error
        return line

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> "Step":
        """Read a line.

        Raises:
            RecordingError: It is no step.
        """
        try:
            return cls(
                str(line["call"]),
                dict(line["args"]),
                list(line.get("random", ())),
                list(line.get("dtls", ())),
                list(line.get("trace", ())),
                line.get("result"),
                line.get("error"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RecordingError(f"a line is no call: {str(line)[:80]}") from error


@dataclass(frozen=True, slots=True)
class Header:
    """The first line.

    Attributes:
        setup: What the connection was made with.
        keeps_payload: Whether the recording tells what the messages were.
        keeps_addresses: Whether it tells the addresses, and not pseudonyms for them.
        writer: The version of frazil that wrote it; empty if that is not told.
    """

    setup: Json
    keeps_payload: bool
    keeps_addresses: bool = True
    writer: str = __version__

    def to_json(self) -> dict[str, Json]:
        """The line."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "frazil": self.writer,
            "keeps_payload": self.keeps_payload,
            "keeps_addresses": self.keeps_addresses,
            "setup": self.setup,
        }

    @classmethod
    def from_json(cls, line: Any) -> "Header":
        """Read the line.

        Raises:
            RecordingError: It is no header, or of another version.
        """
        if is_call(line):
            raise RecordingError("the beginning of the recording is missing")
        if not isinstance(line, dict) or line.get("format") != FORMAT:
            raise RecordingError("this is no recording of a connection")
        writer = str(line.get("frazil", ""))
        if line.get("version") != VERSION:
            maker = f"frazil {writer}, which made it" if writer else "the frazil that made it"
            raise RecordingError(
                f"the recording has version {line.get('version')}, not {VERSION}: replay it with "
                f"{maker}; frazil explain and timeline read it all the same"
            )
        keeps_payload = line.get("keeps_payload") is True
        keeps_addresses = line.get("keeps_addresses") is not False
        return cls(line.get("setup"), keeps_payload, keeps_addresses, writer)
