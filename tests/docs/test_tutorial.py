"""The server of docs/tutorial/browser.md, with frazil as the browser."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from support.doc_block import ROOT, blocks_of
from support.program import running
from support.visitor import be_left, post

PAGE = ROOT / "docs/tutorial/browser.md"


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (text,) = (each.text for each in blocks_of(PAGE) if each.language == "python")
    program = tmp_path / "server.py"
    program.write_text(text.replace("8080", str(port)), encoding="utf-8")
    with running(program) as process:
        assert process.stdout.readline() == f"open http://127.0.0.1:{port}\n"
        yield process


def test_ctrl_c_ends_the_server_and_says_goodbye(server: subprocess.Popen[str], port: int) -> None:
    ask = partial(post, f"http://127.0.0.1:{port}/offer")
    asyncio.run(be_left(server, signal.SIGINT, ask))
    assert server.wait(5) == 0
