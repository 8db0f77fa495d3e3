"""The worker for pages of a browser; arguments, standard input and output are those of `worker.py`.

What runs in the page are the jobs in `javascript/`. The page is told what its browser's processes
use, since it cannot know.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import network  # noqa: F401 - makes the helpers of the tests importable
from task import Role, Task
from worker import LINE_LIMIT, say

from support.chromium import Chromium
from support.namespace import Namespace
from support.page import Page
from support.remote import RemoteError

JAVASCRIPT = Path(__file__).with_name("javascript")
_TICKS = os.sysconf("SC_CLK_TCK")

_SCRIPT = """
(async () => {
    const { W3cPeer } = await import(%(peer)s);
    const { inOrder, perform } = await import(%(job)s);
    const say = (entry) => emit(JSON.stringify(entry));
    const asked = [];
    globalThis.answer = (value) => asked.shift()(value);
    const ask = (what) => new Promise((resolve) => {
        asked.push(resolve);
        say({ ask: what });
    });
    const makePeer = (sendSignal, servers) =>
        new W3cPeer(RTCPeerConnection, sendSignal, servers);
    const host = { makePeer, cpuSeconds: () => ask("cpu"), memoryBytes: () => ask("memory") };
    const task = %(task)s;
    const fail = (error) => say({ error: `${error.name}: ${error.message}` });
    const peer = task.role === "alone" ? null : makePeer((signal) => say({ signal }), []);
    const receive = inOrder(() => peer);
    globalThis.receiveSignal = (signal) => { receive(signal).catch(fail); };
    perform(host, task, peer).then((result) => say({ result }), fail);
})()
"""


def browser_processes() -> list[int]:
    """All descendants of this process; there are none but the browser's."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = _stat(int(entry.name))
            except OSError:
                continue  # it has just ended
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = children.get(os.getpid(), [])
    for process in found:
        found += children.get(process, [])
    return found


def cpu_seconds() -> float:
    """The CPU that the browser has used."""
    return sum(_of_each(lambda pid: sum(int(one) for one in _stat(pid)[11:13]) / _TICKS))


def memory_bytes() -> float:
    """The browser's memory; what processes share is counted once."""
    return sum(_of_each(_proportional_bytes))


def _of_each(measure: Callable[[int], float]) -> list[float]:
    values = []
    for process in browser_processes():
        try:
            values.append(measure(process))
        except OSError:
            continue
    return values


def _stat(pid: int) -> list[str]:
    # The second field, the name, may have blanks in it; it ends with the last parenthesis.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _proportional_bytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return float(line.split()[1]) * 1024
    return 0.0


@asynccontextmanager
async def open_page() -> AsyncIterator[Page]:
    """An empty page of a browser of its own."""
    browser = Chromium(Namespace.current())
    await browser.start()
    try:
        yield await browser._open_page()
    finally:
        await browser.stop()


async def run(task: Task) -> None:
    """Run the task in a page; tell everything that the page says."""
    answers: asyncio.Queue[float] = asyncio.Queue()
    finished = asyncio.Event()

    def on_emit(text: str) -> None:
        entry: dict[str, Any] = json.loads(text)
        if "ask" in entry:
            answers.put_nowait(cpu_seconds() if entry["ask"] == "cpu" else memory_bytes())
            return
        say(**entry)
        if "signal" not in entry:
            finished.set()

    async def answer(page: Page) -> None:
        while True:
            await page.evaluate(f"answer({await answers.get()})")

    async with open_page() as page, asyncio.TaskGroup() as group:
        page.on_emit = on_emit
        scripts = {
            name: json.dumps(f"data:text/javascript,{_quoted(name)}") for name in ("peer", "job")
        }
        await page.evaluate(_SCRIPT % {**scripts, "task": task.to_json()})
        tasks = [group.create_task(answer(page))]
        if task.role is Role.ALONE:
            await finished.wait()
        else:
            await _pass_signals(page)
        for one in tasks:
            one.cancel()


async def _pass_signals(page: Page) -> None:
    """Hand over what the other end signals, until the parent has both results."""
    lines = asyncio.StreamReader(limit=LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    async for line in lines:
        try:
            await page.evaluate(f"receiveSignal({line.decode()})")
        except RemoteError as error:
            say(error=str(error))


def _quoted(name: str) -> str:
    return quote((JAVASCRIPT / f"{name}.mjs").read_text())


def main() -> None:
    """Do what the arguments say."""
    task = Task.from_json(sys.argv[2])
    if shutil.which(Chromium.program) is None:
        say(error=f"{Chromium.program} is not installed")
    elif task.role is Role.VERSION:
        shown = subprocess.run([Chromium.program, "--version"], capture_output=True, text=True)
        say(result=shown.stdout.split()[1])
    else:
        asyncio.run(run(task))


if __name__ == "__main__":
    main()
