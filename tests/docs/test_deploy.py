"""The service of docs/how-to/deploy.md, in a cloud and as a process that is stopped."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from frazil import RTCPeerConnection, SharedPort
from frazil.testing import FULL_CONE, VirtualNetwork, run
from support.doc_block import ROOT, blocks_of
from support.program import running
from support.visitor import be_left

PAGE = "docs/how-to/deploy.md"
WEB_SERVER = """\
    import json, sys

    offer = json.loads(await asyncio.to_thread(sys.stdin.readline))
    print(json.dumps(await serve(port, offer)), flush=True)
    yield
"""
"""One request comes, by a pipe."""


def only_block(language: str, part: str = "") -> str:
    (text,) = (
        each.text
        for each in blocks_of(ROOT / PAGE)
        if each.language == language and part in each.text
    )
    return text


@pytest.fixture
def text() -> str:
    return only_block("python")


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
def process(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[str]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here = text.replace("    yield\n", WEB_SERVER).replace("40000", str(port))
    program = tmp_path / "service.py"
    program.write_text(here.replace("families=[4]", "include_loopback=True"), encoding="utf-8")
    monkeypatch.setenv("PUBLIC_IP", "127.0.0.1")
    monkeypatch.setenv("TURN_SECRET", "the shared secret")
    with running(program) as process:
        yield process


def ask(process: subprocess.Popen[str], offer: dict[str, str]) -> Any:
    process.stdin.write(json.dumps(offer) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals for one process")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_and_it_says_goodbye(
    process: subprocess.Popen[str], number: signal.Signals
) -> None:
    asyncio.run(be_left(process, number, partial(ask, process)))
    assert process.wait(5) == 0


def test_the_container_of_coturn_has_the_files_that_its_configuration_names() -> None:
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load(only_block("yaml", "services:"))["services"]
    mounted = [PurePosixPath(each.split(":")[1]) for each in services["coturn"]["volumes"]]
    files = re.findall("^(?:cert|pkey)=(.+)$", only_block("ini"), re.MULTILINE)
    assert len(files) == 2
    for file in map(PurePosixPath, files):
        assert any(file.is_relative_to(each) for each in mounted), file
