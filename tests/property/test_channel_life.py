"""Many channels over a bad network: both ends agree on what became of them and their messages."""

import random
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frazil.datachannel import ChannelParameters
from frazil.errors import OperationError
from frazil.sctp import BufferReleased, SctpConfig
from frazil.session.data_transport import DataTransport
from frazil.session.event import (
    ChannelAnnounced,
    ChannelClosed,
    ChannelClosing,
    MessagesArrived,
    SctpChanged,
)
from frazil.session.report import Report
from frazil.trace import Trace
from support.sctp_pair import Pair, seeded

SIZES = [0, 10, 500, 1140, 1200, 5000, 9000]
LIMITS = [
    {},
    {},
    {"max_retransmits": 0},
    {"max_retransmits": 1},
    {"max_packet_life_time_ms": 0},
    {"max_packet_life_time_ms": 100},
]


class Channel:
    """One end of a channel: what was sent and received here, and how its state went."""

    def __init__(self, parameters, stream_id):
        self.parameters = parameters
        self.stream_id = stream_id
        self.sent = []
        self.received = []
        self.buffered = 0
        self.is_closed_here = False
        self.state = "open"

    @property
    def label(self):
        return self.parameters.label

    @property
    def is_reliable(self):
        limits = self.parameters.max_retransmits, self.parameters.max_packet_life_time_ms
        return limits == (None, None)


class End:
    """A transport with the channels that its application knows of."""

    def __init__(self, config, seed, *, is_client):
        self.report = Report()
        self.association = DataTransport(
            "0", config, seeded(seed), Trace(), self.report, is_client=is_client
        )
        self.by_stream = {}
        self.by_label = {}
        self.sctp = ["connecting"]

    def add(self, parameters, stream_id):
        assert stream_id not in self.by_stream
        assert parameters.label not in self.by_label
        channel = Channel(parameters, stream_id)
        self.by_stream[stream_id] = self.by_label[parameters.label] = channel

    @property
    def usable(self):
        channels = self.by_stream.values()
        return [each for each in channels if each.state == "open" and not each.is_closed_here]

    def hear(self):
        """Take what is reported; nothing may be told of a channel that is not there."""
        events = self.report.events[:]
        self.report.events.clear()
        for event in events:
            match event:
                case SctpChanged():
                    self.sctp.append(event.change.new)
                case ChannelAnnounced():
                    self.add(event.parameters, event.stream_id)
                case MessagesArrived():
                    for stream_id, data, _ in event.messages:
                        channel = self.by_stream[stream_id]
                        assert channel.state == "open"
                        channel.received.append(data)
                case BufferReleased():
                    self.by_stream[event.stream_id].buffered -= event.size
                case ChannelClosing():
                    channel = self.by_stream[event.stream_id]
                    assert channel.state == "open"
                    channel.state = "closing"
                case ChannelClosed():
                    channel = self.by_stream.pop(event.stream_id)
                    assert channel.state == "closing"
                    channel.state = "closed"


class Life(Pair):
    """Two ends that open, use and close channels as chance will have it; all from one seed."""

    def __init__(self, seed):
        self.draw = draw = random.Random(seed)
        super().__init__(
            seed=seed,
            delay_s=draw.choice([0.001, 0.02, 0.2]),
            loss=draw.choice([0.0, 0.02, 0.1, 0.3]),
            jitter_s=draw.choice([0.0, 0.001, 0.05, 0.3]),
            duplication=draw.choice([0.0, 0.1]),
        )
        self.streams = draw.choice([24, 65535])  # few are soon used again
        self.a = End(self.config(), 2 * seed, is_client=True)
        self.b = End(self.config(), 2 * seed + 1, is_client=False)
        self.opened = 0

    def config(self):
        return SctpConfig(
            interleaving=self.draw.random() < 0.7,
            mtu=self.draw.choice([576, 1160]),
            receive_window=self.draw.choice([32768, 5 << 20]),
            outbound_streams=self.streams,
            inbound_streams=self.streams,
        )

    def flush(self):
        for end, other in ((self.a, self.b), (self.b, self.a)):
            while (packets := end.association.poll_packets(self.now)) or (
                not end.association.is_drained
            ):
                for packet in packets:
                    self._transmit(packet, other)
            end.hear()

    def open(self, end):
        if self.streams < 65535 and end.sctp[-1] != "connected":
            return  # it would be closed if it turns out that there are too few streams
        parameters = ChannelParameters(
            label=str(self.opened), ordered=self.draw.random() < 0.6, **self.draw.choice(LIMITS)
        )
        with suppress(OperationError):
            end.add(parameters, end.association.open_channel(parameters, self.now))
            self.opened += 1

    def open_at_both_ends(self, _):
        if self.streams < 65535:
            return
        parameters = ChannelParameters(label=str(self.opened), negotiated=True)
        stream_id = 100 + self.opened
        for end in (self.a, self.b):
            end.add(parameters, end.association.open_channel(parameters, self.now, stream_id))
        self.opened += 1

    def send(self, end):
        for channel in self.draw.sample(end.usable, min(3, len(end.usable))):
            number = len(channel.sent)
            data = f"{channel.label} {number} ".encode() + bytes(self.draw.choice(SIZES))
            channel.sent.append(data)
            channel.buffered += len(data)
            end.association.send(channel.stream_id, data, False, self.now)

    def close(self, end):
        for channel in self.draw.sample(end.usable, min(1, len(end.usable))):
            self.close_here(end, channel)

    def close_at_both_ends(self, end):
        other = self.b if end is self.a else self.a
        labels = {each.label for each in other.usable}
        for channel in [each for each in end.usable if each.label in labels][:1]:
            self.close_here(end, channel)
            self.close_here(other, other.by_label[channel.label])

    def close_here(self, end, channel):
        channel.is_closed_here = True
        end.association.close_channel(channel.stream_id, self.now)

    def change_path(self, end):
        end.association.path_changed(self.now)

    def play(self):
        for end in (self.a, self.b):
            end.association.start(self.now)
            self.run_for(self.draw.choice([0.0, 0.05, 0.5]))
        acts = [self.open] * 4 + [self.send] * 20 + [self.close] * 2
        acts += [self.open_at_both_ends, self.close_at_both_ends, self.change_path]
        for _ in range(self.draw.randrange(20, 200)):
            self.draw.choice(acts)(self.draw.choice([self.a, self.b]))
            self.flush()
            self.run_for(self.draw.choice([0.0, 0.0, 0.001, 0.01, 0.1, 1.0]))
        self.loss = 0.0
        self.run_for(400)

    def check(self, end, other):
        assert end.sctp == ["connecting", "connected"]
        assert set(end.by_stream) == set(other.by_stream)
        channels = end.association._channels
        assert (channels._closures, channels._held._count, channels._waiting._count) == ({}, 0, 0)
        assert set(channels._channels) == set(end.by_stream)
        reassembly = end.association._association._inbound.reassembly
        assert (reassembly.buffered, reassembly._by_first, reassembly._early) == (0, {}, {})
        for label, channel in end.by_label.items():
            self.check_channel(channel, other.by_label[label])

    def check_channel(self, channel, peer):
        assert channel.state == peer.state
        assert channel.buffered == 0
        places = {data: place for place, data in enumerate(channel.sent)}
        received = [places[data] for data in peer.received]
        assert len(received) == len(set(received))
        if channel.parameters.ordered:
            assert received == sorted(received)
        if channel.is_reliable and not peer.is_closed_here:
            assert sorted(received) == list(range(len(channel.sent)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 30))
def test_both_ends_agree_on_what_became_of_their_channels(seed):
    life = Life(seed)
    life.play()
    life.check(life.a, life.b)
    life.check(life.b, life.a)
