import pytest

from frazil.errors import InvalidAccessError, InvalidStateError
from frazil.sctp import (
    AssociationCloseCause,
    AssociationClosed,
    AssociationState,
    BufferReleased,
    MessagesReceived,
    SctpConfig,
)
from support.sctp_pair import Pair, Side


@pytest.fixture
def pair():
    return Pair().connect()


def test_one_message_each_way(pair):
    pair.a.association.send(0, 51, b"hello", pair.now)
    pair.b.association.send(65534, 53, bytes(range(256)), pair.now, ordered=False)
    pair.run_for(0.1)
    assert pair.b.messages == [(0, 51, b"hello")]
    assert pair.a.messages == [(65534, 53, bytes(range(256)))]


@pytest.mark.parametrize("interleaving", [False, True])
@pytest.mark.parametrize("size", [1, 1127, 1128, 1129, 1132, 1133, 65536, 1 << 20])
def test_sizes(size, interleaving):
    config = SctpConfig(interleaving=interleaving)
    pair = Pair(config, config).connect()
    data = bytes(at * 7 & 0xFF for at in range(size))
    pair.a.association.send(0, 51, data, pair.now)
    pair.run_until(lambda: bool(pair.b.messages))
    assert pair.b.messages == [(0, 51, data)]
    assert max(map(len, pair.a.sent)) <= config.mtu


def test_a_long_message_does_not_hold_up_a_short_one_with_interleaving(pair):
    pair.a.association.send(1, 51, bytes(3_000_000), pair.now)
    pair.a.association.send(2, 51, b"urgent", pair.now)
    pair.run_until(lambda: bool(pair.b.messages))
    assert pair.b.messages == [(2, 51, b"urgent")]
    assert pair.now < 0.1


def test_many_interleaved_messages_do_not_wedge_the_receiver():
    config = SctpConfig(receive_window=64 * 1024)
    pair = Pair(config, config).connect()
    for stream_id in range(40):
        pair.a.association.send(stream_id, 51, bytes(20_000), pair.now)
    pair.run_until(lambda: len(pair.b.messages) == 40)
    assert pair.a.state is AssociationState.ESTABLISHED


def test_buffered_amount_falls_as_data_is_sent(pair):
    pair.a.association.send(1, 51, bytes(100_000), pair.now)
    pair.a.association.send(2, 51, bytes(10), pair.now)
    association = pair.a.association
    assert association.buffered_amount(1) == 100_000
    assert association.buffered_amount(3) == 0
    pair.flush()
    released = sum(event.size for event in pair.a.of(BufferReleased) if event.stream_id == 1)
    assert 0 < released < 100_000
    assert association.buffered_amount(1) == 100_000 - released
    pair.run_until(lambda: len(pair.b.messages) == 2)
    totals = {1: 0, 2: 0}
    for event in pair.a.of(BufferReleased):
        totals[event.stream_id] += event.size
    assert totals == {1: 100_000, 2: 10}


def test_released_bytes_are_one_event_per_stream_and_batch(pair):
    for _ in range(20):
        pair.a.association.send(1, 51, b"four", pair.now)
    pair.a.association.poll_packets(pair.now)
    assert pair.a.association.poll_events() == [BufferReleased(1, 80)]
    assert pair.a.association.poll_events() == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((-1, 51, b"x"), TypeError),
        ((65535, 51, b"x"), TypeError),
        ((0, -1, b"x"), TypeError),
        ((0, 1 << 32, b"x"), TypeError),
        ((0, 51, b""), ValueError),
    ],
)
def test_wrong_arguments_raise(pair, arguments, error):
    with pytest.raises(error):
        pair.a.association.send(*arguments, pair.now)
    pair.flush()
    assert pair.a.association.buffered_amount(0) == 0


@pytest.mark.parametrize("limit", [{"max_retransmits": -1}, {"max_lifetime_s": -0.1}])
def test_negative_limits_raise(pair, limit):
    with pytest.raises(TypeError):
        pair.a.association.send(0, 51, b"x", pair.now, **limit)


def test_a_message_without_a_lifetime_leaves_at_once_or_never(pair):
    pair.a.association.send(0, 51, b"at once", pair.now, max_lifetime_s=0.0)
    pair.run_for(1.0)
    assert pair.b.messages == [(0, 51, b"at once")]
    pair.a.drop = lambda packet: True
    pair.a.association.send(0, 51, b"never", pair.now, max_lifetime_s=0.0)
    pair.run_for(0.02)
    pair.a.drop = lambda packet: False
    pair.run_for(10.0)
    assert pair.b.messages == [(0, 51, b"at once")]
    assert pair.a.association._outbound.is_idle


def test_streams_beyond_the_agreement_raise():
    pair = Pair(SctpConfig(), SctpConfig(inbound_streams=4)).connect()
    pair.a.association.send(3, 51, b"x", pair.now)
    with pytest.raises(InvalidAccessError):
        pair.a.association.send(4, 51, b"x", pair.now)


def test_what_waits_for_a_stream_that_the_peer_cannot_answer_on_is_not_sent():
    pair = Pair(SctpConfig(), SctpConfig(outbound_streams=4))
    for stream_id in (3, 4):
        pair.a.association.send(stream_id, 51, b"x", 0.0)
    pair.connect()
    pair.run_for(1.0)
    assert pair.b.messages == [(3, 51, b"x")]


def test_abort(pair):
    pair.a.association.send(0, 51, bytes(100_000), pair.now)
    pair.flush()
    pair.a.association.abort(pair.now, "that is all")
    pair.a.association.abort(pair.now, "again")
    pair.flush()
    assert pair.a.closed == AssociationClosed(
        AssociationCloseCause.ABORTED_BY_LOCAL, 12, "that is all"
    )
    assert pair.a.state is AssociationState.CLOSED
    assert pair.a.association.next_timeout() is None
    assert pair.a.association.buffered_amount(0) == 0
    pair.run_for(1.0)
    assert pair.b.closed == AssociationClosed(
        AssociationCloseCause.ABORTED_BY_REMOTE, 12, "user initiated abort: that is all"
    )
    assert len(pair.a.of(AssociationClosed)) == len(pair.b.of(AssociationClosed)) == 1


def test_abort_before_the_peer_is_known():
    pair = Pair()
    pair.a.association.abort(0.0)
    assert pair.a.association.poll_packets(0.0) == []
    assert [type(event) for event in pair.a.association.poll_events()] == [AssociationClosed]
    for call in (
        lambda: pair.a.association.start(0.0),
        lambda: pair.a.association.send(0, 51, b"x", 0.0),
    ):
        with pytest.raises(InvalidStateError):
            call()


def test_start_twice_is_once(pair):
    count = len(pair.a.sent)
    pair.a.association.start(pair.now)
    pair.flush()
    assert len(pair.a.sent) == count


def test_different_ports_on_both_sides():
    pair = Pair(
        SctpConfig(local_port=1, remote_port=65535), SctpConfig(local_port=65535, remote_port=1)
    ).connect()
    pair.a.association.send(0, 51, b"x", pair.now)
    pair.run_until(lambda: bool(pair.b.messages))


def test_early_timeouts_do_nothing(pair):
    for _ in range(3):
        pair.a.association.handle_timeout(pair.now)
    assert pair.a.association.poll_packets(pair.now) == []


def test_a_loop_over_timeouts_makes_progress():
    side = Side(SctpConfig(max_init_retransmits=8), seed=1)
    side.association.send(0, 51, b"x", 0.0)
    side.association.start(0.0)
    deadlines = []
    while (at := side.association.next_timeout()) is not None:
        side.association.handle_timeout(at)
        side.association.poll_packets(at)
        deadlines.append(at)
    assert deadlines == sorted(set(deadlines))
    assert len(deadlines) == 9


def test_path_change_ends_the_wait(pair):
    pair.loss = 1.0
    pair.a.association.send(0, 51, b"x", pair.now)
    pair.a.association.reset_stream(1)
    pair.run_for(58.0)
    pair.loss = 0.0
    start = pair.now
    pair.a.association.path_changed(start)
    pair.run_until(lambda: bool(pair.b.messages))
    assert pair.now - start == pytest.approx(0.01)
    pair.run_for(0.05)
    assert not pair.a.association._reset.resetting


def test_path_change_during_the_handshake():
    pair = Pair()
    pair.loss = 1.0
    pair.start(both=False)
    pair.run_for(10.0)
    pair.loss = 0.0
    start = pair.now
    pair.a.association.path_changed(start)
    pair.run_until(lambda: pair.a.state is AssociationState.ESTABLISHED)
    assert pair.now - start == pytest.approx(0.04)


def test_path_change_after_the_end_is_nothing(pair):
    pair.a.association.abort(pair.now)
    pair.a.association.poll_packets(pair.now)
    pair.a.association.path_changed(pair.now)
    assert pair.a.association.poll_packets(pair.now) == []


def test_state_changes_are_recorded_with_their_rule(pair):
    pair.a.association.abort(pair.now, "done")
    records = [record.facts for record in pair.a.trace.records if record.event == "association"]
    assert [(record["old"], record["new"]) for record in records] == [
        ("closed", "cookie-wait"),
        ("cookie-wait", "cookie-echoed"),
        ("cookie-echoed", "established"),
        ("established", "closed"),
    ]
    assert records[1]["rule"] == "RFC 9260 5.1 C"
    assert records[1]["cause"] == "init-ack"


def test_no_record_for_payload(pair):
    count = len(pair.a.trace.records) + len(pair.b.trace.records)
    for _ in range(100):
        pair.a.association.send(0, 51, bytes(5000), pair.now)
    pair.run_until(lambda: len(pair.b.messages) == 100)
    assert len(pair.a.trace.records) + len(pair.b.trace.records) == count


def test_reverse_order_of_arrival(pair):
    for number in range(10):
        pair.a.association.send(0, 51, bytes([number]) * 900, pair.now)
    packets = pair.a.association.poll_packets(pair.now)
    assert len(packets) == 10
    pair.b.association.receive(packets[::-1], pair.now)
    (event,) = pair.b.association.poll_events()
    assert [data[0] for _, _, data in event.messages] == list(range(10))


def test_unordered_messages_overtake(pair):
    for number in range(10):
        pair.a.association.send(0, 51, bytes([number]) * 900, pair.now, ordered=False)
    packets = pair.a.association.poll_packets(pair.now)
    pair.b.association.receive(packets[::-1], pair.now)
    (event,) = pair.b.association.poll_events()
    assert [data[0] for _, _, data in event.messages] == list(range(9, -1, -1))


def test_messages_are_one_event_up_to_whatever_else_happens(pair):
    for data in (b"one", b"two"):
        pair.a.association.send(0, 51, data, pair.now)
    pair.run_for(1.0)
    pair.a.association.send(0, 51, b"three", pair.now)
    pair.run_for(1.0)
    told = [event.messages for event in pair.b.of(MessagesReceived)]
    assert told == [[(0, 51, b"one"), (0, 51, b"two")], [(0, 51, b"three")]]
