"""The service of docs/how-to/deploy.md, in a cloud and as a process that is stopped."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from frazil import IceOptions, RTCPeerConnection, SharedPort
from frazil.testing import FULL_CONE, VirtualNetwork, run
from support.doc_block import ROOT, blocks_of
from support.haste import besides_haste

PAGE = "docs/how-to/deploy.md"
WEB_SERVER = """\
    import json, sys

    offer = json.loads(await asyncio.to_thread(sys.stdin.readline))
    print(json.dumps(await serve(port, offer)), flush=True)
    yield
"""
"""One request comes, by a pipe."""


@pytest.fixture
def text() -> str:
    (text,) = (each.text for each in blocks_of(ROOT / PAGE) if each.language == "python")
    return text


def test_a_browser_is_served_at_the_public_address(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_IP", "198.51.100.7")
    monkeypatch.setenv("TURN_SECRET", "the shared secret")
    names: dict[str, object] = {"__name__": "service"}
    exec(compile(text, "service.py", "exec"), names)
    service = SimpleNamespace(**names)

    async def main(net: VirtualNetwork) -> None:
        cloud = net.nat("cloud", "198.51.100.7", kind=FULL_CONE)
        machine = net.host("machine", "10.0.0.5", behind=cloud)
        home = net.host("home", "203.0.113.80")
        async with SharedPort(40000, network=machine) as port:
            browser = RTCPeerConnection({"iceServers": service.ice_servers("alice")}, network=home)
            chat = browser.createDataChannel("chat")
            await browser.setLocalDescription()
            await browser.gathering_complete()
            answer = await service.serve(port, browser.localDescription.toJSON())
            await browser.setRemoteDescription(answer)
            await chat.wait_open(10)
            chat.send("hello")
            assert await anext(aiter(chat)) == "hello"
            remote = browser.sctp.transport.iceTransport.getSelectedCandidatePair().remote
            assert (remote.type, remote.address, remote.port) == ("host", "198.51.100.7", 40000)
            assert len(service.connections) == 1
            await browser.close()
            await asyncio.sleep(1)
            assert not service.connections

    run(main)


@pytest.fixture
def process(text: str, tmp_path: Path) -> Iterator[subprocess.Popen]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here = text.replace("    yield\n", WEB_SERVER).replace("40000", str(port))
    program = tmp_path / "service.py"
    program.write_text(here.replace("families=[4]", "include_loopback=True"), encoding="utf-8")
    command = [sys.executable, "-X", "dev", "-W", "error", str(program)]
    environment = {**os.environ, "PUBLIC_IP": "127.0.0.1", "TURN_SECRET": "the shared secret"}
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()
        assert besides_haste(process.stderr.read()) == ""


def ask(process: subprocess.Popen, offer: object) -> object:
    process.stdin.write(json.dumps(offer) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals for one process")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_and_it_says_goodbye(
    process: subprocess.Popen, number: int
) -> None:
    async def be_left() -> None:
        async with RTCPeerConnection(ice=IceOptions(include_loopback=True)) as pc:
            gone = asyncio.Event()
            pc.on("remoteclose", lambda cause: gone.set())
            channel = pc.createDataChannel("chat")
            await pc.setLocalDescription()
            await pc.gathering_complete()
            offer = pc.localDescription.toJSON()
            await pc.setRemoteDescription(await asyncio.to_thread(ask, process, offer))
            await channel.wait_open(10)
            process.send_signal(number)
            async with asyncio.timeout(5):
                await gone.wait()

    asyncio.run(be_left())
    assert process.wait(5) == 0
