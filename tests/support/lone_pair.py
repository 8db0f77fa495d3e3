"""Two ICE transports without connections on a virtual network, signalled by the test."""

from typing import Any

from frazil import LoneIceTransport
from frazil.testing import VirtualHost, VirtualNetwork


class LonePair:
    """``a`` controls, ``b`` is controlled.

    Attributes:
        inbox: What arrived at each.
        states: Every state of each, ``new`` included.
    """

    def __init__(self, net: VirtualNetwork, *hosts: VirtualHost, **options: Any) -> None:
        self.net = net
        host_a, host_b = hosts or (net.host("a", "10.0.0.1"), net.host("b", "10.0.0.2"))
        self.a = LoneIceTransport(network=host_a, **options)
        self.b = LoneIceTransport(network=host_b, **options)
        self.inbox: dict[LoneIceTransport, list[bytes]] = {self.a: [], self.b: []}
        self.states: dict[LoneIceTransport, list[str]] = {self.a: ["new"], self.b: ["new"]}
        for each, other in ((self.a, self.b), (self.b, self.a)):
            each.on("message", self.inbox[each].append)
            each.on("statechange", lambda each=each: self.states[each].append(str(each.state)))
            each.on("icecandidate", lambda found, other=other: self.signal(found, other))

    @staticmethod
    def signal(candidate: Any, to: LoneIceTransport) -> None:
        if to.state != "closed":
            to.addRemoteCandidate(candidate.toJSON())

    def negotiate(self, role_a: str = "controlling", role_b: str = "controlled") -> None:
        self.a.gather()
        self.b.gather()
        self.a.start(self.b.getLocalParameters(), role_a)
        self.b.start(self.a.getLocalParameters(), role_b)

    async def connect(self) -> None:
        self.negotiate()
        await self.a.wait_connected(30)
        await self.b.wait_connected(30)

    async def __aenter__(self) -> "LonePair":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.a.stop()
        await self.b.stop()
