"""Offers and answers as a short text that survives mail, chat and the clipboard."""

import base64
import binascii
import zlib
from typing import Final

_PREFIX: Final = {"offer": "FZO", "answer": "FZA"}
_TYPES: Final = {prefix: kind for kind, prefix in _PREFIX.items()}
_MAX_SDP: Final = 32 * 1024
"""Bytes that a code may unfold to, whoever wrote it."""
_WORDS: Final = (
    b"a=candidate: 1 tcp typ host tcptype active\r\n typ srflx raddr  rport  typ relay raddr "
    b"0.0.0.0 rport 0\r\na=end-of-candidates\r\na=ice-options:trickle renomination\r\n"
    b"a=msid-semantic:WMS *\r\na=extmap-allow-mixed\r\na=group:BUNDLE 0\r\nt=0 0\r\ns=-\r\n"
    b"v=0\r\no=- 1 IN IP4 127.0.0.1\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    b"c=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=sctp-port:5000\r\n"
    b"a=max-message-size:262144\r\na=setup:active\r\na=setup:passive\r\na=setup:actpass\r\n"
    b"a=ice-ufrag:\r\na=ice-pwd:\r\na=fingerprint:sha-256 \r\na=candidate:1 1 udp 2122"
)
"""What every description holds; both ends must have the same."""


def encode(kind: str, sdp: str) -> str:
    """The code of a description: letters, digits, ``-`` and ``_`` only.

    Args:
        kind: ``"offer"`` or ``"answer"``.
        sdp: The text.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=_WORDS)
    data = sdp.encode()
    body = packer.compress(data) + packer.flush()
    check = zlib.crc32(data).to_bytes(4)
    return _PREFIX[kind] + base64.urlsafe_b64encode(check + body).decode().rstrip("=")


def decode(text: str) -> tuple[str, str]:
    """The kind and the text of the description behind a code; white space does not matter.

    Raises:
        ValueError: It is no code, or not all of it; the message says so.
    """
    code = "".join(text.split())
    kind = _TYPES.get(code[:3])
    if kind is None:
        raise ValueError("that is no code of frazil pair: it would begin with FZO or FZA")
    damaged = ValueError("the code is not complete: copy all of it")
    try:
        raw = base64.b64decode(code[3:] + "=" * (-(len(code) - 3) % 4), b"-_", validate=True)
        unpacker = zlib.decompressobj(-15, zdict=_WORDS)
        data = unpacker.decompress(raw[4:], _MAX_SDP)
    except (binascii.Error, ValueError, zlib.error):
        raise damaged from None
    if not unpacker.eof or zlib.crc32(data).to_bytes(4) != raw[:4]:
        raise damaged
    try:
        return kind, data.decode()
    except UnicodeDecodeError:
        raise damaged from None
