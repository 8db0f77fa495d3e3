"""The receiving half of a UDP socket."""

import socket
from collections.abc import Callable
from typing import Any, Final

from frazil.address import canonical_ip
from frazil.aio import arrival, offload
from frazil.types import Address, Datagram

DRAIN_BUDGET: Final = 64
"""Reads per wake-up, so that one busy socket leaves the event loop to the others.

A socket of more connections than that has one for each."""
COALESCE_FROM: Final = 8
"""Datagrams at one wake-up that show a stream: from then on the kernel is asked to join them.

Not before, because the first such socket of a host, and the end of the last one, make the kernel
rewrite a part of itself: that costs more than all other system calls of a connection.
"""
COALESCED_COST: Final = 16
"""What a read counts that returned a run: four of them use the budget up."""
VAIN_LOOKS: Final = 8
"""So many looks in a row that found nothing show that payload comes one by one: from then on only
every eighth is followed by one."""
LAST_OF_STUN: Final = b"\x01"
"""No request or answer begins with more (RFC 8489 5)."""
BUFFER_SIZE: Final = 65_535
"""Bytes: no datagram, and no run, is longer. The rest of the buffer is given back at once."""
MAX_CACHED_ADDRESSES: Final = 16_384
"""IPv6 peers of one socket whose addresses are at hand; some 3 MB."""


class _AddressCache:
    """From what the socket module calls an address of AF_INET6 to ours."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Address] = {}

    def __call__(self, sockaddr: tuple[Any, ...]) -> Address:
        address = self._known.get(sockaddr)
        if address is None:
            if len(self._known) >= MAX_CACHED_ADDRESSES:
                self._known.clear()
            address = self._known[sockaddr] = canonical_ip(sockaddr[0]), sockaddr[1]
        return address


class Receiver:
    """Reads a non-blocking socket until it is empty, within a budget.

    Attributes:
        is_done: Whether the last :meth:`drain` was all for this time.
    """

    __slots__ = (
        "_address",
        "_budget",
        "_coalesced",
        "_is_shared",
        "_local",
        "_may_coalesce",
        "_sock",
        "_vain_looks",
        "_was_alone",
        "is_done",
    )

    def __init__(self, sock: socket.socket, local: Address, *, coalesce: bool) -> None:
        self._sock = sock
        self._local = local
        self._may_coalesce = coalesce
        self._coalesced = False
        # Of IPv4, the socket module's form is ours; a tuple of a tuple is itself.
        is_plain = ":" not in local[0]
        self._address: Callable[[Any], Address] = tuple if is_plain else _AddressCache()
        self._budget = DRAIN_BUDGET
        self._is_shared = False
        self._was_alone = False
        self._vain_looks = 0  # in a row, and as many as were left out
        self.is_done = True

    def serve(self, connections: int) -> None:
        """From now on so many connections get what is read."""
        self._budget = max(DRAIN_BUDGET, connections)
        self._is_shared = connections > 1
        self._was_alone = False
        self.is_done = True

    def drain(self) -> list[Datagram]:
        """What has arrived by now, up to the budget, in order.

        To find the socket empty takes longer than a read. If the last datagram came alone, the next
        one is not kept waiting for that. A check, or the answer to one, mostly comes alone, so
        nobody looks for more: the event loop tells. After payload the caller does, by another call,
        when it has handed it over, unless that has been in vain for a while.
        """
        batch: list[Datagram] = []
        looks_for_more = not self.is_done
        is_alone = self._was_alone and not looks_for_more
        self.is_done = True
        if looks_for_more:
            if arrival.is_empty(self._sock):
                self._vain_looks += 1
                return batch
            self._vain_looks = 0
        if self._read(batch, is_alone=is_alone):
            self.is_done = batch[0].data[:1] <= LAST_OF_STUN or self._leaves_look_out()
            return batch
        self._was_alone = len(batch) == (0 if looks_for_more else 1) and not self._is_shared
        if self._may_coalesce and len(batch) >= COALESCE_FROM:
            self._may_coalesce = False
            self._coalesced = offload.enable_coalescing(self._sock)
        return batch

    def _leaves_look_out(self) -> bool:
        """Whether nobody looks for more after this payload."""
        looks = self._vain_looks
        if looks < VAIN_LOOKS or looks % VAIN_LOOKS == 0:
            return False
        self._vain_looks += 1
        return True

    def _read(self, batch: list[Datagram], *, is_alone: bool) -> bool:
        """Append what there is within the budget, or just the first of it if that ``is_alone``.

        Returns:
            Whether it stopped behind the first.
        """
        sock, local, address = self._sock, self._local, self._address
        budget = self._budget
        ancillary: list[tuple[int, int, bytes]] = []
        while budget > 0:
            budget -= 1
            try:
                if self._coalesced:
                    data, ancillary, _, sockaddr = sock.recvmsg(BUFFER_SIZE, offload.ANCILLARY_SIZE)
                else:
                    data, sockaddr = sock.recvfrom(BUFFER_SIZE)
            except BlockingIOError:
                break
            except OSError:
                continue  # an ICMP error that somebody else's datagram caused; reading clears it
            remote = address(sockaddr)
            if ancillary:
                budget -= COALESCED_COST - 1
                size = offload.coalesced_size(ancillary)
                pieces = [data[at : at + size] for at in range(0, len(data), size)]
                batch += [Datagram(piece, local, remote) for piece in pieces]
            else:
                batch.append(Datagram(data, local, remote))
            if is_alone:
                return True
        return False

    def datagram(self, data: bytes, sockaddr: tuple[Any, ...]) -> Datagram:
        """The datagram that came from ``sockaddr``, as the socket module knows it."""
        return Datagram(data, self._local, self._address(sockaddr))
