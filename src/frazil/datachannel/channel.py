"""One channel on one stream."""

from typing import Final

from frazil.datachannel.parameter import ChannelParameters
from frazil.datachannel.state import Cause, channel_machine
from frazil.states.enums import RTCDataChannelState as State
from frazil.trace import StateChange, Trace

_CONNECTING: Final = State.CONNECTING
_OPEN: Final = State.OPEN


class Channel:
    """The state of a channel, and how SCTP is to send its messages.

    Attributes:
        stream_id: Its stream, from 0 to 65534.
        parameters: What the peers agreed on.
        state: Where the channel is on the wire. It starts as ``connecting`` if we proposed it by
            DCEP, and as ``open`` if the peer did or none had to.
        takes_messages: Whether the application may send in this state.
        ordered: Whether messages must not overtake each other. On an unordered channel they do so
            only once the peer is known to know it: they must not overtake the OPEN (RFC 8832 6).
        max_retransmits: How often one may be repeated; ``None`` for no limit.
        max_lifetime_s: For how long one may be transmitted; ``None`` for no limit.
    """

    __slots__ = (
        "_machine",
        "max_lifetime_s",
        "max_retransmits",
        "ordered",
        "parameters",
        "state",
        "stream_id",
        "takes_messages",
    )

    def __init__(
        self, stream_id: int, parameters: ChannelParameters, state: State, trace: Trace
    ) -> None:
        self.stream_id = stream_id
        self.parameters = parameters
        self.max_retransmits = parameters.max_retransmits
        self.max_lifetime_s = parameters.max_lifetime_s
        self._machine = channel_machine(stream_id, state, trace)
        self._enter(state)

    def move(self, cause: Cause, text: str, now: float) -> StateChange:
        """Follow the edge of ``cause``; returns the change."""
        change = self._machine.move(cause, text, now)
        self._enter(self._machine.state)
        return change

    def _enter(self, state: State) -> None:
        self.state = state
        self.takes_messages = state is _OPEN or state is _CONNECTING
        self.ordered = self.parameters.ordered or state is _CONNECTING
