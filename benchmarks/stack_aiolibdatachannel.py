"""aiolibdatachannel: libdatachannel (C++) for asyncio, on Python 3.12 and newer."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import aiolibdatachannel
from aiolibdatachannel import (
    DataChannel,
    DataChannelEvent,
    ICEState,
    IceStateChangeEvent,
    LocalCandidateEvent,
    PeerConnection,
    RTCConfiguration,
    RTCState,
    StateChangeEvent,
)
from peer import Message, Milestone, Peer, Signal

VERSION = aiolibdatachannel.__version__

POLL_S = 0.001


class AiolibdatachannelPeer(Peer):
    """One task for the events of the connection, one for the messages of the channel."""

    def __init__(self, send_signal: Callable[[Signal], None], servers: Sequence[str] = ()) -> None:
        super().__init__(send_signal)
        self._pc = PeerConnection(RTCConfiguration(ice_servers=servers))
        self._channel: DataChannel | None = None
        self._early: list[Signal] | None = []
        self._pc.spawn_task(self._follow())

    async def offer(self) -> None:
        self._adopt(await self._pc.create_data_channel("benchmark"))
        await self._describe()

    async def receive_signal(self, signal: Signal) -> None:
        if "candidate" in signal:
            await self._pc.add_remote_candidate(signal["candidate"], signal["sdpMid"])
            return
        await self._pc.set_remote_description(signal["sdp"], signal["type"])
        if signal["type"] == "offer":
            await self._describe()

    def send(self, message: Message) -> None:
        assert self._channel is not None
        _finish(self._channel.send(message, wait_for_drain=False))

    @property
    def buffered(self) -> int:
        assert self._channel is not None
        return self._channel.buffered_amount

    async def drain(self, low: int) -> None:
        # Nobody but `send` may wait for its event, and that only for one level.
        while self.buffered > low:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)

    async def close(self) -> None:
        await self._pc.aclose()

    async def _describe(self) -> None:
        description = await self._pc.set_local_description()
        self._send_signal({"type": description.type, "sdp": description.sdp})
        early, self._early = self._early, None
        for candidate in early or ():
            self._send_signal(candidate)

    async def _follow(self) -> None:
        async for event in self._pc.events():
            match event:
                case LocalCandidateEvent(candidate=candidate):
                    self._signal_candidate(
                        {"candidate": candidate.candidate, "sdpMid": candidate.mid}
                    )
                case IceStateChangeEvent(state=ICEState.CONNECTED | ICEState.COMPLETED):
                    self._reach(Milestone.ICE_CONNECTED)
                case StateChangeEvent(state=RTCState.CONNECTED):
                    self._reach(Milestone.CONNECTED)
                case DataChannelEvent(channel=channel):
                    self._adopt(channel)

    def _signal_candidate(self, signal: Signal) -> None:
        if self._early is None:
            self._send_signal(signal)
        else:
            self._early.append(signal)

    def _adopt(self, channel: DataChannel) -> None:
        self._channel = channel
        channel.spawn_task(self._receive(channel))

    async def _receive(self, channel: DataChannel) -> None:
        await channel.wait_open()
        self._reach(Milestone.CHANNEL_OPEN)
        async for message in channel:
            self._take(message)


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that does not wait for anything."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("it waits")


make_peer = AiolibdatachannelPeer
run = asyncio.run
