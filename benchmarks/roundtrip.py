"""Round trip: a small message to the other process and back, one at a time."""

import asyncio
import sys
import time

from effort import Effort
from harness import main
from metric import Column, Metric
from peer import Message, Peer
from percentile import percentile
from process import run_pair
from stack import Stack

SIZE = 32


async def sender_job(peer: Peer, effort: Effort) -> dict[str, float]:
    """Send each message from the handler of the last: nothing waits for a task."""
    finished = asyncio.get_running_loop().create_future()
    message = bytes(SIZE)
    warm_up = effort.round_trips // 10
    took_ns: list[int] = []
    sent_at = cpu_before = 0

    def on_message(_: Message) -> None:
        nonlocal sent_at, cpu_before
        now = time.perf_counter_ns()
        took_ns.append(now - sent_at)
        if len(took_ns) == warm_up:
            cpu_before = time.process_time_ns()
        if len(took_ns) < warm_up + effort.round_trips:
            sent_at = time.perf_counter_ns()
            peer.send(message)
        elif not finished.done():
            finished.set_result(time.process_time_ns() - cpu_before)

    peer.listen(on_message)
    sent_at = time.perf_counter_ns()
    peer.send(message)
    cpu_ns = await finished
    counted = sorted(took_ns[warm_up:])
    return {
        "p50_us": percentile(counted, 50) / 1e3,
        "p99_us": percentile(counted, 99) / 1e3,
        "cpu_us": cpu_ns / effort.round_trips / 1e3,
    }


async def receiver_job(peer: Peer, effort: Effort) -> dict[str, float]:
    """Send every message back."""
    finished = asyncio.get_running_loop().create_future()
    warm_up = effort.round_trips // 10
    echoed = cpu_before = 0

    def on_message(message: Message) -> None:
        nonlocal echoed, cpu_before
        peer.send(message)
        echoed += 1
        if echoed == warm_up:
            cpu_before = time.process_time_ns()
        if echoed == warm_up + effort.round_trips:
            finished.set_result(time.process_time_ns() - cpu_before)

    peer.listen(on_message)
    return {"cpu_us": await finished / effort.round_trips / 1e3}


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    sender, echo = run_pair("roundtrip", stack, effort)
    return {**sender, "cpu_us": sender["cpu_us"] + echo["cpu_us"]}


METRIC = Metric(
    "roundtrip",
    "Round trip: 32 B, two processes",
    (
        Column("p50_us", "p50, µs"),
        Column("p99_us", "p99, µs"),
        Column("cpu_us", "CPU per round trip, both ends, µs"),
    ),
    measure,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
