import pytest

from frazil.errors import InvalidStateError
from frazil.stun import Attribute, IcmpError, Message, MessageClass, Method
from frazil.turn.relay import MAX_INDICATION_DATA
from frazil.types import Datagram
from support.turn_pair import PEER, RELAYED, TurnPair, seen


def permitted():
    pair = TurnPair()
    pair.allocate()
    pair.permit()
    return pair


def indication(method=Method.DATA, **values):
    attributes = {Attribute[name]: value for name, value in values.items()}
    return Message(method, MessageClass.INDICATION, bytes(12), attributes).encode()


def test_a_datagram_each_way():
    pair = permitted()
    pair.client.send(b"there", PEER, pair.now)
    pair.from_peer(b"back")
    pair.run(1)
    assert pair.at_peers == [(b"there", PEER)]
    assert pair.received == [Datagram(b"back", RELAYED, PEER)]


def test_an_indication_is_without_proof():
    pair = permitted()
    pair.client.send(b"there", PEER, pair.now)
    (data,) = pair.client.poll_transmits()
    message = Message.decode(data)
    assert message.attributes == {Attribute.XOR_PEER_ADDRESS: PEER, Attribute.DATA: b"there"}
    assert (message.has_integrity, message.has_fingerprint) == (False, False)
    assert len(data) == 20 + 12 + 4 + 8


def test_empty_datagrams_pass():
    pair = permitted()
    pair.client.send(b"", PEER, pair.now)
    pair.from_peer(b"")
    pair.run(1)
    assert pair.at_peers == [(b"", PEER)]
    assert pair.received == [Datagram(b"", RELAYED, PEER)]


def test_a_peer_is_the_same_however_it_is_written():
    pair = permitted()
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    pair.client.send(b"x", ("::ffff:203.0.113.5", PEER[1]), pair.now)
    pair.run(1)
    assert pair.at_peers == [(b"x", PEER)]
    assert seen(pair.sent[-1][1]) == "channel-data"


def test_without_a_permission_nothing_passes():
    pair = permitted()
    stranger = ("203.0.113.99", 1)
    pair.client.send(b"x", stranger, pair.now)
    data = indication(XOR_PEER_ADDRESS=stranger, DATA=b"x")
    assert pair.client.receive([data], pair.now) == []
    pair.run(1)
    assert pair.at_peers == []
    assert pair.trace.counters == {"turn-send-unpermitted": 1, "turn-data-unpermitted": 1}


def test_any_port_of_a_permitted_address_passes():
    pair = permitted()
    pair.from_peer(b"x", (PEER[0], 1))
    pair.run(1)
    assert pair.received == [Datagram(b"x", RELAYED, (PEER[0], 1))]


def test_what_comes_from_port_0_could_not_be_answered():
    pair = permitted()
    pair.from_peer(b"x", (PEER[0], 0))
    pair.run(1)
    assert pair.received == []
    assert pair.trace.counters == {"turn-malformed": 1}


def test_the_largest_datagram_for_either_way():
    pair = permitted()
    pair.client.send(bytes(MAX_INDICATION_DATA), PEER, pair.now)
    pair.client.send(bytes(MAX_INDICATION_DATA + 1), PEER, pair.now)
    assert pair.trace.counters == {"turn-send-too-large": 1}
    assert MAX_INDICATION_DATA == 1448
    pair.client.bind_channel(PEER, pair.now)
    pair.run(1)
    pair.client.send(bytes(65535), PEER, pair.now)
    pair.run(1)
    assert [len(data) for data, _ in pair.at_peers] == [1448, 65535]
    with pytest.raises(ValueError, match="65535"):
        pair.client.send(bytes(65536), PEER, pair.now)
    with pytest.raises(ValueError, match="65535"):
        pair.client.send(bytes(65536), (PEER[0], 1), pair.now)


def test_the_largest_indication_to_an_ipv6_peer_fits():
    message = Message(
        Method.SEND,
        MessageClass.INDICATION,
        bytes(12),
        {
            Attribute.XOR_PEER_ADDRESS: ("2001:db8::1", 1),
            Attribute.DATA: bytes(MAX_INDICATION_DATA),
        },
    )
    assert 1496 <= len(message.encode(fingerprint=False)) <= 1500


def test_indications_that_say_nothing_are_dropped():
    pair = permitted()
    icmp = indication(XOR_PEER_ADDRESS=PEER, ICMP=IcmpError(3, 3, bytes(4)))
    assert pair.client.receive([indication(DATA=b"x"), icmp], pair.now) == []
    assert pair.trace.counters == {"turn-malformed": 1, "turn-icmp": 1}


def test_an_indication_with_an_unknown_attribute_is_dropped():
    pair = permitted()
    data = indication(XOR_PEER_ADDRESS=PEER, DATA=b"x")[:-8] + b"\x7f\xfe\0\4\0\0\0\0"
    assert pair.client.receive([data], pair.now) == []
    assert pair.trace.counters == {"turn-malformed": 1}


def test_misuse_raises_and_lateness_does_not():
    pair = TurnPair()
    with pytest.raises(InvalidStateError, match="no relayed address yet"):
        pair.client.send(b"x", PEER, 0.0)
    pair.allocate()
    for peer in (("name.local", 1), (PEER[0], 0)):
        with pytest.raises(ValueError, match=r"name|port"):
            pair.client.send(b"x", peer, pair.now)
    pair.permit()
    pair.client.close(pair.now)
    pair.client.send(b"x", PEER, pair.now)
    data = indication(XOR_PEER_ADDRESS=PEER, DATA=b"x")
    assert pair.client.receive([data], pair.now) == []
    pair.run(1)
    assert pair.at_peers == []
    assert pair.trace.counters == {"turn-send-unpermitted": 1, "turn-data-unpermitted": 1}


def test_a_batch_keeps_its_order():
    pair = permitted()
    messages = [indication(XOR_PEER_ADDRESS=PEER, DATA=b"%d" % number) for number in range(5)]
    messages.insert(2, b"foreign")
    found = pair.client.receive(messages, pair.now)
    assert [datagram.data for datagram in found] == [b"0", b"1", b"2", b"3", b"4"]
