"""Sessions of two peers in virtual time, recorded."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from frazil import ConnectivityError
from frazil.aio.recording_file import TraceFile, join_recordings
from frazil.testing import VirtualNetwork, run
from support.virtual_pair import VirtualPair

Act = Callable[[VirtualPair], Coroutine[Any, Any, None]]


def record(folder: Path, act: Act, *, keep_payload: bool = False, **options: Any) -> list[str]:
    """The lines about the offerer, from before it connects until it is closed."""
    path = folder / "offerer.jsonl"

    async def main(net: VirtualNetwork) -> None:
        target = TraceFile(path, keep_payload=keep_payload)
        async with VirtualPair(net, trace_a=target, **options) as pair:
            await act(pair)

    run(main)
    join_recordings(10)
    return path.read_text(encoding="utf-8").splitlines()


async def talk(pair: VirtualPair) -> None:
    """Connect and exchange messages."""
    mine, theirs = await pair.connect()
    mine.send("a secret word")
    theirs.send(b"a secret number")
    await asyncio.sleep(20)


async def fail(pair: VirtualPair) -> None:
    """Try to connect where no datagram arrives."""
    pair.net.block()
    pair.a.createDataChannel("chat")
    await pair.negotiate()
    try:
        await pair.a.wait_connected(60)
    except ConnectivityError:
        return
    raise AssertionError("the network was blocked")
