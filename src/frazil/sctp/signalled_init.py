"""INIT chunks that travel in descriptions instead of packets (draft-hancke-tsvwg-snap).

If both ends announce theirs, there is nothing left to ask, and the association is established as
soon as DTLS is: up to two round trips sooner. The cookies of the handshake keep strangers out, and
DTLS has done that already.
"""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.chunk import ChunkType, Init, decode_init, encode_init
from frazil.sctp.config import SctpConfig
from frazil.sctp.handshake import random_tag
from frazil.sctp.negotiation import own_init
from frazil.sctp.tlv import ChunkError
from frazil.types import RandomBytes
from frazil.value import Value

_HEADER_SIZE: Final = 4


@mypyc_attr(acyclic=True)
class SignalledInits(Value):
    """What both ends have announced.

    Attributes:
        local: Ours.
        remote: The peer's.
    """

    __slots__ = ("local", "remote")

    def __init__(self, local: Init, remote: Init) -> None:
        self.local = local
        self.remote = remote

    def as_tuple(self) -> tuple[object, ...]:
        """Both."""
        return self.local, self.remote


def announce(config: SctpConfig, random_bytes: RandomBytes) -> bytes:
    """The INIT chunk of a new association."""
    tag, initial_tsn = random_tag(random_bytes), int.from_bytes(random_bytes(4), "big")
    chunk = encode_init(ChunkType.INIT, own_init(config, tag, initial_tsn))
    return chunk[: _size(chunk)]  # no other chunk follows for which it would be padded


def is_usable(chunk: bytes) -> bool:
    """Whether what a peer announced is an INIT chunk."""
    try:
        _decode(chunk)
    except ChunkError:
        return False
    return True


def settled(local: bytes | None, remote: bytes | None) -> SignalledInits | None:
    """What two descriptions settle, or None where the handshake has to.

    That is so if one of them announces nothing or no INIT chunk, and if the peer has only repeated
    ours: there are stacks that copy the attributes they do not know into their answers.
    """
    if local is None or remote is None or local == remote:
        return None
    try:
        return SignalledInits(_decode(local), _decode(remote))
    except ChunkError:
        return None


def _decode(chunk: bytes) -> Init:
    size = _size(chunk)
    if chunk[:1] != bytes([ChunkType.INIT]) or not _HEADER_SIZE <= size <= len(chunk):
        raise ChunkError("this is not an INIT chunk")
    return decode_init(chunk[_HEADER_SIZE:size])


def _size(chunk: bytes) -> int:
    return int.from_bytes(chunk[2:_HEADER_SIZE], "big")
