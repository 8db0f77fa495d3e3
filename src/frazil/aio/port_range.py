"""Ports that a firewall was opened for."""

import errno
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final, TypeVar

from frazil.types import RandomBytes, uniform

T = TypeVar("T")

PORT_REFUSED: Final = frozenset({errno.EADDRINUSE, errno.EACCES})
"""How the operating system says that this program cannot have a port, though maybe another one."""

_FREE_CHOICES: Final = 4


def check_ports(ports: object) -> None:
    """Accept what :class:`PortRange` takes.

    Raises:
        TypeError: It is not a range.
        ValueError: It is empty, or leaves 1 to 65535.
    """
    if not isinstance(ports, range):
        raise TypeError(f"ports must be a range such as range(40000, 40100), not {ports!r}")
    if not ports or min(ports[0], ports[-1]) < 1 or max(ports[0], ports[-1]) > 65_535:
        raise ValueError(f"ports must be a range of ports from 1 to 65535, not {ports!r}")


class PortRange:
    """Binds sockets to ports of a range, in random order.

    Args:
        ports: The range; ``None`` leaves the choice to the operating system.
        random_bytes: Decides the order.
    """

    __slots__ = ("_ports", "_random_bytes")

    def __init__(self, ports: range | None, random_bytes: RandomBytes) -> None:
        self._ports = ports
        self._random_bytes = random_bytes

    def bind(self, open_at: Callable[[int], T]) -> T:
        """What ``open_at`` gives for the first port that can be had.

        Raises:
            OSError: It failed for another reason than one port that cannot be had, or none can.
        """
        said = 0, ""
        for port in self._order():
            try:
                return open_at(port)
            except OSError as error:
                if error.errno not in PORT_REFUSED:
                    raise
                said = error.errno, error.strerror or str(error)
        raise self._exhausted(*said)

    async def bind_async(self, open_at: Callable[[int], Awaitable[T]]) -> T:
        """As :meth:`bind`, where opening takes its time."""
        said = 0, ""
        for port in self._order():
            try:
                return await open_at(port)
            except OSError as error:
                if error.errno not in PORT_REFUSED:
                    raise
                said = error.errno, error.strerror or str(error)
        raise self._exhausted(*said)

    def _order(self) -> Iterable[int]:
        """The ports to try; 0 leaves the choice to the operating system, and it may collide."""
        if self._ports is None:
            return [0] * _FREE_CHOICES
        return _shuffled(self._ports, self._random_bytes)

    def _exhausted(self, number: int, text: str) -> OSError:
        """What is told of the last refusal, which stands for all of them."""
        if self._ports is None:
            return OSError(number, text)
        first, last = self._ports[0], self._ports[-1]
        return OSError(number, f"no port from {first} to {last} can be had: {text}")


def _shuffled(ports: range, random_bytes: RandomBytes) -> Iterator[int]:
    """The ports in random order, each drawn when it is needed (Fisher and Yates)."""
    moved: dict[int, int] = {}
    for left in range(len(ports), 0, -1):
        drawn = int(uniform(random_bytes, 0, left))
        yield ports[moved.get(drawn, drawn)]
        moved[drawn] = moved.get(left - 1, left - 1)
