"""Two public connections on a virtual network, with signalling that takes no time."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Self

from frazil import RTCDataChannel, RTCPeerConnection
from frazil.testing import VirtualHost, VirtualNetwork, run


class VirtualPair:
    """``a`` and ``b``; candidates are forwarded as they come.

    Attributes:
        announced: The channels that ``b`` was told of.
        is_trickling: Whether candidates are forwarded.
    """

    def __init__(
        self,
        net: VirtualNetwork,
        hosts: Sequence[VirtualHost] = (),
        *,
        trace_a: Any = None,
        **options: Any,
    ):
        self.net = net
        self.is_trickling = True
        self.host_a, self.host_b = hosts or (net.host("a", "10.0.0.1"), net.host("b", "10.0.0.2"))
        self.a = RTCPeerConnection(network=self.host_a, trace=trace_a, **options)
        self.b = RTCPeerConnection(network=self.host_b, **options)
        self.announced: list[RTCDataChannel] = []
        self.b.on("datachannel", self.announced.append)
        self.forward(self.a, self.b)
        self.forward(self.b, self.a)

    def forward(self, source: RTCPeerConnection, to: RTCPeerConnection) -> None:
        @source.on("icecandidate")
        async def trickle(candidate: Any) -> None:
            is_ready = to.remoteDescription is not None and to.signalingState != "closed"
            if candidate is not None and is_ready and self.is_trickling:
                await to.addIceCandidate(candidate.toJSON())

    async def negotiate(self) -> None:
        await self.a.setLocalDescription()
        await self.b.setRemoteDescription(self.a.localDescription)
        await self.b.setLocalDescription()
        await self.a.setRemoteDescription(self.b.localDescription)

    async def connect(self, label: str = "chat", **options: Any) -> tuple[Any, Any]:
        """Both ends of a channel that is open."""
        mine = self.a.createDataChannel(label, **options)
        await self.negotiate()
        await self.a.wait_connected(30)
        await self.b.wait_connected(30)
        await mine.wait_open()
        await asyncio.sleep(0.1)
        return mine, self.announced[-1]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.a.close()
        await self.b.close()


def on_virtual_pair(test: Callable[[VirtualPair], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a coroutine test on a pair in virtual time; nothing may be left when it ends."""

    async def main(net: VirtualNetwork) -> None:
        async with VirtualPair(net) as pair:
            await test(pair)

    def test_in_virtual_time() -> None:
        run(main)

    return test_in_virtual_time
