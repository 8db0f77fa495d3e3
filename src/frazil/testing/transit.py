"""The way of packets: from host to host, and through the routers between them."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias

from frazil.testing.arrival import Arrivals
from frazil.testing.blackout import Blackouts, Ends
from frazil.testing.capture import Capture
from frazil.testing.host import VirtualHost
from frazil.testing.journey import Flight, Journey, Leg
from frazil.testing.link import Links, Way
from frazil.testing.nat.router import Router
from frazil.testing.packet import Fate, Hop, Packet, TransportProtocol
from frazil.testing.realm import Node
from frazil.testing.tcp.segment import HEADER_SIZE as SEGMENT_HEADER_SIZE
from frazil.testing.udp import VirtualUdpSocket
from frazil.types import Address, Datagram

_IPV4_HEADER_SIZE: Final = 20
_IPV6_HEADER_SIZE: Final = 40
_UDP_HEADER_SIZE: Final = 8
_TCP_HEADER_SIZE: Final = 20

_Batches: TypeAlias = dict[VirtualUdpSocket, list[Datagram]]


class Transit:
    """Carries every packet leg by leg until its fate is sealed.

    Args:
        links: What each leg goes by.
        blackouts: When nothing passes.
        capture: Gets every packet whose fate is sealed.
        astray: Told the destination of a packet that nobody here has.
    """

    __slots__ = ("_arrivals", "_astray", "_blackouts", "_capture", "_closed", "_links")

    def __init__(
        self,
        links: Links,
        blackouts: Blackouts,
        capture: Capture,
        astray: Callable[[Address], None],
    ) -> None:
        self._links = links
        self._blackouts = blackouts
        self._capture = capture
        self._astray = astray
        self._arrivals = Arrivals(self._land)
        self._closed = False

    def close(self) -> None:
        """Lose what is on its way, carry nothing any more. Idempotent."""
        self._closed = True
        self._arrivals.clear()

    def carry(
        self,
        sender: VirtualHost,
        source: Address,
        destination: Address,
        data: bytes,
        protocol: TransportProtocol = TransportProtocol.UDP,
        report: Callable[[Fate], None] | None = None,
    ) -> None:
        """Send a packet on its way, and ``report`` the fate of each copy of it."""
        if self._closed:
            return
        now = asyncio.get_running_loop().time()
        blackouts = self._blackouts.in_force(now)
        journey = Journey(now, blackouts, sender, source, destination, data, protocol, report)
        realm = sender.realm(source[0])
        self._set_out(Leg(journey, realm, sender, source, destination, outward=True), now)

    # --- departure ----------------------------------------------------------------------------

    def _set_out(self, leg: Leg, now: float) -> None:
        node = leg.end()
        if node is None:
            self._seal(leg, Fate.UNROUTABLE, now)
            self._astray(leg.destination)
            return
        ends = _ends(leg, node)
        way = self._links.between(ends)
        fate = self._send_off(Flight(leg, way), ends, now)
        if fate is not None:
            self._seal(leg, fate, now, way)

    def _send_off(self, flight: Flight, ends: Ends, now: float) -> Fate | None:
        """Expect the arrival of a datagram, or tell why it will not arrive."""
        leg, way = flight
        if self._blackouts.cover(ends, now):
            return Fate.BLOCKED
        left_at = way.carrier.admit(_wire_size(leg.journey), now)
        if left_at is None:
            return Fate.OVERFLOWED
        arrivals = way.carrier.arrivals(left_at)
        for at in arrivals:
            self._arrivals.expect(flight, at)
        return None if arrivals else Fate.LOST

    # --- arrival ------------------------------------------------------------------------------

    def _land(self, flights: list[Flight]) -> None:
        """Deliver what arrives in this instant, one batch for each socket, or send it on."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        batches: _Batches = {}
        for leg, way in flights:
            verdict = self._arrive(leg, now, batches)
            if isinstance(verdict, Leg):
                way.note(Fate.DELIVERED)
                self._set_out(verdict, now)
            else:
                self._seal(leg, verdict, now, way)
        for socket, batch in batches.items():
            # As from a real loop: an exception in one handler is reported and hurts no other.
            loop.call_soon(socket.hand_over, batch)

    def _arrive(self, leg: Leg, now: float, batches: _Batches) -> Leg | Fate:
        """The fate of a datagram at the end of a leg, or the next leg."""
        node = leg.end()
        if node is None:
            return Fate.UNHEARD
        if self._blackouts.cover(_ends(leg, node), now):
            return Fate.BLOCKED
        if isinstance(node, Router):
            return _pass(leg, node, now)
        assert isinstance(node, VirtualHost)
        return self._deliver(leg, node, now, batches)

    def _deliver(self, leg: Leg, host: VirtualHost, now: float, batches: _Batches) -> Fate:
        journey = leg.journey
        # Who blocks two hosts means them, whatever routers are between.
        sender, source = journey.sender.name, journey.source[0]
        ends = Ends(sender, source, host.name, leg.destination[0], journey.protocol)
        if leg.hops and (
            any(each.stops(ends) for each in journey.blackouts) or self._blackouts.cover(ends, now)
        ):
            return Fate.BLOCKED
        if journey.protocol is TransportProtocol.TCP:
            receive = host.tcp.receive
            asyncio.get_running_loop().call_soon(receive, journey.data, leg.destination, leg.source)
            return Fate.DELIVERED
        socket = host.listener(leg.destination)
        if socket is None:
            return Fate.UNHEARD
        batches.setdefault(socket, []).append(Datagram(journey.data, leg.destination, leg.source))
        return Fate.DELIVERED

    def _seal(self, leg: Leg, fate: Fate, now: float, way: Way | None = None) -> None:
        if way is not None:
            way.note(fate)
        sent_at, _, _, source, destination, data, protocol, report = leg.journey
        self._capture.note(
            Packet(sent_at, now, source, destination, data, fate, leg.hops, protocol)
        )
        if report is not None:
            report(fate)


def _ends(leg: Leg, node: Node) -> Ends:
    protocol = leg.journey.protocol
    return Ends(leg.node.name, leg.source[0], node.name, leg.destination[0], protocol)


def _pass(leg: Leg, router: Router, now: float) -> Leg | Fate:
    """What a router makes of a datagram."""
    from_inside = leg.realm is router.inside
    passage = router.forward(
        leg.source, leg.destination, now, outward=from_inside, protocol=leg.journey.protocol
    )
    if isinstance(passage, Fate):
        return passage
    source, destination, outward = passage
    hops = (*leg.hops, Hop(router.name, source, destination))
    realm = router.outside if outward else router.inside
    return Leg(leg.journey, realm, router, source, destination, outward, hops)


def _wire_size(journey: Journey) -> int:
    """Bytes of the whole IP packet."""
    size = len(journey.data)
    size += _IPV6_HEADER_SIZE if ":" in journey.source[0] else _IPV4_HEADER_SIZE
    if journey.protocol is TransportProtocol.TCP:
        return size - SEGMENT_HEADER_SIZE + _TCP_HEADER_SIZE
    return size + _UDP_HEADER_SIZE
