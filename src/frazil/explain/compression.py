"""Files that came compressed: dumps, as browsers write them, and recordings, as they are sent."""

import zlib
from typing import Final

MAX_SIZE: Final = 512 * 1024 * 1024
"""Bytes, unpacked: an hour of a call with statistics is some 50 MB of a dump."""
_GZIP: Final = b"\x1f\x8b"


def unpacked(content: bytes) -> bytes:
    """What a file holds, whether gzip was used or not.

    Raises:
        ValueError: It is damaged, or too large.
    """
    if not content.startswith(_GZIP):
        return content
    members, room = [], MAX_SIZE
    while content:  # a file may be several behind one another
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            members.append(unpacker.decompress(content, room))
        except zlib.error as error:
            raise ValueError(f"damaged: {error}") from None
        room -= len(members[-1])
        if not unpacker.eof or room <= 0:  # no room at all would mean any
            raise ValueError("cut off, or too large")
        content = unpacker.unused_data.lstrip(b"\0")  # tapes and disks fill up with zeros
    return b"".join(members)
