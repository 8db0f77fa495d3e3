import pytest

from frazil.datachannel.channel import Channel
from frazil.datachannel.parameter import ChannelParameters
from frazil.datachannel.state import TRANSITIONS, Cause
from frazil.states.enums import RTCDataChannelState as State
from frazil.trace import Trace

UNORDERED = ChannelParameters(ordered=False, max_packet_life_time_ms=250)


def test_unordered_messages_stay_behind_the_open_until_the_peer_knows_the_channel():
    channel = Channel(4, UNORDERED, State.CONNECTING, Trace())
    assert channel.ordered
    channel.move(Cause.CONFIRMED, "Known.", 1.0)
    assert not channel.ordered


def test_limits_are_those_of_the_parameters():
    channel = Channel(1, ChannelParameters(max_retransmits=0), State.OPEN, Trace())
    assert (channel.ordered, channel.max_retransmits, channel.max_lifetime_s) == (True, 0, None)
    channel = Channel(1, UNORDERED, State.OPEN, Trace())
    assert (channel.ordered, channel.max_retransmits, channel.max_lifetime_s) == (False, None, 0.25)


def test_a_closing_channel_takes_no_messages():
    for state in (State.CONNECTING, State.OPEN):
        channel = Channel(1, ChannelParameters(), state, Trace())
        assert channel.takes_messages
        channel.move(Cause.CLOSE, "Enough.", 1.0)
        assert not channel.takes_messages


def test_a_move_has_a_reason_and_is_traced():
    trace = Trace()
    channel = Channel(6, ChannelParameters(), State.OPEN, trace)
    change = channel.move(Cause.RESET_BY_REMOTE, "the peer closed the channel", 2.0)
    assert (change.at, change.machine, change.old, change.new) == (
        2.0,
        "data-channel 6",
        "open",
        "closing",
    )
    assert (change.reason.cause, change.reason.rule) == ("reset-by-remote", "RFC 8831 6.7")
    assert trace.records[0].facts["machine"] == "data-channel 6"


def test_closed_is_final_and_every_other_state_can_end():
    assert not [key for key in TRANSITIONS if key[0] is State.CLOSED]
    for state in (State.CONNECTING, State.OPEN, State.CLOSING):
        assert TRANSITIONS[state, Cause.ASSOCIATION_ENDED].to is State.CLOSED
    with pytest.raises(KeyError):
        Channel(1, ChannelParameters(), State.OPEN, Trace()).move(Cause.CONFIRMED, "", 0.0)
