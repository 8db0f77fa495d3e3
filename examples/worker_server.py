"""An echo server over several processes, with one address for offers.

POST an offer with all its candidates to http://127.0.0.1:8080, as the page of `echo_server.py`
does, and the answer comes back; whoever has the fewest connections serves it.
"""

import argparse
import asyncio
import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from frazil import IceOptions, RTCDataChannel, RTCPeerConnection
from frazil.worker import WorkerPool, WorkerSession


async def echo(pc: RTCPeerConnection) -> None:
    """Serve one connection; this runs in a worker."""

    @pc.on("datachannel")
    def on_channel(channel: RTCDataChannel) -> None:
        channel.on("message", channel.send)

    await pc.wait_closed()


async def tell_end(session: WorkerSession) -> None:
    """Print how a session ended."""
    await session.wait_closed()
    print(f"{session!r}".strip("<>").replace("WorkerSession", "session"), flush=True)


async def main(port: int, workers: int) -> None:
    loop = asyncio.get_running_loop()
    watches: set[asyncio.Task[None]] = set()

    async with WorkerPool(echo, workers=workers, ice=IceOptions(include_loopback=True)) as pool:

        async def answer(offer: dict[str, str]) -> dict[str, str]:
            session = await pool.accept(offer, gather=True)
            await session.addIceCandidate()  # the offer has them all
            watch = asyncio.create_task(tell_end(session))
            watches.add(watch)
            watch.add_done_callback(watches.discard)
            return session.localDescription.toJSON()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                offer = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answered = asyncio.run_coroutine_threadsafe(answer(offer), loop).result()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answered).encode())

            def log_request(self, *details: object) -> None:
                """Keep the terminal for the sessions."""

        with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
            print(f"POST offers to http://127.0.0.1:{server.server_port}", flush=True)
            try:
                await asyncio.to_thread(server.serve_forever)
            finally:
                await asyncio.to_thread(server.shutdown)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--workers", type=int)
    arguments = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(main(arguments.port, arguments.workers))
