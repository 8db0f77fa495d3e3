"""What a recording does not tell: messages of applications, and credentials of TURN servers.

ICE passwords stay: they are worthless after the connection, and its checks are signed with them.
What DTLS sealed is zeros, as no replay could seal it again; see :mod:`frazil.record.engine`.
"""

from dataclasses import replace

from frazil.peer.dictionary import scalar_text
from frazil.peer.ice_server import IceServer
from frazil.record.payload import PacketEraser, is_dtls, without_ciphertext
from frazil.record.proof import Proofs, data_place, restore_fingerprint
from frazil.turn import TurnConfig
from frazil.turn.channel_data import is_channel_data
from frazil.types import Datagram

_CHANNEL_HEADER_SIZE = 4


class Redaction:
    """Decides what takes the place of each value of one connection.

    Args:
        keep_payload: Whether messages are told after all.

    Attributes:
        keeps_payload: The same.
    """

    def __init__(self, *, keep_payload: bool) -> None:
        self.keeps_payload = keep_payload
        self._proofs = Proofs()
        self._inbound = PacketEraser()
        self._outbound = PacketEraser()

    def hide(self, value: object) -> object:
        """What is recorded instead of ``value``; most values themselves."""
        if isinstance(value, Datagram):
            return Datagram(self.datagram(value.data), value.local, value.remote)
        if isinstance(value, IceServer):
            return self._hide_server(value)
        if isinstance(value, TurnConfig):
            username, password = self._proofs.add(value.username, value.password)
            return replace(value, username=username, password=password)
        return value

    def _hide_server(self, server: IceServer) -> IceServer:
        if server.username is None or server.credential is None:
            return server
        username, credential = self._proofs.add(server.username, server.credential)
        return replace(server, username=username, credential=credential)

    def datagram(self, data: bytes) -> bytes:
        """A datagram of either direction, without what must not be told."""
        if is_dtls(data):
            return without_ciphertext(data)
        if is_channel_data(data):
            stop = _CHANNEL_HEADER_SIZE + int.from_bytes(data[2:4])
            inner = self.datagram(data[_CHANNEL_HEADER_SIZE:stop])
            return data[:_CHANNEL_HEADER_SIZE] + inner + data[stop:]
        if data and data[0] < 4:
            return self._proofs.replace(self._without_inner(data))
        return data[:1] + bytes(len(data) - 1) if data else data

    def _without_inner(self, message: bytes) -> bytes:
        """A STUN message; the datagram that it carries for a peer, if any, redacted."""
        place = data_place(message)
        if place is None:
            return message
        found = bytearray(message)
        found[place.start : place.stop] = self.datagram(message[place.start : place.stop])
        restore_fingerprint(found, message)
        return bytes(found)

    def received_packet(self, packet: bytes) -> bytes:
        """An SCTP packet that DTLS opened."""
        return packet if self.keeps_payload else self._inbound.erase(packet)

    def sent_packet(self, packet: bytes) -> bytes:
        """An SCTP packet that DTLS is to seal."""
        return packet if self.keeps_payload else self._outbound.erase(packet)

    def message(self, data: bytes | str) -> bytes:
        """A message that the application sends, in UTF-8 if it is text; zeros of its size."""
        payload = scalar_text(data).encode() if isinstance(data, str) else data
        return payload if self.keeps_payload else bytes(len(payload))

    def delivered(self, data: bytes | str) -> bytes | str:
        """A message that is handed out: of text not even the size, as it may be malformed."""
        if self.keeps_payload:
            return data
        return "" if isinstance(data, str) else bytes(len(data))
