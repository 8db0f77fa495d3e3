"""What applications say, taken out of packets: zeros take its place, and nothing else changes."""

from typing import Final

from crc32c import crc32c

_DTLS_HEADER_SIZE: Final = 13
_APPLICATION_DATA: Final = 23
_SCTP_HEADER_SIZE: Final = 12
_DATA: Final = 0
_I_DATA: Final = 64
_DATA_HEADER_SIZE: Final = 16
_I_DATA_HEADER_SIZE: Final = 20
_BEGIN: Final = 0x02
_DCEP: Final = 50
_MAX_OPENINGS: Final = 64


def is_dtls(datagram: bytes) -> bool:
    """Whether it is for DTLS (RFC 7983)."""
    return bool(datagram) and 20 <= datagram[0] <= 63


def without_ciphertext(datagram: bytes) -> bytes:
    """A datagram of DTLS with zeros in place of sealed payload.

    Headers stay, and so do handshake messages and alerts, sealed or not.
    """
    if datagram[0] == _APPLICATION_DATA and len(datagram) > _DTLS_HEADER_SIZE:
        size = int.from_bytes(datagram[11:13])
        if size == len(datagram) - _DTLS_HEADER_SIZE:
            return datagram[:_DTLS_HEADER_SIZE] + bytes(size)
    found, at = bytearray(datagram), 0
    while at + _DTLS_HEADER_SIZE <= len(found):
        start = at + _DTLS_HEADER_SIZE
        stop = min(start + int.from_bytes(found[start - 2 : start]), len(found))
        if found[at] == _APPLICATION_DATA:
            found[start:stop] = bytes(stop - start)
        at = stop
    return bytes(found)


class PacketEraser:
    """Erases the messages of applications in SCTP packets of one direction.

    Announcements of channels stay: they are what the recorded decisions are about. One that came
    in several I-DATA chunks is recognised by its first.
    """

    def __init__(self) -> None:
        self._openings: dict[bytes, None] = {}

    def erase(self, packet: bytes) -> bytes:
        """The packet with zeros for messages; its checksum is right if it was."""
        found, at = bytearray(packet), _SCTP_HEADER_SIZE
        while at + 4 <= len(packet):
            size = int.from_bytes(packet[at + 2 : at + 4])
            stop = at + size
            if size < 4 or stop > len(packet):
                break
            start = self._user_data(packet, at)
            if start is not None and start < stop:
                found[start:stop] = bytes(stop - start)
            at += (size + 3) & ~3
        if found != packet:
            was_right = packet[8:12] == _checksum(packet)
            checksum = _checksum(bytes(found))
            found[8:12] = checksum if was_right else bytes(byte ^ 0xFF for byte in checksum)
        return bytes(found)

    def _user_data(self, packet: bytes, at: int) -> int | None:
        """Where the message of the application begins in the chunk at ``at``, if it has one."""
        kind, flags = packet[at], packet[at + 1]
        if kind == _DATA:
            is_dcep = int.from_bytes(packet[at + 12 : at + 16]) == _DCEP
            return None if is_dcep else at + _DATA_HEADER_SIZE
        if kind != _I_DATA:
            return None
        message = packet[at + 8 : at + 10] + packet[at + 12 : at + 16]  # its stream and number
        if flags & _BEGIN and int.from_bytes(packet[at + 16 : at + 20]) == _DCEP:
            self._openings[message] = None
            if len(self._openings) > _MAX_OPENINGS:
                del self._openings[next(iter(self._openings))]
            return None
        if flags & _BEGIN:
            self._openings.pop(message, None)
        return None if message in self._openings else at + _I_DATA_HEADER_SIZE


def without_checksum(packet: bytes) -> bytes:
    """The packet with zeros for its checksum."""
    return packet[:8] + bytes(4) + packet[12:]


def _checksum(packet: bytes) -> bytes:
    return crc32c(without_checksum(packet)).to_bytes(4, "little")
