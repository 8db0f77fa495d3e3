"""Opening, feeding and closing channels (webrtc-pc 6.1, 6.2)."""

import pytest

from frazil.datachannel import ChannelParameters
from frazil.dtls import DtlsRole
from frazil.errors import OperationError, RTCError, RTCErrorDetail
from frazil.peer.event import EventType
from frazil.sctp import BufferReleased
from frazil.session.event import (
    ChannelAnnounced,
    ChannelClosed,
    ChannelClosing,
    MessagesArrived,
)
from support.peer_pair import Peer, connect, connected_pair, negotiate, with_another_port

STATE, OPEN, CLOSE = EventType.STATE_CHANGE, EventType.OPEN, EventType.CLOSE
CLOSING, ERROR, MESSAGE = EventType.CLOSING, EventType.ERROR, EventType.MESSAGE
DATA_CHANNEL = EventType.DATA_CHANNEL


def negotiated(*labels: str, **members) -> tuple[Peer, Peer, list]:
    one, two = Peer("one", 1), Peer("two", 2)
    channels = [one.channel(label, **members) for label in labels or ("a",)]
    negotiate(one, two)
    one.run()
    two.run()
    one.seen.clear()
    return one, two, channels


def with_remote_channel() -> tuple[Peer, object]:
    _, two, _ = connected_pair()
    two.session.events.append(ChannelAnnounced(1, ChannelParameters("in")))
    two.run()
    channel = two.seen[-1].target
    two.seen.clear()
    return two, channel


# --- ids ----------------------------------------------------------------------------------------


def test_ids_follow_the_dtls_role_and_come_with_the_answer() -> None:
    one, two = Peer("one", 1), Peer("two", 2)
    channels = [one.channel(), one.channel()]
    theirs = two.channel()
    two.set_remote(one.set_local())
    assert [channel.id for channel in (*channels, theirs)] == [None] * 3
    answer = two.set_local()
    assert two.session.called("start_dtls")[0][0] is DtlsRole.CLIENT
    assert theirs.id == 0
    one.set_remote(answer)
    assert [channel.id for channel in channels] == [1, 3]
    assert one.channel().id == 5


def test_negotiated_ids_are_left_out() -> None:
    one, two = Peer("one", 1), Peer("two", 2)
    plain = one.channel()
    fixed = one.channel(negotiated=True, id=1)
    negotiate(one, two)
    assert (plain.id, fixed.id) == (3, 1)
    calls = one.session.called("open_channel")
    assert [(call[0], call[1].negotiated) for call in calls] == [(1, True), (3, False)]


def test_id_in_use_is_an_operation_error() -> None:
    peer = Peer()
    peer.channel(negotiated=True, id=4)
    with pytest.raises(OperationError, match="id 4 belongs to another channel"):
        peer.channel(negotiated=True, id=4)


def test_id_beyond_the_association_is_an_operation_error() -> None:
    one, two = Peer("one", 1), Peer("two", 2)
    one.channel()
    negotiate(one, two)
    connect(one, max_channels=10)
    one.channel(negotiated=True, id=9)
    with pytest.raises(OperationError, match="has 10 streams"):
        one.channel(negotiated=True, id=10)


def test_without_a_free_id_creation_fails_and_leaves_no_trace() -> None:
    one, _, _ = connected_pair()
    one.session.next_id = 65537
    with pytest.raises(OperationError, match="no stream is free"):
        one.channel("late")
    assert one.run() == []


def test_channels_without_an_id_at_the_answer_end_with_an_error() -> None:
    one, two = Peer("one", 1), Peer("two", 2)
    channel = one.channel()
    two.set_remote(one.set_local())
    one.session.next_id = 65537
    one.pc.set_remote_description(two.set_local())
    (turn,) = [turn for turn in one.tasks() if "settled" in turn]
    assert turn == [EventType.SIGNALING_STATE_CHANGE, ERROR, "settled"]
    error = one.seen[-1].payload
    assert channel.ready_state == "closed"
    assert error.errorDetail is RTCErrorDetail.DATA_CHANNEL_FAILURE


def test_id_is_free_again_after_the_stream_was_reset() -> None:
    one, _, _ = connected_pair()
    channel = one.channel(negotiated=True, id=8)
    one.run()
    channel.close(0.0)
    with pytest.raises(OperationError):
        one.channel(negotiated=True, id=8)
    one.session.events.append(ChannelClosed(8))
    one.run()
    assert one.channel(negotiated=True, id=8).id == 8


def test_id_is_not_given_away_before_its_channel_has_heard_that_it_is_closed() -> None:
    one, _, old = connected_pair()
    other = one.channel("other")
    one.run()
    created = []
    one.handlers[MESSAGE] = lambda _: created.append(one.channel("new"))
    old.close(0.0)
    one.session.next_id, one.session.used = old.id, {other.id}  # the stream is free by now
    one.session.events += [MessagesArrived([(other.id, b"go", False)]), ChannelClosed(old.id)]
    one.run()
    (new,) = created
    assert (old.ready_state, new.ready_state) == ("closed", "open")
    assert new.id not in (old.id, other.id)


def test_id_of_a_channel_that_never_had_a_stream_is_free_when_it_is_closed() -> None:
    one, two = Peer("one", 1), Peer("two", 2)
    old = one.channel(negotiated=True, id=8)
    one.channel()
    two.set_remote(one.set_local())
    answer = two.set_local()
    one.pc.set_remote_description(answer)
    old.close(0.0)
    one.run()
    assert one.channel(negotiated=True, id=8).id == 8


def test_id_is_kept_by_a_channel_whose_association_ended_until_it_has_heard() -> None:
    one, two, old = connected_pair()
    two.set_remote(one.set_local())
    one.run()
    created = []
    one.handlers[EventType.SIGNALING_STATE_CHANGE] = lambda _: created.append(one.channel("new"))
    answer = with_another_port(two.set_local().sdp)
    one.session.next_id, one.session.used = old.id, set()  # as in a new association
    one.set_remote({"type": "answer", "sdp": answer})
    one.run()
    (new,) = created
    assert old.ready_state == "closed"
    assert new.id == old.id + 2


def test_channel_that_came_too_late_for_its_association_does_not_get_into_the_next() -> None:
    one, two, _ = connected_pair()
    one.session.report_sctp("connected", "closed", failed=True)
    one.run()
    two.set_remote(one.set_local())
    one.pc.set_remote_description(two.set_local())
    late = one.channel("late", negotiated=True, id=8)
    one.run()
    assert late.ready_state == "closed"
    assert [call for call in one.session.called("open_channel") if call[1].label == "late"] == []
    assert one.channel(negotiated=True, id=8).id == 8


def test_what_an_association_reported_before_another_followed_it_is_not_of_the_other() -> None:
    one, two, (channel,) = negotiated("a")
    two.set_remote(one.set_local())
    answer = with_another_port(two.set_local().sdp)
    one.pc.set_remote_description({"type": "answer", "sdp": answer})
    one.session.report_sctp("connecting", "connected", 1024)
    one.session.events.append(ChannelAnnounced(0, ChannelParameters("in")))
    one.seen.clear()
    types = one.run()
    assert channel.ready_state == "closed"
    assert one.pc.sctp.state == "connecting"
    assert OPEN not in types
    assert DATA_CHANNEL not in types


# --- opening ------------------------------------------------------------------------------------


def test_sctp_statechange_comes_before_each_open_in_its_own_task() -> None:
    one, _, channels = negotiated("a", "b")
    one.session.report_sctp("connecting", "connected", 1024)
    assert one.tasks() == [[STATE], [OPEN], [OPEN]]
    assert [each.target for each in one.seen[1:]] == channels
    assert one.pc.sctp.max_channels == 1024
    assert [channel.ready_state for channel in channels] == ["open", "open"]


def test_message_that_came_with_the_association_does_not_overtake_open() -> None:
    one, _, (channel,) = negotiated("a", negotiated=True, id=2)
    one.session.report_sctp("connecting", "connected", 1024)
    one.session.events.append(MessagesArrived([(2, b"early", False)]))
    assert one.run() == [STATE, OPEN, MESSAGE]
    assert one.seen[-1].target is channel
    assert one.seen[-1].payload == b"early"


def test_ids_beyond_the_association_close_with_an_error() -> None:
    one, _, (small, big) = negotiated("a", "b")
    one.session.report_sctp("connecting", "connected", 3)
    assert one.tasks() == [[STATE], [OPEN], [ERROR, CLOSE]]
    assert (small.ready_state, big.ready_state) == ("open", "closed")
    assert one.seen[2].payload.errorDetail is RTCErrorDetail.DATA_CHANNEL_FAILURE


def test_channel_on_an_open_association_opens_in_a_later_task() -> None:
    one, _, _ = connected_pair()
    channel = one.channel("second")
    assert channel.ready_state == "connecting"
    assert one.tasks() == [[OPEN]]
    assert channel.ready_state == "open"


def test_parameters_reach_the_session() -> None:
    one, _, _ = connected_pair()
    one.channel("x", protocol="p", ordered=False, max_packet_life_time=7)
    assert one.session.called("open_channel")[-1][1] == ChannelParameters(
        "x", "p", ordered=False, max_packet_life_time_ms=7
    )


def test_remote_channel_is_open_in_its_event_and_opens_once_more_after_it() -> None:
    _, two, _ = connected_pair()
    two.seen.clear()
    states = []
    two.handlers[DATA_CHANNEL] = lambda event: states.append(event.payload.ready_state)
    two.handlers[OPEN] = lambda event: states.append(event.target.ready_state)
    parameters = ChannelParameters("l", "p", ordered=False, max_retransmits=3)
    two.session.events += [ChannelAnnounced(1, parameters), MessagesArrived([(1, b"x", True)])]
    assert two.tasks() == [[DATA_CHANNEL], [OPEN], [MESSAGE]]
    assert states == ["open", "open"]
    channel = two.seen[0].payload
    assert two.seen[0].target is None
    assert (channel.label, channel.protocol, channel.id) == ("l", "p", 1)
    assert (channel.ordered, channel.max_retransmits, channel.negotiated) == (False, 3, False)


def test_send_and_close_inside_the_datachannel_event() -> None:
    _, two, _ = connected_pair()
    two.seen.clear()

    def handle(event: object) -> None:
        event.payload.send("hello", 1.0)
        event.payload.close(1.0)

    two.handlers[DATA_CHANNEL] = handle
    two.session.events.append(ChannelAnnounced(1, ChannelParameters("l")))
    assert two.run() == [DATA_CHANNEL]
    assert two.session.called("send") == [(1, b"hello", True, 1.0)]
    assert two.session.called("close_channel") == [(1, 1.0)]
    two.session.events.append(ChannelClosed(1))
    assert two.run() == [CLOSE]


# --- messages -----------------------------------------------------------------------------------


def test_messages_are_text_or_bytes_in_tasks_of_their_own() -> None:
    two, channel = with_remote_channel()
    two.session.events += [
        MessagesArrived([(1, "é".encode(), True)]),
        MessagesArrived([(1, b"\xff", True)]),
        MessagesArrived([(1, b"\xff", False)]),
        MessagesArrived([(1, b"", False)]),
    ]
    assert two.tasks() == [[MESSAGE]] * 4
    assert [each.payload for each in two.seen] == ["é", "\ufffd", b"\xff", b""]
    assert {each.target for each in two.seen} == {channel}


def test_messages_stop_when_a_handler_closes_the_channel() -> None:
    two, channel = with_remote_channel()
    two.handlers[MESSAGE] = lambda _: channel.close(0.0)
    two.session.events += [MessagesArrived([(1, b"1", False)]), MessagesArrived([(1, b"2", False)])]
    assert two.run() == [MESSAGE]
    assert two.trace.counters["message-for-closed-channel"] == 1


def test_what_is_written_to_a_channel_that_has_ended_does_not_get_into_the_next_one() -> None:
    two, old = with_remote_channel()

    def answer(_: object) -> None:
        old.send(b"late", 0.0)
        old.close(0.0)

    two.handlers[MESSAGE] = answer
    two.session.events += [
        MessagesArrived([(1, b"go", False)]),
        ChannelClosing(1),
        ChannelClosed(1),
        ChannelAnnounced(1, ChannelParameters("next")),
    ]
    assert two.run() == [MESSAGE, CLOSE, DATA_CHANNEL, OPEN]
    assert two.session.called("send") == []
    assert two.session.called("close_channel") == []
    assert two.trace.counters["message-for-closed-channel"] == 1
    assert old.ready_state == "closed"


def test_the_next_channel_sends_and_closes_once_its_own_time_has_come() -> None:
    """Also where it, too, has ended before the old one has heard of its own end."""
    two, _ = with_remote_channel()
    channels = []

    def answer(event: object) -> None:
        channels.append(event.payload)
        event.payload.send(event.payload.label, 0.0)
        event.payload.close(0.0)

    two.handlers[DATA_CHANNEL] = answer
    two.session.events += [
        ChannelClosing(1),
        ChannelClosed(1),
        ChannelAnnounced(1, ChannelParameters("second")),
        ChannelClosing(1),
        ChannelClosed(1),
        ChannelAnnounced(1, ChannelParameters("third")),
    ]
    two.run()
    assert [each.ready_state for each in channels] == ["closed", "closing"]
    assert two.session.called("send") == [(1, b"third", True, 0.0)]
    assert two.session.called("close_channel") == [(1, 0.0)]


def test_what_is_written_to_a_channel_of_an_old_association_does_not_get_into_the_next() -> None:
    one, two, old = connected_pair()
    two.set_remote(one.set_local())
    one.run()

    def answer(_: object) -> None:
        old.send(b"late", 0.0)
        old.close(0.0)

    one.handlers[EventType.SIGNALING_STATE_CHANGE] = answer
    description = with_another_port(two.set_local().sdp)
    one.set_remote({"type": "answer", "sdp": description})
    one.run()
    assert old.ready_state == "closed"
    assert one.session.called("send") == []
    assert one.session.called("close_channel") == []


def test_reports_for_unknown_streams_are_dropped() -> None:
    one, _, _ = connected_pair()
    one.session.events += [
        MessagesArrived([(77, b"", False)]),
        BufferReleased(77, 5),
        ChannelClosing(77),
        ChannelClosed(77),
    ]
    assert one.run() == []


# --- closing ------------------------------------------------------------------------------------


def test_own_close_fires_close_only_and_is_synchronous_in_state() -> None:
    one, _, channel = connected_pair()
    channel.close(3.0)
    channel.close(4.0)
    assert channel.ready_state == "closing"
    assert one.session.called("close_channel") == [(channel.id, 3.0)]
    one.session.events += [ChannelClosing(channel.id), ChannelClosed(channel.id)]
    assert one.tasks() == [[CLOSE]]
    assert channel.ready_state == "closed"
    channel.close(5.0)
    assert len(one.session.called("close_channel")) == 1


def test_remote_close_fires_closing_then_close() -> None:
    two, channel = with_remote_channel()
    two.session.events.append(ChannelClosing(1))
    assert two.run() == [CLOSING]
    assert channel.ready_state == "closing"
    two.session.events.append(ChannelClosed(1))
    assert two.run() == [CLOSE]


def test_channel_closed_before_any_negotiation() -> None:
    peer = Peer()
    channel = peer.channel()
    channel.close(0.0)
    assert peer.run() == [CLOSE], "and nothing needs negotiation any more"
    assert channel.ready_state == "closed"


def test_channel_closed_while_the_association_comes_up_never_opens() -> None:
    one, _, (channel,) = negotiated("a")
    channel.close(0.0)
    assert one.session.called("close_channel") == [(channel.id, 0.0)]
    assert one.run() == [CLOSE]
    one.session.report_sctp("connecting", "connected", 1024)
    one.session.events.append(ChannelClosed(channel.id))
    assert one.run() == [STATE]


def test_channel_closed_before_its_open_task_never_opens() -> None:
    one, _, _ = connected_pair()
    channel = one.channel()
    channel.close(0.0)
    assert one.run() == []
    one.session.events.append(ChannelClosed(channel.id))
    assert one.run() == [CLOSE]


def test_abort_ends_every_channel_with_error_then_close() -> None:
    one, _, channel = connected_pair()
    second = one.channel()
    one.run()
    one.seen.clear()
    one.session.report_sctp("connected", "closed", failed=True, cause=12)
    one.session.events += [ChannelClosed(channel.id, True, 12), ChannelClosed(second.id, True, 12)]
    assert one.tasks() == [[STATE], [ERROR, CLOSE], [ERROR, CLOSE]]
    error = one.seen[1].payload
    assert isinstance(error, RTCError)
    assert (error.errorDetail, error.sctpCauseCode) == (RTCErrorDetail.SCTP_FAILURE, 12)
    assert {channel.ready_state, second.ready_state} == {"closed"}
    assert one.pc.sctp.state == "closed"


def test_graceful_end_has_no_error() -> None:
    one, _, channel = connected_pair()
    one.session.report_sctp("connected", "closed")
    assert one.tasks() == [[STATE], [CLOSE]]
    assert channel.ready_state == "closed"


def test_channel_on_a_dead_association_ends_with_an_error() -> None:
    one, _, _ = connected_pair()
    one.session.report_sctp("connected", "closed")
    one.run()
    channel = one.channel()
    assert channel.ready_state == "connecting"
    assert one.tasks() == [[ERROR, CLOSE]]


def test_thirty_channels_open() -> None:
    one, two = Peer("one", 1), Peer("two", 2)
    channels = [one.channel(str(number)) for number in range(30)]
    negotiate(one, two)
    connect(one)
    assert {channel.ready_state for channel in channels} == {"open"}
    assert [channel.id for channel in channels] == list(range(1, 60, 2))
