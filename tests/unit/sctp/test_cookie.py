import pytest

from frazil.sctp.cookie import Peer, StateCookie, open_cookie, seal_cookie
from frazil.sctp.tlv import ChunkError

KEY = bytes(range(32))


def peer(flags):
    return Peer(
        0x11223344,
        7,
        5_000_000,
        65535,
        1024,
        partial_reliability=bool(flags & 1),
        reconfiguration=bool(flags & 2),
        interleaving=bool(flags & 4),
    )


COOKIE = StateCookie(0xAABBCCDD, peer(0b101), (3, 4), 12.5)


def test_round_trip():
    assert open_cookie(seal_cookie(COOKIE, KEY), KEY) == COOKIE


def test_each_capability_is_kept():
    for flags in range(8):
        cookie = COOKIE._replace(peer=peer(flags))
        assert open_cookie(seal_cookie(cookie, KEY), KEY) == cookie


def test_forgeries_are_refused():
    sealed = seal_cookie(COOKIE, KEY)
    for at in range(len(sealed)):
        forged = bytearray(sealed)
        forged[at] ^= 1
        with pytest.raises(ChunkError):
            open_cookie(bytes(forged), KEY)
    for other in (b"", sealed[:-1], sealed + b"\0", bytes(500)):
        with pytest.raises(ChunkError):
            open_cookie(other, KEY)
    with pytest.raises(ChunkError):
        open_cookie(sealed, bytes(32))
