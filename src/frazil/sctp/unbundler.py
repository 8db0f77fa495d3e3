"""Takes packets apart: each chunk goes to the part it concerns (RFC 9260 section 6.10)."""

from collections.abc import Sequence
from typing import Final

from frazil.sctp.chunk import REFLECTED_TAG, ChunkType, decode_sack, unpack_chunk
from frazil.sctp.control import Control
from frazil.sctp.handshake import Handshake
from frazil.sctp.inbound import Inbound
from frazil.sctp.link import Link
from frazil.sctp.outbound import Outbound
from frazil.sctp.packet import HEADER_SIZE, chunk_types, decode_header
from frazil.sctp.shutdown import Shutdown
from frazil.sctp.tlv import ChunkError

_SACK: Final = int(ChunkType.SACK)
_EXPECTS_NOTHING: Final = frozenset(
    {
        ChunkType.SACK,
        ChunkType.HEARTBEAT_ACK,
        ChunkType.ABORT,
        ChunkType.ERROR,
        ChunkType.COOKIE_ACK,
        ChunkType.SHUTDOWN_COMPLETE,
    }
)


class Unbundler:
    """Takes user data and SACK itself, as they are many, and hands all else on.

    What does not belong to the association, or comes after its end, is answered as RFC 9260
    demands.
    """

    __slots__ = (
        "_control",
        "_handshake",
        "_inbound",
        "_link",
        "_outbound",
        "_shutdown",
    )

    def __init__(
        self,
        link: Link,
        outbound: Outbound,
        inbound: Inbound,
        handshake: Handshake,
        shutdown: Shutdown,
        control: Control,
    ) -> None:
        self._link = link
        self._outbound = outbound
        self._inbound = inbound
        self._handshake = handshake
        self._shutdown = shutdown
        self._control = control

    def take(self, packet: bytes, now: float) -> None:
        """Take the chunks of a packet that carries our tag, in order (RFC 9260 section 6.10).

        Raises:
            ChunkError: A chunk is malformed; those before it were taken.
        """
        link, inbound = self._link, self._inbound
        offset = HEADER_SIZE
        size = len(packet)
        has_data = False
        try:
            while offset + 4 <= size and not link.ended:
                if packet[offset] == inbound.data_type and link.receives_data:
                    has_data = True
                    after = inbound.take_due(packet, offset)
                    if after > offset:  # nearly always
                        offset = after
                        continue
                type_, flags, length = unpack_chunk(packet, offset)
                end = offset + length
                if length < 4 or end > size:
                    raise ChunkError("a chunk is cut off")
                if type_ == _SACK:
                    if self._outbound.receive_sack(decode_sack(packet[offset + 4 : end]), now):
                        link.errors = 0  # a sign of life
                    else:
                        link.count("sctp-sack-outdated")
                elif type_ == inbound.data_type and link.receives_data:
                    problem = inbound.receive_data(packet, offset, end)
                    if problem is not None:
                        self._control.receive_problem(problem, packet[offset:end], now)
                elif type_ == inbound.data_type and self._handshake.imply_cookie_ack(now):
                    continue  # now it can be taken
                else:
                    self._outbound.acknowledge(now)  # other chunks build on what is acknowledged
                    if not self._control.receive(type_, flags, packet[offset:end], now):
                        break
                offset = (end + 3) & ~3
        finally:  # a chunk that is malformed takes nothing back
            if has_data and inbound.end_packet():
                link.send_alone(inbound.sack())
                inbound.acknowledged()

    def take_stranger(self, packet: bytes, now: float) -> None:
        """Take a packet without our tag: INIT, and the exceptions of RFC 9260 section 8.5.1.

        Raises:
            ChunkError: The packet is malformed.
        """
        link = self._link
        header = decode_header(packet)
        type_, flags, length = unpack_chunk(packet, HEADER_SIZE)
        end = HEADER_SIZE + length
        if length < 4 or end > len(packet):
            raise ChunkError("a chunk is cut off")
        value = packet[HEADER_SIZE + 4 : end]
        is_reflected = flags & REFLECTED_TAG and header.tag == link.remote_tag
        if not link.envelope.is_from_peer(header):
            link.count("sctp-port")
        elif type_ == ChunkType.INIT and header.tag == 0 and (end + 3) & ~3 >= len(packet):
            if not self._shutdown.answer_init():
                self._handshake.receive_init(value, now)
        elif type_ == ChunkType.COOKIE_ECHO:
            self._handshake.receive_cookie_echo(value, header.tag, now)
        elif type_ == ChunkType.ABORT and is_reflected:
            self._control.end_by_abort(value, now)
        elif type_ == ChunkType.SHUTDOWN_COMPLETE and is_reflected:
            self._shutdown.receive_complete(now)
        else:
            link.count("sctp-tag")

    def answer_late(self, packets: Sequence[bytes]) -> None:
        """After the end, tell a peer that has not noticed; one answer per batch (section 8.4)."""
        link = self._link
        for packet in packets:
            if not link.envelope.accepts(packet):
                continue
            types = chunk_types(packet)
            if ChunkType.SHUTDOWN_ACK in types:
                link.reflect(ChunkType.SHUTDOWN_COMPLETE)
                return
            if not _EXPECTS_NOTHING.issuperset(types):
                link.reflect(ChunkType.ABORT)
                return
