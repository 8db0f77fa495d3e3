"""What one transport reports, all layers in one stream, in the order in which it happened."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from frazil.compiled import mypyc_attr
from frazil.datachannel import ChannelAnnounced, MessagesArrived
from frazil.dtls import DtlsStateChanged
from frazil.ice import IceEvent
from frazil.sctp import BufferReleased
from frazil.trace import StateChange
from frazil.types import Address
from frazil.value import Value


@mypyc_attr(acyclic=True)
class SctpChanged(Value):
    """The SCTP transport is up or gone (webrtc-pc 6.1).

    Attributes:
        change: From where to where, and why.
        max_channels: On ``connected``: how many streams both sides allow.
        failed: On ``closed``: whether it ended by an error rather than by intent.
        cause_code: On ``closed``: the SCTP error cause, if there was one.
    """

    __slots__ = ("cause_code", "change", "failed", "max_channels")

    def __init__(
        self,
        change: StateChange,
        max_channels: int | None = None,
        failed: bool = False,
        cause_code: int | None = None,
    ) -> None:
        self.change = change
        self.max_channels = max_channels
        self.failed = failed
        self.cause_code = cause_code

    def as_tuple(self) -> tuple[object, ...]:
        """State change, number of channels, whether it failed, and cause."""
        return self.change, self.max_channels, self.failed, self.cause_code


class DatagramReceived(NamedTuple):
    """A datagram of the application, on a transport that secures nothing."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ChannelClosing:
    """The peer began to close a channel; nothing more will arrive on it."""

    stream_id: int


@mypyc_attr(acyclic=True)
class ChannelClosed(Value):
    """A channel is closed in both directions, or its association is gone.

    Attributes:
        failed: Whether an error ended it.
        cause_code: The SCTP error cause, if there was one.
    """

    __slots__ = ("cause_code", "failed", "stream_id")

    def __init__(self, stream_id: int, failed: bool = False, cause_code: int | None = None) -> None:
        self.stream_id = stream_id
        self.failed = failed
        self.cause_code = cause_code

    def as_tuple(self) -> tuple[object, ...]:
        """Stream, whether it failed, and cause."""
        return self.stream_id, self.failed, self.cause_code


class RemoteCloseCause(StrEnum):
    """How the peer said goodbye; libdatachannel, when it is idle, by a shutdown of SCTP alone."""

    CLOSE_NOTIFY = "close_notify"
    SCTP_ABORT = "sctp-abort"
    SCTP_SHUTDOWN = "sctp-shutdown"


@dataclass(frozen=True, slots=True)
class RemoteClosed:
    """The peer said goodbye: told at once, whatever the W3C states do."""

    cause: RemoteCloseCause


@dataclass(frozen=True, slots=True)
class RelayStreamRequested:
    """A stream to a TURN server is wanted: the one before has broken, or led to another server.

    Answer with :meth:`Session.relay_stream_opened` or :meth:`Session.relay_stream_failed`.

    Attributes:
        number: Names the request.
        url: The server of the configuration that led here.
        ip: The address of this host to come from.
        server: Where to.
        domain: Whom its certificate must name (RFC 8489 10); ``None`` for the host in the URL.
    """

    number: int
    url: str
    ip: str
    server: Address
    domain: str | None


@dataclass(frozen=True, slots=True)
class RelayStreamReleased:
    """A stream to a TURN server is of no use any more: its relay is over, and wants nothing of it.

    Attributes:
        local: The address at this end.
        server: Where it leads.
    """

    local: Address
    server: Address


SessionEvent: TypeAlias = (
    IceEvent
    | DtlsStateChanged
    | SctpChanged
    | ChannelAnnounced
    | MessagesArrived
    | DatagramReceived
    | BufferReleased
    | ChannelClosing
    | ChannelClosed
    | RemoteClosed
    | RelayStreamRequested
    | RelayStreamReleased
)
