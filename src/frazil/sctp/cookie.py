"""The state cookie: all a listener needs to know, kept by the peer (RFC 9260 section 5.1.3)."""

from struct import Struct
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from frazil.compiled import mypyc_attr
from frazil.sctp.tlv import ChunkError
from frazil.value import Value

COOKIE_LIFETIME_S: Final = 60.0
"""RFC 9260 section 16, Valid.Cookie.Life."""

_BODY: Final = Struct("!IIIIHHBIId")


@mypyc_attr(acyclic=True)
class Peer(Value):
    """What the peer's INIT or INIT ACK settled.

    Attributes:
        tag: The verification tag to put on packets to the peer.
        initial_tsn: The first TSN of the peer.
        receive_window: How much the peer can buffer, in bytes.
        outbound_streams: How many streams we may send on.
        inbound_streams: How many streams the peer may send on.
        partial_reliability: Whether the peer understands FORWARD TSN (RFC 3758).
        reconfiguration: Whether it understands RE-CONFIG (RFC 6525).
        interleaving: Whether both sides use I-DATA (RFC 8260).
    """

    __slots__ = (
        "inbound_streams",
        "initial_tsn",
        "interleaving",
        "outbound_streams",
        "partial_reliability",
        "receive_window",
        "reconfiguration",
        "tag",
    )

    def __init__(
        self,
        tag: int,
        initial_tsn: int,
        receive_window: int,
        outbound_streams: int,
        inbound_streams: int,
        *,
        partial_reliability: bool,
        reconfiguration: bool,
        interleaving: bool,
    ) -> None:
        self.tag = tag
        self.initial_tsn = initial_tsn
        self.receive_window = receive_window
        self.outbound_streams = outbound_streams
        self.inbound_streams = inbound_streams
        self.partial_reliability = partial_reliability
        self.reconfiguration = reconfiguration
        self.interleaving = interleaving

    def as_tuple(self) -> tuple[object, ...]:
        """The fields."""
        return (
            self.tag,
            self.initial_tsn,
            self.receive_window,
            self.outbound_streams,
            self.inbound_streams,
            self.partial_reliability,
            self.reconfiguration,
            self.interleaving,
        )


class StateCookie(NamedTuple):
    """What is inside a cookie.

    Attributes:
        local_tag: Our tag, as INIT ACK named it.
        peer: What the peer's INIT settled.
        tie_tags: Our and the peer's tag of the association that existed then, or zeros.
        created_at: When the INIT ACK was sent.
    """

    local_tag: int
    peer: Peer
    tie_tags: tuple[int, int]
    created_at: float


def seal_cookie(cookie: StateCookie, key: bytes) -> bytes:
    """The cookie, authenticated with ``key``."""
    peer = cookie.peer
    flags = peer.partial_reliability | peer.reconfiguration << 1 | peer.interleaving << 2
    body = _BODY.pack(
        cookie.local_tag,
        peer.tag,
        peer.initial_tsn,
        peer.receive_window,
        peer.outbound_streams,
        peer.inbound_streams,
        flags,
        *cookie.tie_tags,
        cookie.created_at,
    )
    return body + _mac(key, body).finalize()


def open_cookie(data: bytes, key: bytes) -> StateCookie:
    """The cookie inside COOKIE ECHO.

    Raises:
        ChunkError: We did not make it.
    """
    body, mac = data[: _BODY.size], data[_BODY.size :]
    try:
        _mac(key, body).verify(mac)
    except InvalidSignature:
        raise ChunkError("the cookie is not ours") from None
    local_tag, tag, tsn, window, outbound, inbound, flags, tie_local, tie_remote, created_at = (
        _BODY.unpack(body)
    )
    peer = Peer(
        tag,
        tsn,
        window,
        outbound,
        inbound,
        partial_reliability=bool(flags & 1),
        reconfiguration=bool(flags & 2),
        interleaving=bool(flags & 4),
    )
    return StateCookie(local_tag, peer, (tie_local, tie_remote), created_at)


def _mac(key: bytes, body: bytes) -> HMAC:
    """Of ``body``; by the library that the handshake of DTLS has just used, so it is at hand."""
    mac = HMAC(key, SHA256())
    mac.update(body)
    return mac
