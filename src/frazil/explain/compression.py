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
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(content, MAX_SIZE)
    except zlib.error as error:
        raise ValueError(f"damaged: {error}") from None
    if not unpacker.eof:
        raise ValueError("cut off, or too large")
    return found
