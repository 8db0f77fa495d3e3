"""aiortc, on the event loop of asyncio."""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Any

import aioice.ice
import aiortc
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from peer import Signal, W3cPeer

VERSION = aiortc.__version__

_host_addresses = aioice.ice.get_host_addresses


def _given_address(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """Only the address of the benchmarks, after the usual look at the interfaces.

    It may be loopback, which aiortc never uses by itself.
    """
    _host_addresses(use_ipv4, use_ipv6)
    return [os.environ["BENCHMARK_ADDRESS"]]


aioice.ice.get_host_addresses = _given_address


class AiortcPeer(W3cPeer):
    """Gathering is part of ``setLocalDescription``, so one signal carries everything."""

    def __init__(self, send_signal: Callable[[Signal], None], servers: Sequence[str] = ()) -> None:
        configuration = RTCConfiguration(iceServers=[RTCIceServer(urls=url) for url in servers])
        super().__init__(RTCPeerConnection(configuration), send_signal)
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
