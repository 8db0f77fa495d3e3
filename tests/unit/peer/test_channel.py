"""RTCDataChannel: arguments, send, close (webrtc-pc 6.2)."""

from types import SimpleNamespace

import pytest

from frazil.errors import InvalidStateError, OperationError
from frazil.peer.channel import MAX_BUFFERED_AMOUNT
from frazil.peer.channel_init import MAX_TEXT_BYTES, ChannelInit
from frazil.peer.event import EventType
from frazil.peer.priority import RTCPriorityType
from frazil.peer.reader import read_channel
from frazil.sctp import BufferReleased
from support.peer_pair import Peer, connected_pair


def test_defaults() -> None:
    channel = Peer().channel("x")
    assert (channel.label, channel.protocol, channel.id) == ("x", "", None)
    assert (channel.ordered, channel.negotiated) == (True, False)
    assert (channel.max_packet_life_time, channel.max_retransmits) == (None, None)
    assert channel.ready_state == "connecting"
    assert channel.priority == "low"
    assert (channel.buffered_amount, channel.buffered_amount_low_threshold) == (0, 0)


def test_init_is_read_from_mappings_and_objects() -> None:
    members = {
        "ordered": False,
        "maxRetransmits": 65535,
        "protocol": "p",
        "id": 65534,
        "priority": "high",
    }
    read = read_channel(members)
    assert read == ChannelInit(False, None, 65535, "p", False, 65534, RTCPriorityType.HIGH)
    assert read_channel(SimpleNamespace(**members)) == read
    assert read_channel(None) == ChannelInit()
    assert read_channel({"protocol": "a\ud800"}).protocol == "a\ufffd"


@pytest.mark.parametrize(
    "members",
    [
        {"maxRetransmits": -1},
        {"maxRetransmits": 65536},
        {"maxPacketLifeTime": 65536},
        {"maxPacketLifeTime": "5"},
        {"id": 65536},
        {"id": True},
        {"ordered": 1},
        {"negotiated": "yes"},
        {"protocol": 7},
        {"priority": "highest"},
        {"priority": 256},
    ],
)
def test_values_out_of_range_or_type_are_type_errors(members: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        read_channel(members)


# Each row breaks every later rule too, so the order shows in the message.
ORDER = [
    (("é" * 32768, {"protocol": "p" * 65536}), "the label"),
    (("x", {"protocol": "é" * 32768, "negotiated": True}), "the protocol"),
    (("x", {"negotiated": True, "max_packet_life_time": 1, "max_retransmits": 1}), "needs an id"),
    (
        ("x", {"negotiated": True, "id": 65535, "max_packet_life_time": 1, "max_retransmits": 1}),
        "not both",
    ),
    (("x", {"negotiated": True, "id": 65535}), "65535 is reserved"),
]


@pytest.mark.parametrize(("arguments", "text"), ORDER)
def test_errors_of_create_come_in_w3c_order(arguments: tuple, text: str) -> None:
    label, members = arguments
    peer = Peer()
    with pytest.raises(TypeError, match=text):
        peer.channel(label, **members)
    assert peer.run() == []
    peer.pc.close(0.0)
    with pytest.raises(InvalidStateError):
        peer.channel(label, **members)


def test_longest_texts_are_taken() -> None:
    text = "é" * (MAX_TEXT_BYTES // 2) + "e"
    assert Peer().channel(text, protocol=text).label == text


def test_id_is_ignored_unless_negotiated() -> None:
    assert Peer().channel(id=65535).id is None
    assert Peer().channel(id=7, negotiated=True).id == 7


def test_label_must_be_text() -> None:
    with pytest.raises(TypeError, match="label"):
        Peer().pc.create_data_channel(5, ChannelInit(), 0.0)


def test_send_needs_an_open_channel() -> None:
    channel = Peer().channel()
    with pytest.raises(InvalidStateError, match="connecting"):
        channel.send(b"x", 0.0)
    with pytest.raises(TypeError, match="bytes or str"):  # first, as Web IDL has it
        channel.send(None, 0.0)
    one, _, channel = connected_pair()
    channel.close(0.0)
    with pytest.raises(InvalidStateError, match="closing"):
        channel.send(b"x", 0.0)
    assert one.session.called("send") == []


@pytest.mark.parametrize(
    ("data", "sent", "text"),
    [
        (b"ab", b"ab", False),
        (bytearray(b"ab"), b"ab", False),
        (memoryview(b"abc")[1:], b"bc", False),
        ("é", b"\xc3\xa9", True),
        ("", b"", True),
        (b"", b"", False),
        ("a\ud800b", "a\ufffdb".encode(), True),
        ("\udc00", "\ufffd".encode(), True),
    ],
)
def test_payload_and_kind(data: object, sent: bytes, text: bool) -> None:
    one, _, channel = connected_pair()
    channel.send(data, 1.0)
    assert one.session.called("send") == [(channel.id, sent, text, 1.0)]
    assert channel.buffered_amount == len(sent)


def test_other_types_are_type_errors() -> None:
    _, _, channel = connected_pair()
    for data in (5, None, [b"x"]):
        with pytest.raises(TypeError, match="bytes or str"):
            channel.send(data, 0.0)


def test_size_limits() -> None:
    _, _, channel = connected_pair()
    limit = 262144
    with pytest.raises(TypeError, match="up to 262144 bytes, not 262145"):
        channel.send(b"x" * (limit + 1), 0.0)
    for _ in range(MAX_BUFFERED_AMOUNT // limit):
        channel.send(bytes(limit), 0.0)
    assert channel.buffered_amount == MAX_BUFFERED_AMOUNT
    with pytest.raises(OperationError, match="bufferedamountlow"):
        channel.send(b"x", 0.0)
    channel.send(b"", 0.0)
    assert channel.buffered_amount == MAX_BUFFERED_AMOUNT


def test_buffered_amount_falls_in_tasks_only() -> None:
    one, _, channel = connected_pair()
    channel.watch_buffer()
    channel.send(bytes(100), 0.0)
    one.session.events.append(BufferReleased(channel.id, 60))
    one.pc.transports.drain()
    assert channel.buffered_amount == 100
    one.run()
    assert channel.buffered_amount == 40
    channel.close(0.0)
    assert channel.buffered_amount == 40, "closing does not reset it"


def test_amount_that_nobody_watches_falls_without_a_task() -> None:
    one, _, channel = connected_pair()
    channel.send(bytes(100), 0.0)
    one.session.events.append(BufferReleased(channel.id, 60))
    one.pc.transports.drain()
    assert channel.buffered_amount == 40
    assert not one.pc.tasks.waiting


@pytest.mark.parametrize(
    ("threshold", "drains", "fired"),
    [
        (0, [50, 50], [100]),
        (40, [50, 10, 10], [60]),
        (50, [50], [50]),
        (100, [10], []),
        (99, [1, 99], [1]),
    ],
)
def test_bufferedamountlow_fires_when_crossing(
    threshold: int, drains: list[int], fired: list[int]
) -> None:
    one, _, channel = connected_pair()
    channel.watch_buffer()
    channel.set_low_threshold(threshold)
    channel.send(bytes(100), 0.0)
    seen, left = [], 0
    for size in drains:
        left += size
        one.session.events.append(BufferReleased(channel.id, size))
        if EventType.BUFFERED_AMOUNT_LOW in one.run():
            seen.append(left)
    assert seen == fired
