import random

import pytest

from frazil.datachannel import ChannelParameters, Ppid
from frazil.datachannel.dcep import encode_open
from frazil.errors import OperationError
from frazil.sctp import Association, BufferReleased, SctpConfig
from frazil.session.data_transport import DataTransport
from frazil.session.event import (
    ChannelAnnounced,
    ChannelClosed,
    ChannelClosing,
    MessagesArrived,
    RemoteCloseCause,
    RemoteClosed,
    SctpChanged,
)
from frazil.session.report import Report
from frazil.trace import Trace

CONFIG = SctpConfig()
PARAMETERS = ChannelParameters(label="chat")
NEGOTIATED = ChannelParameters(label="chat", negotiated=True)


class Wire:
    """A DataTransport in the DTLS client's place, and a bare association as its peer."""

    def __init__(self) -> None:
        self.trace = Trace()
        source = random.Random(1).randbytes
        self.report = Report()
        self.transport = DataTransport("0", CONFIG, source, self.trace, self.report, is_client=True)
        self.peer = Association(CONFIG, random.Random(2).randbytes, Trace())
        self.transport.start(0.0)
        self.peer.start(0.0)
        self.carry()

    def take_events(self) -> list:
        events = self.report.events.copy()
        self.report.events.clear()
        return events

    def carry(self, now: float = 0.0) -> list:
        """Exchange packets until there are none; what the transport reported."""
        while True:
            there = self.transport.poll_packets(now)
            back = self.peer.poll_packets(now)
            if not there and not back:
                return self.take_events()
            self.peer.receive(there, now)
            self.transport.receive(back, now)


def test_both_limits_of_the_association_count():
    config = SctpConfig(inbound_streams=300, outbound_streams=20)
    report = Report()
    transport = DataTransport(
        "0",
        config,
        random.Random(1).randbytes,
        Trace(),
        report,
        is_client=True,
    )
    peer = Association(CONFIG, random.Random(2).randbytes, Trace())
    transport.start(0.0)
    peer.start(0.0)
    for _ in range(4):
        peer.receive(transport.poll_packets(0.0), 0.0)
        transport.receive(peer.poll_packets(0.0), 0.0)
    (event,) = report.events
    assert isinstance(event, SctpChanged)
    assert event.max_channels == 20
    with pytest.raises(OperationError):
        transport.open_channel(NEGOTIATED, 0.0, 20)


def test_a_channel_lives_from_its_announcement_to_its_end():
    wire = Wire()
    wire.peer.send(1, Ppid.DCEP, encode_open(PARAMETERS), 0.0)
    wire.peer.send(1, Ppid.STRING, "grüß".encode(), 0.0)
    assert wire.carry() == [
        ChannelAnnounced(1, PARAMETERS),
        MessagesArrived([(1, "grüß".encode(), True)]),
    ]  # the ACK is not the application's: its byte is not told
    wire.transport.send(1, b"answer", False, 0.0)
    assert wire.carry() == [BufferReleased(1, 6)]
    wire.transport.send(1, b"", False, 0.0)  # one byte on the wire stands for nothing
    assert wire.carry() == []
    wire.peer.reset_stream(1)
    assert wire.carry() == [ChannelClosing(1), ChannelClosed(1)]


def test_a_stream_may_be_used_again_though_we_do_not_know_yet_that_it_is_free():
    wire = Wire()
    wire.peer.send(1, Ppid.DCEP, encode_open(PARAMETERS), 0.0)
    wire.carry()
    wire.peer.reset_stream(1)
    wire.transport.receive(wire.peer.poll_packets(0.0), 0.0)
    wire.peer.receive(wire.transport.poll_packets(0.0), 0.0)
    wire.peer.poll_packets(0.0)  # the answer to our reset is lost
    wire.peer.send(1, Ppid.DCEP, encode_open(PARAMETERS), 0.0)
    messages = [(1, b"%d" % number, True) for number in range(100)]
    for stream_id, data, _ in messages:
        wire.peer.send(stream_id, Ppid.STRING, data, 0.0)
    assert wire.carry() == [ChannelClosing(1)]
    wire.transport.handle_timeout(1.0)
    assert wire.carry(1.0) == [
        ChannelClosed(1),
        ChannelAnnounced(1, PARAMETERS),
        MessagesArrived(messages),
    ]
    wire.transport.send(1, b"answer", False, 1.0)
    assert wire.carry(1.0) == [BufferReleased(1, 6)]


def test_a_channel_that_is_announced_with_the_shutdown_needs_no_answer():
    wire = Wire()
    wire.peer.send(1, Ppid.DCEP, encode_open(PARAMETERS), 0.0)
    batch = wire.peer.poll_packets(0.0)
    wire.peer.shutdown(0.0)
    # The peer does not wait for the acknowledgement, as it should.
    wire.peer.receive(sack_of(batch), 0.0)
    wire.transport.receive(batch + wire.peer.poll_packets(0.0), 0.0)
    events = wire.carry()
    assert events[0] == ChannelAnnounced(1, PARAMETERS)
    assert events[-1] == ChannelClosed(1)
    assert wire.trace.counters["sctp-message-refused"] == 1


def test_what_expires_before_it_leaves_is_out_of_the_buffer_at_once():
    wire = Wire()
    wire.carry()
    limited = ChannelParameters(negotiated=True, max_packet_life_time_ms=100)
    wire.transport.open_channel(limited, 0.0, 4)
    wire.transport.send(4, b"too late", False, 0.0)
    assert wire.transport.poll_packets(1.0) == []
    assert wire.take_events() == [BufferReleased(4, 8)]


def test_a_channel_whose_stream_the_peer_cannot_reset_is_closed_at_once():
    wire = Wire()
    wire.carry()
    wire.transport.open_channel(NEGOTIATED, 0.0, 4)
    wire.transport._association._reset.begin(0, 65535, 0)
    wire.transport.close_channel(4, 0.0)
    assert wire.transport.poll_packets(0.0) == []
    assert wire.take_events() == [ChannelClosing(4), ChannelClosed(4)]


def sack_of(batch: list[bytes]) -> list[bytes]:
    """What a transport in the same state would answer to ``batch``."""
    twin = Wire()
    twin.transport.receive(batch, 0.0)
    return twin.transport.poll_packets(0.0)


def test_a_shutdown_is_a_graceful_end():
    wire = Wire()
    wire.transport.open_channel(NEGOTIATED, 0.0, 4)
    wire.peer.shutdown(0.0)
    told, changed, closed = wire.carry()
    assert told == RemoteClosed(RemoteCloseCause.SCTP_SHUTDOWN)
    assert isinstance(changed, SctpChanged)
    assert (changed.change.new, changed.failed) == ("closed", False)
    assert closed == ChannelClosed(4)


def test_an_abort_is_a_failure_with_its_cause():
    wire = Wire()
    wire.transport.open_channel(NEGOTIATED, 0.0, 4)
    wire.peer.abort(0.0, "enough")
    told, changed, closed = wire.carry()
    assert told == RemoteClosed(RemoteCloseCause.SCTP_ABORT)
    assert (changed.change.new, changed.failed, changed.cause_code) == ("closed", True, 12)
    assert closed == ChannelClosed(4, failed=True, cause_code=12)


def test_our_own_abort_is_neither_a_failure_nor_the_peers_doing():
    wire = Wire()
    wire.transport.abort(0.0)
    (changed,) = wire.carry()
    assert (changed.change.new, changed.failed) == ("closed", False)


@pytest.mark.parametrize("failed", [True, False])
def test_without_its_transport_nothing_ever_happens_again(failed):
    wire = Wire()
    wire.transport.open_channel(NEGOTIATED, 0.0, 4)
    wire.transport.send(4, b"in flight", False, 0.0)
    wire.transport.poll_packets(0.0)
    wire.take_events()
    wire.transport.lose_transport("DTLS is gone", failed=failed, now=1.0)
    wire.transport.lose_transport("DTLS is gone", failed=failed, now=2.0)
    changed, closed = wire.take_events()
    assert (changed.failed, changed.change.reason.text) == (failed, "DTLS is gone")
    assert closed == ChannelClosed(4, failed)
    assert wire.transport.next_timeout() is None
    wire.transport.handle_timeout(100.0)
    wire.transport.path_changed(100.0)
    wire.transport.start(100.0)
    assert wire.take_events() == []


@pytest.mark.parametrize(("parameters", "wanted"), [(PARAMETERS, None), (NEGOTIATED, 8)])
def test_a_channel_that_is_opened_after_the_end_is_closed_at_once(parameters, wanted):
    wire = Wire()
    wire.peer.abort(0.0)
    wire.carry()
    stream_id = wire.transport.open_channel(parameters, 0.0, wanted)
    assert wire.take_events() == [ChannelClosed(stream_id)]
    assert wire.transport.open_channel(NEGOTIATED, 0.0, stream_id) == stream_id
    assert wire.carry() == [ChannelClosed(stream_id)]


def test_a_transport_that_never_started_can_be_lost():
    report = Report()
    transport = DataTransport(
        "0",
        CONFIG,
        random.Random(1).randbytes,
        Trace(),
        report,
        is_client=True,
    )
    transport.lose_transport("DTLS failed", failed=True, now=1.0)
    (changed,) = report.events
    assert changed.failed
    assert transport.poll_packets(1.0) == []
    assert transport.next_timeout() is None
