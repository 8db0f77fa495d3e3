"""A bottleneck for flows of every kind: two networks, and an IP link of one rate between them.

The kernel's own packets go through it as well, so a flow can be measured beside TCP. Each end is a
TUN device; what is read from one is written to the other, later, or dropped where the queue of its
direction is full. Linux, with the right to make network namespaces.
"""

import fcntl
import heapq
import os
import select
import struct
import threading
import time
from contextlib import suppress
from typing import Self

from network import Namespace
from path import Conditions

ADDRESSES = ("10.78.0.1", "10.78.0.2")
_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x1001
_MTU = 1500
_READS = 64
"""Packets taken from one end before the other has its turn."""


class Bottleneck:
    """The link, and the network at each of its ends.

    Use it as a context manager; the packets are carried by a thread of their own.

    Attributes:
        ends: The two networks, which have the :data:`ADDRESSES`.
    """

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self.ends = (Namespace(), Namespace())
        self._devices = [
            _open_device(end, address) for end, address in zip(self.ends, ADDRESSES, strict=True)
        ]
        self._free_at = dict.fromkeys(self._devices, 0.0)
        self._waiting: list[tuple[float, int, bytes, int]] = []
        self._serial = 0
        self._is_open = True
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        self._thread.join()
        for device in self._devices:
            os.close(device)
        for end in self.ends:
            end.close()

    def _carry(self) -> None:
        one, other = self._devices
        across = {one: other, other: one}
        while self._is_open:
            wait_s = self._waiting[0][0] - time.monotonic() if self._waiting else 0.1
            for device in select.select(self._devices, (), (), max(wait_s, 0.0))[0]:
                self._take(device, across[device])
            now = time.monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                _, _, packet, device = heapq.heappop(self._waiting)
                with suppress(OSError):  # nobody is there any more
                    os.write(device, packet)

    def _take(self, source: int, destination: int) -> None:
        for _ in range(_READS):
            try:
                packet = os.read(source, _MTU)
            except BlockingIOError:
                return
            at = self._leaves_at(destination, len(packet))
            if at is not None:
                self._serial += 1
                heapq.heappush(self._waiting, (at, self._serial, packet, destination))

    def _leaves_at(self, destination: int, size: int) -> float | None:
        """When the last bit has come through, or ``None`` where the queue is full."""
        conditions, now = self._conditions, time.monotonic()
        at = max(self._free_at[destination], now)
        if at - now > conditions.queue_s:
            return None
        at += size * 8 / conditions.rate_bps
        self._free_at[destination] = at
        return at + conditions.round_trip_s / 2


def _open_device(end: Namespace, address: str) -> int:
    with end.entered():
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", b"link", _IFF_TUN_NO_PI))
    end.run("ip", "link", "set", "dev", "link", "mtu", str(_MTU), "up")
    end.run("ip", "address", "add", f"{address}/24", "dev", "link")
    return device
