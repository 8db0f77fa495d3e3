"""Settings: what a choice of the user is worth to frazil."""

import sys
from collections.abc import Sequence

from effort import Effort
from flow import Rate
from harness import main
from metric import Column, Metric
from process import WorkerError, find_version, run_alone, run_pair
from stack import COMPILED, FRAZIL, Stack

SIZES = (16_384, 64)

PLAIN = FRAZIL._replace(name="as it comes")
VARIATIONS = (
    PLAIN,
    Stack("uvloop", "stack_frazil_uvloop", "uvloop"),
    Stack("`net.core.rmem_max` of 212,992 bytes", "setting_small_buffer", "frazil"),
    Stack("no GSO, no GRO", "setting_no_offload", "frazil"),
    Stack("one certificate for all", "setting_one_certificate", "frazil"),
    COMPILED._replace(name="compiled"),
    COMPILED._replace(name="compiled, one certificate", module="setting_one_certificate"),
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
    connect, setup = run_alone("connect", stack, effort), run_alone("setup", stack, effort)
    return {
        "mbps": bulk.per_s * SIZES[0] * 8 / 1e6,
        "sender_cpu_s_per_gb": Rate(*sent[0]).cpu_s * 1e9 / SIZES[0],
        "receiver_cpu_s_per_gb": bulk.cpu_s * 1e9 / SIZES[0],
        "messages_per_s": messages.per_s,
        "p50_us": ping["p50_us"],
        "round_trip_cpu_us": ping["cpu_us"] + echo["cpu_us"],
        "connect_cpu_ms": connect["cpu_ms"],
        "setup_cpu_ms": setup["cpu_ms"],
    }


METRIC = Metric(
    "setting",
    "Settings: frazil used in other ways and surroundings",
    (
        Column("mbps", "16 KiB messages, Mbit/s"),
        Column("sender_cpu_s_per_gb", "sender CPU, s/GB"),
        Column("receiver_cpu_s_per_gb", "receiver CPU, s/GB"),
        Column("messages_per_s", "64 B messages/s"),
        Column("p50_us", "round trip p50, µs"),
        Column("round_trip_cpu_us", "CPU per round trip, µs"),
        Column("connect_cpu_ms", "CPU per pair set up, one after another, ms"),
        Column("setup_cpu_ms", "CPU per pair set up, all at once, ms"),
    ),
    measure,
    rounds=1,
    subjects=variations,
    baseline=PLAIN.name,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
