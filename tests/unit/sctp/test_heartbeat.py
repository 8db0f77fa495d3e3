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


def times_of_heartbeats(pair, count):
    """When the next heartbeats are sent, whoever sends them."""
    times = []
    while len(times) < count:
        sent = heartbeats(pair)
        assert pair.step()
        times += [pair.now] * (heartbeats(pair) - sent)
    return times


def heartbeats(pair):
    return sum(end.count_sent(ChunkType.HEARTBEAT) for end in (pair.a, pair.b))


def errors(pair):
    return sum(end.association._link.errors for end in (pair.a, pair.b))


def test_idle_associations_exchange_heartbeats(pair):
    pair.run_for(100.0)
    for end, peer in ((pair.a, pair.b), (pair.b, pair.a)):
        assert end.count_sent(ChunkType.HEARTBEAT_ACK) == peer.count_sent(ChunkType.HEARTBEAT)
    assert pair.a.state is pair.b.state is AssociationState.ESTABLISHED


def test_who_is_asked_does_not_ask_for_an_interval(pair):
    """Unless both do at once: one heartbeat in each interval tells both that the other is there."""
    together = sum(later == earlier for earlier, later in pairwise(times_of_heartbeats(pair, 200)))
    assert 0.1 < together / 200 < 0.3
    before, since = heartbeats(pair), pair.now
    pair.run_for(3000.0)
    assert (heartbeats(pair) - before) / (pair.now - since) < 1.4 / 60.0


def test_a_question_of_the_peer_does_not_excuse_a_missing_answer(pair):
    pair.b.drop = lambda packet: True
    pair.run_until(lambda: pair.a.count_sent(ChunkType.HEARTBEAT) == 1)
    link, due_at = pair.a.association._link, pair.a.association._heartbeat.expires_at
    heartbeat = encode_chunk(ChunkType.HEARTBEAT, encode_tlv(1, b"their own"))
    packet = link.envelope.seal_with_tag(link.local_tag, heartbeat)
    pair.a.association.receive([packet], pair.now + 1.0)
    assert pair.a.association._heartbeat.expires_at == due_at


def test_the_interval_has_jitter(pair):
    gaps = [later - earlier for earlier, later in pairwise(times_of_heartbeats(pair, 40))]
    assert all(60.0 < gap < 65.0 for gap in gaps if gap)
    assert len({round(gap, 6) for gap in gaps}) >= 4


def test_it_waits_for_a_slot(pair):
    slots = [at / SLOT_S for at in times_of_heartbeats(pair, 8)]
    assert slots == pytest.approx([round(slot) for slot in slots])


def test_a_heartbeat_measures_the_round_trip():
    pair = Pair(delay_s=0.2).connect()
    pair.delay_s = 0.01
    before = pair.a.association._outbound.round_trip.smoothed_s
    pair.run_for(65.0)
    after = pair.a.association._outbound.round_trip.smoothed_s
    assert after == pytest.approx(before + (0.02 - before) / 8)


def test_nothing_is_asked_while_data_is_outstanding(pair):
    pair.b.drop = lambda packet: True
    pair.run_for(59.0)
    pair.a.association.send(0, 51, b"x", pair.now)
    pair.run_for(4.0)
    assert pair.a.count_sent(ChunkType.HEARTBEAT) == 0


def test_a_silent_peer_is_noticed():
    pair = Pair(SctpConfig(max_retransmits=2)).connect()
    pair.b.drop = lambda packet: True
    pair.run_until(lambda: pair.a.closed is not None)
    assert pair.a.closed.cause is AssociationCloseCause.TIMED_OUT
    assert pair.a.count_sent(ChunkType.HEARTBEAT) == 3
    assert 60 + 3 * 30 < pair.now < 60 + 3 * 30 + 20
    assert pair.a.association.next_timeout() is None


def test_an_answer_clears_the_errors(pair):
    config = SctpConfig(max_retransmits=1)
    pair = Pair(config, config).connect()
    for _ in range(3):
        pair.b.drop = lambda packet: ChunkType.HEARTBEAT_ACK in chunk_types(packet)
        pair.run_until(lambda: errors(pair) == 1)
        pair.b.drop = lambda packet: False
        pair.run_until(lambda: errors(pair) == 0)
    assert pair.a.state is AssociationState.ESTABLISHED


def test_foreign_answers_mean_nothing(pair):
    link = pair.a.association._link
    pair.b.drop = lambda packet: True
    pair.run_until(lambda: pair.a.count_sent(ChunkType.HEARTBEAT) == 1)
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
