"""What all parts of an association share: its state, what it says to the peer and to the caller."""

from collections.abc import Callable
from typing import Final

from frazil.sctp.cause import CauseCode, encode_cause
from frazil.sctp.chunk import REFLECTED_TAG, ChunkType, encode_chunk
from frazil.sctp.config import SctpConfig
from frazil.sctp.event import (
    AssociationCloseCause,
    AssociationClosed,
    MessagesReceived,
    SctpEvent,
    UserMessage,
)
from frazil.sctp.packet import HEADER_SIZE, Envelope
from frazil.sctp.state import (
    ACCEPTS_MESSAGES,
    RECEIVES_DATA,
    SENDS_DATA,
    TRANSITIONS,
    AssociationState,
    StateCause,
)
from frazil.trace import Trace

MAX_CONTROL_CHUNKS: Final = 64
"""Control chunks that wait for a packet. Answers beyond this are not given: the peer asks again."""


class Link:
    """The state of an association, with queues for events, control chunks and finished packets.

    Attributes:
        state: Moved by :meth:`move` only.
        accepts_messages: Whether user messages may be queued in this state.
        ended: Whether the association is over for good.
        sends_data: Whether user data may be transmitted in this state.
        receives_data: Whether user data is accepted in this state.
        local_tag: The verification tag the peer puts on its packets.
        remote_tag: The tag we put on ours; zero until the peer's is known.
        control: Encoded chunks to bundle into the next packets.
        packets: Packets that are complete.
        events: What the caller has not fetched yet.
        messages: What has arrived since the last of them. The list is never replaced.
        errors: Timeouts in a row without a sign of life (RFC 9260 section 8.1).
    """

    __slots__ = (
        "_config",
        "_on_end",
        "_trace",
        "accepts_messages",
        "control",
        "ended",
        "envelope",
        "errors",
        "events",
        "local_tag",
        "messages",
        "packets",
        "receives_data",
        "remote_tag",
        "sends_data",
        "state",
    )

    def __init__(
        self, config: SctpConfig, local_tag: int, trace: Trace, on_end: Callable[[], None]
    ) -> None:
        self._config = config
        self._trace = trace
        self._on_end = on_end
        self.envelope = Envelope(config.local_port, config.remote_port, local_tag)
        self.local_tag = local_tag
        self.remote_tag = 0
        self.state = AssociationState.CLOSED
        self.ended = False
        self.accepts_messages = True
        self.sends_data = False
        self.receives_data = False
        self.control: list[bytes] = []  # few: a deque would weigh more
        self.packets: list[bytes] = []
        self.messages: list[UserMessage] = []
        self.events: list[SctpEvent] = []
        self.errors = 0

    def address(self, remote_tag: int) -> None:
        """Put the peer's verification tag on all further packets."""
        self.remote_tag = remote_tag
        self.envelope.address(remote_tag)

    def move(self, cause: StateCause, now: float) -> None:
        """Change the state as the table says.

        Raises:
            KeyError: The table has no such edge: a defect of the caller.
        """
        old = self.state
        self.state, rule = TRANSITIONS[old, cause]
        self.accepts_messages = self.state in ACCEPTS_MESSAGES
        self.sends_data = self.state in SENDS_DATA
        self.receives_data = self.state in RECEIVES_DATA
        self._trace.record(
            now, "sctp", "association", old=old, new=self.state, cause=cause, rule=rule
        )

    def record(self, now: float, event: str, **facts: str | int | float | bool | None) -> None:
        """Write a decision into the trace."""
        self._trace.record(now, "sctp", event, **facts)

    def count(self, name: str) -> None:
        """Count one input that was dropped."""
        self._trace.count(name)

    def report(self, event: SctpEvent) -> None:
        """Tell the caller of something that happened after the messages that have arrived."""
        self.events = [*self.take_events(), event]

    def take_events(self) -> list[SctpEvent]:
        """What the caller has not fetched yet, in order."""
        events, self.events = self.events, []
        if self.messages:
            events.append(MessagesReceived(self.messages.copy()))
            self.messages.clear()
        return events

    def queue(self, chunk: bytes) -> None:
        """Bundle a control chunk into the next packet; one that fits no packet is not sent."""
        if len(self.control) < MAX_CONTROL_CHUNKS and len(chunk) <= self._config.mtu - HEADER_SIZE:
            self.control.append(chunk)
        else:
            self.count("sctp-control-overflow")

    def send_alone(self, chunk: bytes, tag: int | None = None) -> None:
        """Send a chunk that must not be bundled, with the peer's tag or another one."""
        envelope = self.envelope
        self.packets.append(
            envelope.seal(chunk) if tag is None else envelope.seal_with_tag(tag, chunk)
        )

    def reflect(self, type_: ChunkType) -> None:
        """Answer a packet that reached no association, with its own tag (RFC 9260 section 8.4)."""
        self.send_alone(encode_chunk(type_, flags=REFLECTED_TAG), self.local_tag)

    def sign_of_life(self) -> None:
        """The peer answered something."""
        self.errors = 0

    def count_error(self, now: float) -> None:
        """The peer did not answer in time; the association ends when that was often enough."""
        self.errors += 1
        limit = self._config.max_retransmits
        if limit is not None and self.errors > limit:
            self.time_out(f"the peer did not answer {self.errors} times in a row", now)

    def time_out(self, text: str, now: float) -> None:
        """End because the peer is silent; it is told in case it can hear."""
        cause = encode_cause(CauseCode.PROTOCOL_VIOLATION, text.encode())
        self.abort(AssociationCloseCause.TIMED_OUT, cause, text, now)

    def violation(self, code: CauseCode, text: str, now: float) -> None:
        """End because the peer broke the protocol."""
        information = text.encode() if code is CauseCode.PROTOCOL_VIOLATION else b""
        cause = encode_cause(code, information)
        self.abort(AssociationCloseCause.PROTOCOL_VIOLATION, cause, text, now)

    def abort(
        self, close_cause: AssociationCloseCause, error: bytes, text: str, now: float
    ) -> None:
        """Send ABORT with one error cause, if the peer is known, and end."""
        if self.remote_tag:
            self.send_alone(encode_chunk(ChunkType.ABORT, error))
        self.end(close_cause, int.from_bytes(error[:2], "big"), text, now)

    def end(
        self, close_cause: AssociationCloseCause, code: int | None, text: str, now: float
    ) -> None:
        """The association is over."""
        if self.state is not AssociationState.CLOSED:
            self.move(StateCause.ENDED, now)
        self.ended = True
        self.accepts_messages = self.sends_data = self.receives_data = False
        self.control.clear()
        self.record(now, "closed", cause=close_cause, code=code, text=text)
        self.report(AssociationClosed(close_cause, code, text))
        on_end, self._on_end = self._on_end, _ended_already
        on_end()


def _ended_already() -> None:
    """An association ends once."""
