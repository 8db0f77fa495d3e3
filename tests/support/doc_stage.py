"""Where the Python snippets of a page run: a virtual network, in virtual time.

A page is one program. Its snippets share their names and may use ``await``; they know the public
names of frazil, ``asyncio``, and a connection ``pc`` with an open ``channel`` to another peer,
which echoes. Connections that they make use a virtual machine by themselves, and so do the servers
``stun.example.org`` and ``turn.example.org``.
"""

import ast
import asyncio
import inspect
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest

import frazil
from frazil import RTCPeerConnection
from frazil.aio.recording_file import join_recordings
from frazil.testing import VirtualNetwork, run
from frazil.w3c.peerconnection import CENSUS
from support.doc_block import ROOT, Block

_SETTLED_S = 1.0
"""After the last snippet: what it has begun may end."""


def play(blocks: Sequence[Block], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the snippets of a page; whatever goes wrong is told with the line of the page."""

    async def main(net: VirtualNetwork) -> None:
        net.turn_server("198.51.100.9", name="turn.example.org", user="alice", password="secret")
        net.stun_server("198.51.100.8", name="stun.example.org")
        here = net.host("here", "203.0.113.5")
        monkeypatch.setattr("frazil.w3c.argument.SYSTEM_NETWORK", here)
        monkeypatch.setattr("frazil.aio.shared_port.SystemNetwork", lambda: here)
        made: list[RTCPeerConnection] = []
        CENSUS.listen(made.append)
        try:
            names = await _prelude(net)
            for block in blocks:
                with redirect_stdout(StringIO()) as printed:
                    await _run(block, names)
                if block.output is not None:
                    assert printed.getvalue() == block.output, block.name
        finally:
            CENSUS.forget(made.append)
            await asyncio.sleep(_SETTLED_S)
            await asyncio.gather(*(each.close() for each in made))

    # What a page installs for good does not outlive its test.
    monkeypatch.setattr(CENSUS, "_listeners", ())
    run(main)
    join_recordings(10)


async def _prelude(net: VirtualNetwork) -> dict[str, Any]:
    pc = RTCPeerConnection()
    peer = RTCPeerConnection(network=net.host("there", "203.0.113.9"))
    pc.on("icecandidate", peer.addIceCandidate)
    peer.on("icecandidate", pc.addIceCandidate)
    peer.on("datachannel", lambda channel: channel.on("message", channel.send))
    channel = pc.createDataChannel("chat")
    await pc.setLocalDescription()
    await peer.setRemoteDescription(pc.localDescription)
    await peer.setLocalDescription()
    await pc.setRemoteDescription(peer.localDescription)
    await channel.wait_open()
    public = {name: getattr(frazil, name) for name in frazil.__all__}
    return {
        "__name__": "page",
        "asyncio": asyncio,
        "pc": pc,
        "channel": channel,
        "peer": peer,
        "net": net,
        **public,
    }


async def _run(block: Block, names: dict[str, Any]) -> None:
    text = "\n" * block.line + block.text
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(text, str(ROOT / block.page), "exec", flags, dont_inherit=True)
    result = eval(code, names)
    if inspect.iscoroutine(result):
        await result
