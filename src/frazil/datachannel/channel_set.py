"""All channels of one association: who has which stream, how channels come and how they go."""

from collections.abc import Container
from dataclasses import dataclass
from itertools import chain
from typing import Final

from frazil.datachannel.channel import Channel
from frazil.datachannel.dcep import ACK, DcepDecodeError, decode, encode_open
from frazil.datachannel.event import (
    ChannelAnnounced,
    ChannelEvent,
    ChannelMessage,
    ChannelStateChanged,
    MessagesArrived,
    OutgoingMessage,
)
from frazil.datachannel.held import (
    MAX_HELD_MESSAGES,
    MAX_HELD_SIZE,
    MAX_WAITING_MESSAGES,
    MAX_WAITING_SIZE,
    HeldMessages,
)
from frazil.datachannel.parameter import ChannelParameters
from frazil.datachannel.ppid import BINARY_PPIDS, EMPTY_PPIDS, TEXT_PPIDS, Ppid
from frazil.datachannel.state import Cause
from frazil.errors import OperationError
from frazil.states.enums import RTCDataChannelState as State
from frazil.trace import Trace

MAX_STREAMS: Final = 65535
"""Stream 65535 does not exist (RFC 8831 6.2)."""
COMMON_STREAMS: Final = 1024
"""Streams below this come first: libwebrtc of some age has no others, though it says so."""
MAX_CHANNELS: Final = 4096
"""With so many channels around, further ones from the peer are refused."""
MAX_NAMES_SIZE: Final = 1 << 22
"""So are they beyond this many characters in the labels and protocols of all channels."""
_TRACED_LABEL_SIZE: Final = 64
_DCEP: Final = int(Ppid.DCEP)
_STRING: Final = int(Ppid.STRING)
_BINARY: Final = int(Ppid.BINARY)
_OPEN: Final = State.OPEN
_CONNECTING: Final = State.CONNECTING


@dataclass(slots=True)
class _Closure:
    """How far the two resets that close a channel have come (RFC 8831 6.7).

    To the peer the channel is closed when it has answered our reset. Until the answer is here, what
    comes behind its own reset belongs to the next channel on the stream, and has to wait.

    Attributes:
        is_next_reset: Whether the peer has reset the stream of the next channel, too.
        is_next_refused: Whether there was no room for all that came for the next channel. Nobody
            sends it again, and a reliable channel must not have a hole.
    """

    is_ours_confirmed: bool = False
    is_theirs_received: bool = False
    is_next_reset: bool = False
    is_next_refused: bool = False


class ChannelSet:
    """Opens, finds and closes channels over an SCTP association that somebody else drives.

    After every call the caller hands :meth:`poll_messages` to SCTP, then asks it to reset the
    streams of :meth:`poll_resets` behind them, then looks at :meth:`poll_events`. What is empty
    need not be polled. What the application sends does not come through here: :meth:`sending` says
    how SCTP is to send it.

    Args:
        is_client: Whether we are the DTLS client. Clients open channels on even streams and servers
            on odd ones, so that the two never collide (RFC 8832 6).
        trace: Where decisions are recorded and bad input is counted.

    Attributes:
        messages: What :meth:`poll_messages` will return.
        resets: What :meth:`poll_resets` will return.
        events: What :meth:`poll_events` will return.
    """

    __slots__ = (
        "_channels",
        "_closures",
        "_held",
        "_names_size",
        "_next_stream",
        "_parity",
        "_retired",
        "_stream_limit",
        "_trace",
        "_waiting",
        "events",
        "messages",
        "resets",
    )

    def __init__(self, *, is_client: bool, trace: Trace) -> None:
        self._parity = self._next_stream = 0 if is_client else 1
        self._trace = trace
        self._stream_limit = MAX_STREAMS
        self._channels: dict[int, Channel] = {}
        self._closures: dict[int, _Closure] = {}
        self._retired: dict[int, None] = {}
        self._names_size = 0
        self._held = HeldMessages(MAX_HELD_MESSAGES, MAX_HELD_SIZE)
        self._waiting = HeldMessages(MAX_WAITING_MESSAGES, MAX_WAITING_SIZE)
        self.messages: list[OutgoingMessage] = []
        self.resets: list[int] = []
        self.events: list[ChannelEvent] = []

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that are not closed, oldest first."""
        return tuple(self._channels.values())

    # Commands.

    def open(
        self,
        parameters: ChannelParameters,
        now: float,
        *,
        stream_id: int | None = None,
        taken: Container[int] = (),
    ) -> Channel:
        """Open a channel; messages may be sent on it at once.

        Args:
            parameters: What the channel shall be like.
            now: The instant.
            stream_id: Its stream. A negotiated channel needs it; others get a free one of ours.
            taken: Streams that are not to be chosen, though they are free.

        Raises:
            TypeError: A negotiated channel without a stream, another with one.
            OperationError: The stream is in use or beyond the limit, or none is free.
        """
        if parameters.negotiated != (stream_id is not None):
            raise TypeError("a stream is given for negotiated channels, and for those only")
        if stream_id is None:
            stream_id = self._free_stream(taken)
        elif self._is_used(stream_id) or not 0 <= stream_id < self._stream_limit:
            raise OperationError(f"stream {stream_id} is in use or does not exist")
        if parameters.negotiated:
            channel = self._add(stream_id, parameters, State.OPEN, now)
            self.receive(self._held.release(stream_id), now)
        else:
            channel = self._add(stream_id, parameters, State.CONNECTING, now)
            self.messages.append(OutgoingMessage(stream_id, Ppid.DCEP, encode_open(parameters)))
        return channel

    def sending(self, stream_id: int) -> Channel | None:
        """The channel on a stream, if the application may send on it."""
        channel = self._channels.get(stream_id)
        return channel if channel is not None and channel.takes_messages else None

    def close(self, stream_id: int, now: float) -> None:
        """Close a channel once everything queued on it was sent. Idempotent."""
        channel = self._channels.get(stream_id)
        if channel is not None and stream_id not in self._closures:
            self._move(channel, Cause.CLOSE, "the application closed the channel", now)
            self._begin_closure(stream_id)

    def limit_streams(self, count: int, now: float) -> None:
        """The association has ``count`` streams: channels beyond are closed, and none opened."""
        self._stream_limit = min(count, MAX_STREAMS)
        text = f"the association has {count} streams only"
        for channel in self.channels:
            if channel.stream_id >= count:
                self._drop(channel, Cause.OUT_OF_STREAMS, text, now)

    def end(self, text: str, now: float) -> None:
        """The association is gone, for the reason in ``text``: close every channel at once."""
        for channel in self.channels:
            self._drop(channel, Cause.ASSOCIATION_ENDED, text, now)
        self._closures.clear()
        self._held.clear()
        self._waiting.clear()
        self.messages.clear()
        self.resets.clear()

    # What SCTP reports.

    def receive(self, messages: list[tuple[int, int, bytes]], now: float) -> None:
        """Process user messages: of each its stream, its identifier and its data.

        Never raises on their content.
        """
        arrived: list[ChannelMessage] | None = None  # one event for what has nothing in between
        for stream_id, ppid, data in messages:
            channel = self._channels.get(stream_id)
            is_text = ppid == _STRING
            if channel is None or channel.state is not _OPEN or not (is_text or ppid == _BINARY):
                arrived = None
                self._receive_other(channel, stream_id, ppid, data, now)
                continue
            if arrived is None:
                arrived = []
                self.events.append(MessagesArrived(arrived))
            arrived.append((stream_id, data, is_text))

    def _receive_other(
        self, channel: Channel | None, stream_id: int, ppid: int, data: bytes, now: float
    ) -> None:
        """Process what is more than a message with content on a channel that is open."""
        closure = self._closures.get(stream_id)
        if closure is not None and closure.is_theirs_received:
            self._let_wait(closure, stream_id, ppid, data)
            return
        if ppid == _DCEP:
            self._receive_dcep(stream_id, data, now)
            return
        if channel is None:
            self._hold(stream_id, ppid, data)
            return
        is_text = ppid in TEXT_PPIDS
        if not is_text and ppid not in BINARY_PPIDS:
            self._trace.count("datachannel-ppid-unknown")
            return
        if channel.state is _CONNECTING:
            self._confirm(channel, now)
        if channel.state is _OPEN:
            content = b"" if ppid in EMPTY_PPIDS else data
            self.events.append(MessagesArrived([(stream_id, content, is_text)]))

    def _hold(self, stream_id: int, ppid: int, data: bytes) -> None:
        """Keep a message for the channel to come, if one can come and there is room.

        On a stream that closes none can before the peer's reset: it is of a channel we refused.
        """
        can_come = stream_id not in self._closures and stream_id not in self._retired
        if not can_come or not self._held.hold(stream_id, ppid, data):
            self._trace.count("datachannel-message-unexpected")

    def _let_wait(self, closure: _Closure, stream_id: int, ppid: int, data: bytes) -> None:
        """Keep a message for the next channel on a stream that closes, or give that channel up."""
        if closure.is_next_refused or not self._waiting.hold(stream_id, ppid, data):
            closure.is_next_refused = True
            self._waiting.release(stream_id)
            self._trace.count("datachannel-waiting-overflow")

    def receive_reset(self, stream_id: int, now: float, *, by_remote: bool) -> None:
        """A stream was reset: its incoming side by the peer, or its outgoing side as we asked.

        The peer's reset of a channel begins its closing; it is answered by our own.
        """
        closure = self._closures.get(stream_id)
        if by_remote:
            if closure is None:
                closure = self._close_by_remote(stream_id, now)
            closure.is_next_reset = closure.is_theirs_received
            closure.is_theirs_received = True
        elif closure is not None:
            closure.is_ours_confirmed = True
        if closure is not None and closure.is_ours_confirmed and closure.is_theirs_received:
            self._finish_closure(stream_id, closure, now)

    def _close_by_remote(self, stream_id: int, now: float) -> _Closure:
        self._held.release(stream_id)
        if (channel := self._channels.get(stream_id)) is not None:
            self._move(channel, Cause.RESET_BY_REMOTE, "the peer closed the channel", now)
        return self._begin_closure(stream_id)

    def _finish_closure(self, stream_id: int, closure: _Closure, now: float) -> None:
        """Let the channel go, and take what has come for the next one on the stream meanwhile."""
        del self._closures[stream_id]
        if (channel := self._channels.get(stream_id)) is not None:
            text = "both directions of the stream were reset"
            self._drop(channel, Cause.RESET_BOTH_WAYS, text, now)
        self.receive(self._waiting.release(stream_id), now)
        if closure.is_next_refused:
            self._refuse(stream_id)
        if closure.is_next_reset:
            self.receive_reset(stream_id, now, by_remote=True)

    def receive_reset_failure(self, stream_id: int, now: float) -> None:
        """The peer will not see our side of the stream reset: the stream is lost for good."""
        if self._closures.pop(stream_id, None) is None:
            return
        self._retired[stream_id] = None
        self._waiting.release(stream_id)
        if (channel := self._channels.get(stream_id)) is not None:
            text = "the peer refused to reset the stream"
            self._drop(channel, Cause.RESET_REFUSED, text, now)

    # What comes out.

    def poll_messages(self) -> list[OutgoingMessage]:
        """The messages to send, in order."""
        messages, self.messages = self.messages, []
        return messages

    def poll_resets(self) -> list[int]:
        """The streams whose outgoing side to reset behind everything sent on them."""
        resets, self.resets = self.resets, []
        return resets

    def poll_events(self) -> list[ChannelEvent]:
        """What happened since the last call."""
        events, self.events = self.events, []
        return events

    # DCEP.

    def _receive_dcep(self, stream_id: int, data: bytes, now: float) -> None:
        try:
            parameters = decode(data)
        except DcepDecodeError:
            self._trace.count("datachannel-dcep-malformed")
            self._refuse(stream_id)
            return
        channel = self._channels.get(stream_id)
        if parameters is not None:
            self._receive_open(stream_id, parameters, now)
        elif channel is not None and channel.state is State.CONNECTING:
            self._confirm(channel, now)
        else:
            self._trace.count("datachannel-ack-unexpected")

    def _receive_open(self, stream_id: int, parameters: ChannelParameters, now: float) -> None:
        """Accept a channel of the peer, or close its stream without an ACK (RFC 8832 6)."""
        channel = self._channels.get(stream_id)
        if channel is not None and stream_id not in self._closures:
            self._trace.count("datachannel-open-unexpected")
            text = "the peer opened another channel on the stream"
            self._move(channel, Cause.OPENED_TWICE, text, now)
            self._begin_closure(stream_id)
        elif self._is_acceptable(stream_id, parameters):
            self.messages.append(OutgoingMessage(stream_id, Ppid.DCEP, ACK))
            self.events.append(ChannelAnnounced(stream_id, parameters))
            self._add(stream_id, parameters, State.OPEN, now)
            self.receive(self._held.release(stream_id), now)
        else:
            self._trace.count("datachannel-open-unexpected")
            self._refuse(stream_id)

    def _is_acceptable(self, stream_id: int, parameters: ChannelParameters) -> bool:
        """Whether the peer may open such a channel on the stream."""
        return (
            stream_id % 2 != self._parity
            and stream_id < self._stream_limit
            and len(self._channels) < MAX_CHANNELS
            and self._names_size + parameters.names_size <= MAX_NAMES_SIZE
            and not self._is_used(stream_id)
        )

    # Channels.

    def _free_stream(self, taken: Container[int]) -> int:
        """The next free one behind that of the last channel.

        So a stream is used again as late as can be. If our answer to the peer's reset was lost, the
        peer takes the repeated one for the end of whatever is on the stream by then. But those that
        not every peer has come last.
        """
        first, limit = self._next_stream, self._stream_limit
        common = min(COMMON_STREAMS, limit)
        other = COMMON_STREAMS + self._parity
        for stream_id in chain(
            range(first, common, 2),
            range(self._parity, common, 2),
            range(max(first, other), limit, 2),
            range(other, limit, 2),
        ):
            if not self._is_used(stream_id) and stream_id not in taken:
                self._next_stream = stream_id + 2
                return stream_id
        raise OperationError("no stream is free")

    def _is_used(self, stream_id: int) -> bool:
        return (
            stream_id in self._channels or stream_id in self._closures or stream_id in self._retired
        )

    def _add(
        self, stream_id: int, parameters: ChannelParameters, state: State, now: float
    ) -> Channel:
        channel = Channel(stream_id, parameters, state, self._trace)
        self._channels[stream_id] = channel
        self._names_size += parameters.names_size
        label = parameters.label[:_TRACED_LABEL_SIZE]
        self._trace.record(
            now, "datachannel", "added", stream_id=stream_id, state=state, label=label
        )
        return channel

    def _confirm(self, channel: Channel, now: float) -> None:
        self._move(channel, Cause.CONFIRMED, "the peer knows the channel", now)

    def _move(self, channel: Channel, cause: Cause, text: str, now: float) -> None:
        change = channel.move(cause, text, now)
        self.events.append(ChannelStateChanged(channel.stream_id, change))

    def _drop(self, channel: Channel, cause: Cause, text: str, now: float) -> None:
        """Close a channel for good and forget it."""
        self._move(channel, cause, text, now)
        del self._channels[channel.stream_id]
        self._names_size -= channel.parameters.names_size
        self._closures.pop(channel.stream_id, None)

    def _begin_closure(self, stream_id: int) -> _Closure:
        self.resets.append(stream_id)
        closure = self._closures[stream_id] = _Closure()
        return closure

    def _refuse(self, stream_id: int) -> None:
        """Close a stream on which there is no channel, so that the peer's side of it ends."""
        if not self._is_used(stream_id):
            self._held.release(stream_id)
            self._begin_closure(stream_id)
