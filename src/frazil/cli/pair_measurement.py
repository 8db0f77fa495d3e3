"""What two connected machines do to measure their connection, and what each tells the other."""

import asyncio
import json
import statistics
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from frazil.aio.pulse import Pulse
from frazil.errors import ConnectivityError
from frazil.printable import printable
from frazil.w3c import RTCDataChannel, RTCPeerConnection

STREAM_S: Final = 2.0
"""For how long each side sends as much as it can."""
STEP_LIMIT_S: Final = 30.0
"""How long the other side may take for anything."""
_PINGS: Final = 20
_BLOCK: Final = bytes(16 * 1024)
_UNSENT: Final = 512 * 1024
_MAX_TEXT: Final = 16 * 1024
_MAX_TOLD: Final = 40


@dataclass(frozen=True, slots=True)
class Side:
    """What one side has seen.

    Attributes:
        machine: What it runs on.
        states: ``connectionState`` with the seconds since the codes were exchanged.
        path: The two ends of the selected pair, for example ``"host to srflx over udp"``.
        rtt_s: The median round trip of messages that it sent.
        received_bps: Bits per second that came while the other side sent as much as it could.
    """

    machine: str
    states: tuple[tuple[float, str], ...]
    path: str
    rtt_s: float | None
    received_bps: float | None

    @classmethod
    def from_value(cls, value: Any) -> "Side":
        """What the other side sent, its texts cut and printable.

        Raises:
            ValueError: It is not such a thing.
        """
        try:
            states = tuple((float(at), _said(state, 40)) for at, state in value["states"])
            rtt_s, received_bps = value["rtt_s"], value["received_bps"]
            return cls(
                _said(value["machine"], 80),
                states[:_MAX_TOLD],
                _said(value["path"], 80),
                None if rtt_s is None else float(rtt_s),
                None if received_bps is None else float(received_bps),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("the other side runs another version of frazil") from error


class PairMeasurement:
    """The conversation over one channel: pings, a stream each way, reports.

    Both sides do the same at the same time, but for the streams: the first side sends first.

    Args:
        pc: The connection.
        channel: Open at both ends.
        machine: What this side runs on.
        is_first: Whether this side made the offer.
        states: What the connection went through.
    """

    def __init__(
        self,
        pc: RTCPeerConnection,
        channel: RTCDataChannel,
        *,
        machine: str,
        is_first: bool,
        states: list[tuple[float, str]],
    ) -> None:
        self._pc = pc
        self._channel = channel
        self._machine = machine
        self._is_first = is_first
        self._states = states
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse()
        self._heard: dict[str, Any] = {}
        self._received = 0
        self._first_at = self._last_at = 0.0
        channel.on("message", self._hear)
        channel.on("close", self._pulse.beat)

    async def run(self) -> tuple[Side, Side]:
        """What this side and the other one have seen.

        Raises:
            ConnectivityError: The other side went away, or does not go on.
            ValueError: The other side says what makes no sense.
        """
        rtt_s = await self._ping()
        if self._is_first:
            await self._stream()
            await self._expect("stream-over")
        else:
            await self._expect("stream-over")
            await self._stream()
        ours = Side(
            self._machine, tuple(self._states), await self._path(), rtt_s, self._received_bps()
        )
        self._tell("report", asdict(ours))
        theirs = Side.from_value(await self._expect("report"))
        self._tell("bye")
        with suppress(
            ConnectivityError
        ):  # whoever has heard our goodbye may be gone before its own
            await self._expect("bye")
        return ours, theirs

    async def _ping(self) -> float:
        times = []
        for number in range(_PINGS):
            began_at = self._loop.time()
            self._tell("ping", number)
            await self._expect(f"pong {number}")
            times.append(self._loop.time() - began_at)
        return statistics.median(times)

    async def _stream(self) -> None:
        end_at = self._loop.time() + STREAM_S
        while self._loop.time() < end_at:
            self._channel.send(_BLOCK)
            async with asyncio.timeout(STEP_LIMIT_S):
                await self._channel.drain(_UNSENT)
            await asyncio.sleep(0)
        self._tell("stream-over")

    async def _path(self) -> str:
        report = await self._pc.getStats()
        for transport in report.of_type("transport"):
            pair = report.get(transport.get("selectedCandidatePairId", ""))
            if pair is not None:
                local = report[pair["localCandidateId"]]
                remote = report[pair["remoteCandidateId"]]
                ends = f"{local['candidateType']} to {remote['candidateType']}"
                return f"{ends} over {local['protocol']}"
        return "none"

    def _received_bps(self) -> float | None:
        took_s = self._last_at - self._first_at
        return (self._received - len(_BLOCK)) * 8 / took_s if took_s > 0 else None

    # --- messages -----------------------------------------------------------------------------

    def _tell(self, what: str, value: Any = None) -> None:
        self._channel.send(json.dumps([what, value]))

    async def _expect(self, what: str) -> Any:
        try:
            async with asyncio.timeout(STEP_LIMIT_S):
                await self._pulse.wait_until(
                    lambda: what in self._heard or self._channel.readyState != "open"
                )
        except TimeoutError:
            raise ConnectivityError("the other side does not go on") from None
        if what not in self._heard:
            raise ConnectivityError("the other side has gone")
        return self._heard[what]

    def _hear(self, message: bytes | str) -> None:
        if isinstance(message, bytes):
            self._count(len(message))
            return
        what, value = _parsed(message)
        if what == "ping":
            self._tell(f"pong {value}")
        elif what and len(self._heard) < 2 * _PINGS:
            self._heard[what] = value
        self._pulse.beat()

    def _count(self, size: int) -> None:
        now = self._loop.time()
        if not self._received:
            self._first_at = now
        self._received += size
        self._last_at = now


def _said(value: Any, size: int) -> str:
    return printable(str(value)[:size])


def _parsed(message: str) -> tuple[str, Any]:
    try:
        what, value = json.loads(message) if len(message) <= _MAX_TEXT else ("", None)
    except (ValueError, TypeError, RecursionError):
        return "", None
    return str(what), value
