"""One channel on one stream."""

from frazil.datachannel.event import OutgoingMessage
from frazil.datachannel.parameter import ChannelParameters
from frazil.datachannel.ppid import ppid_of
from frazil.datachannel.state import Cause, channel_machine
from frazil.errors import InvalidStateError
from frazil.states.enums import RTCDataChannelState as State
from frazil.trace import StateChange, Trace


class Channel:
    """The state of a channel, and how its messages are to be sent.

    Attributes:
        stream_id: Its stream, from 0 to 65534.
        parameters: What the peers agreed on.
    """

    __slots__ = ("_machine", "_max_lifetime_s", "parameters", "stream_id")

    def __init__(
        self, stream_id: int, parameters: ChannelParameters, state: State, trace: Trace
    ) -> None:
        self.stream_id = stream_id
        self.parameters = parameters
        self._machine = channel_machine(stream_id, state, trace)
        self._max_lifetime_s = parameters.max_lifetime_s

    @property
    def state(self) -> State:
        """Where the channel is on the wire.

        It starts as ``connecting`` if we proposed it by DCEP, and as ``open`` if the peer did or
        none had to.
        """
        return self._machine.state

    def compose(self, data: bytes, *, text: bool) -> OutgoingMessage:
        """The SCTP message that carries ``data``.

        Messages of an unordered channel go in order as long as the peer may not know the channel:
        they must not overtake the OPEN (RFC 8832 6).

        Raises:
            InvalidStateError: The channel is closing or closed.
        """
        state, parameters = self._machine.state, self.parameters
        if state is not State.OPEN and state is not State.CONNECTING:
            raise InvalidStateError(f"the channel is {state}")
        return OutgoingMessage(
            self.stream_id,
            ppid_of(data, text=text),
            data or b"\0",
            parameters.ordered or state is State.CONNECTING,
            parameters.max_retransmits,
            self._max_lifetime_s,
        )

    def move(self, cause: Cause, text: str, now: float) -> StateChange:
        """Follow the edge of ``cause``; returns the change."""
        return self._machine.move(cause, text, now)
