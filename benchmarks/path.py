"""A path with delay, loss and a rate between two processes: a relay of datagrams in userspace.

The relay reads the candidates in what the two ends signal, and puts a socket of its own in place of
each address. What comes to that socket goes on to the address, later, or not at all. So no
privilege is needed, and every stack takes the same path.
"""

import asyncio
import heapq
import json
import random
import re
import socket
from typing import Any, NamedTuple, TypeAlias

Address: TypeAlias = tuple[str, int]

BUFFER_SIZE = 4 << 20
MAX_DATAGRAM = 1 << 16
OVERHEAD = 28
"""Bytes of the headers of IP and UDP."""
HOST_CANDIDATE = re.compile(
    r"(candidate:\S+ \d (?:udp|UDP) \d+ )(\d+\.\d+\.\d+\.\d+) (\d+)( typ host)"
)

LISTENS, DOES_NOT_LISTEN = "tcptype passive", "tcptype active"
"""A stack that is told of a TCP listener finds a way around the path, and a better one."""


class Conditions(NamedTuple):
    """What a path is like.

    Attributes:
        round_trip_s: How long there and back takes, without a queue.
        loss: The part of the datagrams that is lost at random, each way.
        rate_bps: Bits per second each way, headers included; 0 for no limit.
        queue_s: How long a datagram may wait for the rate; it is dropped otherwise.
    """

    round_trip_s: float = 0.0
    loss: float = 0.0
    rate_bps: float = 0.0
    queue_s: float = 0.02


class Path:
    """Relays between the addresses that the signals of both ends name, for one event loop.

    Use it as an asynchronous context manager.

    Attributes:
        carried: How many datagrams it has passed on.
    """

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._random = random.Random(1)
        self._sockets: dict[Address, socket.socket] = {}  # by the address it stands for
        self._free_at: dict[Address, float] = {}
        self._waiting: list[tuple[float, int, bytes, Address, Address]] = []
        self._serial = 0
        self._timer: asyncio.TimerHandle | None = None
        self.carried = 0

    async def __aenter__(self) -> "Path":
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for one in self._sockets.values():
            self._loop.remove_reader(one)
            one.close()

    def lead_through(self, signal: Any) -> Any:
        """The signal with our addresses in place of those of the candidates in it."""
        text = HOST_CANDIDATE.sub(self._replace, json.dumps(signal))
        return json.loads(text.replace(LISTENS, DOES_NOT_LISTEN))

    def _replace(self, match: re.Match[str]) -> str:
        before, host, port, after = match.groups()
        own = self._stand_in((host, int(port))).getsockname()
        return f"{before}{own[0]} {own[1]}{after}"

    def _stand_in(self, address: Address) -> socket.socket:
        if address not in self._sockets:
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                one.setsockopt(socket.SOL_SOCKET, option, BUFFER_SIZE)
            one.setblocking(False)
            one.bind((address[0], 0))
            self._sockets[address] = one
            self._loop.add_reader(one, self._read, one, address)
        return self._sockets[address]

    def _read(self, one: socket.socket, destination: Address) -> None:
        """Take what waits for ``destination``; who sent it must have signalled its address."""
        now = self._loop.time()
        for _ in range(64):
            try:
                data, source = one.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                break
            at = self._leaves_at(destination, len(data) + OVERHEAD, now)
            if source in self._sockets and at is not None:
                self._serial += 1
                heapq.heappush(self._waiting, (at, self._serial, data, source, destination))
        self._send()

    def _leaves_at(self, destination: Address, size: int, now: float) -> float | None:
        conditions = self._conditions
        at = now
        if conditions.rate_bps:
            at = max(self._free_at.get(destination, 0.0), now)
            if at - now > conditions.queue_s:
                return None
            at += size * 8 / conditions.rate_bps
            self._free_at[destination] = at
        if self._random.random() < conditions.loss:
            return None
        return at + conditions.round_trip_s / 2

    def _send(self) -> None:
        """Send on what is due, and come back for the next."""
        waiting, now = self._waiting, self._loop.time()
        while waiting and waiting[0][0] <= now:
            _, _, data, source, destination = heapq.heappop(waiting)
            self.carried += 1
            try:
                self._sockets[source].sendto(data, destination)
            except OSError:
                continue  # the buffer is full, or nobody is there any more: lost
        if waiting and self._timer is None:
            self._timer = self._loop.call_at(waiting[0][0], self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._send()
