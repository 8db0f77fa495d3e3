"""How datagrams arrive where the loop cannot watch a socket: a task awaits each first one."""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from frazil.aio.receiver import BUFFER_SIZE, Receiver
from frazil.types import Datagram

ERROR_PAUSE_S: Final = 0.01
"""How long the task rests after an error, so that a broken socket cannot spin it."""


async def receive(
    loop: asyncio.AbstractEventLoop,
    sock: socket.socket,
    receiver: Receiver,
    hand_over: Callable[[list[Datagram]], None],
) -> None:
    """Await a datagram, drain the rest and hand them over, until the task is cancelled."""
    while True:
        try:
            data, sockaddr = await loop.sock_recvfrom(sock, BUFFER_SIZE)
        except OSError:  # Windows reports here that an earlier datagram was not welcome,
            await asyncio.sleep(ERROR_PAUSE_S)
            continue
        if sockaddr is not None:  # or, from 3.12 on, here
            hand_over([receiver.datagram(data, sockaddr), *receiver.drain()])
        await asyncio.sleep(0)  # receiving never waits while datagrams keep coming
