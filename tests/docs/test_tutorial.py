"""The server of docs/tutorial/browser.md, with frazil as the browser."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from frazil import IceOptions, RTCPeerConnection
from support.doc_block import ROOT, blocks_of

PAGE = ROOT / "docs/tutorial/browser.md"


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(port: int, tmp_path: Path) -> Iterator[subprocess.Popen]:
    (text,) = (each.text for each in blocks_of(PAGE) if each.language == "python")
    program = tmp_path / "server.py"
    program.write_text(text.replace("8080", str(port)), encoding="utf-8")
    command = [sys.executable, "-X", "dev", "-W", "error", str(program)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout.readline() == f"open http://127.0.0.1:{port}\n"
            yield process
        finally:
            process.kill()
        assert process.stderr.read() == ""


def post(url: str, body: bytes) -> object:
    with urllib.request.urlopen(url, body) as response:
        return json.load(response)


def test_ctrl_c_ends_the_server_and_says_goodbye(server: subprocess.Popen, port: int) -> None:
    asyncio.run(be_left(server, f"http://127.0.0.1:{port}/offer"))
    assert server.wait(5) == 0


async def be_left(server: subprocess.Popen, url: str) -> None:
    """Connect to the server, interrupt it, and wait for its goodbye."""
    async with RTCPeerConnection(ice=IceOptions(include_loopback=True)) as pc:
        gone = asyncio.Event()
        pc.on("remoteclose", lambda cause: gone.set())
        channel = pc.createDataChannel("echo")
        await pc.setLocalDescription()
        await pc.gathering_complete()
        offer = json.dumps(pc.localDescription.toJSON()).encode()
        await pc.setRemoteDescription(await asyncio.to_thread(post, url, offer))
        await channel.wait_open()
        server.send_signal(signal.SIGINT)
        async with asyncio.timeout(5):
            await gone.wait()
