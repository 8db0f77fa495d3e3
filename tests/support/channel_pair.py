"""Two sets of channels joined by an ideal SCTP association."""

from collections.abc import Iterable

from frazil.datachannel.channel import Channel
from frazil.datachannel.channel_set import ChannelSet
from frazil.datachannel.event import ChannelEvent, ChannelStateChanged, OutgoingMessage
from frazil.datachannel.parameter import ChannelParameters
from frazil.datachannel.ppid import encode_content
from frazil.trace import Trace

DCEP, STRING, BINARY = 50, 51, 53
CHAT = ChannelParameters(label="chat")
NEGOTIATED = ChannelParameters(label="ours", negotiated=True)
UNORDERED = ChannelParameters(ordered=False)


class ChannelPair:
    """The channels of the DTLS client and those of the server."""

    def __init__(self) -> None:
        self.traces = (Trace(), Trace())
        self.client = ChannelSet(is_client=True, trace=self.traces[0])
        self.server = ChannelSet(is_client=False, trace=self.traces[1])
        self.events: tuple[list[ChannelEvent], list[ChannelEvent]] = ([], [])
        self.number_of_resets = 0

    def send(self, data: bytes, *, text: bool) -> None:
        assert self.client.sending(0) is not None
        self.client.messages.append(OutgoingMessage(0, *encode_content(data, text=text)))

    def run(self) -> None:
        """Exchange messages and resets until nothing is left; collects events."""
        peers = (self.client, self.server)
        busy = True
        while busy:
            busy = False
            for index, this in enumerate(peers):
                other = peers[1 - index]
                for message in this.poll_messages():
                    busy = True
                    other.receive([(message.stream_id, message.ppid, message.data)], 1.0)
                for stream_id in this.poll_resets():
                    busy = True
                    self.number_of_resets += 1
                    other.receive_reset(stream_id, 1.0, by_remote=True)
                    this.receive_reset(stream_id, 1.0, by_remote=False)
                self.events[index].extend(this.poll_events())

    def take_events(self) -> tuple[list[ChannelEvent], list[ChannelEvent]]:
        taken, self.events = self.events, ([], [])
        return taken

    def opened(self, parameters: ChannelParameters = CHAT) -> Channel:
        """A channel of the client that is open at both ends."""
        channel = self.client.open(parameters, 0.0)
        self.run()
        self.take_events()
        return channel


def moves(events: Iterable[ChannelEvent]) -> list[tuple[str, str, str]]:
    """Old state, new state and cause of each change."""
    return [
        (event.change.old, event.change.new, event.change.reason.cause)
        for event in events
        if isinstance(event, ChannelStateChanged)
    ]
