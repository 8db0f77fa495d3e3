"""Takes every chunk that is neither user data nor SACK, and says what was wrong with data."""

from collections.abc import Callable
from typing import Final, TypeAlias

from frazil.sctp.cause import CauseCode, describe_causes, encode_cause
from frazil.sctp.chunk import (
    REFLECTED_TAG,
    ChunkType,
    decode_forward_tsn,
    encode_chunk,
)
from frazil.sctp.event import AssociationCloseCause
from frazil.sctp.handshake import Handshake
from frazil.sctp.heartbeat import Heartbeat
from frazil.sctp.inbound import DataProblem, Inbound
from frazil.sctp.link import Link
from frazil.sctp.outbound import Outbound
from frazil.sctp.reset import StreamReset
from frazil.sctp.shutdown import Shutdown
from frazil.sctp.state import AssociationState

_REPORT: Final = 0x40
_SKIP: Final = 0x80
_CAUSE_CODES: Final = frozenset(CauseCode)
_BEFORE_ESTABLISHED: Final = frozenset({AssociationState.CLOSED, AssociationState.COOKIE_WAIT})

_Handler: TypeAlias = Callable[["Control", int, bytes, float], None]


class Control:
    """Hands each control chunk to the part of the association it concerns.

    Handlers take flags, value and time, and may raise ``ChunkError``.
    """

    __slots__ = (
        "_handshake",
        "_heartbeat",
        "_inbound",
        "_link",
        "_outbound",
        "_reset",
        "_shutdown",
    )

    def __init__(
        self,
        link: Link,
        outbound: Outbound,
        inbound: Inbound,
        handshake: Handshake,
        heartbeat: Heartbeat,
        reset: StreamReset,
        shutdown: Shutdown,
    ) -> None:
        self._link = link
        self._outbound = outbound
        self._inbound = inbound
        self._handshake = handshake
        self._heartbeat = heartbeat
        self._reset = reset
        self._shutdown = shutdown

    def receive(self, type_: int, flags: int, chunk: bytes, now: float) -> bool:
        """Take one chunk, given whole; False if the rest of the packet must be ignored.

        Raises:
            ChunkError: The chunk is malformed.
        """
        if type_ == ChunkType.COOKIE_ECHO:
            return self._handshake.receive_cookie_echo(chunk[4:], self._link.local_tag, now)
        handler = _HANDLERS.get(type_)
        if handler is None:
            return self._receive_unknown(type_, chunk)
        handler(self, flags, chunk[4:], now)
        return True

    def _receive_unknown(self, type_: int, chunk: bytes) -> bool:
        """The two highest bits of the type say what to do (RFC 9260 section 3.2)."""
        self._link.count("sctp-unknown-chunk")
        if type_ & _REPORT:
            self._report(CauseCode.UNRECOGNIZED_CHUNK_TYPE, chunk)
        return bool(type_ & _SKIP)

    def _report(self, code: CauseCode, information: bytes) -> None:
        self._link.queue(encode_chunk(ChunkType.ERROR, encode_cause(code, information)))

    def receive_problem(self, problem: DataProblem, chunk: bytes, now: float) -> None:
        """The user data of this chunk could not be taken."""
        link = self._link
        match problem:
            case DataProblem.EMPTY:
                link.violation(CauseCode.NO_USER_DATA, "DATA without user data", now)
            case DataProblem.OVERRUN:
                text = "a message exceeds the receive window"
                link.violation(CauseCode.OUT_OF_RESOURCE, text, now)
            case DataProblem.INVALID_STREAM:
                stream_id = chunk[8:10]
                self._report(CauseCode.INVALID_STREAM_IDENTIFIER, stream_id + b"\0\0")
            case DataProblem.CUT_OFF:
                link.count("sctp-malformed")
            case DataProblem.NO_ROOM:
                link.count("sctp-no-room")
            case DataProblem.REDUNDANT:
                link.count("sctp-duplicate")

    def _receive_wrong_data(self, _flags: int, _value: bytes, now: float) -> None:
        """User data in a state that takes none, or in the form that was not agreed on."""
        link = self._link
        if link.receives_data:
            text = "DATA and I-DATA are mixed (RFC 8260 section 2.2.1)"
            link.violation(CauseCode.PROTOCOL_VIOLATION, text, now)
        else:
            link.count("sctp-unexpected")

    def _receive_bundled_init(self, _flags: int, _value: bytes, _now: float) -> None:
        """INIT comes alone and with tag zero (RFC 9260 section 8.5.1)."""
        self._link.count("sctp-unexpected")

    def _receive_init_ack(self, _flags: int, value: bytes, now: float) -> None:
        self._handshake.receive_init_ack(value, now)

    def _receive_cookie_ack(self, _flags: int, _value: bytes, now: float) -> None:
        self._handshake.receive_cookie_ack(now)

    def _receive_heartbeat(self, _flags: int, value: bytes, now: float) -> None:
        if self._link.state not in _BEFORE_ESTABLISHED:
            self._link.queue(encode_chunk(ChunkType.HEARTBEAT_ACK, value))
            self._heartbeat.heed(now)

    def _receive_heartbeat_ack(self, _flags: int, value: bytes, now: float) -> None:
        self._heartbeat.receive_ack(value, now)

    def _receive_abort(self, flags: int, value: bytes, now: float) -> None:
        """End (RFC 9260 section 8.5.1): our own tag is only right without the T bit."""
        link = self._link
        if flags & REFLECTED_TAG and link.local_tag != link.remote_tag:
            link.count("sctp-tag")
            return
        self.end_by_abort(value, now)

    def end_by_abort(self, value: bytes, now: float) -> None:
        """The peer sent ABORT with these error causes.

        Once we have acknowledged its SHUTDOWN it can only mean that the peer has forgotten us: all
        was delivered both ways, and SHUTDOWN COMPLETE was lost or overtaken.
        """
        if self._link.state is AssociationState.SHUTDOWN_ACK_SENT:
            self._shutdown.receive_complete(now)
        else:
            code, text = describe_causes(value)
            self._link.end(AssociationCloseCause.ABORTED_BY_REMOTE, code, text, now)

    def _receive_shutdown(self, _flags: int, value: bytes, now: float) -> None:
        self._link.sign_of_life()
        self._shutdown.receive(value, now)

    def _receive_shutdown_ack(self, _flags: int, _value: bytes, now: float) -> None:
        self._shutdown.receive_ack(now)

    def _receive_shutdown_complete(self, flags: int, _value: bytes, now: float) -> None:
        if not flags & REFLECTED_TAG:
            self._shutdown.receive_complete(now)

    def _receive_error(self, _flags: int, value: bytes, now: float) -> None:
        code, text = describe_causes(value)
        known = code if code in _CAUSE_CODES else None  # so that there are only so many records
        self._link.record(now, "error-received", code=known, text=text)
        if code == CauseCode.STALE_COOKIE:
            self._handshake.receive_stale_cookie(now)

    def _receive_reconfig(self, _flags: int, value: bytes, now: float) -> None:
        self._handshake.imply_cookie_ack(now)
        if self._link.state not in _BEFORE_ESTABLISHED:
            self._reset.receive(value, now)

    def _receive_forward_tsn(self, _flags: int, value: bytes, now: float) -> None:
        self._receive_forward(value, now, interleaving=False)

    def _receive_i_forward_tsn(self, _flags: int, value: bytes, now: float) -> None:
        self._receive_forward(value, now, interleaving=True)

    def _receive_forward(self, value: bytes, now: float, *, interleaving: bool) -> None:
        link = self._link
        self._handshake.imply_cookie_ack(now)
        if not link.receives_data:
            link.count("sctp-unexpected")
        elif interleaving is not (self._inbound.data_type == ChunkType.I_DATA):
            text = "FORWARD TSN and I-FORWARD-TSN are mixed (RFC 8260 section 2.3.1)"
            link.violation(CauseCode.PROTOCOL_VIOLATION, text, now)
        else:
            self._inbound.receive_forward(decode_forward_tsn(value, interleaving=interleaving))


_HANDLERS: Final[dict[int, _Handler]] = {
    ChunkType.DATA: Control._receive_wrong_data,
    ChunkType.I_DATA: Control._receive_wrong_data,
    ChunkType.INIT: Control._receive_bundled_init,
    ChunkType.INIT_ACK: Control._receive_init_ack,
    ChunkType.HEARTBEAT: Control._receive_heartbeat,
    ChunkType.HEARTBEAT_ACK: Control._receive_heartbeat_ack,
    ChunkType.ABORT: Control._receive_abort,
    ChunkType.SHUTDOWN: Control._receive_shutdown,
    ChunkType.SHUTDOWN_ACK: Control._receive_shutdown_ack,
    ChunkType.ERROR: Control._receive_error,
    ChunkType.COOKIE_ACK: Control._receive_cookie_ack,
    ChunkType.SHUTDOWN_COMPLETE: Control._receive_shutdown_complete,
    ChunkType.RE_CONFIG: Control._receive_reconfig,
    ChunkType.FORWARD_TSN: Control._receive_forward_tsn,
    ChunkType.I_FORWARD_TSN: Control._receive_i_forward_tsn,
}
