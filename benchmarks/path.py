"""A path with delay, loss and a rate between two processes: a relay of datagrams in userspace.

The relay reads the candidates in what the two ends signal, and puts a socket of its own in place of
each address. What comes to that socket goes on to the address, later, or not at all. So no
privilege is needed, and every stack takes the same path.

A real path takes nothing of the processors at its ends. This one takes as little as it can:
datagrams that leave together are given to the kernel together, whichever stack sent them.
"""

import asyncio
import json
import random
import re
from collections import deque
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from frazil.aio import SystemNetwork
from frazil.aio.network import UdpSocket
from frazil.run import runs_of
from frazil.types import Address, Datagram, Transmit

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


class _Way:
    """One direction: what is on its way to a destination, in the order in which it arrives there.

    Attributes:
        socket: Stands for the destination.
        waiting: When each datagram arrives, from whom it is, and what it is.
        free_at: When the rate leaves room for the next one.
    """

    def __init__(self, socket: UdpSocket) -> None:
        self.socket = socket
        self.waiting: deque[tuple[float, Address, bytes]] = deque()
        self.free_at = 0.0


class Path:
    """Relays between the addresses that the signals of both ends name, for one event loop.

    Use it as an asynchronous context manager.

    Attributes:
        carried: How many datagrams it has passed on.
    """

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._random = random.Random(1)
        self._network = SystemNetwork()
        self._ways: dict[Address, _Way] = {}  # by their destination
        self._timer: asyncio.TimerHandle | None = None
        self.carried = 0

    async def __aenter__(self) -> "Path":
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for way in self._ways.values():
            way.socket.close()

    def lead_through(self, signal: Any) -> Any:
        """The signal with our addresses in place of those of the candidates in it."""
        text = HOST_CANDIDATE.sub(self._replace, json.dumps(signal))
        return json.loads(text.replace(LISTENS, DOES_NOT_LISTEN))

    def _replace(self, match: re.Match[str]) -> str:
        before, host, port, after = match.groups()
        own = self._way_to((host, int(port))).socket.local
        return f"{before}{own[0]} {own[1]}{after}"

    def _way_to(self, destination: Address) -> _Way:
        if destination not in self._ways:
            socket = self._network.open_udp(
                destination[0], 0, lambda datagrams: self._take(datagrams, destination)
            )
            self._ways[destination] = _Way(socket)
        return self._ways[destination]

    def _take(self, datagrams: list[Datagram], destination: Address) -> None:
        """Delay what came for ``destination``; who sent it must have signalled its address."""
        way, now = self._ways[destination], self._loop.time()
        for datagram in datagrams:
            at = self._arrives_at(way, len(datagram.data) + OVERHEAD, now)
            if at is not None and datagram.remote in self._ways:
                way.waiting.append((at, datagram.remote, datagram.data))
        self._deliver()

    def _arrives_at(self, way: _Way, size: int, now: float) -> float | None:
        conditions = self._conditions
        at = now
        if conditions.rate_bps:
            at = max(way.free_at, now)
            if at - now > conditions.queue_s:
                return None
            at += size * 8 / conditions.rate_bps
            way.free_at = at
        if self._random.random() < conditions.loss:
            return None
        return at + conditions.round_trip_s / 2

    def _deliver(self) -> None:
        """Hand over what has arrived, and come back for the next."""
        now = self._loop.time()
        for destination, way in self._ways.items():
            arrived = []
            while way.waiting and way.waiting[0][0] <= now:
                arrived.append(way.waiting.popleft())
            for source, entries in groupby(arrived, key=itemgetter(1)):
                self._hand_over([data for _, _, data in entries], source, destination)
        heads = [way.waiting[0][0] for way in self._ways.values() if way.waiting]
        if heads and self._timer is None:
            self._timer = self._loop.call_at(min(heads), self._on_timer)

    def _hand_over(self, datagrams: list[bytes], source: Address, destination: Address) -> None:
        socket = self._ways[source].socket
        socket.send(
            [
                Transmit(run.data, run.segment_size, socket.local, destination)
                for run in runs_of(datagrams)
            ]
        )
        self.carried += len(datagrams)

    def _on_timer(self) -> None:
        self._timer = None
        self._deliver()
