"""Puts what waits to be sent into packets (RFC 9260 section 6.10)."""

from typing import Final

from frazil.sctp.config import SctpConfig
from frazil.sctp.handshake import Handshake
from frazil.sctp.inbound import Inbound
from frazil.sctp.link import Link
from frazil.sctp.outbound import Outbound
from frazil.sctp.packet import HEADER_SIZE
from frazil.sctp.reset import StreamReset
from frazil.sctp.shutdown import Shutdown
from frazil.sctp.state import AssociationState

MAX_POLL_PACKETS: Final = 64
"""One poll returns at most about this many packets, so that a driver can do other work between."""

_ESTABLISHED: Final = AssociationState.ESTABLISHED


class Bundler:
    """Bundles chunks: control chunks go first, then the SACK, then data.

    What depends on all data being sent, or acknowledged, is asked for its chunk in between.
    """

    __slots__ = (
        "_capacity",
        "_handshake",
        "_inbound",
        "_link",
        "_outbound",
        "_reset",
        "_shutdown",
    )

    def __init__(
        self,
        config: SctpConfig,
        link: Link,
        outbound: Outbound,
        inbound: Inbound,
        handshake: Handshake,
        reset: StreamReset,
        shutdown: Shutdown,
    ) -> None:
        self._capacity = config.mtu - HEADER_SIZE
        self._link = link
        self._outbound = outbound
        self._inbound = inbound
        self._handshake = handshake
        self._reset = reset
        self._shutdown = shutdown

    def poll(self, now: float) -> list[bytes]:
        """The next packets, of at most ``mtu`` bytes; none if nothing may be sent now."""
        link = self._link
        packets, link.packets = link.packets, []
        if link.ended:
            return packets
        self._queue_control(now)
        outbound, inbound, handshake = self._outbound, self._inbound, self._handshake
        while len(packets) < MAX_POLL_PACKETS:
            # With COOKIE ECHO, data may go in one packet (RFC 9260 section 5.1 C).
            may_send_data = link.sends_data or handshake.cookie_echo is not None
            has_data = may_send_data and outbound.has_something
            if (
                link.control
                or inbound.must_acknowledge
                or handshake.cookie_echo is not None
                or (has_data and inbound.unacknowledged)
            ):
                packet = self._next_packet(now, has_data=has_data)
                if packet is not None:
                    packets.append(packet)
                    continue
            if has_data:
                self._append_data(packets, now)
            self._queue_control(now)  # what depends on all data being sent
            if not link.control:
                break
        return packets

    def _queue_control(self, now: float) -> None:
        """Queue control chunks whose time has come as data was sent or acknowledged."""
        link = self._link
        if not link.sends_data:
            return
        if self._outbound.outstanding.forward_changed:
            forward = self._outbound.abandonment.next_chunk(now)
            if forward is not None:
                link.queue(forward)
        if self._reset.resetting:
            request = self._reset.next_request(now)
            if request is not None:
                link.queue(request)
        if link.state is not _ESTABLISHED:
            self._shutdown.advance(now)

    def _next_packet(self, now: float, *, has_data: bool) -> bytes | None:
        """The next packet; None if it would be a SACK that need not go alone.

        That goes on waiting for company. Data that has no room beside it does not wait with it.
        """
        link, inbound = self._link, self._inbound
        chunks: list[bytes] = []
        room = self._capacity
        if self._handshake.cookie_echo is not None:
            chunks.append(self._handshake.cookie_echo)
            self._handshake.cookie_echo = None
            room -= len(chunks[0])
        if link.control:
            room = self._take_control(chunks, room)
        with_sack = inbound.unacknowledged > 0 or inbound.must_acknowledge
        if with_sack:
            sack = inbound.sack()
            if len(sack) > room:
                return link.envelope.seal(b"".join(chunks))
            chunks.append(sack)
            room -= len(sack)
        if has_data:
            self._outbound.fill(chunks, room, now)
        if with_sack:
            if len(chunks) == 1 and not inbound.must_acknowledge:
                return None
            inbound.acknowledged()
        return link.envelope.seal(b"".join(chunks)) if chunks else None

    def _append_data(self, packets: list[bytes], now: float) -> None:
        """Append packets of nothing but data, as many as may leave now."""
        outbound, envelope = self._outbound, self._link.envelope
        has_more = True
        while has_more and len(packets) < MAX_POLL_PACKETS:
            chunks: list[bytes] = []
            has_more = outbound.fill(chunks, self._capacity, now)
            if chunks:
                packets.append(envelope.seal(b"".join(chunks)))

    def _take_control(self, chunks: list[bytes], room: int) -> int:
        """Move queued control chunks into the packet while they fit; the room that is left."""
        control = self._link.control
        while control and len(control[0]) <= room:
            room -= len(control[0])
            chunks.append(control.pop(0))
        return room
