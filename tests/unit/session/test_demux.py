import pytest

from frazil.session.demux import BY_FIRST_BYTE, Protocol


@pytest.mark.parametrize(
    ("first", "protocol"),
    [
        (0, Protocol.STUN),
        (3, Protocol.STUN),
        (4, Protocol.OTHER),
        (19, Protocol.OTHER),
        (20, Protocol.DTLS),
        (63, Protocol.DTLS),
        (64, Protocol.OTHER),
        (127, Protocol.OTHER),
        (128, Protocol.RTP),
        (191, Protocol.RTP),
        (192, Protocol.OTHER),
        (255, Protocol.OTHER),
    ],
)
def test_the_first_byte_tells_the_protocol(first, protocol):
    assert BY_FIRST_BYTE[first] is protocol
    assert len(BY_FIRST_BYTE) == 256
