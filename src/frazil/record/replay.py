"""A recording, played back through the same core."""

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from frazil.dtls import Certificate, DtlsRole, Engine, KeyKind, Witness
from frazil.explain.trace_file import is_header
from frazil.peer.setup import Setup
from frazil.record.boundary import INPUTS
from frazil.record.connection import RecordedConnection
from frazil.record.divergence import Divergence, difference
from frazil.record.engine import ReplayedEngine
from frazil.record.feed import Feed
from frazil.record.recorder import Recorder
from frazil.record.redaction import Redaction
from frazil.record.step import Header, Step
from frazil.record.value import Decoder, Json, RecordingError, hints_of
from frazil.trace import Trace

_OPEN: Final = "connection.open"
_RUN_TASK: Final = "connection.run_task"


class Line(NamedTuple):
    """One recorded call.

    Attributes:
        number: Which line of the file it is, 1 for the header.
        step: The call.
        json: The line.
    """

    number: int
    step: Step
    json: dict[str, Any]


class Recording:
    """The lines of a recording, read.

    Attributes:
        setup: What the connection was made with.
        keeps_payload: Whether it tells what the messages were.
        writer: The version of frazil that wrote it; empty if that is not told.
        lines: The calls, in order.
        told: What the application did, by the number of the line; a replay passes over it.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        """Read the :func:`whole_lines` of ``lines``.

        Raises:
            RecordingError: They are no recording, or one of another version.
        """
        read = [(number, _load(number, text)) for number, text in enumerate(whole_lines(lines), 1)]
        if not read:
            raise RecordingError("the recording is empty")
        self.decoder = Decoder(_public_certificate)
        header = Header.from_json(read[0][1])
        self.keeps_payload = header.keeps_payload
        self.writer = header.writer
        self.setup: Setup = self.decoder.decode(header.setup, Setup)
        self.lines: list[Line] = []
        self.told: dict[int, dict[str, Any]] = {}
        for number, line in read[1:]:
            if is_header(line):
                raise RecordingError(f"line {number} begins another recording")
            if isinstance(line, dict) and "api" in line:
                self.told[number] = line
            else:
                self.lines.append(Line(number, Step.from_json(line), line))
        if self.lines and self.lines[0].step.call != _OPEN:
            raise RecordingError(f"a recording begins with {_OPEN}")


class Player:
    """A connection that is fed from a recording, and writes lines of its own.

    Attributes:
        connection: The connection, once the first call has made it.
    """

    def __init__(self, recording: Recording) -> None:
        self.connection: RecordedConnection
        self._setup = recording.setup
        self._decoder = recording.decoder
        self._feed = Feed()
        self._lines: list[dict[str, Json]] = []
        self._made: list[object] = []  # channels and transceivers by their number
        self._trace = Trace()
        self._recorder = Recorder(
            self._lines.append,
            Redaction(keep_payload=recording.keeps_payload),
            self._feed.random_bytes,
            self._trace,
            self._made.append,
        )

    def play(self, step: Step) -> dict[str, Any]:
        """Make a recorded call; returns its line, or an empty one if it cannot be made.

        Raises:
            RecordingError: There is no such call.
        """
        self._feed.load(step)
        if step.call == _OPEN:
            with suppress(Exception):  # its line tells
                self.connection = RecordedConnection(
                    self._setup, self._trace, self._recorder, self._make_engine
                )
        else:
            self.call(step.call, self._arguments(step))
        line = self._lines[-1] if self._lines else {}
        return json.loads(json.dumps(line))  # type: ignore[no-any-return]  # an object

    def call(self, name: str, arguments: dict[str, Any]) -> list[Any]:
        """Make a call, recorded or not, and return its decisions; its line tells what it raised."""
        self._lines.clear()
        with suppress(Exception):
            INPUTS[name](self._target(name, arguments), **arguments)
        line = self._lines[-1] if self._lines else {}
        return json.loads(json.dumps(line.get("trace", [])))  # type: ignore[no-any-return]

    def _arguments(self, step: Step) -> dict[str, Any]:
        method = INPUTS.get(step.call)
        if method is None:
            raise RecordingError(f"there is no call {step.call}")
        hints = hints_of(method) | {"number": int}
        decode = self._decoder.decode
        try:
            return {name: decode(value, hints[name]) for name, value in step.arguments.items()}
        except KeyError as error:
            raise RecordingError(f"{step.call} takes no argument {error}") from None

    def _target(self, name: str, arguments: dict[str, Any]) -> Any:
        kind = name.partition(".")[0]
        if kind == "transports":
            return self.connection.transports
        if name == _RUN_TASK:
            return self.connection.tasks
        if "number" in arguments and kind in ("channel", "transceiver"):
            return self._made[arguments.pop("number")]
        return self.connection

    def _make_engine(
        self, _certificate: Certificate, _role: DtlsRole, witness: Witness, _mtu: int
    ) -> Engine:
        return ReplayedEngine(witness, self._feed)


def replay(lines: Iterable[str]) -> Divergence | None:
    """Play a recording back.

    Returns:
        The first difference; ``None`` if states, decisions, datagrams and events are the same.

    Raises:
        RecordingError: It is no recording, or one of another version.
    """
    recording = Recording(lines)
    player = Player(recording)
    for number, step, line in recording.lines:
        found = difference(number, line, player.play(step), recording.writer)
        if found is not None:
            return found
    return None


def whole_lines(lines: Iterable[str]) -> list[str]:
    """All lines but a last one that is cut off, as by a crash."""
    found = list(lines)
    if len(found) > 1:
        try:
            json.loads(found[-1])
        except (ValueError, RecursionError):
            found.pop()
    return found


def _load(number: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if number == 1:
            raise RecordingError("this is no recording of a connection") from None
        raise RecordingError(f"line {number} is no JSON: {error}") from None


def _public_certificate(der: bytes) -> Certificate:
    """A certificate as recordings have it: with a key that fits nothing, as none is needed."""
    key = ec.generate_private_key(ec.SECP256R1())
    expires_at = x509.load_der_x509_certificate(der).not_valid_after_utc.timestamp()
    return Certificate(KeyKind.ECDSA, key, der, expires_at)
