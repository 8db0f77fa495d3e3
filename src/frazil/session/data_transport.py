"""The SCTP association of a transport, and the data channels on it."""

from collections.abc import Container
from typing import Final

from frazil.datachannel import (
    ChannelParameters,
    ChannelSet,
    ChannelStateChanged,
    MessagesArrived,
    OutgoingMessage,
    encode_content,
)
from frazil.errors import InvalidAccessError, InvalidStateError
from frazil.sctp import (
    MAX_POLL_PACKETS,
    Association,
    AssociationCloseCause,
    AssociationClosed,
    AssociationEstablished,
    BufferReleased,
    MessagesReceived,
    SctpConfig,
    SignalledInits,
    StreamResetFailed,
    StreamsReset,
)
from frazil.session.event import (
    ChannelClosed,
    ChannelClosing,
    RemoteCloseCause,
    SctpChanged,
)
from frazil.session.report import Report
from frazil.states.enums import RTCDataChannelState, RTCSctpTransportState
from frazil.trace import Reason, StateChange, Trace
from frazil.types import RandomBytes

_CONNECTING: Final = RTCSctpTransportState.CONNECTING
_CONNECTED: Final = RTCSctpTransportState.CONNECTED
_CLOSED: Final = RTCSctpTransportState.CLOSED
_CHANNEL_CLOSING: Final = RTCDataChannelState.CLOSING
_CHANNEL_CLOSED: Final = RTCDataChannelState.CLOSED
_GOODBYES: Final = {
    AssociationCloseCause.ABORTED_BY_REMOTE: RemoteCloseCause.SCTP_ABORT,
    AssociationCloseCause.SHUTDOWN: RemoteCloseCause.SCTP_SHUTDOWN,
}
"""What the peer ends an association by; we never shut one down."""
_REFUSALS: Final = (InvalidStateError, InvalidAccessError)
"""What SCTP says to a message if the peer shuts the association down, resets the stream or takes
fewer streams, and what came with that still called for an answer."""
_GRACEFUL: Final = frozenset(
    (AssociationCloseCause.SHUTDOWN, AssociationCloseCause.ABORTED_BY_LOCAL)
)


class DataTransport:
    """Carries messages between channels and the association, and says what became of both.

    Args:
        name: Names the transport in state changes.
        is_client: Whether we are the DTLS client, who opens channels on even streams.
        config: The ports and limits of the association.
        random_bytes: Gives tags, sequence numbers and the cookie key.
        trace: Where decisions are recorded.
        report: Takes what happens.
        signalled: The INIT chunks, if both ends announced them.

    Attributes:
        awaits_acknowledgement: Whether data is on its way, as of the last :meth:`poll_packets`.
        is_drained: The last :meth:`poll_packets` took everything that may be sent now, and what
            came of it calls for no more.
        is_started: Whether :meth:`start` was called.
        state: The state of the SCTP transport (webrtc-pc 6.1).
    """

    __slots__ = (
        "_association",
        "_channels",
        "_is_client",
        "_name",
        "_report",
        "_trace",
        "awaits_acknowledgement",
        "is_drained",
        "is_started",
        "state",
    )

    def __init__(
        self,
        name: str,
        config: SctpConfig,
        random_bytes: RandomBytes,
        trace: Trace,
        report: Report,
        *,
        is_client: bool,
        signalled: SignalledInits | None = None,
    ) -> None:
        self.state = _CONNECTING
        self._name = name
        self._trace = trace
        self._association = Association(config, random_bytes, trace, signalled)
        self._channels = ChannelSet(is_client=is_client, trace=trace)
        self._is_client = is_client
        self._report = report
        self.is_started = False
        self.awaits_acknowledgement = False
        self.is_drained = True

    # --- the transport below ------------------------------------------------------------------

    def start(self, now: float) -> None:
        """DTLS is connected: set the association up. Idempotent.

        The DTLS server was the first to be connected, and its INIT is close behind.
        """
        if not self.is_started:
            self.is_started = True
            self._association.start(now, after_peer=self._is_client)

    def lose_transport(self, text: str, *, failed: bool, now: float) -> None:
        """DTLS is gone, and with it whatever it carried."""
        if self.state is not _CLOSED:
            self._association.abort(now)  # nobody hears it any more, but its timers end
            self._association.poll_events()
            self._end(text, now, failed=failed)

    def path_changed(self, now: float) -> None:
        """The path works again, or is another: retransmit without waiting for old timers."""
        if self.is_started:
            self._association.path_changed(now)

    def abort(self, now: float) -> None:
        """Tell the peer that the association ends; the packet is in the next poll."""
        self._association.abort(now)

    # --- channels -----------------------------------------------------------------------------

    def open_channel(
        self,
        parameters: ChannelParameters,
        now: float,
        stream_id: int | None = None,
        taken: Container[int] = (),
    ) -> int:
        """Open a channel; returns its stream, which is none of ``taken``.

        A channel of an association that has ended is closed at once.

        Raises:
            OperationError: The stream is in use, or none is free.
        """
        channel = self._channels.open(parameters, now, stream_id=stream_id, taken=taken)
        self._weigh(channel.stream_id, parameters)
        if self.state is _CLOSED:
            self._channels.end("the association has ended", now)
        self._carry_out(now)
        return channel.stream_id

    def send(self, stream_id: int, data: bytes, text: bool, now: float) -> None:
        """Queue a message, or lose it if the channel has begun to close.

        The application may not know yet: what tells it is a task that waits for its turn.
        """
        channel = self._channels.sending(stream_id)
        if channel is None:
            self._trace.count("message-for-closed-channel")
            return
        ppid, payload = encode_content(data, text=text)
        try:
            self._association.send(
                stream_id,
                ppid,
                payload,
                now,
                ordered=channel.ordered,
                max_retransmits=channel.max_retransmits,
                max_lifetime_s=channel.max_lifetime_s,
                counted=data != b"",
            )
        except _REFUSALS:
            self._trace.count("sctp-message-refused")

    def close_channel(self, stream_id: int, now: float) -> None:
        """Close a channel after everything queued on it has been sent."""
        self._channels.close(stream_id, now)
        self._carry_out(now)

    # --- packets ------------------------------------------------------------------------------

    def receive(self, packets: list[bytes], now: float) -> None:
        """Take a batch of SCTP packets."""
        self._association.receive(packets, now)
        self._take_events(now)

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        self._association.handle_timeout(now)
        self._take_events(now)

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` has something to do."""
        return self._association.next_timeout()

    def poll_packets(self, now: float) -> list[bytes]:
        """The packets to seal and send, a bounded batch at a time."""
        packets = self._association.poll_packets(now)
        self.is_drained = len(packets) < MAX_POLL_PACKETS
        self.awaits_acknowledgement = self._association.awaits_acknowledgement
        if packets or self._association.has_events:
            self._take_events(now)
        return packets

    # --- between channels and association -----------------------------------------------------

    def _carry_out(self, now: float) -> None:
        """Give SCTP what the channels want sent and reset, then see what they report."""
        channels = self._channels
        if channels.messages or channels.resets:
            self.is_drained = False
            for message in channels.poll_messages():
                self._send(message, now)
            for stream_id in channels.poll_resets():
                self._association.reset_stream(stream_id)
        if channels.events:
            self._report_channels()

    def _report_channels(self) -> None:
        for event in self._channels.poll_events():
            if isinstance(event, MessagesArrived):
                self._report.events.append(event)
            elif isinstance(event, ChannelStateChanged):
                self._on_channel_moved(event)
            else:
                self._weigh(event.stream_id, event.parameters)
                self._report.events.append(event)

    def _weigh(self, stream_id: int, parameters: ChannelParameters) -> None:
        """Weigh a channel by its priority, which on the wire may be 0."""
        self._association.weigh_stream(stream_id, max(parameters.priority, 1))

    def _send(self, message: OutgoingMessage, now: float) -> None:
        try:
            self._association.send(
                message.stream_id, message.ppid, message.data, now, counted=False
            )
        except _REFUSALS:
            self._trace.count("sctp-message-refused")

    def _on_channel_moved(self, event: ChannelStateChanged) -> None:
        change = event.change
        if change.new == _CHANNEL_CLOSED:
            self._report.events.append(ChannelClosed(event.stream_id))
        elif change.new == _CHANNEL_CLOSING:
            self._report.events.append(ChannelClosing(event.stream_id))

    def _take_events(self, now: float) -> None:
        """Bring what the association reports to the channels."""
        channels = self._channels
        for event in self._association.poll_events():
            match event:
                case MessagesReceived():
                    channels.receive(event.messages, now)
                case BufferReleased():
                    self._report.events.append(event)
                case StreamsReset():
                    for stream_id in event.stream_ids:
                        channels.receive_reset(stream_id, now, by_remote=event.by_remote)
                case StreamResetFailed():
                    for stream_id in event.stream_ids:
                        channels.receive_reset_failure(stream_id, now)
                case AssociationEstablished():
                    self._establish(event, now)
                case AssociationClosed():
                    self._on_closed(event, now)
        if channels.messages or channels.resets:
            self._carry_out(now)
        elif channels.events:
            self._report_channels()

    def _establish(self, event: AssociationEstablished, now: float) -> None:
        count = min(event.outbound_streams, event.inbound_streams)
        self._channels.limit_streams(count, now)
        text = "the SCTP association is established"
        evidence = (("streams", count), ("interleaving", event.interleaving))
        reason = Reason("established", "webrtc-pc RTCSctpTransportState", text, evidence)
        change = self._move(_CONNECTED, reason, now)
        self._report.events.append(SctpChanged(change, max_channels=count))

    def _on_closed(self, event: AssociationClosed, now: float) -> None:
        self._report_channels()  # what came before the end counts
        failed = event.cause not in _GRACEFUL
        goodbye = _GOODBYES.get(event.cause)
        if goodbye is not None:
            self._report.add_goodbye(goodbye)
        self._end(event.text, now, failed=failed, cause_code=event.code)

    def _end(self, text: str, now: float, *, failed: bool, cause_code: int | None = None) -> None:
        """The association is gone: so are all channels."""
        if self.state is _CLOSED:
            return
        reason = Reason(
            "failed" if failed else "ended",
            "webrtc-pc RTCSctpTransportState",
            text,
            (("cause_code", cause_code),),
        )
        change = self._move(_CLOSED, reason, now)
        self._report.events.append(SctpChanged(change, failed=failed, cause_code=cause_code))
        ending = tuple(channel.stream_id for channel in self._channels.channels)
        self._channels.end(text, now)
        self._channels.poll_events()
        self._report.events += [ChannelClosed(each, failed, cause_code) for each in ending]

    def _move(self, state: RTCSctpTransportState, reason: Reason, now: float) -> StateChange:
        old, self.state = self.state, state
        change = StateChange(now, f"sctp-transport {self._name}", old, state, reason)
        self._trace.record_change("sctp", "state", change)
        return change
