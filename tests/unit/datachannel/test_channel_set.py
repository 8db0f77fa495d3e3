import pytest

from frazil.datachannel.channel_set import COMMON_STREAMS, MAX_CHANNELS, MAX_NAMES_SIZE
from frazil.datachannel.dcep import ACK, encode_open
from frazil.datachannel.event import ChannelAnnounced, MessagesArrived, OutgoingMessage
from frazil.datachannel.parameter import ChannelParameters
from frazil.errors import OperationError
from frazil.states.enums import RTCDataChannelState as State
from support.channel_pair import (
    BINARY,
    CHAT,
    DCEP,
    NEGOTIATED,
    STRING,
    UNORDERED,
    ChannelPair,
    moves,
)


@pytest.fixture
def peers():
    return ChannelPair()


@pytest.fixture
def client(peers):
    return peers.client


# Opening.


def test_open_sends_dcep_in_order_and_without_limits(client):
    parameters = ChannelParameters(ordered=False, max_retransmits=3)
    channel = client.open(parameters, 0.0)
    assert (channel.stream_id, channel.state) == (0, State.CONNECTING)
    assert client.poll_messages() == [OutgoingMessage(0, DCEP, encode_open(parameters))]
    assert client.poll_messages() == []


def test_the_peer_announces_the_channel_and_acknowledges_it(peers):
    channel = peers.client.open(CHAT, 0.0)
    peers.run()
    assert peers.events[1] == [ChannelAnnounced(0, CHAT)]
    assert moves(peers.events[0]) == [("connecting", "open", "confirmed")]
    assert channel.state is State.OPEN
    (theirs,) = peers.server.channels
    assert (theirs.stream_id, theirs.state, theirs.parameters) == (0, State.OPEN, CHAT)


def test_clients_take_even_streams_and_servers_odd_ones(peers):
    assert [peers.client.open(CHAT, 0.0).stream_id for _ in range(3)] == [0, 2, 4]
    assert [peers.server.open(CHAT, 0.0).stream_id for _ in range(3)] == [1, 3, 5]
    peers.run()
    assert len(peers.client.channels) == len(peers.server.channels) == 6


def test_any_message_confirms_a_channel(client):
    channel = client.open(UNORDERED, 0.0)
    assert channel.ordered
    client.receive([(0, STRING, b"hello")], 1.0)
    assert not channel.ordered
    assert channel.state is State.OPEN
    confirmed, received = client.poll_events()
    assert confirmed.change.reason.cause == "confirmed"
    assert received == MessagesArrived([(0, b"hello", True)])


def test_a_late_ack_after_a_message_is_counted_and_harmless(peers, client):
    client.open(CHAT, 0.0)
    client.receive([(0, STRING, b"hello")], 1.0)
    client.receive([(0, DCEP, ACK)], 1.0)
    assert peers.traces[0].counters == {"datachannel-ack-unexpected": 1}
    assert client.channels[0].state is State.OPEN


def test_negotiated_channels_are_open_at_once_and_send_nothing(client):
    channel = client.open(NEGOTIATED, 0.0, stream_id=7)
    assert channel.state is State.OPEN
    assert client.poll_messages() == []
    assert client.poll_events() == []


def test_automatic_streams_avoid_negotiated_ones(client):
    client.open(NEGOTIATED, 0.0, stream_id=0)
    client.open(NEGOTIATED, 0.0, stream_id=2)
    assert client.open(CHAT, 0.0).stream_id == 4


@pytest.mark.parametrize(("parameters", "stream_id"), [(CHAT, 3), (NEGOTIATED, None)])
def test_only_negotiated_channels_name_their_stream(client, parameters, stream_id):
    with pytest.raises(TypeError):
        client.open(parameters, 0.0, stream_id=stream_id)


@pytest.mark.parametrize("stream_id", [-1, 4, 65535])
def test_a_stream_must_be_free_and_exist(client, stream_id):
    client.open(NEGOTIATED, 0.0, stream_id=4)
    with pytest.raises(OperationError):
        client.open(NEGOTIATED, 0.0, stream_id=stream_id)


def test_streams_run_out(client):
    client.limit_streams(3, 0.0)
    client.open(CHAT, 0.0)
    client.open(CHAT, 0.0)
    with pytest.raises(OperationError, match="no stream is free"):
        client.open(CHAT, 0.0)


def test_channels_beyond_the_streams_of_the_association_are_closed(client):
    for _ in range(3):
        client.open(CHAT, 0.0)
    client.limit_streams(2, 1.0)
    assert [channel.stream_id for channel in client.channels] == [0]
    events = client.poll_events()
    assert [event.stream_id for event in events] == [2, 4]
    assert moves(events) == [("connecting", "closed", "out-of-streams")] * 2
    assert client.poll_resets() == []


# OPEN that must not be.


def assert_refused(peers, stream_id, counter):
    """The server resets the stream, announces nothing, and both resets done, forgets it."""
    server = peers.server
    assert peers.traces[1].counters == {counter: 1}
    assert server.poll_events() == []
    assert server.poll_messages() == []
    assert server.poll_resets() == [stream_id]
    server.receive_reset(stream_id, 1.0, by_remote=False)
    server.receive_reset(stream_id, 1.0, by_remote=True)
    assert server.poll_resets() == []
    assert server.poll_events() == []
    server.open(NEGOTIATED, 2.0, stream_id=stream_id)


def test_an_open_on_a_stream_of_ours_is_refused(peers):
    peers.server.receive([(1, DCEP, encode_open(CHAT))], 1.0)
    assert_refused(peers, 1, "datachannel-open-unexpected")


def test_a_malformed_open_is_refused(peers):
    peers.server.receive([(2, DCEP, encode_open(CHAT)[:-1])], 1.0)
    assert_refused(peers, 2, "datachannel-dcep-malformed")


def test_an_open_beyond_the_last_stream_is_refused(peers):
    peers.server.limit_streams(8, 0.0)
    peers.server.receive([(8, DCEP, encode_open(CHAT))], 1.0)
    assert peers.traces[1].counters == {"datachannel-open-unexpected": 1}
    assert peers.server.poll_resets() == [8]
    assert peers.server.channels == ()


@pytest.mark.parametrize("negotiated", [False, True])
def test_a_second_open_on_a_stream_closes_the_channel(peers, negotiated):
    if negotiated:
        peers.server.open(NEGOTIATED, 0.0, stream_id=0)
    else:
        peers.opened()
    peers.server.receive([(0, DCEP, encode_open(CHAT))], 1.0)
    assert moves(peers.server.poll_events()) == [("open", "closing", "opened-twice")]
    assert peers.server.poll_messages() == []
    assert peers.server.poll_resets() == [0]
    peers.server.receive([(0, DCEP, encode_open(CHAT))], 1.0)
    assert peers.server.poll_resets() == []
    assert peers.traces[1].counters == {"datachannel-open-unexpected": 2}


def test_malformed_dcep_does_not_hurt_a_channel_in_use(peers):
    peers.opened()
    peers.server.receive([(0, DCEP, b"\xff")], 1.0)
    assert peers.traces[1].counters == {"datachannel-dcep-malformed": 1}
    assert peers.server.channels[0].state is State.OPEN
    assert peers.server.poll_resets() == []


@pytest.mark.parametrize("stream_id", [0, 6])
def test_an_ack_nobody_asked_for_is_counted(peers, stream_id):
    peers.server.open(NEGOTIATED, 0.0, stream_id=6)
    peers.server.receive([(stream_id, DCEP, ACK)], 1.0)
    assert peers.traces[1].counters == {"datachannel-ack-unexpected": 1}
    assert peers.server.poll_resets() == []


def test_the_number_of_channels_a_peer_can_open_is_bounded(peers):
    for _ in range(MAX_CHANNELS + 2):
        peers.client.open(CHAT, 0.0)
    peers.run()
    assert len(peers.server.channels) == MAX_CHANNELS
    assert len(peers.client.channels) == MAX_CHANNELS
    assert peers.traces[1].counters == {"datachannel-open-unexpected": 2}


def test_the_size_of_the_names_a_peer_can_make_us_keep_is_bounded(peers):
    long = ChannelParameters(label="x" * 40_000, protocol="y" * 20_000)
    fitting = MAX_NAMES_SIZE // 60_000
    for _ in range(fitting + 1):
        peers.client.open(long, 0.0)
    peers.run()
    kept = [channel.stream_id for channel in peers.server.channels]
    assert kept == list(range(0, 2 * fitting, 2))
    peers.client.close(0, 1.0)
    peers.run()
    for _ in range(2):
        peers.client.open(long, 2.0)
    peers.run()
    assert len(peers.server.channels) == fitting


# Messages.


@pytest.mark.parametrize(
    ("data", "text"), [(b"text", True), (b"\x00\xff", False), (b"", True), (b"", False)]
)
def test_messages_of_every_kind_arrive_as_they_were(peers, data, text):
    peers.opened()
    peers.send(data, text=text)
    peers.run()
    assert peers.take_events()[1] == [MessagesArrived([(0, data, text)])]


@pytest.mark.parametrize(("ppid", "text"), [(52, False), (54, True)])
def test_deprecated_kinds_are_understood(peers, ppid, text):
    peers.opened()
    peers.server.receive([(0, ppid, b"part")], 1.0)
    assert peers.server.poll_events() == [MessagesArrived([(0, b"part", text)])]


def test_unknown_kinds_are_dropped(peers):
    peers.opened()
    peers.server.receive([(0, 55, b"?")], 1.0)
    peers.server.receive([(0, 0, b"?")], 1.0)
    assert peers.server.poll_events() == []
    assert peers.traces[1].counters == {"datachannel-ppid-unknown": 2}


def test_without_a_channel_nothing_can_be_sent(client):
    assert client.sending(4) is None


def test_messages_that_overtake_the_open_wait_for_it(peers):
    server = peers.server
    server.receive([(0, STRING, b"one")], 1.0)
    server.receive([(0, BINARY, b"two")], 1.0)
    assert server.poll_events() == []
    server.receive([(0, DCEP, encode_open(CHAT))], 1.0)
    assert server.poll_events() == [
        ChannelAnnounced(0, CHAT),
        MessagesArrived([(0, b"one", True), (0, b"two", False)]),
    ]


def test_messages_for_a_negotiated_channel_wait_until_we_create_it(client):
    client.receive([(9, STRING, b"early")], 1.0)
    client.open(NEGOTIATED, 2.0, stream_id=9)
    assert client.poll_events() == [MessagesArrived([(9, b"early", True)])]


def test_messages_for_nobody_are_bounded_and_counted(peers):
    for number in range(40):
        peers.server.receive([(number, STRING, b"x")], 1.0)
    assert peers.traces[1].counters == {"datachannel-message-unexpected": 8}


def test_a_reset_forgets_messages_that_nobody_claimed(client):
    client.receive([(9, STRING, b"old")], 1.0)
    client.receive_reset(9, 2.0, by_remote=True)
    client.receive_reset(9, 2.0, by_remote=False)
    client.open(NEGOTIATED, 3.0, stream_id=9)
    assert client.poll_events() == []


# Closing.


@pytest.mark.parametrize("closer", [0, 1])
def test_closing_takes_a_reset_each_way_and_frees_the_stream(peers, closer):
    channel = peers.opened()
    (peers.client, peers.server)[closer].close(0, 1.0)
    peers.run()
    events = peers.take_events()
    assert moves(events[closer]) == [
        ("open", "closing", "close"),
        ("closing", "closed", "reset-both-ways"),
    ]
    assert moves(events[1 - closer]) == [
        ("open", "closing", "reset-by-remote"),
        ("closing", "closed", "reset-both-ways"),
    ]
    assert peers.number_of_resets == 2
    assert channel.state is State.CLOSED
    assert peers.client.channels == peers.server.channels == ()
    assert peers.client.open(NEGOTIATED, 2.0, stream_id=0).stream_id == 0


def test_both_sides_may_close_at_once(peers):
    peers.opened()
    peers.client.close(0, 1.0)
    peers.server.close(0, 1.0)
    peers.run()
    for events in peers.take_events():
        assert moves(events) == [
            ("open", "closing", "close"),
            ("closing", "closed", "reset-both-ways"),
        ]
    assert peers.number_of_resets == 2


def test_messages_sent_before_close_go_ahead_of_the_reset(peers):
    peers.opened()
    peers.send(b"last words", text=True)
    peers.client.close(0, 1.0)
    peers.run()
    assert peers.take_events()[1][0] == MessagesArrived([(0, b"last words", True)])


def test_close_is_idempotent(peers, client):
    peers.opened()
    client.close(0, 1.0)
    client.close(0, 1.0)
    assert client.poll_resets() == [0]
    client.close(17, 1.0)
    assert client.poll_resets() == []


def test_a_closing_channel_neither_sends_nor_receives(peers, client):
    peers.opened()
    client.close(0, 1.0)
    client.poll_events()
    assert client.sending(0) is None
    client.receive([(0, STRING, b"x")], 1.0)
    assert client.poll_events() == []


def test_a_stream_is_not_reused_while_it_closes(peers, client):
    peers.opened()
    client.close(0, 1.0)
    assert client.open(CHAT, 1.0).stream_id == 2
    with pytest.raises(OperationError):
        client.open(NEGOTIATED, 1.0, stream_id=0)
    client.receive_reset(0, 2.0, by_remote=False)
    assert client.open(CHAT, 2.0).stream_id == 4
    client.receive_reset(0, 3.0, by_remote=True)
    assert client.open(CHAT, 3.0, taken={6, 8}).stream_id == 10


def test_a_stream_is_used_again_when_no_other_is_left(peers, client):
    peers.opened()
    client.limit_streams(5, 1.0)
    client.close(0, 1.0)
    client.receive_reset(0, 1.0, by_remote=False)
    client.receive_reset(0, 1.0, by_remote=True)
    assert [client.open(CHAT, 1.0).stream_id for _ in range(3)] == [2, 4, 0]
    with pytest.raises(OperationError):
        client.open(CHAT, 1.0)


def test_streams_that_not_every_peer_has_are_used_when_no_other_is_left(peers, client):
    used = []
    for _ in range(COMMON_STREAMS):
        used.append(peers.opened().stream_id)
        client.close(used[-1], 1.0)
        peers.run()
    common = list(range(0, COMMON_STREAMS, 2))
    assert used == common * 2
    assert [client.open(CHAT, 1.0).stream_id for _ in common] == common
    assert [client.open(CHAT, 1.0).stream_id for _ in range(2)] == [1024, 1026]


def test_closing_a_channel_that_was_never_confirmed(peers, client):
    client.open(CHAT, 0.0)
    client.close(0, 0.0)
    peers.run()
    own, theirs = peers.take_events()
    assert moves(own) == [
        ("connecting", "closing", "close"),
        ("closing", "closed", "reset-both-ways"),
    ]
    assert theirs[0] == ChannelAnnounced(0, CHAT)
    assert moves(theirs)[-1] == ("closing", "closed", "reset-both-ways")


def test_closing_a_negotiated_channel_the_peer_does_not_have(peers, client):
    client.open(NEGOTIATED, 0.0, stream_id=5)
    client.close(5, 1.0)
    peers.run()
    assert moves(peers.take_events()[0])[-1] == ("closing", "closed", "reset-both-ways")
    assert peers.number_of_resets == 2


def test_streams_that_somebody_else_holds_taken_are_left_out(client):
    client.limit_streams(5, 0.0)
    assert client.open(CHAT, 0.0, taken={0, 2}).stream_id == 4
    assert client.open(CHAT, 0.0).stream_id == 0


def test_a_stream_the_peer_will_not_reset_is_never_used_again(peers, client):
    peers.opened()
    client.close(0, 1.0)
    client.receive_reset_failure(0, 2.0)
    client.receive_reset_failure(0, 2.0)
    assert moves(client.poll_events())[-1] == ("closing", "closed", "reset-refused")
    assert client.open(CHAT, 3.0).stream_id == 2
    with pytest.raises(OperationError):
        client.open(NEGOTIATED, 3.0, stream_id=0)
    client.receive([(0, STRING, b"for nobody")], 4.0)
    assert client._held._count == 0


def test_confirmations_nobody_waits_for_are_ignored(client):
    client.receive_reset(3, 1.0, by_remote=False)
    client.receive_reset_failure(3, 1.0)
    assert client.open(NEGOTIATED, 2.0, stream_id=3).state is State.OPEN


def test_the_end_of_the_association_closes_everything(peers, client):
    peers.opened()
    client.open(CHAT, 0.0)
    client.close(0, 1.0)
    client.poll_events()
    client.end("The peer aborted the association.", 5.0)
    events = client.poll_events()
    assert moves(events) == [
        ("closing", "closed", "association-ended"),
        ("connecting", "closed", "association-ended"),
    ]
    assert {event.change.reason.text for event in events} == {"The peer aborted the association."}
    assert client.channels == ()
    assert client.poll_messages() == client.poll_resets() == []


def test_long_labels_do_not_fill_the_trace(peers):
    peers.opened(ChannelParameters(label="x" * 65535))
    (added,) = [each for each in peers.traces[1].records if each.event == "added"]
    assert added.facts["label"] == "x" * 64


def test_messages_with_nothing_in_between_are_one_event(peers, client):
    client.open(NEGOTIATED, 0.0, stream_id=2)
    client.open(NEGOTIATED, 0.0, stream_id=4)
    client.poll_events()
    client.receive(
        [
            (2, STRING, b"one"),
            (4, BINARY, b"two"),
            (3, DCEP, encode_open(CHAT)),
            (3, BINARY, b"three"),
            (6, BINARY, b"held"),
            (2, 56, b"\0"),
            (2, BINARY, b"five"),
        ],
        1.0,
    )
    assert client.poll_events() == [
        MessagesArrived([(2, b"one", True), (4, b"two", False)]),
        ChannelAnnounced(3, CHAT),
        MessagesArrived([(3, b"three", False)]),
        MessagesArrived([(2, b"", True)]),
        MessagesArrived([(2, b"five", False)]),
    ]
