import contextlib
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from frazil.stun import (
    AlgorithmChoice,
    Attribute,
    ErrorCode,
    Message,
    MessageClass,
    Method,
    long_term_key,
)
from frazil.testing.turn_service import REALM
from frazil.turn import (
    Allocated,
    AllocationLost,
    StreamFramer,
    StreamFramingError,
    TurnState,
    frame,
)
from frazil.turn.channel_data import (
    ChannelDataDecodeError,
    decode_channel_data,
    encode_channel_data,
)
from support.turn_pair import PEER, TurnPair

KEY = long_term_key("user", REALM, "password")
IPS = ("203.0.113.5", "203.0.113.6", "2001:db8::5")
COUNTERS = {
    "turn-channel-unknown",
    "turn-data-unpermitted",
    "turn-foreign",
    "turn-icmp",
    "turn-malformed",
    "turn-response-malformed",
    "turn-response-unexpected",
    "turn-response-unproven",
}

channel_messages = st.builds(encode_channel_data, st.integers(0x4000, 0x4FFF), st.binary())
stun_messages = st.builds(
    lambda method, kind, identity: Message(method, kind, identity).encode(),
    st.sampled_from(Method),
    st.sampled_from(MessageClass),
    st.binary(min_size=12, max_size=12),
)


# --- streams ----------------------------------------------------------------------------------


@given(st.lists(channel_messages | stun_messages, max_size=8), st.lists(st.integers(1, 90)))
def test_however_a_stream_is_cut_its_messages_are_the_same(messages, cuts):
    stream = b"".join(map(frame, messages))
    framer = StreamFramer()
    found = []
    for size in cuts:
        found += framer.feed(stream[:size])
        stream = stream[size:]
    assert found + framer.feed(stream) == messages


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_any_stream_is_cut_or_raises_the_documented_error(pieces):
    framer = StreamFramer()
    found = []
    with contextlib.suppress(StreamFramingError):
        for piece in pieces:
            found += framer.feed(piece)
    assert sum(len(frame(message)) for message in found) <= sum(map(len, pieces))


@given(st.binary(max_size=40))
@example(b"\x40\x00\x00\x00")
def test_any_channel_data_decodes_or_raises_the_documented_error(message):
    try:
        number, data = decode_channel_data(message)
    except ChannelDataDecodeError:
        return
    assert message.startswith(encode_channel_data(number, data))


# --- a hostile server -------------------------------------------------------------------------

values = {
    Attribute.ERROR_CODE: st.builds(
        ErrorCode,
        st.sampled_from([300, 400, 401, 403, 437, 438, 486, 500, 508]) | st.integers(300, 699),
        st.text(st.characters(codec="utf-8"), max_size=9),
    ),
    Attribute.REALM: st.just(REALM) | st.text(st.characters(codec="utf-8"), max_size=9),
    Attribute.NONCE: st.sampled_from(["n", "obMatJos2AAAB", "obMatJos2AAAC", "obMatJos2", ""]),
    Attribute.PASSWORD_ALGORITHMS: st.lists(
        st.builds(AlgorithmChoice, st.integers(0, 3), st.binary(max_size=5)), max_size=3
    ).map(tuple),
    Attribute.XOR_RELAYED_ADDRESS: st.just(("192.0.2.9", 5)) | st.just(("2001:db8::9", 5)),
    Attribute.XOR_MAPPED_ADDRESS: st.just(PEER),
    Attribute.LIFETIME: st.sampled_from([0, 1, 600, 0xFFFFFFFF]),
    Attribute.ALTERNATE_SERVER: st.just(("192.0.2.77", 1)) | st.just(("127.0.0.1", 1)),
    Attribute.XOR_PEER_ADDRESS: st.sampled_from([(ip, 6000) for ip in IPS]),
    Attribute.DATA: st.binary(max_size=9),
}
replies = st.tuples(
    st.integers(0, 5),
    st.sampled_from(MessageClass),
    st.fixed_dictionaries({}, optional=values),
    st.sampled_from([None, KEY]),
)
steps = st.lists(
    replies | st.floats(0.0, 400.0) | st.binary(max_size=30) | st.sampled_from(IPS), max_size=30
)


def reply(requests, which, kind, attributes, key):
    """A response, or worse, to one of the last requests of the client."""
    if not requests:
        return b""
    request = requests[-1 - which % len(requests)]
    return Message(request.method, kind, request.transaction_id, attributes).encode(key)


@given(st.booleans(), steps)
@settings(max_examples=300)
def test_no_server_makes_the_client_raise_or_spin(is_allocated, script):
    pair = TurnPair()
    pair.client.allocate(0.0)
    pair.run(1.0 if is_allocated else 0.0)
    client, now, requests = pair.client, pair.now, []
    for step in script:
        if isinstance(step, tuple):
            client.receive([reply(requests, *step)], now)
        elif isinstance(step, bytes):
            client.receive([step], now)
        elif isinstance(step, str):
            client.create_permission(step, now)
            if client.state is TurnState.ALLOCATED:
                client.bind_channel((step, 6000), now)
                client.send(b"x", (step, 6000), now)
        else:
            now = spin(client, now, now + step)
        sent = [Message.decode(data) for data in client.poll_transmits() if data[0] < 4]
        requests += [message for message in sent if message.message_class is MessageClass.REQUEST]
        client.poll_events()
    dropped = set(pair.trace.counters) - {"turn-held-overflow", "turn-send-unpermitted"}
    assert dropped <= COUNTERS


def spin(client, now, end_at):
    """Let time pass; a timeout always moves the deadline."""
    while (at := client.next_timeout()) is not None and at <= end_at:
        now = max(now, at)
        client.handle_timeout(now)
        moved_to = client.next_timeout()
        assert moved_to is None or moved_to > now
    return end_at


# --- a lossy way ------------------------------------------------------------------------------


@given(st.integers(0, 1 << 32), st.floats(0.0, 0.3), st.lists(st.sampled_from(IPS[:2])))
@settings(max_examples=40, deadline=None)
def test_on_a_lossy_way_the_relay_works_or_says_why_not(seed, loss, peers):
    random = Random(seed)
    pair = TurnPair()
    pair.loses = lambda data: random.random() < loss
    pair.client.allocate(0.0)
    pair.run(80)
    for ip in peers:
        if pair.client.state is TurnState.ALLOCATED:
            pair.client.bind_channel((ip, 6000), pair.now)
        pair.run(random.uniform(0, 400))
    pair.loses = lambda data: False
    pair.run(60)
    reported = [type(event) for _, event in pair.events]
    if pair.client.state is TurnState.ALLOCATED:
        assert reported[0] is Allocated
        assert AllocationLost not in reported
        pair.client.create_permission(PEER[0], pair.now)
        pair.run(60)
        pair.client.send(b"works", PEER, pair.now)
        pair.run(1)
        assert pair.at_peers[-1] == (b"works", PEER)
    else:
        assert pair.client.state is TurnState.FAILED
        assert pair.events[-1][1].text
