"""Someone who means harm: forges, replays and breaks datagrams, descriptions, SCTP packets."""

import asyncio
import gc
import os
import time
import types
from collections import deque
from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Any, Final

import crc32c
import pytest

from frazil.testing import Fate, Packet, VirtualHost, VirtualNetwork
from frazil.types import Address, Datagram

STUN_COOKIE: Final = b"\x21\x12\xa4\x42"
MAX_CAPTURED: Final = 200

for_long = pytest.mark.skipif(
    "FRAZIL_FUZZ_SECONDS" not in os.environ, reason="FRAZIL_FUZZ_SECONDS is not set"
)
"""Marks attacks that last ``FRAZIL_FUZZ_SECONDS`` each, in real time and with new seeds; call
pytest with ``--timeout=0`` for long ones."""


def seeds_for_long() -> Iterator[int]:
    """New seeds until the time is over."""
    ends_at = time.monotonic() + float(os.environ["FRAZIL_FUZZ_SECONDS"])
    for seed in count(100):
        if time.monotonic() >= ends_at:
            return
        yield seed


class Attacker:
    """Throws datagrams at hosts: random ones, broken captures, replays; from wherever it likes.

    Args:
        net: Where it listens and throws.
        victims: At whose sockets it throws.
        seed: Another seed is another attack.
        spoofs: Whether it can use the address of the real peer, and repeat or break what that
            sent. Nobody can do so who does not sit on the path.

    Attributes:
        thrown: How many datagrams it has thrown.
    """

    def __init__(
        self,
        net: VirtualNetwork,
        victims: list[VirtualHost],
        *,
        seed: int = 0,
        spoofs: bool = True,
    ) -> None:
        self.thrown = 0
        self._victims = victims
        self._random = Random(f"attacker {seed}")
        self._spoofs = spoofs
        self._captured: deque[Packet] = deque(maxlen=MAX_CAPTURED)
        net.listen(self._capture)

    def _capture(self, packet: Packet) -> None:
        # Not what was lost: to repeat that would help.
        if packet.fate is Fate.DELIVERED:
            self._captured.append(packet)

    async def attack(self, for_s: float, *, rate: float = 50) -> None:
        """Throw ``rate`` datagrams a second."""
        for _ in range(round(for_s * rate)):
            self.throw()
            await asyncio.sleep(1 / rate)

    def throw(self) -> None:
        """Throw one datagram, if there is a socket to throw at."""
        random = self._random
        sockets = [socket for victim in self._victims for socket in victim.sockets()]
        if not sockets:
            return
        socket = random.choice(sockets)
        captured = [packet for packet in self._captured if packet.destination == socket.local]
        if captured and self._spoofs and random.random() < 0.7:
            packet = random.choice(captured)
            data, source = self._forge(packet.data), packet.source
            if random.random() < 0.3:
                source = self._address()
        else:
            data, source = noise(random), self._address()
            if captured and self._spoofs and random.random() < 0.5:
                source = captured[-1].source
        self.thrown += 1
        socket.hand_over([Datagram(data, socket.local, source)])

    def _forge(self, data: bytes) -> bytes:
        if _is_handshake(data) or self._random.random() < 0.2:
            return data
        return broken(data, self._random)

    def _address(self) -> Address:
        random = self._random
        host = f"{random.randrange(1, 224)}.{random.randrange(256)}.0.{random.randrange(256)}"
        return host, random.randrange(65_536)


def _is_handshake(data: bytes) -> bool:
    """Whether it holds DTLS records of epoch 0, which are repeated only.

    Their content is authenticated at the very end of the handshake: whoever sits on the path and
    can break it decides whether there will be a connection, and nothing can be done about that.
    """
    return len(data) > 13 and 20 <= data[0] <= 63 and data[3:5] == bytes(2)


def noise(random: Random) -> bytes:
    """Random bytes that more often than not look like the beginning of something."""
    data = random.randbytes(random.choice([0, 1, 2, 12, 19, 20, 28, 100, 1200, 1500]))
    look = random.randrange(4)
    if look == 0:
        kind = random.choice([0x0001, 0x0101, 0x0111, 0x0011, 0x0003])
        length = max(0, len(data) - 20) & ~3
        return kind.to_bytes(2) + length.to_bytes(2) + STUN_COOKIE + data[8:]
    if look == 1:
        kind = random.choice([20, 21, 22, 23, 25, 40])
        return bytes((kind, 0xFE, 0xFD)) + data[3:]
    return data


def broken(data: bytes, random: Random) -> bytes:
    """``data`` with some bits flipped, cut short, or with bytes too many."""
    result = bytearray(data)
    for _ in range(random.choice([0, 1, 1, 2, 8])):
        if result:
            result[random.randrange(len(result))] ^= 1 << random.randrange(8)
    how = random.randrange(4)
    if how == 0:
        return bytes(result[: random.randrange(len(result) + 1)])
    if how == 1:
        return bytes(result) + random.randbytes(random.randrange(1, 40))
    return bytes(result)


def broken_text(text: str, random: Random) -> str:
    """A description or candidate line with lines or characters swapped, dropped, or replaced."""
    parts = text.split("\r\n") if "\r\n" in text else text.split(" ")
    joint = "\r\n" if "\r\n" in text else " "
    for _ in range(random.choice([1, 1, 2, 5])):
        at = random.randrange(len(parts))
        how = random.randrange(6)
        if how == 0:
            del parts[at]
            parts = parts or [""]
        elif how == 1:
            parts.insert(at, parts[random.randrange(len(parts))])
        elif how == 2:
            parts[at] = parts[at][: random.randrange(len(parts[at]) + 1)]
        elif how == 3:
            place = random.randrange(len(parts[at]) + 1)
            odd = random.choice(["\x00", "é", "\ud800", " ", "\n", "-1", "9" * 30, "A" * 3000])
            parts[at] = parts[at][:place] + odd + parts[at][place:]
        elif how == 4:
            parts[at] = "".join(str(random.randrange(10)) if c.isdigit() else c for c in parts[at])
        else:
            other = random.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
    return joint.join(parts)


def resealed(packet: bytes) -> bytes:
    """An SCTP packet with the checksum that its content has now (RFC 9260 6.8)."""
    if len(packet) < 12:
        return packet
    blank = packet[:8] + bytes(4) + packet[12:]
    return packet[:8] + crc32c.crc32c(blank).to_bytes(4, "little") + packet[12:]


_FOREIGN: Final = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.CodeType,
    types.FrameType,
    asyncio.AbstractEventLoop,
    asyncio.Future,
    VirtualHost,
    VirtualNetwork,
)


def footprint(root: Any) -> tuple[int, int]:
    """What an object holds: how many objects, and how many bytes in strings and buffers.

    The loop, the network and code do not count.
    """
    seen: set[int] = set()
    objects: list[Any] = []
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, _FOREIGN):
            continue
        seen.add(id(each))
        objects.append(each)
        waiting += gc.get_referents(each)
    return len(objects), sum(len(x) for x in objects if isinstance(x, bytes | bytearray | str))
