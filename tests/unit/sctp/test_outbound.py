import pytest

from frazil.sctp import AssociationCloseCause, AssociationState, SctpConfig
from frazil.sctp.chunk import ChunkType, Sack, decode_sack, encode_data
from support.sctp_pair import Pair, chunk_types, chunks_of
from support.sctp_sender import CAPACITY, CONFIG, MTU, PAYLOAD, Sender


def carries_data(packet):
    return not {ChunkType.DATA, ChunkType.I_DATA}.isdisjoint(chunk_types(packet))


def test_initial_window_is_ten_packets():
    sender = Sender()
    sender.put(PAYLOAD, count=50)
    assert len(sender.flush()) == 10


def test_small_messages_are_bundled():
    sender = Sender()
    sender.put(100, count=20)
    assert [len(tsns) for tsns in sender.flush()] == [9, 9, 2]


def test_each_packet_tells_whether_another_may_follow():
    sender = Sender()
    sender.put(PAYLOAD, count=12)
    told = [sender.outbound.fill([], CAPACITY, sender.now) for _ in range(11)]
    assert told == [True] * 10 + [False]  # the window is full, which is seen when it is looked at
    sender.sack(10)
    assert [sender.outbound.fill([], CAPACITY, sender.now) for _ in range(2)] == [True, False]


def test_a_paced_sender_has_no_other_packet_until_its_time():
    sender = Sender()
    sender.controller.pacing_rate = 100 * CAPACITY
    sender.put(PAYLOAD, count=5)
    sender.now = 1.0
    assert len(sender.flush()) == 1
    assert not sender.outbound.fill([], CAPACITY, sender.now)
    sender.now = sender.outbound.next_timeout()
    sender.outbound.handle_timeout(sender.now)
    assert len(sender.flush()) == 1


def test_large_messages_make_full_packets_back_to_back():
    sender = Sender()
    sender.put(5000, count=2)
    sizes = []
    while chunks := sender.packet():
        sizes.append(sum(map(len, chunks)))
    assert sizes[:-1] == [CAPACITY] * (len(sizes) - 1)
    assert len(sizes) == 9


def test_peer_window_is_honoured():
    sender = Sender(window=3 * MTU)
    sender.put(PAYLOAD, count=50)
    assert len(sender.flush()) == 3
    sender.sack(3, window=MTU)
    assert len(sender.flush()) == 1
    sender.sack(4, window=5 * MTU)
    assert len(sender.flush()) == 5


def test_no_message_gets_too_far_ahead_of_one_that_is_missing():
    pair = Pair(CONFIG, CONFIG).connect()
    numbers = range(40_000)  # more than half of the stream sequence numbers
    for number in numbers:
        pair.a.association.send(0, 51, number.to_bytes(4), pair.now)
    missing_until = pair.now + 30.0
    first_tsn = pair.a.association._outbound.outstanding.next_tsn.to_bytes(8)[4:]
    pair.a.drop = lambda packet: packet[16:20] == first_tsn and pair.now < missing_until
    pair.run_for(29.0)
    assert pair.b.messages == []
    pair.run_for(60.0)
    assert [int.from_bytes(data) for _, _, data in pair.b.messages] == list(numbers)


def test_closed_window_is_probed_with_one_chunk():
    sender = Sender()
    sender.put(100, count=2)
    sender.flush()
    sender.put(100, count=50)
    sender.sack(2, window=0)
    assert sender.flush() == [[3]]
    assert not sender.outbound.handle_timeout(sender.outbound.timer.expires_at - 0.001)
    for _ in range(3):
        sender.now = sender.outbound.timer.expires_at
        assert sender.outbound.handle_timeout(sender.now)
        assert sender.flush() == [[3]]
    assert not [each for each in sender.controller.told if isinstance(each, tuple)]
    sender.sack(3, window=1 << 20)
    assert len(sender.flush()) == 1 + 5


def test_timeout_of_more_than_a_probe_is_congestion_though_the_window_is_closed():
    sender = Sender()
    sender.put(PAYLOAD, count=10)
    sender.flush()
    sender.sack(1, window=0)
    sender.now = sender.outbound.timer.expires_at
    assert sender.outbound.handle_timeout(sender.now)
    assert sender.controller.told[-1] == ("timeout", 9, False)


@pytest.mark.parametrize("cumulative", [0, 6, 5000, (1 << 31) + 1, 0xFFFFFFFF])
def test_outdated_and_impossible_sacks_change_nothing(cumulative):
    sender = Sender()
    sender.put(PAYLOAD, count=5)
    sender.flush()
    assert sender.sack(1, window=5 * MTU)
    flight = sender.flight
    assert not sender.sack(cumulative, window=0)
    assert sender.flight == flight
    sender.put(PAYLOAD)
    assert sender.flush() == [[6]]


class Batch:
    """SACKs that arrive together at a sender of eight packets; then what they come to."""

    def __init__(self, *sacks, window=1 << 20):
        self.sender = Sender()
        self.sender.put(PAYLOAD, count=8)
        self.sender.flush()
        self.sender.now = 0.1
        self.taken = [
            self.sender.outbound.receive_sack(Sack(cumulative, window, tuple(gaps), ()), 0.1)
            for cumulative, *gaps in sacks
        ]
        self.flight = self.sender.flight
        self.sender.outbound.end_batch(0.1)

    @property
    def told(self):
        return [each for each in self.sender.controller.told if each != "idle end"]


def test_sacks_that_come_together_are_one_of_the_last_ones_content():
    many, one = Batch((2,), (4,), (6,)), Batch((6,))
    assert many.taken == [True, True, True]
    assert many.flight == 8 * CAPACITY  # as nothing is applied before the batch ends
    assert [vars_of(each) for each in many.told] == [vars_of(each) for each in one.told]
    assert many.sender.flight == one.sender.flight == 2 * CAPACITY
    assert many.sender.outbound.timer.expires_at == one.sender.outbound.timer.expires_at


def test_a_sack_of_the_same_batch_that_was_overtaken_is_outdated():
    batch = Batch((4,), (2,), (5,))
    assert batch.taken == [True, False, True]
    assert batch.sender.outbound.acked_tsn == 5


def test_gaps_are_looked_at_as_they_come():
    batch = Batch((2,), (2, (2, 2)), (4,))
    assert batch.taken == [True, True, True]
    assert batch.flight == 5 * CAPACITY
    assert batch.sender.outbound.acked_tsn == 4
    assert batch.sender.flight == 4 * CAPACITY


def test_what_was_overtaken_is_seen_among_the_sacks_of_a_batch():
    batch = Batch((1, (2, 2)), (3,))
    assert batch.sender.outbound._detector._window.is_reordering


def vars_of(sample):
    return {name: getattr(sample, name) for name in dir(sample) if not name.startswith("_")}


def test_losses_are_told_once_and_repaired_first():
    sender = Sender()
    sender.put(PAYLOAD, count=50)
    sender.flush()
    sender.sack(0, (4, 6))
    assert sender.controller.told[1] == ("lost", 3, 3)
    assert sender.flight == 4 * CAPACITY  # seven to ten; one, two and three are lost
    assert sender.flush() == [[1], [2], [3], [11], [12], [13]]
    sender.sack(0, (4, 7))
    assert [each for each in sender.controller.told if isinstance(each, tuple)] == [("lost", 3, 3)]


def test_fast_retransmit_with_a_full_window():
    sender = Sender()
    sender.put(PAYLOAD, count=50)
    sender.flush()
    sender.controller.window = 5 * CAPACITY
    sender.sack(0, (2, 4))
    assert sender.flight > sender.controller.window
    assert sender.flush() == [[1]]


def test_fast_retransmit_that_does_not_fit_the_rest_of_a_packet_goes_with_the_next():
    sender = Sender()
    sender.put(PAYLOAD, count=50)
    sender.flush()
    sender.controller.window = 5 * CAPACITY
    sender.sack(0, (2, 4))
    assert sender.packet(CAPACITY - 16) == []
    assert sender.flush() == [[1]]


def test_timer_runs_while_something_is_outstanding():
    sender = Sender()
    assert sender.outbound.timer.expires_at is None
    sender.put(PAYLOAD, count=3)
    sender.flush()
    assert sender.outbound.timer.expires_at == 0.5
    sender.sack(2)
    assert sender.outbound.timer.expires_at == pytest.approx(0.1 + 0.1 + 0.22)
    sender.sack(2, (5, 5))
    assert sender.outbound.timer.expires_at == pytest.approx(0.1 + 0.1 + 0.22)
    sender.sack(3)
    assert sender.outbound.timer.expires_at is None
    assert sender.outbound.is_idle


def test_timeout_repeats_everything_as_far_as_the_window_allows():
    sender = Sender()
    sender.put(PAYLOAD, count=30)
    sender.flush()
    sender.now = 0.5
    assert sender.outbound.handle_timeout(0.5)
    assert sender.controller.told[-1] == ("timeout", 10, False)
    assert sender.flight == 0
    sender.controller.window = CAPACITY
    assert sender.flush() == [[1]]
    assert sender.outbound.timer.expires_at == 1.5
    sender.now = 1.5
    assert sender.outbound.handle_timeout(1.5)
    assert sender.controller.told[-1] == ("timeout", 1, True)
    sender.controller.window = 2 * CAPACITY
    assert sender.flush() == [[1], [2]]
    sender.sack(10)  # the others had arrived after all
    assert sender.flush() == [[11], [12]]


def test_path_change_repeats_at_once_with_fresh_timers():
    sender = Sender()
    sender.put(PAYLOAD, count=30)
    sender.flush()
    for _ in range(4):
        sender.now = sender.outbound.timer.expires_at
        sender.outbound.handle_timeout(sender.now)
        sender.flush()
    sender.outbound.path_changed(sender.now)
    assert len(sender.flush()) == 10
    assert sender.outbound.timer.expires_at == sender.now + 0.5


def test_path_change_without_anything_outstanding():
    sender = Sender()
    sender.outbound.path_changed(1.0)
    assert sender.outbound.timer.expires_at is None


def test_forward_tsn_follows_a_loss_that_is_not_repeated():
    sender = Sender()
    sender.put(PAYLOAD, count=5, limit=0)
    sender.flush()
    assert sender.forward() is None
    sender.sack(0, (2, 5))
    assert sender.flush() == []
    forward = sender.forward()
    assert (forward.cumulative_tsn, forward.skips) == (1, ((0, False, 0),))
    assert sender.forward() is None
    assert sender.outbound.timer.expires_at is not None


def test_forward_tsn_that_lists_a_stream_goes_no_further_than_its_reset():
    sender = Sender()
    sender.put(PAYLOAD, count=2, limit=0)
    sender.outbound.outstanding.end_streams([0], 2)
    sender.put(PAYLOAD, count=3, limit=0)  # by whom the stream is used next
    sender.flush()
    sender.sack(0, (5, 5))
    sender.sack(0, (5, 6))
    forward = sender.forward()
    assert (forward.cumulative_tsn, forward.skips) == (2, ((0, False, 1),))
    sender.sack(2, (3, 3))
    forward = sender.forward()
    assert (forward.cumulative_tsn, forward.skips) == (4, ((0, False, 3),))


def test_forward_tsn_is_repeated_once_per_round_trip_while_sacks_come_in():
    sender = Sender()
    sender.put(PAYLOAD)
    sender.flush()
    sender.sack(1, delay_s=0.1)
    sender.put(PAYLOAD, count=10, limit=0)
    sender.flush()
    sender.sack(1, (2, 5), delay_s=0.1)
    assert sender.forward() is not None
    sender.sack(1, (2, 6), delay_s=0.04)
    sender.sack(1, (2, 7), delay_s=0.04)
    assert sender.forward() is None
    sender.sack(1, (2, 8), delay_s=0.04)
    assert sender.forward() is not None


def test_forward_tsn_is_repeated_by_the_timer():
    sender = Sender()
    sender.put(PAYLOAD, limit=0)
    sender.flush()
    for _ in range(3):
        sender.now = sender.outbound.timer.expires_at
        assert sender.outbound.handle_timeout(sender.now)
        assert sender.forward().cumulative_tsn == 1
    sender.sack(1)
    assert sender.outbound.is_idle
    assert sender.forward() is None


def test_the_rest_of_an_expired_message_is_not_sent():
    sender = Sender()
    sender.put(30 * PAYLOAD, expires_at=1.0)
    sender.put(10)
    assert len(sender.flush()) == 10
    sender.sack(10, delay_s=1.0)
    assert sender.flush() == [[12]]  # 11 is the end that is never sent
    assert sender.forward().cumulative_tsn == 11
    assert sender.outbound.queue.buffered(0) == 0


def test_partial_reliability_over_associations():
    for interleaving in (False, True):
        config = SctpConfig(interleaving=interleaving)
        pair = Pair(config, config).connect()
        for number in range(10):
            is_lost = number in {3, 7}
            pair.a.drop = lambda packet, is_lost=is_lost: is_lost and carries_data(packet)
            pair.a.association.send(0, 51, bytes([number]), pair.now, max_retransmits=0)
            pair.run_for(0.005)
        pair.run_for(1.0)
        assert [value[0] for _, _, value in pair.b.messages] == [0, 1, 2, 4, 5, 6, 8, 9]
        kind = ChunkType.I_FORWARD_TSN if interleaving else ChunkType.FORWARD_TSN
        assert 1 <= pair.a.count_sent(kind) <= 4
        assert pair.a.association.next_timeout() > pair.now + 20  # only the heartbeat


def test_forward_tsn_and_sack_do_not_chase_each_other():
    pair = Pair(delay_s=0.05).connect()
    pair.a.drop = lambda packet: ChunkType.I_DATA in chunk_types(packet)
    for _ in range(20):
        pair.a.association.send(0, 51, b"x", pair.now, max_retransmits=0)
    pair.run_for(10.0)
    assert pair.a.count_sent(ChunkType.I_FORWARD_TSN) == 1
    assert pair.a.association._outbound.is_idle


def test_peer_without_forward_tsn_gets_everything():
    pair = Pair().connect()
    pair.a.association._outbound.outstanding.may_abandon = False
    lost = iter([True, True])
    pair.a.drop = lambda packet: ChunkType.I_DATA in chunk_types(packet) and next(lost, False)
    pair.a.association.send(0, 51, b"x", pair.now, max_retransmits=0, max_lifetime_s=0.1)
    pair.run_until(lambda: pair.b.messages == [(0, 51, b"x")])


def test_an_expired_message_is_not_sent_at_all():
    pair = Pair()
    pair.a.association.send(0, 51, b"old", 0.0, max_lifetime_s=0.01)
    pair.a.association.send(0, 51, b"new", 0.0)
    pair.connect()
    pair.run_for(1.0)
    assert pair.b.messages == [(0, 51, b"new")]
    assert pair.a.association.buffered_amount(0) == 0


def test_a_silent_peer_ends_the_association():
    config = SctpConfig(max_retransmits=3)
    pair = Pair(config).connect()
    pair.b.drop = lambda packet: True
    pair.a.association.send(0, 51, b"x", pair.now)
    pair.run_until(lambda: pair.a.closed is not None)
    assert pair.a.closed.cause is AssociationCloseCause.TIMED_OUT
    sent = [packet for packet in pair.a.sent if ChunkType.I_DATA in chunk_types(packet)]
    assert len(sent) == 4
    assert chunk_types(pair.a.sent[-1]) == [ChunkType.ABORT]
    assert pair.a.association.next_timeout() is None
    assert pair.a.association.buffered_amount(0) == 0


def test_without_a_limit_the_association_outlives_any_blackout():
    pair = Pair().connect()
    pair.loss = 1.0
    pair.a.association.send(0, 51, b"x", pair.now)
    pair.run_for(3600.0)
    assert pair.a.state is AssociationState.ESTABLISHED
    pair.loss = 0.0
    start = pair.now
    pair.run_until(lambda: bool(pair.b.messages))
    assert pair.now - start < SctpConfig().rto_max_s + 0.02


def test_slow_receiver_stalls_but_never_ends_the_association():
    """A window that stays closed is probed for ever, as long as the peer answers (6.1 A)."""
    pair = Pair(SctpConfig(max_retransmits=2)).connect()
    reassembly = pair.b.association._inbound.reassembly
    reassembly.buffered = 5 * 1024 * 1024
    pair.b.association._inbound._tsns.add(pair.b.association._inbound.cumulative_tsn + 9)
    for _ in range(3):
        pair.a.association.send(0, 51, bytes(1000), pair.now)
    pair.run_for(300.0)
    assert pair.a.state is AssociationState.ESTABLISHED


def test_sacks_travel_with_data():
    pair = Pair(delay_s=0.005).connect()
    counts = len(pair.a.sent), len(pair.b.sent)
    for _ in range(5):
        pair.a.association.send(0, 51, b"ping", pair.now)
        pair.run_until(lambda: len(pair.b.messages) > len(pair.a.messages))
        pair.b.association.send(0, 51, b"pong", pair.now)
        pair.run_until(lambda: len(pair.b.messages) == len(pair.a.messages))
    for side, count in zip((pair.a, pair.b), counts, strict=True):
        kinds = [chunk_types(packet) for packet in side.sent[count:]]
        assert kinds[-1] == [ChunkType.SACK, ChunkType.I_DATA]
        assert len(kinds) == 5


def test_a_batch_is_acknowledged_every_eight_packets():
    pair = Pair().connect()
    count = len(pair.b.sent)
    pair.a.association.send(0, 51, bytes(9 * 1100), pair.now)
    pair.flush()
    pair.step()
    sacks = [decode_sack(chunks_of(packet)[0][2]) for packet in pair.b.sent[count:]]
    first = pair.a.association._outbound.last_tsn - 8
    assert [(sack.cumulative_tsn - first) & 0xFFFFFFFF for sack in sacks] == [7, 8]


def test_bulk_data_fills_every_packet():
    pair = Pair().connect()
    for _ in range(20):
        pair.a.association.send(0, 51, bytes(16384), pair.now)
    pair.run_until(lambda: len(pair.b.messages) == 20)
    sizes = [len(packet) for packet in pair.a.sent if ChunkType.I_DATA in chunk_types(packet)]
    assert sizes.count(1160) >= len(sizes) * 0.9
    assert max(sizes) == 1160


def test_chunk_of_a_message_is_exact():
    sender = Sender()
    sender.outbound.queue.put(7, (53, b"hello", True, None, None, True))
    assert sender.packet() == [encode_data(7, 1, 7, 0, 53, b"hello")]


# Tail loss probes, reordering, pace.


def test_a_lost_tail_is_found_by_a_probe_within_two_round_trips():
    sender = Sender()
    sender.put(PAYLOAD, count=6)
    sender.flush()
    sender.sack(2)
    assert sender.outbound.next_timeout() == pytest.approx(0.1 + 2 * 0.1)
    sender.now = sender.outbound.next_timeout()
    assert not sender.outbound.handle_timeout(sender.now)
    assert sender.flush() == [[6]]
    assert sender.flush() == []
    sender.sack(2, (4, 4), delay_s=0.11)
    assert sender.controller.told[-2] == ("lost", 3, 3)
    assert sender.flush() == [[3], [4], [5]]


def test_a_probe_prefers_new_data_and_ignores_the_window():
    sender = Sender()
    sender.put(PAYLOAD, count=12)
    sender.flush()
    sender.sack(1)
    sender.controller.window = CAPACITY
    assert sender.flush() == []
    sender.now = sender.outbound.next_timeout()
    sender.outbound.handle_timeout(sender.now)
    assert sender.flush() == [[11]]


def test_a_probe_that_does_not_fit_the_rest_of_a_packet_goes_with_the_next():
    sender = Sender()
    sender.put(PAYLOAD, count=6)
    sender.flush()
    sender.sack(2)
    sender.now = sender.outbound.next_timeout()
    assert not sender.outbound.handle_timeout(sender.now)
    assert sender.packet(CAPACITY - 16) == []
    assert sender.flush() == [[6]]


def test_a_message_that_must_not_be_repeated_is_no_probe():
    sender = Sender()
    sender.put(PAYLOAD, count=6, limit=0)
    sender.flush()
    sender.sack(2)
    sender.now = sender.outbound.next_timeout()
    assert not sender.outbound.handle_timeout(sender.now)
    assert sender.flush() == []
    sender.now = sender.outbound.next_timeout()
    assert sender.outbound.handle_timeout(sender.now)
    assert sender.flush() == []
    assert sender.forward().cumulative_tsn == 6


def test_a_closed_peer_window_is_not_probed_early():
    sender = Sender()
    sender.put(PAYLOAD, count=6)
    sender.flush()
    sender.sack(2, window=0)
    assert sender.outbound.next_timeout() == sender.outbound.timer.expires_at


def test_a_packet_that_was_overtaken_gets_a_quarter_of_the_round_trip():
    sender = Sender()
    sender.put(PAYLOAD, count=4)
    sender.flush()
    sender.sack(0, (2, 3))
    assert sender.outbound.next_timeout() == pytest.approx(0.1 + 0.025)
    sender.sack(4, delay_s=0.02)  # it was only late
    assert "lost" not in [each[0] for each in sender.controller.told if isinstance(each, tuple)]
    sender.put(PAYLOAD, count=6)
    sender.flush()
    sender.sack(4, (2, 6))  # three later ones prove nothing any more
    assert sender.flush() == []
    sender.now = sender.outbound.next_timeout()
    sender.outbound.handle_timeout(sender.now)
    assert sender.flush() == [[5]]


def test_a_mistake_is_undone_when_the_peer_reports_the_copy():
    sender = Sender()
    sender.put(PAYLOAD, count=8)
    sender.flush()
    sender.sack(0, (3, 8))
    assert sender.flush() == [[1], [2]]
    sender.sack(8, duplicates=(1,))
    assert "spurious" not in sender.controller.told
    sender.sack(8, duplicates=(2,))
    assert sender.controller.told[-1] == "spurious"


def test_a_mistake_is_undone_when_the_original_arrives_first():
    sender = Sender()
    sender.put(PAYLOAD, count=8)
    sender.flush()
    sender.sack(0, (2, 8))
    sender.sack(8)
    assert "spurious" in sender.controller.told


def test_a_timeout_that_was_too_early_is_undone():
    sender = Sender()
    sender.put(PAYLOAD, count=3)
    sender.flush()
    sender.now = 0.5
    assert sender.outbound.handle_timeout(sender.now)
    sender.sack(3)
    assert "spurious" in sender.controller.told


def test_packets_leave_at_the_pace_of_the_controller():
    sender = Sender()
    sender.controller.pacing_rate = CAPACITY / 0.002
    sender.put(PAYLOAD, count=5)
    left_at = []
    for _ in range(4):
        left_at += [round(sender.now, 6)] * len(sender.flush())
        sender.now = sender.outbound.next_timeout()
        assert not sender.outbound.handle_timeout(sender.now)
    assert left_at == [0.0, 0.0015, 0.0035, 0.0055]


def test_samples_tell_what_was_delivered():
    sender = Sender()
    sender.put(PAYLOAD, count=4)
    sender.flush()
    sender.sack(2)
    sample = sender.controller.told[-1]
    assert (sample.acked, sample.flight, sample.delivered) == (2 * CAPACITY, 2 * CAPACITY, 2296)
    assert (sample.flight_at_send, sample.prior_delivered) == (4 * CAPACITY, 0)
    assert sample.rate == pytest.approx(2 * CAPACITY / 0.1)
    assert sample.rtt_s == pytest.approx(0.1)
    assert not sample.is_app_limited
    assert not sample.is_window_limited
    sender.put(PAYLOAD)
    sender.flush()
    sender.sack(5)
    assert sender.controller.told[-1].is_app_limited


def test_another_path_begins_anew():
    sender = Sender()
    sender.put(PAYLOAD, count=4)
    sender.flush()
    sender.outbound.path_changed(0.1)
    assert sender.controller.told[-1] == "restart"
    assert sender.flush() == [[1], [2], [3], [4]]


def test_what_is_sent_again_on_another_path_opens_the_window():
    sender = Sender()
    sender.controller.window = 100 * CAPACITY
    sender.put(PAYLOAD, count=100)
    sender.flush()
    sender.outbound.path_changed(0.1)
    sender.now = 0.1
    sender.controller.window = 10 * CAPACITY
    sender.flush()
    sender.sack(10)
    assert sender.controller.told[-1].acked == 10 * CAPACITY
    assert sender.controller.told[-1].rtt_s is None


def test_what_still_arrives_over_the_old_path_says_nothing_of_the_new_one():
    sender = Sender()
    sender.put(PAYLOAD, count=30)
    sender.flush()
    sender.sack(1)
    sender.flush()
    sender.outbound.path_changed(sender.now)
    assert sender.flush() == [[tsn] for tsn in range(2, 12)]
    sender.controller.told.clear()
    sender.sack(6, delay_s=0.09)
    assert sender.controller.told == []
    assert sender.flush() == [[tsn] for tsn in range(12, 17)]
    sender.sack(11, delay_s=0.02)
    assert sender.controller.told[-1].acked == 5 * CAPACITY


@pytest.mark.parametrize("round_trips", [[0.02, *[0.4] * 10], [*[0.02] * 10, 0.4]])
def test_nor_does_it_if_the_old_path_had_become_slow(round_trips):
    sender = Sender()
    for tsn, delay_s in enumerate(round_trips, 1):
        sender.put(PAYLOAD)
        sender.flush()
        sender.sack(tsn, delay_s=delay_s)
    sender.put(PAYLOAD, count=30)
    sender.flush()
    sender.outbound.path_changed(sender.now)
    assert sender.flush() == [[tsn] for tsn in range(12, 22)]
    sender.controller.told.clear()
    sender.sack(16, delay_s=0.39)
    assert sender.controller.told == []
    sender.sack(21, delay_s=0.02)
    assert sender.controller.told[-1].acked == 5 * CAPACITY
