import random
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frazil.sctp import Association, AssociationState, BufferReleased, SctpConfig
from frazil.sctp.chunk import decode_forward_tsn, decode_init, decode_sack
from frazil.sctp.packet import HEADER_SIZE, Envelope, decode_header
from frazil.sctp.reconfig import decode_reconfig
from frazil.sctp.serial import MASK_16, MASK_32, is_behind, unwrap
from frazil.sctp.tlv import ChunkError, decode_tlvs
from frazil.sctp.tsn import ReceivedTsns
from frazil.trace import Trace
from support.sctp_pair import Pair, Side, seeded

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 1 << 30)


class Message:
    """Stream, order and size, with a body that tells which message it is."""

    def __init__(self, number, stream_id, ordered, size):
        self.number = number
        self.stream_id = stream_id
        self.ordered = ordered
        self.data = number.to_bytes(4, "big") + bytes(size)


@st.composite
def message_lists(draw):
    shapes = draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from([0, 1, 90, 1128, 5000])),
            min_size=1,
            max_size=40,
        )
    )
    return [Message(number, *shape) for number, shape in enumerate(shapes)]


def numbers(messages, stream_id, sent, *, ordered):
    """The numbers of the messages that arrived on a stream, by how they were sent."""
    kinds = {message.number: message for message in sent}
    arrived = [int.from_bytes(data[:4], "big") for sid, _, data in messages if sid == stream_id]
    return [number for number in arrived if kinds[number].ordered is ordered]


@few
@given(message_lists(), seeds, st.sampled_from([0.0, 0.05, 0.3]), st.booleans(), st.booleans())
def test_reliable_messages_arrive_exactly_once_and_in_order(messages, seed, loss, shuffle, il):
    config = SctpConfig(interleaving=il)
    jitter_s = 0.02 if shuffle else 0.0
    pair = Pair(config, config, seed=seed, loss=loss, jitter_s=jitter_s, duplication=0.05)
    pair.start()
    for message in messages:
        pair.a.association.send(
            message.stream_id, 53, message.data, pair.now, ordered=message.ordered
        )
    pair.run_until(lambda: len(pair.b.messages) >= len(messages))
    pair.loss = 0.0
    pair.run_until(lambda: pair.a.association._outbound.is_idle)
    pair.run_for(1)
    by_number = {message.number: message for message in messages}
    assert len(pair.b.messages) == len(messages)
    for stream_id, ppid, data in pair.b.messages:
        message = by_number[int.from_bytes(data[:4], "big")]
        assert (stream_id, ppid, data) == (message.stream_id, 53, message.data)
    for stream_id in range(4):
        expected = [m.number for m in messages if m.stream_id == stream_id and m.ordered]
        assert numbers(pair.b.messages, stream_id, messages, ordered=True) == expected
        assert pair.a.association.buffered_amount(stream_id) == 0
    assert pair.b.association._inbound.reassembly.buffered == 0


@few
@given(message_lists(), seeds, st.sampled_from([0.05, 0.3, 0.6]), st.integers(0, 2), st.booleans())
def test_unreliable_messages_arrive_at_most_once_and_in_order(messages, seed, loss, limit, il):
    config = SctpConfig(interleaving=il)
    pair = Pair(config, config, seed=seed, jitter_s=0.01, duplication=0.05).connect()
    pair.loss = loss
    for message in messages:
        pair.a.association.send(
            message.stream_id,
            53,
            message.data,
            pair.now,
            ordered=message.ordered,
            max_retransmits=limit if message.number % 2 else None,
            max_lifetime_s=0.5 if message.number % 3 == 0 else None,
        )
    pair.run_for(5)
    pair.loss = 0.0
    pair.run_until(lambda: pair.a.association._outbound.is_idle)
    pair.run_for(1)
    by_number = {message.number: message for message in messages}
    arrived = [int.from_bytes(data[:4], "big") for _, _, data in pair.b.messages]
    assert len(arrived) == len(set(arrived))
    for stream_id, _, data in pair.b.messages:
        message = by_number[int.from_bytes(data[:4], "big")]
        assert (stream_id, data) == (message.stream_id, message.data)
    reliable = {m.number for m in messages if m.number % 2 == 0 and m.number % 3}
    assert reliable <= set(arrived)
    for stream_id in range(4):
        in_order = numbers(pair.b.messages, stream_id, messages, ordered=True)
        assert in_order == sorted(in_order)
    assert pair.b.association._inbound.reassembly.buffered == 0
    pair.a.association.send(0, 53, b"\xff\xff\xff\xffstill alive", pair.now)
    pair.run_until(lambda: pair.b.messages[-1:] == [(0, 53, b"\xff\xff\xff\xffstill alive")])


class Traffic:
    """Random messages of all kinds, both ways, over a random network; all from one seed."""

    def __init__(self, seed):
        self.draw = draw = random.Random(seed)
        configs = [self.config(interleaving := draw.random() < 0.5), self.config(interleaving)]
        self.pair = Pair(
            *configs,
            seed=seed,
            loss=draw.choice([0.0, 0.02, 0.1, 0.3]),
            jitter_s=draw.choice([0.0, 0.001, 0.02]),
            duplication=draw.choice([0.0, 0.1]),
            delay_s=draw.choice([0.001, 0.02, 0.2]),
        )
        self.largest = min(60_000, *(config.receive_window // 3 for config in configs))
        self.sent = []  # side, stream, ordered, reliable, data

    def config(self, interleaving):
        return SctpConfig(
            interleaving=interleaving,
            mtu=self.draw.choice([576, 1160]),
            receive_window=self.draw.choice([16384, 65536, 5 << 20]),
        )

    def send(self):
        draw = self.draw
        side, stream_id = draw.choice([self.pair.a, self.pair.b]), draw.randrange(4)
        limit = draw.choice([None, None, None, 0, 2])
        lifetime_s = draw.choice([None, None, None, 0.001, 0.5])
        ordered = draw.random() < 0.7
        body = bytes(draw.choice([0, 10, 500, 1200, 5000, self.largest]))
        data = len(self.sent).to_bytes(4, "big") + body
        reliable = limit is None and lifetime_s is None
        self.sent.append((side, stream_id, ordered, reliable, data))
        side.association.send(
            stream_id,
            51,
            data,
            self.pair.now,
            ordered=ordered,
            max_retransmits=limit,
            max_lifetime_s=lifetime_s,
        )

    def run(self):
        pair = self.pair
        pair.start(both=self.draw.random() < 0.7)
        for _ in range(5):
            for _ in range(self.draw.randrange(40)):
                self.send()
            pair.run_for(self.draw.choice([0.001, 0.1, 1.0]))
        pair.loss = 0.0
        pair.run_until(
            lambda: all(
                side.state is AssociationState.ESTABLISHED and side.association._outbound.is_idle
                for side in (pair.a, pair.b)
            ),
            limit_s=4000,
        )
        pair.run_for(1)

    def check(self, sender, receiver):
        numbers = [int.from_bytes(data[:4], "big") for _, _, data in receiver.messages]
        assert len(numbers) == len(set(numbers))
        for number, (stream_id, _, data) in zip(numbers, receiver.messages, strict=True):
            side, sent_on, _, _, sent = self.sent[number]
            assert (side, sent_on, sent) == (sender, stream_id, data)
        mine = [number for number, sent in enumerate(self.sent) if sent[0] is sender]
        assert {number for number in mine if self.sent[number][3]} <= set(numbers)
        for stream_id in range(4):
            in_order = [n for n in numbers if self.sent[n][1:3] == (stream_id, True)]
            assert in_order == sorted(in_order)
        released = sum(event.size for event in sender.of(BufferReleased))
        assert released == sum(len(self.sent[number][4]) for number in mine)

    def check_nothing_is_left(self, side):
        outbound = side.association._outbound
        reassembly = side.association._inbound.reassembly
        assert (outbound.outstanding.flight, outbound.timer.expires_at) == (0, None)
        assert (reassembly.buffered, reassembly._by_first, reassembly._by_last) == (0, {}, {})


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_everything_at_once(seed):
    traffic = Traffic(seed)
    traffic.run()
    a, b = traffic.pair.a, traffic.pair.b
    traffic.check(a, b)
    traffic.check(b, a)
    traffic.check_nothing_is_left(a)
    traffic.check_nothing_is_left(b)


def mutated(packet, draw):
    """The packet with some bytes changed, cut or grown, under a right checksum."""
    body = bytearray(packet[HEADER_SIZE:])
    for _ in range(draw.randrange(1, 4)):
        choice = draw.random()
        at = draw.randrange(len(body)) if body else 0
        if choice < 0.6 and body:
            body[at] = draw.randrange(256)
        elif choice < 0.8:
            del body[at:]
        else:
            body[at:at] = draw.randbytes(draw.randrange(1, 12))
    return bytes(body)


@settings(max_examples=30, deadline=None)
@given(seeds, st.booleans())
def test_mutated_packets_never_raise_and_stay_bounded(seed, il):
    draw = random.Random(seed)
    config = SctpConfig(interleaving=il, receive_window=65536)
    pair = Pair(config, config, seed=seed, loss=0.1).connect()
    for number in range(30):
        pair.a.association.send(number % 3, 51, bytes(1 + number * 100), pair.now)
    pair.run_for(0.2)
    pair.a.association.reset_stream(1)
    pair.run_for(0.5)
    victim = Side(config, 5)
    victim.association.start(0.0)
    for side in (victim, pair.b):
        link = side.association._link
        prefix = Envelope(5000, 5000, 1)
        for packet in pair.a.sent * 3:
            forged = prefix.seal_with_tag(link.local_tag, mutated(packet, draw))
            now = pair.now + 100
            side.association.receive([forged], now)
            side.association.poll_packets(now)
            side.association.poll_events()
            side.association.handle_timeout(now)
            assert len(link.control) <= 64
            assert side.association._inbound.reassembly.buffered <= 3 * 65536


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=5), st.booleans())
def test_random_packets_change_nothing(packets, is_started):
    side = Side(SctpConfig(), 3)
    if is_started:
        side.association.start(0.0)
    side.association.poll_packets(0.0)
    state = side.state
    side.association.receive(packets, 1.0)
    assert side.state is state
    assert side.association.poll_packets(1.0) == []
    assert side.association.poll_events() == []


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(0, 200))
def test_forgeries_without_the_tag_do_not_disturb(seed, count):
    draw = random.Random(seed)
    pair = Pair(seed=seed).connect()
    for number in range(20):
        pair.a.association.send(0, 51, bytes([number]) * 3000, pair.now)
    pair.flush()
    for _ in range(count):
        genuine = draw.choice(pair.a.sent)
        forged = bytearray(genuine)
        forged[draw.randrange(len(forged))] ^= 1 << draw.randrange(8)
        pair.inject(bytes(forged), pair.b, draw.random() * 0.1)
        pair.inject(draw.randbytes(draw.randrange(100)), pair.b, draw.random() * 0.1)
    pair.run_until(lambda: len(pair.b.messages) == 20)
    assert [data[0] for _, _, data in pair.b.messages] == list(range(20))
    assert pair.a.state is pair.b.state is AssociationState.ESTABLISHED


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_decoders_decode_or_raise_chunk_error(data):
    decoders = [
        decode_tlvs,
        decode_init,
        decode_sack,
        decode_reconfig,
        decode_header,
        lambda value: decode_forward_tsn(value, interleaving=True),
        lambda value: decode_forward_tsn(value, interleaving=False),
    ]
    for decode in decoders:
        with suppress(ChunkError):
            decode(data)


@given(st.integers(0, 1 << 40), st.integers(-(1 << 31), (1 << 31) - 1))
def test_unwrap_finds_the_nearest_number(near, distance):
    assert unwrap((near + distance) & MASK_32, near) == near + distance


@given(st.integers(0, MASK_16), st.integers(1, 0x7FFF))
def test_is_behind_wraps(number, distance):
    assert is_behind(number, (number + distance) & MASK_16, MASK_16)
    assert not is_behind((number + distance) & MASK_16, number, MASK_16)
    assert not is_behind(number, number, MASK_16)


@given(st.permutations(range(100, 140)), st.integers(0, 40), st.integers(90, 150))
def test_received_tsns_match_a_set(order, count, skip):
    tsns = ReceivedTsns(100)
    seen = set(range(100))
    for tsn in order[:count]:
        assert tsns.is_new(tsn)
        tsns.add(tsn)
        seen.add(tsn)
        assert not tsns.is_new(tsn)
        assert_same(tsns, seen)
    tsns.skip_to(skip)
    assert_same(tsns, seen | set(range(skip + 1)))


def assert_same(tsns, seen):
    """The cumulative TSN and the ranges say exactly what was seen."""
    cumulative = next(tsn for tsn in range(200) if tsn + 1 not in seen)
    offsets = [offset for first, last in tsns.gaps(99) for offset in range(first, last + 1)]
    assert tsns.cumulative == cumulative
    assert [cumulative + offset for offset in offsets] == sorted(
        tsn for tsn in seen if tsn > cumulative
    )


def test_two_seeds_make_two_associations():
    first = Association(SctpConfig(), seeded(1), Trace())
    second = Association(SctpConfig(), seeded(2), Trace())
    assert first._link.local_tag != second._link.local_tag
