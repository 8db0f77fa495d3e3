import pytest

from frazil.errors import InvalidStateError
from frazil.sctp import AssociationState, SctpConfig, StreamResetFailed, StreamsReset
from frazil.sctp.chunk import ChunkType, encode_chunk
from frazil.sctp.reconfig import (
    OutgoingReset,
    ReconfigResult,
    Response,
    decode_reconfig,
    encode_responses,
)
from frazil.sctp.reset import MAX_REQUESTS, MAX_STREAMS_AT_ONCE
from frazil.sctp.serial import MASK_32
from frazil.sctp.tlv import encode_tlv
from support.sctp_pair import Pair, chunk_types, chunks_of

ONE_WAY_S = 0.01


@pytest.fixture
def pair():
    return Pair(delay_s=ONE_WAY_S).connect()


def resets(side):
    return side.of(StreamsReset)


def reconfigs(side):
    """The RE-CONFIG parameters a side sent, in order."""
    return [
        parameter
        for packet in side.sent
        for type_, _, value in chunks_of(packet)
        if type_ == ChunkType.RE_CONFIG
        for parameter in decode_reconfig(value)
    ]


def request(side, *items):
    """Hand a RE-CONFIG chunk to a side; the answers."""
    chunk = encode_chunk(ChunkType.RE_CONFIG, b"".join(items))
    packet = side.association._link.envelope
    tagged = packet.seal_with_tag(side.association._link.local_tag, chunk)
    side.association.receive([tagged], 1.0)
    answers = []
    for sent in side.association.poll_packets(1.0):
        for type_, _, value in chunks_of(sent):
            if type_ == ChunkType.RE_CONFIG:
                answers += decode_reconfig(value)
    side.events += side.association.poll_events()
    return answers


def outgoing(sequence, last_tsn, *stream_ids, answered=0):
    numbers = (sequence, answered, last_tsn)
    value = b"".join((number & MASK_32).to_bytes(4, "big") for number in numbers)
    return encode_tlv(13, value + b"".join(number.to_bytes(2, "big") for number in stream_ids))


def incoming(sequence, *stream_ids):
    value = (sequence & MASK_32).to_bytes(4, "big")
    return encode_tlv(14, value + b"".join(number.to_bytes(2, "big") for number in stream_ids))


def peer_sequence(side):
    return side.association._reset._peer_sequence


def received_tsn(side):
    return side.association._inbound.cumulative_tsn


def say_in_progress(pair):
    """Let ``a`` hear that of its request, as some peers do if it comes before its data."""
    *_, asked = [item for item in reconfigs(pair.a) if isinstance(item, OutgoingReset)]
    answer = encode_responses([Response(asked.sequence, ReconfigResult.IN_PROGRESS)])
    link = pair.a.association._link
    pair.inject(link.envelope.seal_with_tag(link.local_tag, answer), pair.a)


def ask_early(pair, losses=1):
    """Let ``a`` ask for a reset of stream 1 while what it has sent on another since is missing."""
    for _ in range(2):
        pair.a.association.send(1, 51, bytes(1100), pair.now)
    pair.a.association.reset_stream(1)
    pair.run_for(ONE_WAY_S)
    lost = iter([True] * losses)
    pair.a.drop = lambda packet: ChunkType.I_DATA in chunk_types(packet) and next(lost, False)
    pair.a.association.send(2, 51, b"x", pair.now)
    pair.run_until(lambda: bool(reconfigs(pair.a)))


def leave_unanswered(pair):
    """Take all that ``b`` says of resets out of its packets."""
    link = pair.a.association._link

    def has_gone(packet):
        chunks = chunks_of(packet)
        rest = [each for each in chunks if each[0] != ChunkType.RE_CONFIG]
        if len(rest) == len(chunks):
            return False
        body = b"".join(encode_chunk(type_, value, flags) for type_, flags, value in rest)
        pair.inject(link.envelope.seal_with_tag(link.local_tag, body), pair.a, ONE_WAY_S)
        return True

    pair.b.drop = has_gone


def test_one_side_resets(pair):
    pair.a.association.send(1, 51, b"x", pair.now)
    pair.run_for(0.1)
    start = pair.now
    pair.a.association.reset_stream(1)
    pair.run_until(lambda: bool(resets(pair.a)))
    assert pair.now - start == pytest.approx(2 * ONE_WAY_S)
    assert resets(pair.a) == [StreamsReset((1,), by_remote=False)]
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)]
    last_tsn = pair.a.association._outbound.last_tsn & MASK_32
    (reset,) = reconfigs(pair.a)
    assert (reset.last_tsn, reset.stream_ids) == (last_tsn, (1,))
    assert reconfigs(pair.b) == [Response(reset.sequence, ReconfigResult.PERFORMED)]


def test_streams_begin_again_at_zero(pair):
    for _ in range(2):
        for number in range(3):
            pair.a.association.send(1, 51, bytes([number]), pair.now)
        pair.a.association.reset_stream(1)
        pair.run_for(0.2)
    assert [data[0] for _, _, data in pair.b.messages] == [0, 1, 2] * 2
    assert len(resets(pair.b)) == 2


def test_everything_queued_is_sent_first(pair):
    pair.a.association.send(1, 51, bytes(200_000), pair.now)
    pair.a.association.reset_stream(1)
    pair.run_until(lambda: bool(resets(pair.a)))
    kinds = [type(event).__name__ for event in pair.b.events]
    assert kinds == ["AssociationEstablished", "MessagesReceived", "StreamsReset"]


def test_the_peer_has_acknowledged_everything_when_it_is_asked(pair):
    """What libdatachannel and libwebrtc have not handed on when they are asked is lost there."""
    pair.b.drop = lambda packet: True
    pair.a.association.send(1, 51, b"x", pair.now)
    pair.run_for(0.1)
    pair.a.association.reset_stream(1)
    pair.a.association.reset_stream(2)
    pair.run_for(0.1)
    assert reconfigs(pair.a) == []
    pair.b.drop = lambda packet: False
    pair.a.association.send(3, 51, b"y", pair.now)
    pair.run_until(lambda: bool(resets(pair.a)))
    (reset,) = reconfigs(pair.a)
    assert reset.stream_ids == (1, 2)


@pytest.mark.parametrize("size", [1, 5000])
def test_who_waits_for_the_acknowledgement_asks_for_it_at_once(pair, size):
    """A round trip for the data, and another one for the request."""
    began_at = pair.now
    pair.a.association.send(1, 51, bytes(size), pair.now)
    pair.a.association.reset_stream(1)
    pair.run_until(lambda: bool(resets(pair.a)))
    assert pair.now - began_at == pytest.approx(4 * ONE_WAY_S)


def test_data_of_other_streams_that_comes_after_the_last_of_one_does_not_hold_it_up(pair):
    ask_early(pair)
    outbound = pair.a.association._outbound
    assert outbound.acked_tsn < outbound.last_tsn


def test_sending_on_a_stream_that_is_being_reset_raises(pair):
    pair.a.association.reset_stream(1)
    with pytest.raises(InvalidStateError):
        pair.a.association.send(1, 51, b"x", pair.now)
    pair.flush()
    with pytest.raises(InvalidStateError):
        pair.a.association.send(1, 51, b"x", pair.now)
    pair.a.association.send(2, 51, b"x", pair.now)
    pair.run_for(0.1)
    pair.a.association.send(1, 51, b"x", pair.now)


def test_both_sides_reset_at_once(pair):
    for side in (pair.a, pair.b):
        side.association.reset_stream(1)
    pair.run_for(1.0)
    for side in (pair.a, pair.b):
        assert sorted(resets(side), key=str) == [
            StreamsReset((1,), by_remote=False),
            StreamsReset((1,), by_remote=True),
        ]
    assert len(reconfigs(pair.a)) == len(reconfigs(pair.b)) == 2


def test_asking_twice_resets_once(pair):
    pair.a.association.reset_stream(1)
    pair.a.association.reset_stream(1)
    pair.flush()
    pair.a.association.reset_stream(1)
    pair.run_for(1.0)
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)]


def test_one_request_at_a_time_with_many_streams(pair):
    for stream_id in range(1000):
        pair.a.association.reset_stream(stream_id)
    pair.run_until(lambda: len(resets(pair.a)) == 5)
    assert sum((event.stream_ids for event in resets(pair.b)), ()) == tuple(range(1000))
    assert all(len(event.stream_ids) <= MAX_STREAMS_AT_ONCE for event in resets(pair.b))


def test_a_request_fits_a_packet():
    config = SctpConfig(mtu=512)
    pair = Pair(config, config).connect()
    for stream_id in range(500):
        pair.a.association.reset_stream(stream_id)
    pair.run_until(lambda: sum(len(event.stream_ids) for event in resets(pair.b)) == 500)
    assert all(len(packet) <= config.mtu for packet in pair.a.sent)


@pytest.mark.interpreted
def test_a_request_is_made_without_a_look_at_all_streams_that_wait(pair, monkeypatch):
    looks = []
    queue = type(pair.a.association._outbound.queue)
    monkeypatch.setattr(queue, "is_drained", lambda _, stream_id: looks.append(stream_id) or True)
    for stream_id in range(65535):
        pair.a.association.reset_stream(stream_id)
    pair.flush()
    (request,) = reconfigs(pair.a)
    assert looks == list(request.stream_ids)


def test_there_is_one_record_for_many_streams(pair):
    for stream_id in range(2000):
        pair.a.association.reset_stream(stream_id)
    pair.run_until(lambda: len(resets(pair.a)) == 9)
    *_, record = pair.a.trace.records
    assert (record.event, record.count) == ("stream-reset", 9)


def test_reset_before_the_association_is_established():
    pair = Pair()
    pair.a.association.send(1, 51, b"x", 0.0)
    pair.a.association.reset_stream(1)
    pair.connect()
    pair.run_for(0.1)
    assert pair.b.messages == [(1, 51, b"x")]
    assert resets(pair.a) == [StreamsReset((1,), by_remote=False)]


@pytest.mark.parametrize("lost", ["request", "response"])
def test_lost_packets_are_repeated(pair, lost):
    side = pair.a if lost == "request" else pair.b
    count = iter([True, True, False])
    side.drop = lambda packet: ChunkType.RE_CONFIG in chunk_types(packet) and next(count, False)
    pair.a.association.reset_stream(1)
    pair.run_until(lambda: bool(resets(pair.a)))
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)]
    requests = [item for item in reconfigs(pair.a) if isinstance(item, OutgoingReset)]
    assert len(requests) == 3
    assert len({item.sequence for item in requests}) == 1


def test_a_silent_peer_ends_the_association():
    pair = Pair(SctpConfig(max_retransmits=2)).connect()
    pair.b.drop = lambda packet: True
    pair.a.association.reset_stream(1)
    pair.run_until(lambda: pair.a.closed is not None)
    assert pair.a.closed.cause == "timed-out"
    assert pair.a.count_sent(ChunkType.RE_CONFIG) == 3


def test_lost_data_is_repeated_before_the_peer_is_asked(pair):
    lost = iter([True])
    pair.a.drop = lambda packet: ChunkType.I_DATA in chunk_types(packet) and next(lost, False)
    start = pair.now
    for _ in range(6):
        pair.a.association.send(1, 51, bytes(1100), pair.now)
    pair.a.association.reset_stream(1)
    pair.run_until(lambda: bool(resets(pair.a)))
    # The loss is known after one round trip and repaired after two.
    assert pair.now - start == pytest.approx(3 * 2 * ONE_WAY_S)
    assert len(pair.b.messages) == 6
    assert len(reconfigs(pair.a)) == 1
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)]


def test_a_request_that_comes_before_data_is_performed_with_it(pair):
    ask_early(pair)
    pair.run_until(lambda: bool(resets(pair.a)))
    assert len(pair.b.messages) == 3
    assert {item.result for item in reconfigs(pair.b)} == {ReconfigResult.PERFORMED}
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)]


def test_a_premature_request_is_performed_though_the_peer_does_not_ask_again(pair):
    """Many peers take any answer for the end of a request, and many never repeat one."""
    sequence = peer_sequence(pair.b)
    item = outgoing(sequence, received_tsn(pair.b) + 1, 1)
    for _ in range(2):
        assert request(pair.b, item) == []
    assert resets(pair.b) == []
    pair.a.association.send(0, 51, b"x", pair.now)
    pair.run_for(0.1)
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)]
    assert reconfigs(pair.b) == [Response(sequence, 1)]
    assert request(pair.b, item) == [Response(sequence, 1)]
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)]


def test_data_that_was_given_up_is_not_waited_for(pair):
    pair.a.drop = lambda packet: ChunkType.I_DATA in chunk_types(packet)
    pair.a.association.send(2, 51, b"x", pair.now, max_retransmits=0)
    pair.a.association.reset_stream(1)
    pair.run_until(lambda: bool(resets(pair.a)))
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)]
    assert pair.a.count_sent(ChunkType.I_FORWARD_TSN)


def test_a_request_that_is_in_progress_is_repeated_as_soon_as_the_data_is_acknowledged(pair):
    leave_unanswered(pair)
    ask_early(pair)
    say_in_progress(pair)
    outbound = pair.a.association._outbound
    pair.run_until(lambda: outbound.acked_tsn == outbound.last_tsn)
    pair.flush()
    first, second = reconfigs(pair.a)
    assert (second.sequence, second.stream_ids) == (first.sequence + 1 & MASK_32, (1,))
    pair.b.drop = lambda packet: False
    pair.run_until(lambda: bool(resets(pair.a)))
    assert pair.a.association._reset.timer.expires_at is None


def test_the_request_after_one_that_was_in_progress_is_recorded_as_a_new_one(pair):
    pair.a.drop = lambda packet: True
    pair.a.association.reset_stream(1)
    pair.flush()
    (first,) = reconfigs(pair.a)
    results = (ReconfigResult.IN_PROGRESS, ReconfigResult.PERFORMED)
    answers = encode_responses([Response(first.sequence, result) for result in results])
    assert request(pair.a, answers[4:]) == []
    pair.a.association.reset_stream(2)
    pair.flush()
    *_, record = pair.a.trace.records
    assert (record.event, record.count) == ("stream-reset", 2)
    assert record.facts["is_repeated"] is False


def test_same_request_again_gets_the_same_answer(pair):
    sequence = peer_sequence(pair.b)
    item = outgoing(sequence, received_tsn(pair.b), 1)
    assert request(pair.b, item) == [Response(sequence, 1)]
    assert request(pair.b, item) == [Response(sequence, 1)]
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)]


def test_two_requests_are_two_resets_though_nothing_was_sent_between_them(pair):
    sequence, last_tsn = peer_sequence(pair.b), received_tsn(pair.b)
    for number in (sequence, sequence + 1 & MASK_32):
        assert request(pair.b, outgoing(number, last_tsn, 1)) == [Response(number, 1)]
    assert resets(pair.b) == [StreamsReset((1,), by_remote=True)] * 2


def test_a_request_that_comes_under_a_new_number_says_all_that_it_said(pair):
    """Also which request of the peer it was written after: so the peer may know it again."""
    ask_early(pair)
    pair.a.drop = lambda packet: ChunkType.I_DATA in chunk_types(packet)
    say_in_progress(pair)
    pair.b.association.reset_stream(2)
    pair.a.association.send(2, 51, b"y", pair.now)
    pair.run_until(lambda: StreamsReset((2,), by_remote=False) in resets(pair.b))
    pair.a.drop = lambda packet: False
    leave_unanswered(pair)
    pair.run_until(lambda: len(reconfigs(pair.a)) == 3)
    first, _, last = reconfigs(pair.a)
    assert last.sequence == first.sequence + 1 & MASK_32
    assert last._replace(sequence=first.sequence) == first


def test_a_number_that_is_over_is_refused(pair):
    old = peer_sequence(pair.b) - 1 & MASK_32
    assert request(pair.b, outgoing(old, received_tsn(pair.b), 1)) == [Response(old, 5)]
    assert resets(pair.b) == []


def test_requests_wait_for_those_before(pair):
    """Pion has many under way, and forgets one with its answer."""
    first, last_tsn = peer_sequence(pair.b), received_tsn(pair.b)
    numbers = [first + number & MASK_32 for number in range(MAX_REQUESTS + 2)]
    items = [outgoing(each, last_tsn, index) for index, each in enumerate(numbers)]
    for item in (items[2], items[1], items[1], *items[3:]):
        assert request(pair.b, item) == []
    held = numbers[:MAX_REQUESTS]
    assert request(pair.b, items[0]) == [Response(each, 1) for each in held]
    assert resets(pair.b) == [StreamsReset((index,), by_remote=True) for index in range(len(held))]
    assert request(pair.b, items[-1]) == []  # it was too early to be kept
    assert request(pair.b, items[-2]) == [Response(each, 1) for each in numbers[-2:]]
    assert request(pair.b, items[2]) == [Response(numbers[2], 1)]  # an answer was lost
    assert request(pair.b, items[1]) == [Response(numbers[1], 5)]  # long ago


def test_two_requests_in_one_chunk(pair):
    sequence = peer_sequence(pair.b)
    items = (outgoing(sequence, received_tsn(pair.b), 1), incoming(sequence + 1, 1))
    answers = [Response(sequence, 1), Response(sequence + 1, 2)]
    assert request(pair.b, *items) == answers
    assert request(pair.b, *items) == answers


@pytest.mark.parametrize("ordered", [True, False])
def test_no_streams_means_all_in_use(pair, ordered):
    for stream_id in (5, 9):
        pair.a.association.send(stream_id, 51, b"x", pair.now, ordered=ordered)
    pair.run_for(0.1)
    sequence = peer_sequence(pair.b)
    assert request(pair.b, outgoing(sequence, received_tsn(pair.b))) == [Response(sequence, 1)]
    assert resets(pair.b) == [StreamsReset((5, 9), by_remote=True)]
    sequence += 1
    assert request(pair.b, outgoing(sequence, received_tsn(pair.b))) == [Response(sequence, 0)]


def test_streams_out_of_range_are_refused():
    pair = Pair(SctpConfig(), SctpConfig(inbound_streams=10)).connect()
    sequence = peer_sequence(pair.b)
    assert request(pair.b, outgoing(sequence, received_tsn(pair.b), 10)) == [Response(sequence, 3)]


def test_other_requests_are_denied(pair):
    for type_ in (14, 15, 17, 18):
        sequence = peer_sequence(pair.b)
        item = encode_tlv(type_, (sequence & MASK_32).to_bytes(4, "big") + bytes(4))
        assert request(pair.b, item) == [Response(sequence & MASK_32, 2)]


def test_a_peer_cannot_make_us_reset_our_side(pair):
    pair.b.association.send(3, 51, b"before", pair.now)
    pair.run_for(1.0)
    for stream_ids in ((), (3,)):
        sequence = peer_sequence(pair.b)
        assert request(pair.b, incoming(sequence, *stream_ids)) == [Response(sequence, 2)]
        pair.b.association.send(3, 51, b"after", pair.now)
    pair.run_for(1.0)
    assert [data for _, _, data in pair.a.messages] == [b"before", b"after", b"after"]


def test_refusal_is_reported(pair):
    pair.a.drop = lambda packet: True
    pair.a.association.reset_stream(1)
    pair.flush()
    (reset,) = reconfigs(pair.a)
    assert request(pair.a, encode_responses([Response(reset.sequence + 1, 1)])[4:]) == []
    assert pair.a.of(StreamResetFailed) == []
    assert request(pair.a, encode_responses([Response(reset.sequence, 2)])[4:]) == []
    assert pair.a.of(StreamResetFailed) == [StreamResetFailed((1,), 2)]
    assert pair.a.association._reset.timer.expires_at is None


def test_peer_without_the_extension(pair):
    pair.a.association._reset.begin(0, 65535, 0)
    pair.a.association.send(1, 51, b"x", pair.now)
    pair.a.association.reset_stream(1)
    pair.run_for(0.1)
    assert pair.b.messages == [(1, 51, b"x")]
    assert pair.a.of(StreamResetFailed) == [StreamResetFailed((1,), None)]
    assert pair.a.count_sent(ChunkType.RE_CONFIG) == 0


def test_a_stream_that_the_peer_does_not_have_is_no_hindrance_to_others():
    pair = Pair(SctpConfig(), SctpConfig(inbound_streams=10))
    for stream_id in (9, 10):
        pair.a.association.reset_stream(stream_id)
    pair.connect()
    pair.run_for(1.0)
    assert pair.a.of(StreamResetFailed) == [StreamResetFailed((10,), None)]
    assert resets(pair.a) == [StreamsReset((9,), by_remote=False)]
    assert resets(pair.b) == [StreamsReset((9,), by_remote=True)]


def test_no_repetition_while_shutting_down(pair):
    pair.b.drop = lambda packet: ChunkType.RE_CONFIG in chunk_types(packet)
    pair.a.association.reset_stream(1)
    pair.run_for(0.1)
    pair.b.association.shutdown(pair.now)
    pair.run_until(lambda: pair.a.closed is not None and pair.b.closed is not None)
    assert pair.a.closed.cause == pair.b.closed.cause == "shutdown"
    assert pair.a.state is AssociationState.CLOSED
    assert pair.a.count_sent(ChunkType.RE_CONFIG) == 1


def test_end_of_the_association_stops_everything(pair):
    pair.b.drop = lambda packet: True
    pair.a.association.reset_stream(1)
    pair.flush()
    pair.a.association.abort(pair.now)
    assert pair.a.association.next_timeout() is None
    with pytest.raises(InvalidStateError):
        pair.a.association.reset_stream(2)


@pytest.mark.parametrize("stream_id", [-1, 65535])
def test_stream_out_of_range(pair, stream_id):
    with pytest.raises(TypeError):
        pair.a.association.reset_stream(stream_id)
