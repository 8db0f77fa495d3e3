import pytest

from frazil.sctp import AssociationCloseCause, AssociationState
from frazil.sctp.chunk import ChunkType, encode_chunk
from frazil.sctp.packet import Header, encode_packet
from support.sctp_pair import Pair, chunks_of


@pytest.fixture
def pair():
    return Pair().connect()


def test_a_peer_that_missed_the_abort_is_told_again(pair):
    pair.a.drop = lambda packet: len(pair.a.sent) < 6
    pair.a.association.abort(pair.now, "unheard")
    pair.flush()
    pair.b.association.send(0, 51, b"are you there?", pair.now)
    pair.a.drop = lambda packet: False
    pair.run_for(1.0)
    assert pair.b.closed.cause is AssociationCloseCause.ABORTED_BY_REMOTE
    assert chunks_of(pair.a.sent[-1]) == [(ChunkType.ABORT, 1, b"")]


def test_one_answer_per_batch_after_the_end(pair):
    pair.a.association.abort(pair.now)
    pair.a.association.poll_packets(pair.now)
    tag = pair.a.association._link.local_tag
    heartbeat = encode_packet(Header(5000, 5000, tag), encode_chunk(ChunkType.HEARTBEAT))
    pair.a.association.receive([heartbeat] * 5, pair.now)
    assert len(pair.a.association.poll_packets(pair.now)) == 1


@pytest.mark.parametrize("type_", [3, 5, 6, 9, 11, 14])
def test_chunks_that_expect_no_answer_get_none_after_the_end(pair, type_):
    pair.a.association.abort(pair.now)
    pair.a.association.poll_packets(pair.now)
    tag = pair.a.association._link.local_tag
    packet = encode_packet(Header(5000, 5000, tag), encode_chunk(ChunkType(type_)))
    pair.a.association.receive([packet, b"", b"junk"], pair.now)
    assert pair.a.association.poll_packets(pair.now) == []


def test_wrong_ports_are_dropped(pair):
    tag = pair.a.association._link.local_tag
    for ports in ((5001, 5000), (5000, 5001)):
        packet = encode_packet(Header(*ports, tag), encode_chunk(ChunkType.ABORT))
        pair.a.association.receive([packet], pair.now)
    assert pair.a.state is AssociationState.ESTABLISHED
    assert pair.a.trace.counters == {"sctp-port": 2}


def test_damaged_packets_are_counted(pair):
    pair.a.association.receive([b"", b"short", bytes(16), bytes(100)], pair.now)
    assert pair.a.trace.counters == {"sctp-malformed": 4}


def test_a_stranger_with_a_chunk_that_is_cut_off(pair):
    packet = encode_packet(Header(5000, 5000, 0), bytes.fromhex("01000020 00000000"))
    pair.a.association.receive([packet], pair.now)
    assert pair.a.trace.counters == {"sctp-malformed": 1}
