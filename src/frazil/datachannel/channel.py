"""One channel on one stream."""

from typing import Final

from frazil.datachannel.event import OutgoingMessage
from frazil.datachannel.parameter import ChannelParameters
from frazil.datachannel.ppid import ppid_of
from frazil.datachannel.state import Cause, channel_machine
from frazil.errors import InvalidStateError
from frazil.states.enums import RTCDataChannelState as State
from frazil.trace import StateChange, Trace

_OPEN: Final = State.OPEN
_CONNECTING: Final = State.CONNECTING


class Channel:
    """The state of a channel, and how its messages are to be sent.

    Attributes:
        stream_id: Its stream, from 0 to 65534.
        parameters: What the peers agreed on.
        state: Where the channel is on the wire. It starts as ``connecting`` if we proposed it by
            DCEP, and as ``open`` if the peer did or none had to.
    """

    __slots__ = ("_machine", "_max_lifetime_s", "parameters", "state", "stream_id")

    def __init__(
        self, stream_id: int, parameters: ChannelParameters, state: State, trace: Trace
    ) -> None:
        self.stream_id = stream_id
        self.parameters = parameters
        self.state = state
        self._machine = channel_machine(stream_id, state, trace)
        self._max_lifetime_s = parameters.max_lifetime_s

    def compose(self, data: bytes, *, text: bool) -> OutgoingMessage:
        """The SCTP message that carries ``data``.

        Messages of an unordered channel go in order as long as the peer may not know the channel:
        they must not overtake the OPEN (RFC 8832 6).

        Raises:
            InvalidStateError: The channel is closing or closed.
        """
        state, parameters = self.state, self.parameters
        if state is not _OPEN and state is not _CONNECTING:
            raise InvalidStateError(f"the channel is {state}")
        return OutgoingMessage(
            self.stream_id,
            ppid_of(data, text=text),
            data or b"\0",
            parameters.ordered or state is _CONNECTING,
            parameters.max_retransmits,
            self._max_lifetime_s,
            bool(data),
        )

    def move(self, cause: Cause, text: str, now: float) -> StateChange:
        """Follow the edge of ``cause``; returns the change."""
        change = self._machine.move(cause, text, now)
        self.state = self._machine.state
        return change
