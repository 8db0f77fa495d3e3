import math

import pytest

from frazil.sctp import MAX_POLL_PACKETS, SctpConfig
from frazil.sctp.chunk import ChunkType, encode_chunk
from frazil.sctp.packet import Header, encode_packet
from support.sctp_pair import Pair, chunk_types


@pytest.fixture
def pair():
    return Pair().connect()


@pytest.mark.parametrize("mtu", [512, 1160, 4096])
def test_packets_never_exceed_the_mtu(mtu):
    config = SctpConfig(mtu=mtu)
    pair = Pair(config, config, loss=0.1, jitter_s=0.01).connect()
    for number in range(60):
        pair.a.association.send(number % 5, 51, bytes(number * 97 + 1), pair.now)
        pair.b.association.send(number % 3, 51, bytes(number * 31 + 1), pair.now)
    pair.run_until(lambda: len(pair.a.messages) == len(pair.b.messages) == 60)
    assert max(map(len, pair.a.sent + pair.b.sent)) <= mtu


def test_one_poll_is_bounded():
    pair = Pair().connect()
    association = pair.a.association
    controller = association._outbound.controller
    controller.window, controller.pacing_rate = 10**9, math.inf
    for _ in range(300):
        association.send(0, 51, bytes(1000), pair.now)
    assert len(association.poll_packets(pair.now)) == MAX_POLL_PACKETS
    assert len(association.poll_packets(pair.now)) == MAX_POLL_PACKETS


def test_sack_waits_when_control_chunks_fill_the_packet(pair):
    tag = pair.a.association._link.local_tag
    heartbeat = encode_packet(
        Header(5000, 5000, tag), encode_chunk(ChunkType.HEARTBEAT, bytes(1140))
    )
    pair.b.association.send(0, 51, b"1", pair.now)
    first = pair.b.association.poll_packets(pair.now)
    pair.b.association.send(0, 51, b"2", pair.now)
    second = pair.b.association.poll_packets(pair.now)
    pair.a.association.receive([heartbeat, *first, *second], pair.now)
    packets = pair.a.association.poll_packets(pair.now)
    assert [chunk_types(packet) for packet in packets] == [
        [ChunkType.HEARTBEAT_ACK],
        [ChunkType.SACK],
    ]


@pytest.mark.parametrize("size", [1112, 1113, 1128, 1129])
def test_data_that_does_not_fit_beside_a_sack_does_not_wait_for_it(pair, size):
    pair.b.association.send(0, 51, b"ping", pair.now)
    (ping,) = pair.b.association.poll_packets(pair.now)
    pair.a.association.receive([ping], pair.now)
    pair.a.association.send(0, 51, bytes(size), pair.now)
    packets = pair.a.association.poll_packets(pair.now)
    assert ChunkType.I_DATA in chunk_types(packets[0])
    assert pair.a.association.buffered_amount(0) == 0


def test_a_probe_that_does_not_fit_beside_control_chunks_follows_them(pair):
    pair.a.association.send(0, 51, bytes(100), pair.now)
    pair.run_for(1.0)  # a round trip is known
    for _ in range(2):
        pair.a.association.send(0, 51, bytes(1128), pair.now)
        pair.now += 0.01
        (lost,) = pair.a.association.poll_packets(pair.now)
    probe_at = pair.a.association._outbound.next_timeout()
    tag = pair.a.association._link.local_tag
    heartbeat = encode_packet(Header(5000, 5000, tag), encode_chunk(ChunkType.HEARTBEAT, b"hi"))
    pair.a.association.receive([heartbeat], probe_at)
    pair.a.association.handle_timeout(probe_at)
    answer, probe = pair.a.association.poll_packets(probe_at)
    assert chunk_types(answer) == [ChunkType.HEARTBEAT_ACK]
    assert probe == lost


def test_the_control_chunks_come_before_sack_and_data(pair):
    tag = pair.a.association._link.local_tag
    heartbeat = encode_packet(Header(5000, 5000, tag), encode_chunk(ChunkType.HEARTBEAT, b"hi"))
    pair.b.association.send(0, 51, b"ping", pair.now)
    (data,) = pair.b.association.poll_packets(pair.now)
    pair.a.association.receive([heartbeat, data], pair.now)
    pair.a.association.send(0, 51, b"pong", pair.now)
    (packet,) = pair.a.association.poll_packets(pair.now)
    assert chunk_types(packet) == [ChunkType.HEARTBEAT_ACK, ChunkType.SACK, ChunkType.I_DATA]
