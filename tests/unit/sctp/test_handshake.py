import pytest

from frazil.sctp import (
    AssociationCloseCause,
    AssociationClosed,
    AssociationEstablished,
    AssociationState,
    MessagesReceived,
    SctpConfig,
    StreamsReset,
)
from frazil.sctp.chunk import ChunkType, Init, decode_init, encode_chunk, encode_init
from frazil.sctp.cookie import COOKIE_LIFETIME_S
from frazil.sctp.handshake import PATIENCE_S, random_tag
from frazil.sctp.packet import Header, decode_header, encode_packet
from frazil.sctp.tlv import Tlv, encode_tlv
from support.init import changed
from support.sctp_pair import Pair, Side, chunk_types, chunks_of

EXTENSIONS = bytes.fromhex("c0000004 80080008 82c040c2")
ESTABLISHED = AssociationState.ESTABLISHED


def established(pair):
    return pair.a.state is pair.b.state is ESTABLISHED


def names(side):
    return [[ChunkType(type_).name for type_ in chunk_types(packet)] for packet in side.sent]


def packet_with(side, type_):
    return next(packet for packet in side.sent if chunk_types(packet) == [type_])


def to(side, chunk, tag=None):
    tag = side.association._link.local_tag if tag is None else tag
    return encode_packet(Header(5000, 5000, tag), chunk)


def test_random_tag_is_never_zero():
    assert random_tag(lambda size: bytes(size)) == 1
    assert random_tag(lambda size: b"\x01\x02\x03\x04"[:size]) == 0x01020304


def test_one_side_starts():
    pair = Pair()
    pair.start(both=False)
    assert pair.a.state is AssociationState.COOKIE_WAIT
    pair.run_until(lambda: established(pair))
    assert names(pair.a) == [["INIT"], ["COOKIE_ECHO"]]
    assert names(pair.b) == [["INIT_ACK"], ["COOKIE_ACK"]]
    assert pair.now == pytest.approx(0.04)
    expected = AssociationEstablished(65535, 65535, interleaving=True)
    assert pair.a.events == pair.b.events == [expected]


def test_init_byte_for_byte():
    side = Side(SctpConfig(local_port=5001, remote_port=5002, inbound_streams=1024), seed=1)
    side.association.start(0.0)
    (packet,) = side.association.poll_packets(0.0)
    assert decode_header(packet) == Header(5001, 5002, 0)
    link = side.association._link
    tsn = side.association._outbound.last_tsn + 1
    fixed = link.local_tag.to_bytes(4, "big") + bytes.fromhex("00500000 ffff 0400")
    assert packet[12:] == bytes.fromhex("01000020") + fixed + tsn.to_bytes(4, "big") + EXTENSIONS


def test_tags_and_init_ack():
    pair = Pair().connect()
    link_a, link_b = pair.a.association._link, pair.b.association._link
    init_ack = packet_with(pair.b, ChunkType.INIT_ACK)
    assert decode_header(init_ack).tag == link_a.local_tag
    ((_, _, value),) = chunks_of(init_ack)
    body = decode_init(value)
    assert body.tag == link_b.local_tag
    assert body.initial_tsn == pair.b.association._outbound.last_tsn + 1
    assert body.parameters[0].type == 7
    cookie_echo = packet_with(pair.a, ChunkType.COOKIE_ECHO)
    assert decode_header(cookie_echo).tag == link_b.local_tag
    ((_, _, cookie),) = chunks_of(cookie_echo)
    assert cookie == body.parameters[0].value
    cookie_ack = packet_with(pair.b, ChunkType.COOKIE_ACK)
    assert decode_header(cookie_ack).tag == link_a.local_tag


def test_both_sides_start():
    pair = Pair().connect()
    for side in (pair.a, pair.b):
        assert names(side) == [["INIT"], ["INIT_ACK"], ["COOKIE_ECHO"], ["COOKIE_ACK"]]
        assert len(side.of(AssociationEstablished)) == 1
    assert pair.now == pytest.approx(0.03)


def start_with_one_behind(pair):
    """Both start, and b gives a the time to be first."""
    pair.a.association.start(pair.now)
    pair.b.association.start(pair.now, after_peer=True)
    pair.flush()


@pytest.mark.parametrize("delay_s", [0.0, 0.005, PATIENCE_S - 0.001])
def test_who_comes_after_the_peer_only_answers(delay_s):
    pair = Pair(delay_s=delay_s)
    pair.b.association.send(0, 51, b"from b", 0.0)
    start_with_one_behind(pair)
    assert pair.b.state is AssociationState.CLOSED
    pair.run_until(lambda: bool(pair.a.messages))
    assert names(pair.a)[:2] == [["INIT"], ["COOKIE_ECHO"]]
    assert names(pair.b)[:2] == [["INIT_ACK"], ["COOKIE_ACK", "I_DATA"]]
    assert pair.now == pytest.approx(4 * delay_s)
    pair.run_for(2)
    assert pair.b.count_sent(ChunkType.INIT) == 0


def test_who_comes_after_a_peer_that_does_not_come_begins_soon():
    pair = Pair()
    pair.b.association.start(0.0, after_peer=True)
    assert pair.b.association.next_timeout() == PATIENCE_S
    pair.run_until(lambda: established(pair))
    assert names(pair.b) == [["INIT"], ["COOKIE_ECHO"]]
    assert pair.now == pytest.approx(PATIENCE_S + 0.04)


def test_who_comes_after_the_peer_begins_when_its_init_is_lost():
    pair = Pair()
    pair.a.drop = lambda packet: ChunkType.INIT in chunk_types(packet)
    start_with_one_behind(pair)
    pair.run_until(lambda: established(pair))
    assert pair.now < 0.11  # before a repeats it


def test_who_comes_after_the_peer_begins_when_it_stops_half_way():
    pair = Pair()
    pair.a.drop = lambda packet: ChunkType.COOKIE_ECHO in chunk_types(packet)
    start_with_one_behind(pair)
    pair.run_for(0.4)
    assert names(pair.b) == [["INIT_ACK"]]
    pair.run_for(0.2)
    assert pair.b.count_sent(ChunkType.INIT) == 1
    pair.a.drop = lambda packet: False
    pair.run_until(lambda: established(pair))


def test_who_comes_after_the_peer_may_end_while_it_waits():
    pair = Pair()
    pair.b.association.start(0.0, after_peer=True)
    pair.b.association.abort(0.01)
    assert pair.b.association.next_timeout() is None
    pair.run_for(1)
    assert pair.b.count_sent(ChunkType.INIT) == 0


@pytest.mark.parametrize("seed", range(25))
def test_any_loss_and_reordering_leads_to_one_association(seed):
    pair = Pair(seed=seed, loss=0.4, jitter_s=0.3, duplication=0.3)
    if seed % 3 == 2:
        start_with_one_behind(pair)
    else:
        pair.start(both=seed % 3 == 0)
    pair.run_until(lambda: established(pair))
    pair.loss = 0.0
    pair.a.association.send(0, 51, b"from a", pair.now)
    pair.b.association.send(0, 51, b"from b", pair.now)
    pair.run_until(lambda: pair.a.messages and pair.b.messages)
    pair.run_for(5)
    assert pair.a.messages == [(0, 51, b"from b")]
    assert pair.b.messages == [(0, 51, b"from a")]
    assert len(pair.a.of(AssociationEstablished)) == len(pair.b.of(AssociationEstablished)) == 1


def test_data_travels_with_cookie_echo():
    pair = Pair()
    pair.a.association.send(3, 51, b"early", 0.0)
    pair.start(both=False)
    pair.run_until(lambda: bool(pair.b.messages))
    assert names(pair.a) == [["INIT"], ["COOKIE_ECHO", "I_DATA"]]
    assert pair.now == pytest.approx(0.03)


def test_only_one_packet_of_data_before_the_cookie_ack():
    pair = Pair()
    pair.a.association.send(3, 51, bytes(5000), 0.0)
    pair.start(both=False)
    pair.b.drop = lambda packet: ChunkType.COOKIE_ACK in chunk_types(packet)
    pair.run_for(0.1)
    assert names(pair.a) == [["INIT"], ["COOKIE_ECHO", "I_DATA"]]
    assert pair.a.state is AssociationState.COOKIE_ECHOED
    pair.b.drop = lambda packet: False
    pair.run_until(lambda: bool(pair.b.messages))
    assert pair.b.messages == [(3, 51, bytes(5000))]


def without_cookie_ack():
    """Only ``b`` knows that ``a`` was accepted."""
    pair = Pair()
    pair.start(both=False)
    pair.b.drop = lambda packet: ChunkType.COOKIE_ACK in chunk_types(packet)
    pair.run_for(0.2)
    assert (pair.a.state, pair.b.state) == (AssociationState.COOKIE_ECHOED, ESTABLISHED)
    return pair


def test_data_tells_what_the_lost_cookie_ack_would_have_told():
    """A regression: the caller got messages of an association that was not there yet."""
    pair = without_cookie_ack()
    pair.b.association.send(1, 51, b"welcome", pair.now)
    pair.run_for(0.1)
    assert pair.a.state is ESTABLISHED
    assert [type(event) for event in pair.a.events] == [AssociationEstablished, MessagesReceived]
    assert pair.a.messages == [(1, 51, b"welcome")]
    pair.b.drop = lambda packet: False
    pair.a.association.send(1, 51, b"thanks", pair.now)
    pair.run_for(0.1)
    assert pair.b.messages == [(1, 51, b"thanks")]


def test_so_does_a_reset_and_what_is_given_up():
    pair = without_cookie_ack()
    pair.b.association.reset_stream(1)
    pair.run_for(0.1)
    assert [type(event) for event in pair.a.events] == [AssociationEstablished, StreamsReset]
    pair = without_cookie_ack()
    pair.b.drop = lambda packet: ChunkType.I_FORWARD_TSN not in chunk_types(packet)
    pair.b.association.send(1, 51, b"lost", pair.now, max_retransmits=0)
    pair.run_for(3)
    assert pair.a.state is ESTABLISHED
    assert pair.a.messages == []


def test_a_heartbeat_before_the_cookie_ack_is_answered_and_tells_nothing():
    pair = without_cookie_ack()
    heartbeat = encode_chunk(ChunkType.HEARTBEAT, encode_tlv(1, bytes(8)))
    pair.a.association.receive([to(pair.a, heartbeat)], pair.now)
    assert pair.a.state is AssociationState.COOKIE_ECHOED


def test_what_comes_with_a_cookie_that_is_refused_does_not_count():
    """Data beside a stale cookie does not tell that the peer has accepted ours.

    It would begin anew, which we would take for a restart: neither would ever hear the other.
    """
    pair = Pair()
    pair.a.drop = pair.b.drop = lambda packet: ChunkType.COOKIE_ECHO in chunk_types(packet)
    pair.a.association.send(1, 51, b"early", 0.0)
    pair.start()  # both: the INITs cross
    pair.run_for(COOKIE_LIFETIME_S + 1)
    assert pair.a.state is pair.b.state is AssociationState.COOKIE_ECHOED
    pair.a.drop = lambda packet: False
    pair.b.association.send(1, 51, b"late", pair.now)
    pair.run_for(20)
    assert established(pair)
    assert (pair.a.messages, pair.b.messages) == ([(1, 51, b"late")], [(1, 51, b"early")])


def test_init_is_repeated_with_back_off_and_given_up():
    config = SctpConfig(max_init_retransmits=3)
    pair = Pair(config)
    pair.a.drop = lambda packet: True
    times = []
    pair.a.association.start(0.0)
    while pair.a.closed is None:
        pair.flush()
        if len(pair.a.sent) > len(times):
            times.append(pair.now)
        pair.step()
    assert times == [0.0, 0.5, 1.5, 3.5]
    assert pair.now == 7.5
    assert pair.a.closed.cause is AssociationCloseCause.TIMED_OUT
    assert pair.a.state is AssociationState.CLOSED
    assert pair.a.association.next_timeout() is None


def test_cookie_echo_is_repeated_and_given_up():
    config = SctpConfig(max_init_retransmits=2)
    pair = Pair(config, delay_s=0.0)
    pair.a.drop = lambda packet: ChunkType.COOKIE_ECHO in chunk_types(packet)
    pair.start(both=False)
    pair.run_until(lambda: pair.a.closed is not None)
    assert pair.a.count_sent(ChunkType.COOKIE_ECHO) == 3
    assert pair.now == pytest.approx((1 + 2 + 4) * config.rto_min_s)
    assert pair.a.closed.cause is AssociationCloseCause.TIMED_OUT


def test_without_a_limit_the_handshake_waits_for_the_path():
    pair = Pair()
    pair.a.drop = pair.b.drop = lambda packet: True
    pair.start(both=False)
    pair.run_for(600)
    assert pair.a.closed is None
    pair.a.drop = pair.b.drop = lambda packet: False
    pair.run_for(SctpConfig().rto_max_s + 1)
    assert established(pair)


def test_the_handshake_measures_the_round_trip():
    pair = Pair(delay_s=0.15).connect()
    assert pair.a.association._outbound.round_trip.smoothed_s == pytest.approx(0.3)


def test_a_repeated_init_measures_nothing_but_its_cookie_does():
    pair = Pair(delay_s=0.15)
    pair.a.drop = lambda packet: len(pair.a.sent) == 1
    pair.start(both=False)
    pair.run_until(lambda: pair.a.state is AssociationState.COOKIE_ECHOED)
    assert pair.a.association._outbound.round_trip.smoothed_s is None
    pair.run_until(lambda: established(pair))
    assert pair.a.association._outbound.round_trip.smoothed_s == pytest.approx(0.3)


def test_a_path_longer_than_the_first_timeout_has_nothing_repeated_but_init():
    pair = Pair(delay_s=0.35)
    pair.start(both=False)
    pair.run_until(lambda: established(pair))
    pair.a.association.send(0, 51, b"hello", pair.now)
    pair.run_for(5)
    assert pair.a.count_sent(ChunkType.INIT) == 2
    assert pair.a.count_sent(ChunkType.COOKIE_ECHO) == 1
    assert pair.a.count_sent(ChunkType.I_DATA) == 1


def test_repeated_init_and_cookie_echo_do_not_disturb_an_established_association():
    pair = Pair()
    pair.start(both=False)
    pair.run_until(lambda: established(pair))
    init, cookie_echo = pair.a.sent
    for packet in (init, cookie_echo, init):
        pair.inject(packet, pair.b)
    pair.step()
    assert names(pair.b)[2:] == [["INIT_ACK"], ["INIT_ACK"], ["COOKIE_ACK"]]
    pair.run_for(0.1)
    assert established(pair)
    assert pair.a.trace.counters == {"sctp-unexpected": 2}
    # A new tag and ties, so that a restart could be told (RFC 9260 section 5.2.2).
    ((_, _, value),) = chunks_of(pair.b.sent[2])
    assert decode_init(value).tag != pair.b.association._link.local_tag


def test_restart_of_the_peer_ends_the_association():
    pair = Pair().connect()
    fresh = Side(SctpConfig(), seed=99)
    fresh.association.start(pair.now)
    now = pair.now
    for _ in range(4):
        pair.b.association.receive(fresh.association.poll_packets(now), now)
        fresh.association.receive(pair.b.association.poll_packets(now), now)
    (closed,) = [e for e in pair.b.association.poll_events() if isinstance(e, AssociationClosed)]
    assert closed.cause is AssociationCloseCause.RESTARTED_BY_REMOTE
    (seen,) = fresh.association.poll_events()
    assert seen.cause is AssociationCloseCause.ABORTED_BY_REMOTE
    assert "restarted" in seen.text


def test_cookie_of_a_restart_that_did_not_happen_is_ignored():
    pair = Pair().connect()
    fresh = Side(SctpConfig(), seed=99)
    other = Pair(seed=7).connect()
    fresh.association.start(0.0)
    pair.b.association.receive(fresh.association.poll_packets(0.0), pair.now)
    fresh.association.receive(pair.b.association.poll_packets(pair.now), pair.now)
    (echo,) = fresh.association.poll_packets(pair.now)
    other.b.association.receive([echo], pair.now)
    assert other.b.state is ESTABLISHED
    assert other.b.trace.counters == {"sctp-malformed": 1}  # another key


def test_cookie_of_a_late_init_is_ignored():
    pair = Pair()
    pair.start(both=False)
    pair.run_until(lambda: established(pair))
    pair.inject(pair.a.sent[0], pair.b)  # INIT, late
    pair.step()
    ((_, _, value),) = chunks_of(pair.b.sent[-1])
    body = decode_init(value)
    echo = encode_chunk(ChunkType.COOKIE_ECHO, body.parameters[0].value)
    pair.b.association.receive([to(pair.b, echo, tag=body.tag)], pair.now)
    assert pair.b.state is ESTABLISHED
    assert pair.b.association.poll_packets(pair.now) == []
    assert pair.b.trace.counters == {"sctp-unexpected": 1}


def test_stale_cookie_is_refused_and_asked_for_again():
    pair = Pair()
    pair.start(both=False)
    pair.run_for(0.02)
    assert pair.a.state is AssociationState.COOKIE_ECHOED
    echo = pair.a.sent[-1]
    pair.b.association.receive([echo], COOKIE_LIFETIME_S + 1)
    (error,) = pair.b.association.poll_packets(61.0)
    assert chunk_types(error) == [ChunkType.ERROR]
    assert pair.b.state is AssociationState.CLOSED
    pair.a.association.receive([error], pair.now)
    assert pair.a.state is AssociationState.COOKIE_WAIT
    (init,) = pair.a.association.poll_packets(pair.now)
    assert chunk_types(init) == [ChunkType.INIT]


def test_stale_cookie_error_is_ignored_elsewhere():
    pair = Pair().connect()
    error = encode_chunk(ChunkType.ERROR, encode_tlv(3, bytes(4)))
    pair.a.association.receive([to(pair.a, error)], pair.now)
    assert pair.a.state is ESTABLISHED


def test_forged_cookie_is_dropped():
    side = Side(SctpConfig(), seed=1)
    forged = to(side, encode_chunk(ChunkType.COOKIE_ECHO, bytes(77)))
    side.association.receive([forged], 0.0)
    assert side.state is AssociationState.CLOSED
    assert side.association.poll_packets(0.0) == []
    assert side.trace.counters == {"sctp-malformed": 1}


def test_cookie_under_another_tag_is_dropped():
    pair = Pair()
    pair.start(both=False)
    pair.run_for(0.02)
    ((_, _, cookie),) = chunks_of(pair.a.sent[-1])
    forged = to(pair.b, encode_chunk(ChunkType.COOKIE_ECHO, cookie), tag=1)
    pair.b.association.receive([forged], pair.now)
    assert pair.b.state is AssociationState.CLOSED
    assert pair.b.trace.counters == {"sctp-tag": 1}


def init_ack(*parameters):
    return encode_init(ChunkType.INIT_ACK, Init(77, 65536, 10, 20, 5, parameters))


def test_init_ack_without_cookie_ends_the_attempt():
    side = Side(SctpConfig(), seed=1)
    side.association.start(0.0)
    side.association.poll_packets(0.0)
    side.association.receive([to(side, init_ack())], 0.1)
    (abort,) = side.association.poll_packets(0.1)
    assert decode_header(abort).tag == 77
    assert chunks_of(abort) == [(ChunkType.ABORT, 0, bytes.fromhex("0002000a 00000001 00070000"))]
    (closed,) = side.association.poll_events()
    assert (closed.cause, closed.code) == (AssociationCloseCause.PROTOCOL_VIOLATION, 2)


@pytest.mark.parametrize(("size", "state"), [(1144, "cookie-echoed"), (1145, "cookie-wait")])
def test_cookie_that_fits_no_packet_is_refused(size, state):
    side = Side(SctpConfig(), seed=1)
    side.association.start(0.0)
    side.association.poll_packets(0.0)
    side.association.receive([to(side, init_ack(Tlv(7, bytes(size))))], 0.1)
    assert side.state == state
    assert [len(packet) for packet in side.association.poll_packets(0.1)] in ([1160], [])


def test_malformed_init_ack_is_dropped():
    side = Side(SctpConfig(), seed=1)
    side.association.start(0.0)
    chunk = bytearray(init_ack(Tlv(7, b"cookie")))
    chunk[4:8] = bytes(4)  # the tag
    side.association.receive([to(side, bytes(chunk))], 0.1)
    assert side.state is AssociationState.COOKIE_WAIT
    assert side.trace.counters == {"sctp-malformed": 1}


def test_unknown_parameters_are_reported_with_cookie_echo():
    side = Side(SctpConfig(), seed=1)
    side.association.start(0.0)
    side.association.poll_packets(0.0)
    side.association.receive([to(side, init_ack(Tlv(7, b"cook"), Tlv(0xC123, b"what")))], 0.1)
    (packet,) = side.association.poll_packets(0.1)
    unknown = encode_tlv(8, encode_tlv(0xC123, b"what"))
    assert chunks_of(packet) == [
        (ChunkType.COOKIE_ECHO, 0, b"cook"),
        (ChunkType.ERROR, 0, unknown),
    ]


def test_unknown_parameters_are_reported_in_init_ack():
    side = Side(SctpConfig(), seed=1)
    body = Init(77, 65536, 10, 20, 5, (Tlv(0xC123, b"what"), Tlv(0x8123, b"skip")))
    init = encode_packet(Header(5000, 5000, 0), encode_init(ChunkType.INIT, body))
    side.association.receive([init], 0.0)
    (packet,) = side.association.poll_packets(0.0)
    assert decode_header(packet).tag == 77
    ((_, _, value),) = chunks_of(packet)
    assert Tlv(8, encode_tlv(0xC123, b"what")) in decode_init(value).parameters
    assert len(decode_init(value).parameters) == 4


@pytest.mark.parametrize("fields", [{"tag": 0}, {"outbound_streams": 0}, {"inbound_streams": 0}])
def test_init_with_a_zero_is_dropped(fields):
    side = Side(SctpConfig(), seed=1)
    body = changed(Init(77, 65536, 10, 20, 5, ()), **fields)
    init = encode_packet(Header(5000, 5000, 0), encode_init(ChunkType.INIT, body))
    side.association.receive([init], 0.0)
    assert side.association.poll_packets(0.0) == []
    assert side.trace.counters == {"sctp-malformed": 1}


def test_init_must_be_alone_and_have_tag_zero():
    side = Side(SctpConfig(), seed=1)
    init = encode_init(ChunkType.INIT, Init(77, 65536, 10, 20, 5, ()))
    bundled = init + encode_chunk(ChunkType.COOKIE_ACK)
    side.association.receive([to(side, bundled, tag=0), to(side, init), to(side, init, tag=5)], 0.0)
    assert side.association.poll_packets(0.0) == []
    assert side.trace.counters == {"sctp-tag": 2, "sctp-unexpected": 1}


def test_fewer_streams_and_extensions_are_agreed_on():
    plain = SctpConfig(outbound_streams=16, inbound_streams=8, interleaving=False)
    pair = Pair(SctpConfig(), plain).connect()
    assert pair.a.events == [AssociationEstablished(8, 16, interleaving=False)]
    assert pair.b.events == [AssociationEstablished(16, 8, interleaving=False)]


def test_messages_for_streams_that_were_not_agreed_on_are_dropped():
    pair = Pair(SctpConfig(), SctpConfig(inbound_streams=8))
    pair.a.association.send(8, 51, b"no", 0.0)
    pair.a.association.send(7, 51, b"yes", 0.0)
    pair.connect()
    pair.run_for(1)
    assert pair.b.messages == [(7, 51, b"yes")]
    assert pair.a.association.buffered_amount(8) == 0


def test_messages_queued_early_by_both_arrive():
    pair = Pair()
    for side in (pair.a, pair.b):
        for number in range(5):
            side.association.send(0, 51, bytes([number]) * 3000, 0.0)
    pair.connect()
    pair.run_until(lambda: len(pair.a.messages) == len(pair.b.messages) == 5)
    assert pair.a.messages == pair.b.messages
