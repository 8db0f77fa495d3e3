"""Settings: what a choice outside of frazil is worth to it."""

import sys
from collections.abc import Sequence

from effort import Effort
from flow import Rate
from harness import main
from metric import Column, Metric
from process import WorkerError, find_version, run_alone, run_pair
from stack import FRAZIL, Stack

SIZES = (16_384, 64)

PLAIN = FRAZIL._replace(name="as it comes")
VARIATIONS = (
    PLAIN,
    Stack("uvloop", "stack_frazil_uvloop", "uvloop"),
    Stack("`net.core.rmem_max` of 212,992 bytes", "setting_small_buffer", "frazil"),
    Stack("no GSO, no GRO", "setting_no_offload", "frazil"),
)


def variations(stacks: Sequence[Stack]) -> list[Stack]:
    """Those that can be had here, if frazil is measured at all."""
    return [one for one in VARIATIONS if _is_here(one)] if FRAZIL in stacks else []


def _is_here(stack: Stack) -> bool:
    try:
        find_version(stack)
    except WorkerError:
        return False
    return True


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    sent, received = run_pair("flow", stack, effort, sizes=SIZES)
    bulk, messages = (Rate(*rate) for rate in received)
    ping, echo = run_pair("roundtrip", stack, effort)
    setup = run_alone("setup", stack, effort)
    return {
        "mbps": bulk.per_s * SIZES[0] * 8 / 1e6,
        "sender_cpu_s_per_gb": Rate(*sent[0]).cpu_s * 1e9 / SIZES[0],
        "receiver_cpu_s_per_gb": bulk.cpu_s * 1e9 / SIZES[0],
        "messages_per_s": messages.per_s,
        "p50_us": ping["p50_us"],
        "round_trip_cpu_us": ping["cpu_us"] + echo["cpu_us"],
        "pair_cpu_ms": setup["cpu_ms"],
    }


METRIC = Metric(
    "setting",
    "Settings: frazil in other surroundings",
    (
        Column("mbps", "16 KiB messages, Mbit/s"),
        Column("sender_cpu_s_per_gb", "sender CPU, s/GB"),
        Column("receiver_cpu_s_per_gb", "receiver CPU, s/GB"),
        Column("messages_per_s", "64 B messages/s"),
        Column("p50_us", "round trip p50, µs"),
        Column("round_trip_cpu_us", "CPU per round trip, µs"),
        Column("pair_cpu_ms", "CPU per pair set up, ms"),
    ),
    measure,
    rounds=1,
    subjects=variations,
    baseline=PLAIN.name,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
