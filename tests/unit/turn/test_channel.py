import pytest

from frazil.errors import InvalidStateError
from frazil.stun import Attribute, ErrorCode, Message, MessageClass, Method
from frazil.turn import MAX_CHANNELS, RelayFamily
from frazil.turn.channel_data import encode_channel_data
from frazil.types import Datagram
from support.turn_pair import PEER, RELAYED, RELAYED_IPV6, TurnPair, config, seen

SEND = (Method.SEND, MessageClass.INDICATION)


def bound():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    pair.sent.clear()
    return pair


def test_a_channel_saves_32_bytes():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.client.send(b"1234", PEER, pair.now)
    pair.client.bind_channel(PEER, pair.now)
    pair.client.send(b"1234", PEER, pair.now)
    pair.run(1)
    pair.client.send(b"1234", PEER, pair.now)
    pair.run(1)
    kinds = [seen(data) for _, data in pair.sent]
    assert kinds == [SEND, (Method.CHANNEL_BIND, MessageClass.REQUEST), SEND, "channel-data"]
    assert [len(data) for _, data in pair.sent if len(data) < 60] == [40, 40, 8]
    assert pair.sent[-1][1] == encode_channel_data(0x4000, b"1234")
    assert pair.at_peers == [(b"1234", PEER)] * 3


def test_datagrams_come_back_on_the_channel():
    pair = bound()
    pair.from_peer(b"back")
    pair.from_peer(b"other", ("203.0.113.5", 6001))
    pair.run(1)
    assert pair.received == [
        Datagram(b"back", RELAYED, PEER),
        Datagram(b"other", RELAYED, ("203.0.113.5", 6001)),
    ]


def test_the_channel_brings_the_permission_and_what_waited_for_it():
    pair = TurnPair()
    pair.allocate()
    pair.loses = lambda data: seen(data) == (Method.CREATE_PERMISSION, MessageClass.REQUEST)
    pair.client.bind_channel(PEER, pair.now)
    pair.client.send(b"held", PEER, pair.now)
    pair.run(0.1)
    assert pair.at_peers == [(b"held", PEER)]
    assert seen(pair.sent[-1][1]) == "channel-data"
    assert len(pair.requests(Method.CREATE_PERMISSION)) == 1


def test_channels_are_asked_for_once_and_numbered_in_turn():
    pair = bound()
    pair.client.bind_channel(PEER, pair.now)
    pair.client.bind_channel(("::ffff:203.0.113.5", PEER[1]), pair.now)
    pair.client.bind_channel((PEER[0], 6001), pair.now)
    pair.run(1)
    requests = [Message.decode(data) for _, data in pair.sent]
    assert [
        (message.number(Attribute.CHANNEL_NUMBER), message.address(Attribute.XOR_PEER_ADDRESS))
        for message in requests
    ] == [(0x4001, (PEER[0], 6001))]


def test_it_is_renewed_after_500_seconds():
    pair = bound()
    pair.run(1100)
    asked = pair.requests(Method.CHANNEL_BIND)
    assert asked == [pytest.approx(502.0, abs=0.1), pytest.approx(1002.0, abs=0.1)]
    assert pair.service.requests[Method.CHANNEL_BIND] == 3


def test_an_expired_channel_is_not_used():
    pair = bound()
    pair.loses = lambda data: seen(data) == (Method.CHANNEL_BIND, MessageClass.REQUEST)
    pair.run(590)
    pair.client.send(b"channel", PEER, pair.now)
    pair.flush()
    assert seen(pair.sent[-1][1]) == "channel-data"
    pair.run(15)
    pair.client.send(b"indication", PEER, pair.now)
    pair.flush()
    assert seen(pair.sent[-1][1]) == SEND
    pair.loses = lambda data: False
    pair.run(60)
    pair.client.send(b"again", PEER, pair.now)
    pair.run(1)
    # The transaction that was under way got through in the end.
    assert seen(pair.sent[-1][1]) == "channel-data"
    assert [data for data, _ in pair.at_peers] == [b"channel", b"indication", b"again"]


@pytest.mark.parametrize("code", [400, 403, 500])
def test_a_refused_channel_leaves_the_indications(code):
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.service.refusals = {Method.CHANNEL_BIND: ErrorCode(code)}
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    pair.client.send(b"x", PEER, pair.now)
    pair.run(1)
    assert pair.at_peers == [(b"x", PEER)]
    assert seen(pair.sent[-1][1]) == SEND
    assert pair.events == []
    (record,) = [record for record in pair.trace.records if record.event == "channel-failed"]
    assert record.facts["code"] == code


def test_a_renewal_that_is_refused_leaves_the_indications():
    pair = bound()
    pair.service.refusals = {Method.CHANNEL_BIND: ErrorCode(403)}
    pair.run(520)
    pair.client.send(b"x", PEER, pair.now)
    pair.flush()
    assert seen(pair.sent[-1][1]) == SEND
    assert len(pair.requests(Method.CHANNEL_BIND)) == 1
    pair.from_peer(b"back")  # the server knows the channel for 80 s more
    pair.run(1)
    assert pair.received == [Datagram(b"back", RELAYED, PEER)]


def test_a_server_in_trouble_keeps_the_channel():
    pair = bound()
    pair.service.refusals = {Method.CHANNEL_BIND: ErrorCode(500)}
    pair.run(520)
    pair.client.send(b"x", PEER, pair.now)
    pair.flush()
    assert seen(pair.sent[-1][1]) == "channel-data"


def test_a_dropped_peer_keeps_its_number_for_later():
    pair = bound()
    pair.client.drop_permission(PEER[0])
    pair.run(300)
    pair.client.send(b"x", PEER, pair.now)
    assert pair.client.receive([encode_channel_data(0x4000, b"x")], pair.now) == []
    assert pair.trace.counters == {"turn-send-unpermitted": 1, "turn-channel-unknown": 1}
    pair.client.bind_channel(("203.0.113.6", 1), pair.now)
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    numbers = [
        Message.decode(data).number(Attribute.CHANNEL_NUMBER)
        for _, data in pair.sent
        if seen(data) == (Method.CHANNEL_BIND, MessageClass.REQUEST)
    ]
    assert numbers == [0x4001, 0x4000]
    pair.client.send(b"again", PEER, pair.now)
    pair.run(1)
    assert pair.at_peers == [(b"again", PEER)]
    assert pair.events == []


def test_a_dropped_channel_is_heard_while_its_peer_is_permitted():
    pair = bound()
    pair.client.drop_permission(PEER[0])
    pair.from_peer(b"under way")
    pair.client.send(b"answer", PEER, pair.now)
    pair.run(1)
    assert pair.received == [Datagram(b"under way", RELAYED, PEER)]
    assert pair.at_peers == [(b"answer", PEER)]
    assert [seen(data) for _, data in pair.sent] == [SEND]


def test_the_answer_for_a_dropped_channel_is_ignored():
    pair = TurnPair()
    pair.allocate()
    pair.client.bind_channel(PEER, pair.now)
    pair.flush()
    pair.client.drop_permission(PEER[0])
    pair.run(1000)
    assert pair.service.requests[Method.CHANNEL_BIND] == 1
    assert "channel-bound" not in [record.event for record in pair.trace.records]


def test_a_dropped_channel_is_not_renewed():
    pair = bound()
    pair.client.drop_permission(PEER[0])
    pair.run(1200)
    assert pair.requests(Method.CHANNEL_BIND) == []


def test_there_are_only_so_many():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    events = []
    pair.trace.listen(lambda record: events.append(record.event))
    for port in range(1, MAX_CHANNELS + 2):
        pair.client.bind_channel((PEER[0], port), pair.now)
    pair.run(1)
    assert pair.service.requests[Method.CHANNEL_BIND] == MAX_CHANNELS
    assert events.count("channels-exhausted") == 1
    pair.client.send(b"last", (PEER[0], MAX_CHANNELS), pair.now)
    pair.client.send(b"beyond", (PEER[0], MAX_CHANNELS + 1), pair.now)
    pair.run(1)
    assert [seen(data) for _, data in pair.sent[-2:]] == ["channel-data", SEND]
    assert len(pair.at_peers) == 2


def test_the_server_may_use_a_channel_before_its_answer_arrives():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    pair.client.bind_channel(PEER, pair.now)
    early = pair.client.receive([encode_channel_data(0x4000, b"early")], pair.now)
    assert early == [Datagram(b"early", RELAYED, PEER)]


def test_both_families():
    pair = TurnPair(config(family=RelayFamily.BOTH), ipv6=True)
    relayed_ipv6 = (RELAYED_IPV6[0], RELAYED_IPV6[1] + 1)
    peer_ipv6 = ("2001:db8::5", 6000)
    pair.allocate()
    pair.client.bind_channel(PEER, pair.now)
    pair.client.bind_channel(peer_ipv6, pair.now)
    pair.run(1)
    pair.from_peer(b"4", PEER, RELAYED)
    pair.from_peer(b"6", peer_ipv6, relayed_ipv6)
    pair.run(1)
    assert pair.received == [
        Datagram(b"4", RELAYED, PEER),
        Datagram(b"6", relayed_ipv6, peer_ipv6),
    ]


def test_misuse_raises_and_lateness_does_not():
    pair = TurnPair()
    with pytest.raises(InvalidStateError, match="no relayed address yet"):
        pair.client.bind_channel(PEER, 0.0)
    pair.allocate()
    with pytest.raises(ValueError, match="port 0"):
        pair.client.bind_channel((PEER[0], 0), pair.now)
    pair.client.bind_channel(("2001:db8::5", 1), pair.now)  # its permission fails, so does it
    pair.run(1)
    assert pair.kinds() == ["PermissionFailed"]
    pair.client.close(pair.now)
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    assert pair.requests(Method.CHANNEL_BIND) == []
