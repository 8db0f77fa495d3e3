"""Scale: thousands of connections on one port of one process, held while consent is checked.

A server has everything on one port (`scale_server.py`). Other processes of this machine play the
clients (`scale_client.py`), as few as the limit of open files allows. Connections are opened at a
bounded rate. At each step they rest for a while, and what a connection costs is read off in all
processes; at the last one they are held.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from files import most_files
from gauge import Reading
from harness import progress
from line_service import Service, running
from machine import Machine, Watch
from summary import number

STEPS = (100, 500, 1000, 2000, 5000, 10_000, 20_000)
SETTLE_S = 3.0
"""Between the last connection of a step and the reading: what set-up still has to say."""
GROWTH_LIMIT = 1.2
"""What a connection of the last step may cost, relative to the step that was cheapest."""
PROGRESS_EVERY = 500
SPARE_FILES = 200
"""Files of a process that are not connections."""
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class State:
    """The server at one moment: the process, and what became of its connections."""

    reading: Reading
    disconnected: int
    connected: int
    unclaimed: int
    lost: int


@dataclass(frozen=True, slots=True)
class ClientState:
    """All clients at one moment: their processes, and what became of their connections."""

    reading: Reading
    disconnected: int
    failures: list[str]


class Server:
    """The server, as seen from here."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def state(self) -> State:
        """How it stands now."""
        told = await self._service.ask()
        return State(**told | {"reading": Reading(**told["reading"])})


class Clients:
    """All the clients, as seen from here.

    Attributes:
        processes: How many processes they are in.
        opened: How many connections they have, failed ones included.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services
        self.processes = len(services)
        self.opened = 0

    async def grow_to(self, total: int, rate: float) -> None:
        """Open connections until there are ``total``, evenly spread over the processes.

        Args:
            total: How many.
            rate: How many to begin in a second, at most.
        """
        while self.opened < total:
            self.opened = min(self.opened + PROGRESS_EVERY, total)
            async with asyncio.TaskGroup() as group:
                for index, service in enumerate(self._services):
                    share = (self.opened + index) // self.processes
                    group.create_task(service.ask(grow_to=share, rate=rate / self.processes))
            progress(f"{self.opened:,} connections")

    async def state(self) -> ClientState:
        """How they stand now."""
        told: list[dict[str, Any]] = await asyncio.gather(*(one.ask() for one in self._services))
        return ClientState(
            Reading.of_all([Reading(**one["reading"]) for one in told]),
            sum(one["disconnected"] for one in told),
            [failure for one in told for failure in one["failures"]],
        )


@asynccontextmanager
async def running_all(most: int) -> AsyncIterator[tuple[Server, Clients]]:
    """The server, and clients enough for so many connections; they end with the block."""
    processes = -(-most // (most_files() - SPARE_FILES))
    async with AsyncExitStack() as stack:
        sockets = Path(stack.enter_context(TemporaryDirectory()))
        server_path = sockets / "server"
        server = await stack.enter_async_context(running(HERE / "scale_server.py", server_path))
        clients = [
            await stack.enter_async_context(
                running(HERE / "scale_client.py", sockets / str(index), str(server_path))
            )
            for index in range(processes)
        ]
        yield Server(server), Clients(clients)


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

    def __init__(self, server: Server, clients: Clients) -> None:
        self._server = server
        self._clients = clients

    async def _read(self) -> tuple[Reading, Reading]:
        return (await self._server.state()).reading, (await self._clients.state()).reading

    async def steps(self, sizes: list[int], rate: float, idle_s: float) -> AsyncIterator[Step]:
        """Grow from size to size."""
        await self._clients.grow_to(self._clients.processes, rate)
        empty = before = await self._read()  # what a process needs once is not counted
        first = opened = self._clients.opened
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
                tuple(
                    (rested[i].resident - empty[i].resident) / (size - first) / 1e3 for i in both
                ),
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
    async with running_all(most) as (server, clients):
        scale = Scale(server, clients)
        print("| " + " | ".join(TITLES) + " |\n" + "|---" * len(TITLES) + "|")
        async for step in scale.steps(sizes, arguments.rate, arguments.idle):
            steps.append(step)
            progress("")
            print(row(step), flush=True)
        held = await scale.hold(arguments.hold) if arguments.hold else "Not held."
        state, client_state = await server.state(), await clients.state()
    progress("")
    disconnected = client_state.disconnected + state.disconnected
    print(f"\n{growth(steps)}\n{held}")
    print(
        f"{len(client_state.failures)} failed to open, {disconnected} times disconnected, "
        f"{state.connected} of {clients.opened} connected at the end. "
        f"The server's port lost {state.lost} datagrams to a full buffer; "
        f"{state.unclaimed} were for nobody. Processes of clients: {clients.processes}."
    )
    for failure, times in Counter(client_state.failures).items():
        print(f"{times} × {failure}")
    if arguments.json:
        document = {"steps": [asdict(step) for step in steps], "server": asdict(state)}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    return 1 if client_state.failures or disconnected else 0


def main() -> int:
    """Run once with what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=5000, metavar="N")
    parser.add_argument("--hold", type=float, default=10.0, metavar="MINUTES")
    parser.add_argument("--rate", type=float, default=200.0, metavar="PER_S", help="at most")
    parser.add_argument("--idle", type=float, default=12.0, metavar="S", help="rest at each step")
    parser.add_argument("--json", type=Path, metavar="PATH")
    arguments = parser.parse_args()
    print(f"{Machine.look()}\n\nEach cell is server / clients, for each connection.\n")
    watch = Watch()
    status = asyncio.run(run(arguments))
    print(watch.busy_elsewhere())
    return status


if __name__ == "__main__":
    sys.exit(main())
