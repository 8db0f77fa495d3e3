"""The TURN server of docs/how-to/deploy.md, with coturn itself."""

import asyncio
import re
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from frazil import IceOptions, RTCPeerConnection, rest_credentials
from support.coturn import make_certificate
from support.doc_block import ROOT, blocks_of
from support.laboratory import Laboratory
from support.partner import need_program
from support.process import ConfinedProcess

pytestmark = pytest.mark.interop

PAGE = "docs/how-to/deploy.md"
_START_POLL_S = 0.05


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return tmp_path / "certificate.pem"


@pytest.fixture
def server(laboratory: Laboratory, tmp_path: Path, certificate: Path) -> Iterator[ConfinedProcess]:
    """coturn with the file of the page; only what this machine lacks is replaced."""
    need_program("turnserver", "coturn")
    ip, key = laboratory.wire.far_ip, tmp_path / "key.pem"
    make_certificate(ip, certificate, key)
    (block,) = (each for each in blocks_of(ROOT / PAGE) if each.language == "ini")
    text = re.sub("^cert=.*", f"cert={certificate}", block.text, flags=re.MULTILINE)
    text = re.sub("^pkey=.*", f"pkey={key}", text, flags=re.MULTILINE)
    configuration = tmp_path / "turnserver.conf"
    configuration.write_text(text)
    command = ("turnserver", "-c", str(configuration), f"--listening-ip={ip}", f"--relay-ip={ip}")
    files = (f"--userdb={tmp_path / 'users'}", f"--pidfile={tmp_path / 'pid'}")
    process = ConfinedProcess(laboratory.wire.far, tmp_path, *command, *files)
    yield process
    process.stop()


async def reachable(server: ConfinedProcess, ip: str, port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(ip, port)
        except OSError:
            assert not server.has_ended, server.output
            await asyncio.sleep(_START_POLL_S)
        else:
            writer.close()
            await writer.wait_closed()
            return


@pytest.mark.parametrize("url", ["turn:{}", "turn:{}?transport=tcp", "turns:{}:443?transport=tcp"])
async def test_it_relays_for_credentials_made_of_the_secret(
    laboratory: Laboratory, server: ConfinedProcess, certificate: Path, url: str
) -> None:
    ip = laboratory.wire.far_ip
    await reachable(server, ip, 443)
    credentials = rest_credentials("CHANGE-ME", "alice", int(time.time()) + 600)
    options = IceOptions(tls_context=ssl.create_default_context(cafile=str(certificate)))
    relay = {
        "urls": url.format(ip),
        "username": credentials.username,
        "credential": credentials.password,
    }
    found = []
    async with RTCPeerConnection({"iceServers": [relay]}, ice=options) as pc:
        pc.on("icecandidate", lambda candidate: found.append(candidate and candidate.type))
        pc.createDataChannel("chat")
        await pc.setLocalDescription()
        await pc.gathering_complete()
        await asyncio.sleep(0)
    assert "relay" in found, server.output
