"""aiortc, on the event loop of asyncio."""

import asyncio
from collections.abc import Callable
from typing import Any

import aioice.ice
import aiortc
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from stack import LOOPBACK, Peer, Signal

VERSION = aiortc.__version__

_host_addresses = aioice.ice.get_host_addresses


def _loopback_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """Only loopback, which aiortc never uses by itself, after the usual look at the interfaces."""
    _host_addresses(use_ipv4, use_ipv6)
    return [LOOPBACK]


aioice.ice.get_host_addresses = _loopback_addresses


class AiortcPeer(Peer):
    """Gathering is part of ``setLocalDescription``, so one signal carries everything."""

    def __init__(self, send_signal: Callable[[Signal], None]) -> None:
        super().__init__(RTCPeerConnection(RTCConfiguration(iceServers=[])), send_signal)
        self._low = asyncio.Event()

    async def receive_signal(self, signal: Signal) -> None:
        await self._pc.setRemoteDescription(RTCSessionDescription(**signal))
        if signal["type"] == "offer":
            await self._describe()

    async def drain(self, low: int) -> None:
        self._channel.bufferedAmountLowThreshold = low
        while self._channel.bufferedAmount > low:
            self._low.clear()
            await self._low.wait()

    async def _describe(self) -> None:
        pc = self._pc
        is_answer = pc.signalingState == "have-remote-offer"
        create = pc.createAnswer if is_answer else pc.createOffer
        await pc.setLocalDescription(await create())
        self._signal_description()

    def _adopt(self, channel: Any) -> None:
        super()._adopt(channel)
        channel.on("bufferedamountlow", self._low.set)


make_peer = AiortcPeer
run = asyncio.run
