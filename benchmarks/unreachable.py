"""Unreachable: connecting on one host while both ends know a STUN server that is not there."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import network
from effort import Effort
from harness import main
from metric import Column, Metric
from process import WorkerError, run_alone
from stack import Stack

NAME = "stun.invalid"
"""A name that nobody will ever have (RFC 6761 6.4)."""


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column; no value for who cannot be kept from asking the world."""
    with _dead_port() as refused, _silent_port() as silent:
        servers = {
            "refused_ms": f"stun:{network.address()}:{refused}",
            "silent_ms": f"stun:{network.address()}:{silent}",
        }
        if network.own_network() is not None:
            servers["unknown_ms"] = f"stun:{NAME}:3478"
        return {
            key: _open_ms(stack, effort, server)
            for key, server in servers.items()
            if key.removesuffix("_ms") in effort.unreachable
        }


def _open_ms(stack: Stack, effort: Effort, server: str) -> float:
    once = effort._replace(connections=1)
    try:
        return float(run_alone("connect", stack, once, servers=[server])["open_ms"])
    except WorkerError as error:
        raise WorkerError(f"{server.partition(':')[2]}: {error}") from None


@contextmanager
def _dead_port() -> Iterator[int]:
    """A port at which a datagram is refused; nobody else is given it meanwhile."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        tcp.bind((network.address(), 0))
        yield tcp.getsockname()[1]


@contextmanager
def _silent_port() -> Iterator[int]:
    """A port at which datagrams arrive, and nobody reads them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((network.address(), 0))
        yield udp.getsockname()[1]


METRIC = Metric(
    "unreachable",
    "Connect with a STUN server that is not there, configured on both ends",
    (
        Column("refused_ms", "port closed, channel open after ms"),
        Column("silent_ms", "silent, ms"),
        Column("unknown_ms", "name does not exist, ms"),
    ),
    measure,
    rounds=1,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
