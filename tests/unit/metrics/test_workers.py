"""Connections in worker processes are counted in the parent, as docs/how-to/metrics.md shows."""

import os
import re
import subprocess
import sys

from support.doc_block import DOCS, blocks_of

PROGRAM = """
import asyncio
import os
import signal

from frazil import IceOptions, RTCPeerConnection
from frazil.metrics import prometheus
from frazil.worker import WorkerPool

if __name__ != "__main__":
    prometheus.install()
ICE = IceOptions(include_loopback=True, addresses=["127.0.0.1"])


async def handler(pc):
    await pc.wait_closed()


async def main():
    async with WorkerPool(handler, workers=2, ice=ICE) as pool:
        clients = [RTCPeerConnection(ice=ICE) for _ in range(3)]
        for client in clients:
            channel = client.createDataChannel("chat")
            await client.setLocalDescription()
            await client.gathering_complete()
            await client.setRemoteDescription(await pool.answer(client.localDescription))
            await channel.wait_open()
        show()
        ended = asyncio.Event()
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: ended.set())
        os.kill(pool.pids[0], signal.SIGKILL)
        await ended.wait()
        show()
        for client in clients:
            await client.close()


def show():
    import urllib.request
{exposition}
    url = f"http://127.0.0.1:{{server.server_port}}/metrics"
    print(urllib.request.urlopen(url).read().decode())
    server.shutdown()
    thread.join()
    server.server_close()


if __name__ == "__main__":
    asyncio.run(main())
"""


def test_the_parent_exposes_what_its_workers_count(tmp_path):
    page = DOCS / "how-to/metrics.md"
    (block,) = (each for each in blocks_of(page) if "multiprocess" in each.text)
    text = block.text.replace("9100", '0, "127.0.0.1"')
    exposition = "\n".join(f"    {line}" for line in text.splitlines())
    program, folder = tmp_path / "program.py", tmp_path / "metrics"
    program.write_text(PROGRAM.format(exposition=exposition), encoding="utf-8")
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, str(program)],
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.stderr == ""
    established = (
        'frazil_connections_established_total{local="host",protocol="udp",remote="host"} 3'
    )
    assert done.stdout.count(established) == 2  # before and after one of them was killed
    before, after = re.findall(r'^frazil_connections{state="connected"} (.*)$', done.stdout, re.M)
    assert (float(before), float(after)) in ((3, 2), (3, 1))
