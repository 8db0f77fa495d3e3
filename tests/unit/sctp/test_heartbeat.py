from itertools import pairwise

import pytest

from frazil.sctp import AssociationCloseCause, AssociationState, SctpConfig
from frazil.sctp.chunk import ChunkType, encode_chunk
from frazil.sctp.tlv import encode_tlv
from frazil.slot import SLOT_S
from support.sctp_pair import Pair, chunk_types, chunks_of


@pytest.fixture
def pair():
    return Pair().connect()


def test_idle_associations_exchange_heartbeats(pair):
    pair.run_for(100.0)
    assert pair.a.count_sent(ChunkType.HEARTBEAT) == 3
    assert pair.b.count_sent(ChunkType.HEARTBEAT_ACK) == 3
    assert pair.a.state is pair.b.state is AssociationState.ESTABLISHED


def test_the_interval_has_jitter(pair):
    times = []
    while len(times) < 12:
        sent = pair.a.count_sent(ChunkType.HEARTBEAT)
        assert pair.step()
        if pair.a.count_sent(ChunkType.HEARTBEAT) > sent:
            times.append(pair.now)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(30.0 < gap < 31.0 for gap in gaps)
    assert len({round(gap, 6) for gap in gaps}) >= 2


def test_it_waits_for_a_slot(pair):
    times = []
    while len(times) < 4:
        sent = pair.a.count_sent(ChunkType.HEARTBEAT)
        assert pair.step()
        if pair.a.count_sent(ChunkType.HEARTBEAT) > sent:
            times.append(pair.now)
    assert [at / SLOT_S for at in times] == pytest.approx([round(at / SLOT_S) for at in times])


def test_a_heartbeat_measures_the_round_trip():
    pair = Pair(delay_s=0.2).connect()
    pair.delay_s = 0.01
    before = pair.a.association._outbound.round_trip.smoothed_s
    pair.run_for(35.0)
    after = pair.a.association._outbound.round_trip.smoothed_s
    assert after == pytest.approx(before + (0.02 - before) / 8)


def test_nothing_is_asked_while_data_is_outstanding(pair):
    pair.b.drop = lambda packet: True
    pair.run_for(29.0)
    pair.a.association.send(0, 51, b"x", pair.now)
    pair.run_for(4.0)
    assert pair.a.count_sent(ChunkType.HEARTBEAT) == 0


def test_a_silent_peer_is_noticed():
    pair = Pair(SctpConfig(max_retransmits=2)).connect()
    pair.b.drop = lambda packet: True
    pair.run_until(lambda: pair.a.closed is not None)
    assert pair.a.closed.cause is AssociationCloseCause.TIMED_OUT
    assert pair.a.count_sent(ChunkType.HEARTBEAT) == 3
    assert 120 < pair.now < 125


def test_an_answer_clears_the_errors(pair):
    config = SctpConfig(max_retransmits=1)
    pair = Pair(config, config).connect()
    for _ in range(3):
        pair.b.drop = lambda packet: ChunkType.HEARTBEAT_ACK in chunk_types(packet)
        pair.run_for(31.0)
        pair.b.drop = lambda packet: False
        pair.run_for(31.0)
    assert pair.a.state is AssociationState.ESTABLISHED


def test_foreign_answers_mean_nothing(pair):
    link = pair.a.association._link
    pair.b.drop = lambda packet: True
    pair.run_for(32.0)
    for value in (encode_tlv(1, bytes(8)), b"", b"\0\1"):
        chunk = encode_chunk(ChunkType.HEARTBEAT_ACK, value)
        packet = link.envelope.seal_with_tag(link.local_tag, chunk)
        pair.a.association.receive([packet], pair.now)
    assert pair.a.association._heartbeat._nonce is not None
    assert pair.a.trace.counters == {"sctp-malformed": 2}


def test_the_answer_repeats_whatever_was_asked(pair):
    link = pair.a.association._link
    info = encode_tlv(1, b"anything at all")
    packet = link.envelope.seal_with_tag(link.local_tag, encode_chunk(ChunkType.HEARTBEAT, info))
    pair.a.association.receive([packet], pair.now)
    (answer,) = pair.a.association.poll_packets(pair.now)
    assert chunks_of(answer) == [(ChunkType.HEARTBEAT_ACK, 0, info)]


def test_an_answer_that_fits_no_packet_is_not_given(pair):
    link = pair.a.association._link
    for size in (1144, 1145, 9000):
        heartbeat = encode_chunk(ChunkType.HEARTBEAT, bytes(size))
        packet = link.envelope.seal_with_tag(link.local_tag, heartbeat)
        pair.a.association.receive([packet], pair.now)
    assert [len(packet) for packet in pair.a.association.poll_packets(pair.now)] == [1160]
    assert pair.a.trace.counters == {"sctp-control-overflow": 2}


def test_answers_are_bounded(pair):
    link = pair.a.association._link
    heartbeat = encode_chunk(ChunkType.HEARTBEAT, encode_tlv(1, bytes(100)))
    packet = link.envelope.seal_with_tag(link.local_tag, heartbeat * 10)
    pair.a.association.receive([packet] * 20, pair.now)
    assert len(link.control) == 64
    assert pair.a.trace.counters == {"sctp-control-overflow": 136}
    assert all(len(p) <= 1160 for p in pair.a.association.poll_packets(pair.now))
