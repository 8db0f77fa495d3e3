"""Every example runs, as a user would run it."""

import asyncio
import re
import signal
import urllib.request
from functools import partial
from pathlib import Path

from support.program import running
from support.visitor import post, visit

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_each_example_is_tested():
    names = {path.name for path in EXAMPLES.glob("*.py")}
    assert names == {"echo_server.py", "first_channel.py", "worker_server.py"}


def test_first_channel():
    with running(EXAMPLES / "first_channel.py") as process:
        reply, *changes = process.stdout.read().splitlines()
        assert process.wait() == 0
    assert reply == "Hello, Alice!"
    assert any(line.startswith("connection: connecting -> connected, because ") for line in changes)


def test_echo_server():
    with running(EXAMPLES / "echo_server.py", "--port", "0") as process:
        url = re.search(r"http://\S+", process.stdout.readline())[0]
        with urllib.request.urlopen(url) as page:
            assert b"RTCPeerConnection" in page.read()
        assert asyncio.run(echo_once(url, "Hello")) == "Hello"
        told = [process.stdout.readline() for _ in range(3)]
        assert told[0].startswith("browser 1: connecting, because ")
        assert told[1].startswith("browser 1: connected, because ")
        assert told[2].startswith("browser 1: left (")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_worker_server():
    with running(EXAMPLES / "worker_server.py", "--port", "0", "--workers", "2") as process:
        url = re.search(r"http://\S+", process.stdout.readline())[0]
        assert asyncio.run(echo_once(url, "Hello")) == "Hello"
        told = process.stdout.readline()
        assert re.fullmatch(r"session 1 in worker 0: remote-close\n", told)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


async def echo_once(url, text):
    async with visit(partial(post, f"{url}/offer")) as (_, channel):
        channel.send(text)
        return await anext(aiter(channel))
