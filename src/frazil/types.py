"""The plain values that every layer shares: addresses, datagrams, randomness.

Instants are seconds on a monotonic clock (names end in ``_at``), durations are seconds (names end
in ``_s``). Nothing below :mod:`frazil.aio` reads a clock or draws a random number: both arrive as
arguments.
"""

from collections.abc import Callable
from typing import TypeAlias

from frazil.compiled import mypyc_attr
from frazil.run import Run
from frazil.value import Value

Address: TypeAlias = tuple[str, int]
"""A transport address: the IP address in its canonical text form, and the port."""

RandomBytes: TypeAlias = Callable[[int], bytes]
"""The injected random source: ``secrets.token_bytes`` in production, a seeded one in tests."""


@mypyc_attr(acyclic=True)
class Datagram(Value):
    """A UDP payload that arrived at the socket bound to ``local`` from ``remote``."""

    __slots__ = ("data", "local", "remote")

    def __init__(self, data: bytes, local: Address, remote: Address) -> None:
        self.data = data
        self.local = local
        self.remote = remote

    def as_tuple(self) -> tuple[bytes, Address, Address]:
        """Payload and addresses."""
        return self.data, self.local, self.remote


@mypyc_attr(acyclic=True)
class Transmit(Value):
    """A :class:`~frazil.run.Run` to send from the socket bound to ``local`` to ``remote``."""

    __slots__ = ("data", "local", "remote", "segment_size")

    def __init__(self, data: bytes, segment_size: int, local: Address, remote: Address) -> None:
        self.data = data
        self.segment_size = segment_size
        self.local = local
        self.remote = remote

    def as_tuple(self) -> tuple[bytes, int, Address, Address]:
        """Run and addresses."""
        return self.data, self.segment_size, self.local, self.remote

    def datagrams(self) -> list[bytes]:
        """The datagrams one by one."""
        return Run(self.data, self.segment_size).datagrams()


def end_of_path(datagrams: list[Datagram], start: int) -> int:
    """The index after the datagrams that came from one address to another, from ``start`` on."""
    local, remote = datagrams[start].local, datagrams[start].remote
    for at in range(start + 1, len(datagrams)):
        datagram = datagrams[at]
        if datagram.remote != remote or datagram.local != local:
            return at
    return len(datagrams)


def uniform(random_bytes: RandomBytes, low: float, high: float) -> float:
    """A number in ``[low, high)`` drawn from the injected source."""
    return low + (high - low) * int.from_bytes(random_bytes(6)) / (1 << 48)
