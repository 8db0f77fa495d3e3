"""Scale: thousands of connections on one port of one process, held while consent is checked.

Two processes of this machine: a server with everything on one port (`scale_server.py`), and this
one, which plays all the clients, each on a port of its own as behind a home router. Connections are
opened at a bounded rate. At each step they rest for a while, and what a connection costs is read
off in both processes; at the last one they are held.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from gauge import Gauge, Reading, freeze
from harness import progress
from machine import Machine, Watch
from network import LOOPBACK
from summary import number

from frazil import IceOptions, RTCCertificate, RTCPeerConnection
from frazil.aio import SystemNetwork

STEPS = (100, 500, 1000, 2000, 5000, 10_000, 20_000)
MAX_OPENING = 32
"""Connections that are being set up at a time."""
OPEN_TIMEOUT_S = 30.0
SETTLE_S = 3.0
"""Between the last connection of a step and the reading: what set-up still has to say."""
GROWTH_LIMIT = 1.2
"""What a connection of the last step may cost, relative to the step that was cheapest."""
PROGRESS_EVERY = 100
LINE_LIMIT = 1 << 20
SPARE_FILES = 200
SERVER = Path(__file__).with_name("scale_server.py")


@dataclass(frozen=True, slots=True)
class State:
    """The server at one moment: the process, and what became of its connections."""

    reading: Reading
    changes: dict[str, int]
    connected: int
    unclaimed: int
    lost: int


class Server:
    """The other process, as seen from here."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def ask(self, **entry: Any) -> dict[str, Any]:
        """Send one line and wait for what answers it."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"number": number, **entry}).encode() + b"\n")
        return await self._waiting[number]

    async def state(self) -> State:
        """How it stands now."""
        told = await self.ask()
        told.pop("number")
        return State(**told | {"reading": Reading(**told["reading"])})

    async def listen(self) -> None:
        """Hand out the answers, until the process ends."""
        async for line in self._process.stdout:
            entry = json.loads(line)
            self._waiting.pop(entry["number"]).set_result(entry)
        for future in self._waiting.values():
            future.set_exception(ConnectionError("the server ended"))


@asynccontextmanager
async def running_server() -> AsyncIterator[Server]:
    """The server in a process of its own; it ends with the block."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, SERVER, stdin=pipe, stdout=pipe, limit=LINE_LIMIT
    )
    server = Server(process)
    listening = asyncio.create_task(server.listen())
    try:
        yield server
    finally:
        process.kill()
        await process.wait()
        await listening


class Clients:
    """All the clients.

    Attributes:
        changes: How often a connection has reached each state.
        failures: Why connections were not opened.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ice = IceOptions(include_loopback=True, addresses=[LOOPBACK])
        certificate = RTCCertificate.generate(SystemNetwork().random_bytes, time.time())
        self._configuration = {"certificates": [certificate]}
        self.connections: list[RTCPeerConnection] = []
        self.changes: Counter[str] = Counter()
        self.failures: list[str] = []

    async def grow_to(self, total: int, rate: float) -> None:
        """Open connections until there are ``total``, failed ones included.

        Args:
            rate: How many to begin in a second, at most.
        """
        slots = asyncio.Semaphore(MAX_OPENING)
        async with asyncio.TaskGroup() as group:
            while (opened := len(self.connections)) < total:
                await slots.acquire()
                group.create_task(self._open()).add_done_callback(lambda _: slots.release())
                await asyncio.sleep(1 / rate)
                if opened % PROGRESS_EVERY == 0:
                    progress(f"{opened:,} of {total:,} connections, {len(self.failures)} failed")

    async def _open(self) -> None:
        pc = RTCPeerConnection(self._configuration, ice=self._ice)
        self.connections.append(pc)
        freeze(len(self.connections))
        pc.on("connectionstatechange", lambda: self.changes.update((pc.connectionState,)))
        channel = pc.createDataChannel("scale")
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await pc.setLocalDescription()
                await pc.gathering_complete()
                reply = await self._server.ask(offer=pc.localDescription.toJSON())
                await pc.setRemoteDescription(reply["answer"])
                await channel.wait_open()
        except TimeoutError:
            text = f"no channel after {OPEN_TIMEOUT_S:.0f} s: {pc.connectionState}"
            self.failures.append(text)


@dataclass(frozen=True, slots=True)
class Step:
    """What one connection costs at each end, at one size.

    Attributes:
        connections: The size.
        kb: Memory in kilobytes: of the server, of the clients.
        opening_ms: Processor time of opening one more.
        idle_us: Processor time in microseconds a second with nothing to say.
        stall_ms: How long a timer had to wait at most while connections were opened.
        collection_ms: How much of it was the garbage collector's.
    """

    connections: int
    kb: tuple[float, float]
    opening_ms: tuple[float, float]
    idle_us: tuple[float, float]
    stall_ms: tuple[float, float]
    collection_ms: tuple[float, float]


class Scale:
    """One run: steps, and a hold."""

    def __init__(self, server: Server, clients: Clients, gauge: Gauge) -> None:
        self._server = server
        self._clients = clients
        self._gauge = gauge

    async def _read(self) -> tuple[Reading, Reading]:
        return (await self._server.state()).reading, self._gauge.read()

    async def steps(self, sizes: list[int], rate: float, idle_s: float) -> AsyncIterator[Step]:
        """Grow from size to size."""
        await self._clients.grow_to(1, rate)  # what a process needs once is not counted
        empty = before = await self._read()
        opened = 1
        for size in sizes:
            await self._clients.grow_to(size, rate)
            grown = await self._read()
            await asyncio.sleep(SETTLE_S)
            resting = await self._read()
            progress(f"{size:,} connections rest for {idle_s:.0f} s")
            await asyncio.sleep(idle_s)
            rested = await self._read()
            both = range(2)
            added = size - opened
            idle_us = tuple(rested[i].cpu_share(resting[i]) / size * 1e6 for i in both)
            yield Step(
                size,
                tuple((rested[i].resident - empty[i].resident) / (size - 1) / 1e3 for i in both),
                tuple(
                    opening_cpu_s(before[i], grown[i], (opened + size) / 2 * idle_us[i])
                    / added
                    * 1e3
                    for i in both
                ),
                idle_us,
                tuple(grown[i].stall_s * 1e3 for i in both),
                tuple(grown[i].collection_s * 1e3 for i in both),
            )
            before, opened = rested, size

    async def hold(self, minutes: float) -> str:
        """Let the connections be; what was seen of them meanwhile."""
        before = await self._read()
        for minute in range(int(minutes)):
            progress(f"held for {minute} of {minutes:g} minutes")
            await asyncio.sleep(60)
        await asyncio.sleep((minutes - int(minutes)) * 60)
        after = await self._read()
        server, clients = (
            f"{new.cpu_share(old) * 100:.1f} % of a core, timers late by at most "
            f"{new.stall_s * 1e3:.0f} ms ({new.collection_s * 1e3:.0f} ms of it the collector)"
            for old, new in zip(before, after, strict=True)
        )
        return f"Held for {minutes:g} minutes. Server: {server}. Clients: {clients}."


def opening_cpu_s(before: Reading, grown: Reading, idle_us: float) -> float:
    """What opening took of the processor, without what those that idled meanwhile took."""
    return grown.cpu_s - before.cpu_s - (grown.at - before.at) * idle_us / 1e6


TITLES = (
    "connections",
    "memory, kB",
    "CPU to open, ms",
    "CPU idle, µs/s",
    "timers late by, at most, ms",
    "of it collector, ms",
)


def row(step: Step) -> str:
    """A line of the table; each cell is server / clients."""
    pairs = (step.kb, step.opening_ms, step.idle_us, step.stall_ms, step.collection_ms)
    cells = [f"{number(a)} / {number(b)}" for a, b in pairs]
    return "| " + " | ".join([f"{step.connections:,}", *cells]) + " |"


def growth(steps: list[Step]) -> str:
    """By how much the costs of a connection differ from the first step to the last."""
    parts = []
    for name, key in (("memory", "kb"), ("opening", "opening_ms"), ("idle CPU", "idle_us")):
        values = [getattr(step, key)[0] for step in steps]
        ratio = values[-1] / min(values)
        parts.append(f"{name} {ratio:.2f}×{'' if ratio <= GROWTH_LIMIT else ' (not flat)'}")
    return "The last step to the cheapest, server: " + ", ".join(parts) + "."


async def run(arguments: argparse.Namespace) -> int:
    """Measure and tell; the exit status."""
    most = arguments.connections
    sizes = [*(size for size in STEPS if size < most), most]
    steps: list[Step] = []
    async with Gauge() as gauge, running_server() as server:
        clients = Clients(server)
        scale = Scale(server, clients, gauge)
        print("| " + " | ".join(TITLES) + " |\n" + "|---" * len(TITLES) + "|")
        async for step in scale.steps(sizes, arguments.rate, arguments.idle):
            steps.append(step)
            progress("")
            print(row(step), flush=True)
        held = await scale.hold(arguments.hold) if arguments.hold else "Not held."
        state = await server.state()
    progress("")
    disconnected = clients.changes["disconnected"] + state.changes.get("disconnected", 0)
    print(f"\n{growth(steps)}\n{held}")
    print(
        f"{len(clients.failures)} failed to open, {disconnected} times disconnected, "
        f"{state.connected} of {len(clients.connections)} connected at the end. "
        f"The server's port lost {state.lost} datagrams to a full buffer; "
        f"{state.unclaimed} were for nobody."
    )
    for failure, times in Counter(clients.failures).items():
        print(f"{times} × {failure}")
    if arguments.json:
        document = {"steps": [asdict(step) for step in steps], "server": asdict(state)}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    return 1 if clients.failures or disconnected else 0


def raise_file_limit(needed: int) -> None:
    """Allow this process as many sockets as it needs.

    Raises:
        SystemExit: The system does not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        sys.exit(f"{needed} files must be open at once, and the limit is {hard}: see ulimit -Hn")
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def main() -> int:
    """Run once with what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=5000, metavar="N")
    parser.add_argument("--hold", type=float, default=10.0, metavar="MINUTES")
    parser.add_argument("--rate", type=float, default=200.0, metavar="PER_S", help="at most")
    parser.add_argument("--idle", type=float, default=12.0, metavar="S", help="rest at each step")
    parser.add_argument("--json", type=Path, metavar="PATH")
    arguments = parser.parse_args()
    raise_file_limit(arguments.connections + SPARE_FILES)
    print(f"{Machine.look()}\n\nEach cell is server / clients, for each connection.\n")
    watch = Watch()
    status = asyncio.run(run(arguments))
    print(watch.busy_elsewhere())
    return status


if __name__ == "__main__":
    sys.exit(main())
