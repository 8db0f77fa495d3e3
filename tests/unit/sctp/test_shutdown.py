import pytest

from frazil.errors import InvalidStateError
from frazil.sctp import AssociationCloseCause, AssociationState, SctpConfig
from frazil.sctp.chunk import ChunkType, encode_chunk
from support.sctp_pair import Pair, chunk_types

SHUTDOWN = AssociationCloseCause.SHUTDOWN


@pytest.fixture
def pair():
    return Pair().connect()


def both_closed(pair):
    return pair.a.closed is not None and pair.b.closed is not None


def names_since(side, count):
    return [
        [ChunkType(type_).name for type_ in chunk_types(packet)] for packet in side.sent[count:]
    ]


def test_three_packets(pair):
    counts = len(pair.a.sent), len(pair.b.sent)
    pair.a.association.shutdown(pair.now)
    assert pair.a.state is AssociationState.SHUTDOWN_PENDING
    pair.flush()
    assert pair.a.state is AssociationState.SHUTDOWN_SENT
    pair.step()
    assert pair.b.state is AssociationState.SHUTDOWN_ACK_SENT
    pair.run_until(lambda: both_closed(pair))
    assert pair.a.closed.cause is pair.b.closed.cause is SHUTDOWN
    assert pair.a.closed.code is None
    assert names_since(pair.a, counts[0]) == [["SHUTDOWN"], ["SHUTDOWN_COMPLETE"]]
    assert names_since(pair.b, counts[1]) == [["SHUTDOWN_ACK"]]
    assert pair.a.state is pair.b.state is AssociationState.CLOSED
    assert pair.next_at() is None


def test_everything_queued_is_delivered_both_ways(pair):
    for side in (pair.a, pair.b):
        for number in range(20):
            side.association.send(0, 51, bytes([number]) * 10_000, pair.now)
    pair.a.association.shutdown(pair.now)
    pair.run_until(lambda: both_closed(pair))
    assert len(pair.a.messages) == len(pair.b.messages) == 20
    assert pair.a.closed.cause is pair.b.closed.cause is SHUTDOWN


def test_messages_are_refused_from_now_on(pair):
    pair.a.association.shutdown(pair.now)
    with pytest.raises(InvalidStateError):
        pair.a.association.send(0, 51, b"x", pair.now)
    pair.run_until(lambda: both_closed(pair))
    for side in (pair.a, pair.b):
        with pytest.raises(InvalidStateError):
            side.association.send(0, 51, b"x", pair.now)
        with pytest.raises(InvalidStateError):
            side.association.start(pair.now)


def test_both_at_once(pair):
    pair.a.association.shutdown(pair.now)
    pair.b.association.shutdown(pair.now)
    pair.run_until(lambda: both_closed(pair))
    assert pair.a.closed.cause is pair.b.closed.cause is SHUTDOWN


@pytest.mark.parametrize("type_", [ChunkType.SHUTDOWN, ChunkType.SHUTDOWN_ACK])
def test_lost_packets_are_repeated(pair, type_):
    lost = iter([True, True])
    for side in (pair.a, pair.b):
        side.drop = lambda packet: type_ in chunk_types(packet) and next(lost, False)
    pair.a.association.shutdown(pair.now)
    pair.run_until(lambda: both_closed(pair))
    assert pair.a.closed.cause is pair.b.closed.cause is SHUTDOWN


def test_lost_shutdown_complete_is_given_again_after_the_end(pair):
    lost = iter([True])
    pair.a.drop = lambda packet: (
        ChunkType.SHUTDOWN_COMPLETE in chunk_types(packet) and next(lost, False)
    )
    pair.a.association.shutdown(pair.now)
    pair.run_until(lambda: both_closed(pair))
    assert pair.a.count_sent(ChunkType.SHUTDOWN_COMPLETE) == 2
    assert pair.b.closed.cause is SHUTDOWN


def test_the_abort_that_a_late_packet_calls_for_is_no_failure(pair):
    pair.b.association.send(0, 51, b"x", pair.now)
    pair.flush()
    late = pair.b.sent[-1]
    pair.run_for(1)
    pair.a.drop = lambda packet: ChunkType.SHUTDOWN_COMPLETE in chunk_types(packet)
    pair.a.association.shutdown(pair.now)
    pair.run_until(lambda: pair.a.closed is not None)
    pair.a.association.receive([late], pair.now)
    pair.run_until(lambda: both_closed(pair))
    assert pair.a.count_sent(ChunkType.ABORT) == 1
    assert pair.b.closed.cause is SHUTDOWN


@pytest.mark.parametrize("seed", range(20))
def test_bad_networks(seed):
    pair = Pair(seed=seed, jitter_s=0.05, duplication=0.2).connect()
    pair.loss = 0.3
    for side in (pair.a, pair.b):
        side.association.send(0, 51, bytes(20_000), pair.now)
    pair.a.association.shutdown(pair.now)
    if seed % 2:
        pair.b.association.shutdown(pair.now)
    pair.run_until(lambda: len(pair.a.messages) == len(pair.b.messages) == 1)
    pair.loss = 0.0
    pair.run_until(lambda: both_closed(pair))
    assert pair.a.closed.cause is pair.b.closed.cause is SHUTDOWN


def test_data_after_our_shutdown_is_still_taken(pair):
    pair.a.drop = lambda packet: ChunkType.SHUTDOWN in chunk_types(packet)
    pair.a.association.shutdown(pair.now)
    pair.flush()
    pair.b.association.send(0, 51, b"late", pair.now)
    pair.run_for(0.05)
    assert pair.a.messages == [(0, 51, b"late")]
    assert pair.a.state is AssociationState.SHUTDOWN_SENT
    assert chunk_types(pair.a.sent[-1]) == [ChunkType.SHUTDOWN, ChunkType.SACK]
    pair.a.drop = lambda packet: False
    pair.run_until(lambda: both_closed(pair))
    assert pair.b.closed.cause is SHUTDOWN


def test_a_silent_peer_ends_it():
    pair = Pair(SctpConfig(max_retransmits=2)).connect()
    pair.b.drop = lambda packet: True
    pair.a.association.shutdown(pair.now)
    pair.run_until(lambda: pair.a.closed is not None)
    assert pair.a.closed.cause is AssociationCloseCause.TIMED_OUT
    assert pair.a.count_sent(ChunkType.SHUTDOWN) == 3


def test_the_guard_ends_it_without_a_limit_of_retransmits(pair):
    pair.b.drop = lambda packet: True
    start = pair.now
    pair.a.association.shutdown(start)
    pair.run_until(lambda: pair.a.closed is not None)
    assert pair.now - start == pytest.approx(25.0)
    assert pair.a.closed.cause is AssociationCloseCause.TIMED_OUT


def test_the_guard_leaves_time_for_queued_data(pair):
    pair.b.drop = lambda packet: True
    pair.a.association.send(0, 51, b"x", pair.now)
    pair.a.association.shutdown(pair.now)
    pair.run_for(60.0)
    assert pair.a.state is AssociationState.SHUTDOWN_PENDING
    pair.b.drop = lambda packet: False
    pair.run_until(lambda: both_closed(pair))
    assert pair.b.messages == [(0, 51, b"x")]
    assert pair.b.closed.cause is SHUTDOWN


def test_before_it_is_established():
    pair = Pair()
    pair.a.association.start(0.0)
    pair.a.association.shutdown(0.0)
    pair.flush()
    assert pair.a.closed.cause is AssociationCloseCause.ABORTED_BY_LOCAL
    pair.a.association.shutdown(0.0)
    pair.flush()
    assert len(pair.a.events) == 1


def test_init_in_shutdown_ack_sent_is_answered_by_shutdown_ack(pair):
    init = pair.a.sent[0]
    assert chunk_types(init) == [ChunkType.INIT]
    pair.b.drop = lambda packet: True
    pair.a.association.shutdown(pair.now)
    pair.flush()
    pair.step()
    assert pair.b.state is AssociationState.SHUTDOWN_ACK_SENT
    pair.b.association.receive([init], pair.now)
    (answer,) = pair.b.association.poll_packets(pair.now)
    assert chunk_types(answer) == [ChunkType.SHUTDOWN_ACK]


def test_chunks_of_a_shutdown_nobody_asked_for_are_ignored(pair):
    link = pair.a.association._link
    for type_ in (ChunkType.SHUTDOWN_ACK, ChunkType.SHUTDOWN_COMPLETE):
        chunk = encode_chunk(type_)
        pair.inject(link.envelope.seal_with_tag(link.local_tag, chunk), pair.a)
    malformed = encode_chunk(ChunkType.SHUTDOWN, bytes(3))
    pair.inject(link.envelope.seal_with_tag(link.local_tag, malformed), pair.a)
    pair.run_for(0.1)
    assert pair.a.state is AssociationState.ESTABLISHED
    assert pair.a.trace.counters == {"sctp-malformed": 1}
