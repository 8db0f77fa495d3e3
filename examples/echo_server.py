"""A server that echoes every message of every browser, with nothing but the standard library.

Run it, open http://127.0.0.1:8080 in a browser, and watch this terminal: each state of each
connection, and why.
"""

import argparse
import asyncio
import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from frazil import IceOptions, RTCDataChannel, RTCPeerConnection

PAGE = """<!doctype html>
<title>Echo</title>
<form><input name=text value=Hello> <button>Send</button></form>
<pre></pre>
<script type=module>
const pc = new RTCPeerConnection();
const channel = pc.createDataChannel("echo");
const show = (line) => document.querySelector("pre").append(line + "\\n");
pc.onconnectionstatechange = () => show(pc.connectionState);
addEventListener("pagehide", () => pc.close());
channel.onmessage = ({ data }) => show("echo: " + data);
document.querySelector("form").onsubmit = (event) => {
  event.preventDefault();
  channel.send(event.target.text.value);
};
await pc.setLocalDescription();
await new Promise((done) => pc.onicecandidate = ({ candidate }) => candidate || done());
const request = { method: "POST", body: JSON.stringify(pc.localDescription) };
await pc.setRemoteDescription(await (await fetch("offer", request)).json());
</script>
"""

numbers = count(1)
connections: set[RTCPeerConnection] = set()


async def answer(offer: dict[str, str]) -> dict[str, str]:
    """Make a connection for an offer; it lasts until the browser leaves or is lost."""
    number = next(numbers)
    pc = RTCPeerConnection(ice=IceOptions(include_loopback=True))

    def end() -> None:
        connections.discard(pc)
        pc.close()

    @pc.on("datachannel")
    def echo(channel: RTCDataChannel) -> None:
        channel.on("message", channel.send)

    @pc.on("connectionstatechange")
    def tell() -> None:
        change = pc.stateHistory[-1]
        print(f"browser {number}: {pc.connectionState}, because {change.reason.text}", flush=True)
        if pc.connectionState == "failed":
            end()

    @pc.on("remoteclose")
    def leave(cause: str) -> None:
        print(f"browser {number}: left ({cause})", flush=True)
        end()

    await pc.setRemoteDescription(offer)
    await pc.addIceCandidate(None)  # the offer has them all
    connections.add(pc)
    await pc.setLocalDescription()
    await pc.gathering_complete()
    return pc.localDescription.toJSON()


class Handler(BaseHTTPRequestHandler):
    """``GET /`` is the page, ``POST /offer`` takes an offer and gives the answer."""

    loop: asyncio.AbstractEventLoop

    def do_GET(self) -> None:
        self.respond("text/html", PAGE)

    def do_POST(self) -> None:
        offer = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        future = asyncio.run_coroutine_threadsafe(answer(offer), self.loop)
        self.respond("application/json", json.dumps(future.result()))

    def respond(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *details: object) -> None:
        """Keep the terminal for the connections."""


async def main(port: int) -> None:
    Handler.loop = asyncio.get_running_loop()
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        print(f"open http://127.0.0.1:{server.server_port} in a browser", flush=True)
        try:
            await asyncio.to_thread(server.serve_forever)
        finally:
            await asyncio.to_thread(server.shutdown)
            await asyncio.gather(*(pc.close() for pc in connections))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    with suppress(KeyboardInterrupt):
        asyncio.run(main(parser.parse_args().port))
