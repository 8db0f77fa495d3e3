"""The sending half of a UDP socket."""

import asyncio
import socket
from typing import Final

from frazil.aio import offload
from frazil.types import Address, Transmit

MAX_QUEUED_RUNS: Final = 256
"""Runs that wait for a full socket buffer. What comes on top is lost, as in any full queue."""
MAX_REFUSED: Final = 1024
"""Remotes that are known to take no segmented sends. With one more all are tried again."""


class Transmitter:
    """Writes runs to a non-blocking socket and keeps a short queue while its buffer is full.

    A full buffer is this host's own back-pressure, over within milliseconds. Dropping there
    would look like heavy congestion to SCTP, so a bounded number of runs wait instead.
    """

    __slots__ = (
        "_closed",
        "_loop",
        "_queue",
        "_refused",
        "_segment",
        "_sock",
        "_waiting",
        "dropped",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, *, segment: bool
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._segment = segment and offload.can_segment(sock)
        self._refused: set[Address] = set()
        self._queue: list[Transmit] = []
        self._waiting = False
        self._closed = False
        self.dropped = 0

    def send(self, transmits: list[Transmit]) -> None:
        """Send, queue or lose every datagram; see :class:`frazil.aio.network.UdpSocket`."""
        for transmit in transmits:
            if transmit.segment_size < 1:
                raise ValueError(f"a segment size of {transmit.segment_size} bytes")
        if self._closed or self._queue:
            self._queue += transmits
        else:
            rest = self._write_all(transmits)
            if not rest:
                return
            self._queue = rest
            self._wait()
        self._lose_beyond(0 if self._closed else MAX_QUEUED_RUNS)

    def close(self) -> None:
        """Lose what is queued, and watch the socket no more."""
        self._closed = True
        self._lose_beyond(0)
        self._stop_waiting()

    def _flush(self) -> None:
        """Send the queue, as far as the socket takes it."""
        self._queue = self._write_all(self._queue)
        if not self._queue:
            self._stop_waiting()

    def _write_all(self, runs: list[Transmit]) -> list[Transmit]:
        """Send or lose the runs; returns those that are left when the socket's buffer is full."""
        for number, run in enumerate(runs):
            rest = self._write(run)
            if rest is not None:
                return [rest, *runs[number + 1 :]]
        return []

    def _write(self, run: Transmit) -> Transmit | None:
        """Send or lose the run; returns what is left of it when the socket's buffer is full."""
        data, size, remote = run.data, run.segment_size, run.remote
        at, whole = 0, len(data)
        if whole <= size:
            try:
                self._sock.sendto(data, remote)
            except BlockingIOError:
                return run
            except OSError:
                self.dropped += 1
            return None
        reach = self._reach(size, remote)
        while at < whole:
            end = at + reach
            if end > whole:
                end = whole
            try:
                if end - at <= size:
                    self._sock.sendto(data[at:end], remote)
                else:
                    control = offload.segment_control(size)
                    self._sock.sendmsg((data[at:end],), control, 0, remote)
            except BlockingIOError:
                return Transmit(data[at:], size, run.local, remote)
            except OSError as error:
                if end - at > size and error.errno in offload.REFUSALS:
                    self._refuse(remote)
                    reach = size  # from here on one by one, beginning with this piece
                    continue
                self.dropped += _count(end - at, size)
            at = end
        return None

    def _reach(self, size: int, remote: Address) -> int:
        """How many bytes one call may take of a run with this segment size."""
        if not self._segment or (self._refused and remote in self._refused):
            return size
        return size * max(1, min(offload.MAX_SEGMENTS, offload.MAX_PAYLOAD // size))

    def _refuse(self, remote: Address) -> None:
        """Segment no more on this path: others may have another MTU and another device."""
        if len(self._refused) == MAX_REFUSED:
            self._refused.clear()
        self._refused.add(remote)

    def _wait(self) -> None:
        """Have the rest of the queue sent once the socket is writable."""
        if self._waiting:
            return
        try:
            self._loop.add_writer(self._sock, self._flush)
        except NotImplementedError:  # Windows' proactor: nobody would tell
            self._lose_beyond(0)
        else:
            self._waiting = True

    def _stop_waiting(self) -> None:
        if self._waiting:
            self._waiting = False
            self._loop.remove_writer(self._sock)

    def _lose_beyond(self, limit: int) -> None:
        """Drop from the end of the queue until it is no longer than ``limit``."""
        while len(self._queue) > limit:
            run = self._queue.pop()
            self.dropped += _count(len(run.data), run.segment_size)


def _count(size: int, segment_size: int) -> int:
    """How many datagrams ``size`` bytes make."""
    return -(-size // segment_size)
