"""Handlers for the tests of worker pools; each is imported by worker processes."""

import gc
import os
import threading
import time

from frazil.worker.link import Link


async def echo(pc):
    """Send every message back, with the number of the process."""

    @pc.on("datachannel")
    def on_channel(channel):
        channel.on("message", lambda text: channel.send(f"{os.getpid()} {text}"))

    await pc.wait_closed()


async def tell_end_of_candidates(pc):
    """Answer each message with whether the peer has no more candidates."""

    @pc.on("datachannel")
    def on_channel(channel):
        channel.on(
            "message",
            lambda _: channel.send(str("a=end-of-candidates" in pc.remoteDescription.sdp)),
        )

    await pc.wait_closed()


async def broken(pc):
    """Raise an exception."""
    await pc.wait_connected()
    raise RuntimeError("no model loaded")


class _Unfit(list):
    """It can be sent, and ends the process that receives it."""

    def __reduce__(self):
        return os._exit, (1,)


UNFIT = {"iceServers": _Unfit()}


async def babble(pc):
    """Write to the pool what is no message."""
    await pc.wait_connected()
    _link()._writer.write(b"\0\0\0\4junk")
    await pc.wait_closed()


async def stubborn(pc):
    """Lose the link to the pool, though the process goes on: it has a thread that works."""
    await pc.wait_connected()
    threading.Thread(target=time.sleep, args=(4,)).start()
    _link()._writer.transport.abort()
    await pc.wait_closed()


def _link():
    (link,) = (each for each in gc.get_objects() if isinstance(each, Link))
    return link
