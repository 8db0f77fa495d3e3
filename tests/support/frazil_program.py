"""This library in a process of its own, commanded as :class:`support.peer_host.PeerHost` says.

Commands and events are those of ``peer.js``, so that a test need not know whom it talks to.
"""

import asyncio
import base64
import json
import socket
import time
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Final

from frazil import RTCDataChannel, RTCPeerConnection
from frazil.errors import DOMException

Emit = Callable[[dict[str, Any]], None]

_LONGEST_LINE: Final = 1 << 24
_STATES: Final = ("signalingState", "iceGatheringState", "iceConnectionState", "connectionState")


class Peer:
    """One connection and its channels; its public methods are the commands."""

    def __init__(self, configuration: dict[str, Any], emit: Emit) -> None:
        self._emit = emit
        self._pc = RTCPeerConnection(configuration)
        self._channels: list[RTCDataChannel] = []
        self._beats: list[asyncio.Task[None]] = []
        self._watched: set[object] = set()
        for state in _STATES:
            self._watch(self._pc, state, state, state.lower().replace("state", "statechange"))
        self._pc.on("signalingstatechange", self._watch_transports)
        self._pc.on("negotiationneeded", lambda: self._observe("negotiationneeded", ""))
        self._pc.on("remoteclose", lambda how: self._observe("remoteclose", how))
        self._pc.addEventListener("icecandidate", self._on_candidate)
        self._pc.addEventListener(
            "icecandidateerror",
            lambda event: self._observe("icecandidateerror", f"{event.errorCode} {event.url}"),
        )
        self._pc.on("datachannel", self._on_channel)

    async def shut(self) -> None:
        """Leave nothing behind."""
        for task in self._beats:
            task.cancel()
        await asyncio.gather(*self._beats, return_exceptions=True)
        await self._pc.close()

    # --- commands -----------------------------------------------------------------------------

    async def createOffer(self, options: dict[str, Any]) -> dict[str, str]:
        return _init(await self._pc.createOffer(options))

    async def createAnswer(self) -> dict[str, str]:
        return _init(await self._pc.createAnswer())

    async def setLocalDescription(self, description: dict[str, str] | None) -> Any:
        await self._pc.setLocalDescription(description)
        self._watch_transports()
        return self._pc.localDescription and _init(self._pc.localDescription)

    async def setRemoteDescription(self, description: dict[str, str]) -> None:
        await self._pc.setRemoteDescription(description)
        self._watch_transports()

    def addIceCandidate(self, candidate: dict[str, Any] | None) -> Awaitable[None]:
        return self._pc.addIceCandidate(candidate)

    def restartIce(self) -> None:
        self._pc.restartIce()

    def setConfiguration(self, configuration: dict[str, Any]) -> None:
        self._pc.setConfiguration(configuration)

    async def getStats(self) -> list[dict[str, Any]]:
        return list((await self._pc.getStats()).values())

    def close(self) -> Awaitable[None]:
        return self._pc.close()

    def createDataChannel(self, label: str, options: dict[str, Any]) -> int:
        return self._adopt(self._pc.createDataChannel(label, options))

    def send(self, channel: int, body: dict[str, str]) -> None:
        text = body.get("text")
        self._channels[channel].send(base64.b64decode(body["base64"]) if text is None else text)

    def closeChannel(self, channel: int) -> None:
        self._channels[channel].close()

    def beat(self, channel: int, period_s: float) -> None:
        self._beats.append(asyncio.create_task(_beat(self._channels[channel], period_s)))

    def getSelectedCandidatePair(self) -> list[dict[str, Any]] | None:
        sctp = self._pc.sctp
        pair = sctp and sctp.transport.iceTransport.getSelectedCandidatePair()
        if not pair:
            return None
        names = ("type", "protocol", "address", "port")
        return [{name: getattr(end, name) for name in names} for end in (pair.local, pair.remote)]

    def explain(self) -> list[str]:
        return list(self._pc.explain().codes)

    # --- inside -------------------------------------------------------------------------------

    def _observe(self, what: str, value: object) -> None:
        self._emit({"event": "observation", "what": what, "value": str(value), "at": time.time()})

    def _watch(self, target: Any, what: str, attribute: str, event: str) -> None:
        def look(_: object = None) -> None:
            self._observe(what, getattr(target, attribute))

        target.addEventListener(event, look)
        look()

    def _watch_transports(self) -> None:
        sctp = self._pc.sctp
        if sctp is None or sctp in self._watched:
            return
        self._watched.add(sctp)
        ice = sctp.transport.iceTransport
        self._watch(ice, "iceTransport", "state", "statechange")
        self._watch(ice, "iceTransport gathering", "gatheringState", "gatheringstatechange")
        self._watch(sctp.transport, "dtlsTransport", "state", "statechange")
        self._watch(sctp, "sctpTransport", "state", "statechange")

    def _on_candidate(self, event: Any) -> None:
        candidate = event.candidate and event.candidate.toJSON()
        self._emit({"event": "icecandidate", "candidate": candidate})

    def _on_channel(self, channel: RTCDataChannel) -> None:
        about = {"label": channel.label, "protocol": channel.protocol}
        self._emit({"event": "datachannel", "channel": self._adopt(channel), **about})

    def _adopt(self, channel: RTCDataChannel) -> int:
        index = len(self._channels)
        self._channels.append(channel)
        what = f"channel {channel.label}"

        def receive(data: str | bytes) -> None:
            if channel.label == "heartbeat":
                self._observe("beat", data)
                return
            is_text = isinstance(data, str)
            body = {"text": data} if is_text else {"base64": base64.b64encode(data).decode()}
            self._emit({"event": "message", "channel": index, **body})

        for event in ("open", "closing", "close"):
            channel.on(event, lambda: self._observe(what, channel.readyState))
        channel.on("error", lambda error: self._observe(f"{what} error", error))
        channel.on("message", receive)
        self._observe(what, channel.readyState)
        return index


class Program:
    """Reads commands and writes answers and events until its standard input ends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._peer: Peer | None = None
        self._complaints: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._main: asyncio.Task[None] | None = None

    async def run(self) -> None:
        self._main = asyncio.current_task()
        asyncio.get_running_loop().set_exception_handler(self._on_complaint)
        async for line in self._reader:
            task = asyncio.create_task(self._obey(json.loads(line)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _obey(self, message: dict[str, Any]) -> None:
        method: Callable[..., Awaitable[dict[str, Any]]] = getattr(self, f"_{message['method']}")
        self._emit({"id": message["id"], "result": await method(**message["params"])})

    async def _open(self, configuration: dict[str, Any]) -> dict[str, Any]:
        self._complaints.clear()
        self._peer = Peer(configuration, self._emit)
        return {}

    async def _perform(self, command: str, arguments: list[Any]) -> dict[str, Any]:
        try:
            value = getattr(self._peer, command)(*arguments)
            return {"value": await value if isawaitable(value) else value}
        except Exception as error:
            name = error.name if isinstance(error, DOMException) else type(error).__name__
            return {"error": {"name": name, "message": str(error)}}

    async def _shut(self) -> dict[str, Any]:
        assert self._peer is not None
        await self._peer.shut()
        self._peer = None
        for task in asyncio.all_tasks() - self._tasks - {self._main}:
            self._complaints.append(f"left behind: {task!r}")
        return {"complaints": self._complaints}

    def _emit(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    def _on_complaint(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._complaints.append(f"{context['message']}: {context.get('exception')!r}")


async def _beat(channel: RTCDataChannel, period_s: float) -> None:
    while channel.readyState != "closed":
        if channel.readyState == "open":
            channel.send(repr(time.time()))
        await asyncio.sleep(period_s)


def _init(description: Any) -> dict[str, str]:
    return {"type": str(description.type), "sdp": description.sdp}


async def main() -> None:
    """Serve whoever holds the other end of the standard input."""
    control = socket.socket(fileno=0)
    await Program(*await asyncio.open_connection(sock=control, limit=_LONGEST_LINE)).run()


if __name__ == "__main__":
    asyncio.run(main())
