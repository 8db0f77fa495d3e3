"""pylibdatachannel: libdatachannel (C++), whose threads call back into Python.

Its channel tells neither how much is queued nor when that has left, so its users have to agree on
acknowledgements of their own, as the two ends do here. Connections are not closed.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from importlib.metadata import version
from typing import Any

from peer import Message, Milestone, Peer, Signal
from pylibdatachannel import (
    Candidate,
    Configuration,
    DataChannel,
    Description,
    DescriptionType,
    IceServer,
    IceState,
    PeerConnection,
    State,
)

VERSION = version("pylibdatachannel")

ACKNOWLEDGE_EVERY = 1 << 17
"""Bytes received after which this end says so."""

ACKNOWLEDGEMENT = "taken "

_kept: list[Peer] = []

_TYPES = {"offer": DescriptionType.OFFER, "answer": DescriptionType.ANSWER}


def _server(url: str) -> IceServer:
    _, host, port = url.split(":")
    return IceServer(host, int(port))


class LibdatachannelPeer(Peer):
    """Every callback comes from a thread of the library and is passed to the event loop."""

    def __init__(self, send_signal: Callable[[Signal], None], servers: Sequence[str] = ()) -> None:
        super().__init__(send_signal)
        self._channel: DataChannel | None = None
        self._sent = self._acknowledged = self._received = self._told = 0
        self._progress = asyncio.Event()
        self._pc = pc = PeerConnection(Configuration([_server(url) for url in servers]))
        pc.on_local_description(self._on_description)
        pc.on_local_candidate(self._on_candidate)
        pc.on_ice_state_change(self._on_ice_state)
        pc.on_state_change(self._on_state)
        pc.on_data_channel(self._adopt)

    async def offer(self) -> None:
        self._adopt(self._pc.create_data_channel("benchmark"))
        self._pc.set_local_description(DescriptionType.OFFER)

    async def receive_signal(self, signal: Signal) -> None:
        if "candidate" in signal:
            self._pc.add_remote_candidate(Candidate(signal["candidate"], signal["sdpMid"]))
            return
        kind = _TYPES[signal["type"]]
        self._pc.set_remote_description(Description(signal["sdp"], kind))

    def send(self, message: Message) -> None:
        assert self._channel is not None
        self._sent += len(message)
        self._channel.send(message)

    @property
    def buffered(self) -> int:
        return self._sent - self._acknowledged

    async def drain(self, low: int) -> None:
        # The receiver keeps less than this to itself.
        while self.buffered > max(low, ACKNOWLEDGE_EVERY):
            self._progress.clear()
            await self._progress.wait()

    async def close(self) -> None:
        # Its `close` waits, with the interpreter's lock held, for a callback that needs the lock.
        _kept.append(self)

    def _take(self, message: Message) -> None:
        if isinstance(message, str) and message.startswith(ACKNOWLEDGEMENT):
            self._acknowledged = int(message.removeprefix(ACKNOWLEDGEMENT))
            self._progress.set()
            return
        self._received += len(message)
        if self._received - self._told >= ACKNOWLEDGE_EVERY and self._channel is not None:
            self._told = self._received
            self._channel.send(f"{ACKNOWLEDGEMENT}{self._told}")
        super()._take(message)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def _adopt(self, channel: DataChannel) -> None:
        self._channel = channel
        channel.on_message(lambda message: self._call(self._take, message))
        channel.on_open(lambda: self._call(self._reach, Milestone.CHANNEL_OPEN))

    def _on_description(self, description: Description) -> None:
        kind = "offer" if description.type == DescriptionType.OFFER else "answer"
        self._call(self._send_signal, {"type": kind, "sdp": str(description)})

    def _on_candidate(self, candidate: Candidate) -> None:
        signal = {"candidate": str(candidate), "sdpMid": candidate.mid}
        self._call(self._send_signal, signal)

    def _on_ice_state(self, state: IceState) -> None:
        if state in (IceState.CONNECTED, IceState.COMPLETED):
            self._call(self._reach, Milestone.ICE_CONNECTED)

    def _on_state(self, state: State) -> None:
        if state == State.CONNECTED:
            self._call(self._reach, Milestone.CONNECTED)


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run ``main``, and end without destructors, which wait like `close`."""
    asyncio.run(main)
    sys.stdout.flush()
    os._exit(0)


make_peer = LibdatachannelPeer
