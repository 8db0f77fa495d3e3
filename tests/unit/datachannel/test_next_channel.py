"""Channels on a stream that another was on before."""

import pytest

from frazil.datachannel.dcep import ACK, encode_open
from frazil.datachannel.event import (
    ChannelAnnounced,
    ChannelStateChanged,
    MessagesArrived,
    OutgoingMessage,
)
from frazil.datachannel.held import MAX_WAITING_MESSAGES, MAX_WAITING_SIZE
from frazil.states.enums import RTCDataChannelState as State
from support.channel_pair import (
    BINARY,
    CHAT,
    DCEP,
    STRING,
    UNORDERED,
    ChannelPair,
    moves,
)


@pytest.fixture
def peers():
    return ChannelPair()


def closing_for_us_only(peers):
    """The client has closed its channel for good; to the server its last answer is on its way."""
    peers.opened()
    client, server = peers.client, peers.server
    client.close(0, 1.0)
    assert client.poll_resets() == [0]
    server.receive_reset(0, 1.0, by_remote=True)
    client.receive_reset(0, 1.0, by_remote=False)
    assert server.poll_resets() == [0]
    client.receive_reset(0, 1.0, by_remote=True)
    for each in (client, server):
        each.poll_events()
    return client, server


@pytest.mark.parametrize("theirs_first", [False, True])
def test_what_comes_behind_an_open_that_was_refused_is_forgotten(peers, theirs_first):
    """A regression: the next channel on the stream began with it."""
    server = peers.server
    server.receive([(2, DCEP, encode_open(CHAT)[:-1]), (2, STRING, b"old")], 1.0)
    assert server._held._count == 0
    for by_remote in (theirs_first, not theirs_first):
        server.receive_reset(2, 1.0, by_remote=by_remote)
    server.receive([(2, DCEP, encode_open(CHAT))], 2.0)
    assert server.poll_events() == [ChannelAnnounced(2, CHAT)]
    assert peers.traces[1].counters == {
        "datachannel-dcep-malformed": 1,
        "datachannel-message-unexpected": 1,
    }


def test_the_next_channel_waits_until_the_last_one_on_its_stream_is_closed(peers):
    """A regression: such a channel never opened."""
    client, server = closing_for_us_only(peers)
    client.open(UNORDERED, 2.0)
    (opening,) = client.poll_messages()
    server.receive([(0, opening.ppid, opening.data), (0, STRING, b"hello")], 2.0)
    assert (server.poll_messages(), server.poll_events()) == ([], [])
    server.receive_reset(0, 3.0, by_remote=False)
    closed, announced, arrived = server.poll_events()
    assert moves([closed]) == [("closing", "closed", "reset-both-ways")]
    assert announced == ChannelAnnounced(0, UNORDERED)
    assert arrived == MessagesArrived([(0, b"hello", True)])
    assert server.poll_messages() == [OutgoingMessage(0, DCEP, ACK)]
    assert server.sending(0) is not None


def test_the_next_channel_waits_with_all_its_messages(peers):
    """A regression: those beyond the first 31 were lost."""
    client, server = closing_for_us_only(peers)
    client.open(CHAT, 2.0)
    (opening,) = client.poll_messages()
    texts = [b"%d" % number for number in range(100)]
    server.receive([(0, opening.ppid, opening.data)], 2.0)
    server.receive([(0, STRING, text) for text in texts], 2.0)
    assert server.poll_events() == []
    server.receive_reset(0, 3.0, by_remote=False)
    _, announced, arrived = server.poll_events()
    assert announced == ChannelAnnounced(0, CHAT)
    assert arrived == MessagesArrived([(0, text, True) for text in texts])


def test_channels_on_many_streams_may_wait(peers):
    """A regression: those beyond the first 32 never opened here."""
    client, server = peers.client, peers.server
    streams = [client.open(CHAT, 0.0).stream_id for _ in range(40)]
    peers.run()
    for stream_id in streams:
        server.receive_reset(stream_id, 1.0, by_remote=True)
        server.receive([(stream_id, DCEP, encode_open(CHAT)), (stream_id, STRING, b"x")], 2.0)
    server.poll_events()
    for stream_id in streams:
        server.receive_reset(stream_id, 3.0, by_remote=False)
    assert server.poll_events()[1:3] == [
        ChannelAnnounced(0, CHAT),
        MessagesArrived([(0, b"x", True)]),
    ]
    assert [(each.stream_id, each.state) for each in server.channels] == [
        (stream_id, State.OPEN) for stream_id in streams
    ]


@pytest.mark.parametrize(("count", "size"), [(MAX_WAITING_MESSAGES, 1), (2, MAX_WAITING_SIZE // 2)])
def test_a_channel_too_large_to_wait_is_refused(peers, count, size):
    """Its peer hears of it: a reliable channel has no hole."""
    client, server = closing_for_us_only(peers)
    client.limit_streams(1, 1.0)
    client.open(CHAT, 2.0)
    (opening,) = client.poll_messages()
    server.receive([(0, opening.ppid, opening.data)] + [(0, BINARY, bytes(size))] * count, 2.0)
    server.receive([(0, STRING, b"no more")], 2.0)
    assert server._waiting._count == 0
    server.receive_reset(0, 3.0, by_remote=False)
    assert moves(server.poll_events()) == [("closing", "closed", "reset-both-ways")]
    assert (server.poll_messages(), server.poll_resets()) == ([], [0])
    assert peers.traces[1].counters == {"datachannel-waiting-overflow": 2}
    client.receive_reset(0, 4.0, by_remote=True)
    assert moves(client.poll_events()) == [("connecting", "closing", "reset-by-remote")]
    server.receive_reset(0, 4.0, by_remote=False)
    server.receive_reset(0, 4.0, by_remote=True)
    server.receive([(0, DCEP, encode_open(CHAT))], 5.0)
    assert server.poll_events() == [ChannelAnnounced(0, CHAT)]


def test_a_channel_too_large_to_wait_may_be_closed_before_it_is_refused(peers):
    _, server = closing_for_us_only(peers)
    server.receive([(0, BINARY, bytes(MAX_WAITING_SIZE + 1))], 2.0)
    server.receive_reset(0, 2.0, by_remote=True)
    server.receive_reset(0, 3.0, by_remote=False)
    assert server.poll_resets() == [0]
    server.receive_reset(0, 4.0, by_remote=False)
    server.receive([(0, DCEP, encode_open(CHAT))], 5.0)
    assert server.poll_events()[-1] == ChannelAnnounced(0, CHAT)


def test_the_next_channel_may_be_closed_before_it_is_seen(peers):
    """A regression: its reset was taken for that of the last one, and it was never closed."""
    client, server = closing_for_us_only(peers)
    client.open(UNORDERED, 2.0)
    (opening,) = client.poll_messages()
    client.close(0, 2.0)
    server.receive([(0, opening.ppid, opening.data)], 2.0)
    server.receive_reset(0, 2.0, by_remote=True)
    assert (server.poll_messages(), server.poll_resets(), server.poll_events()) == ([], [], [])
    server.receive_reset(0, 3.0, by_remote=False)
    events = server.poll_events()
    assert [type(event) for event in events] == [
        ChannelStateChanged,
        ChannelAnnounced,
        ChannelStateChanged,
    ]
    assert moves(events) == [
        ("closing", "closed", "reset-both-ways"),
        ("open", "closing", "reset-by-remote"),
    ]
    assert server.poll_resets() == [0]
    server.receive_reset(0, 4.0, by_remote=False)
    assert moves(server.poll_events()) == [("closing", "closed", "reset-both-ways")]
    assert server.channels == ()


def test_what_waits_for_a_stream_that_is_never_free_is_forgotten(peers):
    client, server = closing_for_us_only(peers)
    client.open(UNORDERED, 2.0)
    (opening,) = client.poll_messages()
    server.receive([(0, opening.ppid, opening.data)], 2.0)
    server.receive_reset_failure(0, 3.0)
    assert moves(server.poll_events()) == [("closing", "closed", "reset-refused")]
    assert (server.channels, server.poll_messages(), server._waiting._count) == ((), [], 0)


def test_with_the_association_ends_all_waiting(peers):
    _, server = closing_for_us_only(peers)
    server.receive([(0, DCEP, encode_open(CHAT)), (2, STRING, b"early")], 2.0)
    server.end("The peer aborted the association.", 3.0)
    assert (server._waiting._count, server._held._count) == (0, 0)
    assert moves(server.poll_events()) == [("closing", "closed", "association-ended")]
