"""Associations whose INIT chunks came with the signalling (draft-hancke-tsvwg-snap)."""

import random
from base64 import b64decode

import pytest

from frazil.sctp import (
    AssociationEstablished,
    AssociationState,
    SctpConfig,
    announce,
    is_usable,
    settled,
)
from frazil.sctp.chunk import ChunkType, decode_init, encode_init
from frazil.sctp.negotiation import own_init
from frazil.sctp.tlv import Tlv
from support.init import changed
from support.sctp_pair import Pair, chunk_types, seeded

CHROMIUM = b64decode("AQAAHrIhSXsAUAAA/////1I72snAAAAEgAgABoLA")
OURS = announce(SctpConfig(), seeded(7))
HANDSHAKE = {
    ChunkType.INIT,
    ChunkType.INIT_ACK,
    ChunkType.COOKIE_ECHO,
    ChunkType.COOKIE_ACK,
}


def handshake(pair: Pair) -> set[int]:
    packets = pair.a.sent + pair.b.sent
    return HANDSHAKE & {each for packet in packets for each in chunk_types(packet)}


def test_established_at_once_and_without_a_packet():
    pair = Pair(signalled=True)
    pair.start()
    for side in (pair.a, pair.b):
        assert side.state is AssociationState.ESTABLISHED
        assert side.of(AssociationEstablished) == [AssociationEstablished(65535, 65535, True)]
        assert side.sent == []
        (move,) = [each.facts for each in side.trace.records if each.event == "association"]
        assert (move["cause"], move["rule"]) == ("signalled", "draft-hancke-tsvwg-snap")


def test_data_is_there_after_half_a_round_trip():
    pair = Pair(signalled=True, delay_s=0.1)
    pair.start()
    pair.a.association.send(0, 51, b"first", pair.now)
    pair.b.association.send(1, 51, b"second", pair.now)
    pair.flush()
    pair.run_until(lambda: bool(pair.a.messages and pair.b.messages))
    assert pair.now == pytest.approx(0.1)
    assert not handshake(pair)


def test_what_was_queued_before_goes_with_it():
    pair = Pair(signalled=True)
    pair.a.association.send(0, 51, b"early", 0.0)
    pair.start()
    pair.run_until(lambda: bool(pair.b.messages))
    assert pair.b.messages == [(0, 51, b"early")]


def test_messages_survive_loss():
    pair = Pair(signalled=True, loss=0.2, jitter_s=0.02, duplication=0.1, seed=5)
    pair.start()
    sent = [random.Random(n).randbytes(3000) for n in range(30)]
    for data in sent:
        pair.a.association.send(0, 53, data, pair.now)
    pair.flush()
    pair.run_until(lambda: len(pair.b.messages) == 30)
    assert [data for _, _, data in pair.b.messages] == sent
    assert not handshake(pair)


def test_each_end_goes_by_what_the_other_announced():
    few = SctpConfig(outbound_streams=10, inbound_streams=20, interleaving=False)
    pair = Pair(few, SctpConfig(), signalled=True)
    pair.start()
    assert pair.a.of(AssociationEstablished) == [AssociationEstablished(10, 20, False)]
    assert pair.b.of(AssociationEstablished) == [AssociationEstablished(20, 10, False)]


def test_streams_can_be_reset_and_the_association_ends_in_good_order():
    pair = Pair(signalled=True)
    pair.start()
    pair.a.association.send(0, 51, b"x", pair.now)
    pair.a.association.reset_stream(0)
    pair.flush()
    pair.run_for(1.0)
    pair.a.association.shutdown(pair.now)
    pair.flush()
    pair.run_for(1.0)
    assert pair.a.state is pair.b.state is AssociationState.CLOSED
    assert pair.a.closed is not None
    assert pair.a.closed.cause == "shutdown"


def test_ended_before_it_began():
    pair = Pair(signalled=True)
    pair.a.association.abort(0.0)
    assert pair.a.state is AssociationState.CLOSED
    assert pair.a.association.poll_packets(0.0) == []


def test_ours_is_a_whole_chunk_without_padding():
    for config in (SctpConfig(), SctpConfig(interleaving=False)):
        chunk = announce(config, seeded(3))
        assert len(chunk) == int.from_bytes(chunk[2:4], "big")
        assert chunk[0] == ChunkType.INIT
    assert announce(SctpConfig(), seeded(3)) != announce(SctpConfig(), seeded(4))


def test_chromium_is_understood():
    inits = settled(OURS, CHROMIUM)
    assert inits is not None
    assert (inits.remote.tag, inits.remote.initial_tsn) == (0xB221497B, 0x523BDAC9)
    assert inits.remote.receive_window == 5 * 1024 * 1024
    assert inits.local == decode_init(OURS[4:])


@pytest.mark.parametrize(
    ("local", "remote"),
    [(None, CHROMIUM), (OURS, None), (None, None), (OURS, OURS), (OURS, b"CookieMonster")],
    ids=["we say nothing", "the peer says nothing", "nobody", "an echo", "no chunk"],
)
def test_otherwise_there_is_a_handshake(local, remote):
    assert settled(local, remote) is None


def test_bytes_that_are_no_init():
    init = own_init(SctpConfig(), 1, 1)
    wrong = [
        b"",
        OURS[:3],
        OURS[:-1],
        OURS[:16],
        b"\x02" + OURS[1:],
        OURS[:2] + b"\0\3" + OURS[4:],
        encode_init(ChunkType.INIT, changed(init, tag=0)),
        encode_init(ChunkType.INIT, changed(init, inbound_streams=0)),
    ]
    assert [is_usable(each) for each in wrong] == [False] * len(wrong)
    assert is_usable(OURS)
    assert is_usable(CHROMIUM + b"\0\0"), "padded"
    assert is_usable(encode_init(ChunkType.INIT, changed(init, parameters=(Tlv(0xFFFF, b"?"),))))


def test_any_bytes_are_an_init_or_not():
    draw = random.Random(1)
    for _ in range(2000):
        chunk = bytearray(OURS)
        for _ in range(draw.randrange(1, 4)):
            chunk[draw.randrange(len(chunk))] = draw.randrange(256)
        mutant = bytes(chunk[: draw.randrange(len(chunk) + 1)])
        assert is_usable(mutant) == (settled(OURS, mutant) is not None)
