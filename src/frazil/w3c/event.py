"""Event objects, as a browser hands them to listeners (DOM Event, webrtc-pc).

Nobody writes to them. They are not frozen, as that would triple the price of each.
"""

from dataclasses import dataclass, field
from typing import Any

from frazil.errors import RTCError
from frazil.w3c.candidate import RTCIceCandidate, RTCIceCandidatePair


@dataclass(slots=True, unsafe_hash=True)
class Event:
    """Something happened at ``target``.

    Attributes:
        type: The event name, for example ``"connectionstatechange"``.
        target: The object it happened to.
    """

    type: str
    target: Any = field(repr=False)

    @property
    def payload(self) -> tuple[Any, ...]:
        """What a handler registered by ``on()`` is called with."""
        return ()


@dataclass(slots=True, unsafe_hash=True)
class RTCPeerConnectionIceEvent(Event):
    """``icecandidate``.

    Attributes:
        candidate: The candidate to signal to the peer. Its ``candidate`` is empty at the end of a
            generation: signal that too. ``None`` after the last one of all transports of a
            connection; as ``null`` it may be signalled, and tells the peer nothing new.
    """

    candidate: RTCIceCandidate | None

    @property
    def payload(self) -> tuple[Any, ...]:
        """The candidate."""
        return (self.candidate,)


@dataclass(slots=True, unsafe_hash=True)
class RTCIceCandidatePairEvent(Event):
    """``icecandidatepairadd``, ``icecandidatepairremove`` and ``icecandidatepairnominate``.

    Attributes:
        candidatePair: The pair.
    """

    candidatePair: RTCIceCandidatePair
    _prevented: list[bool] = field(default_factory=list, repr=False, compare=False)

    @property
    def payload(self) -> tuple[Any, ...]:
        """The event itself: only it can be told to prevent a nomination."""
        return (self,)

    def preventDefault(self) -> None:
        """Do not nominate the pair; without effect for other events, or after the listener."""
        self._prevented.append(True)

    @property
    def defaultPrevented(self) -> bool:
        """Whether a listener has called :meth:`preventDefault`."""
        return bool(self._prevented)


@dataclass(slots=True, unsafe_hash=True)
class RTCPeerConnectionIceErrorEvent(Event):
    """``icecandidateerror``: a server, or an address of this host, gave no candidate.

    The connection may succeed anyway.

    Attributes:
        address: The local address that asked, if any did, or that gave none.
        port: Its port.
        url: The server; empty if it was the address.
        errorCode: The STUN error code; 701 if the server was not reached, 500 if its answer was of
            no use.
        errorText: What is wrong.
    """

    address: str | None
    port: int | None
    url: str
    errorCode: int
    errorText: str

    @property
    def payload(self) -> tuple[Any, ...]:
        """The event itself: it has no single most useful member."""
        return (self,)


@dataclass(slots=True, unsafe_hash=True)
class MessageEvent(Event):
    """``message``: ``str`` for text, ``bytes`` for binary."""

    data: bytes | str

    @property
    def payload(self) -> tuple[Any, ...]:
        """The data."""
        return (self.data,)


@dataclass(slots=True, unsafe_hash=True)
class RTCErrorEvent(Event):
    """``error``: a transport or channel failed."""

    error: RTCError

    @property
    def payload(self) -> tuple[Any, ...]:
        """The error."""
        return (self.error,)


@dataclass(slots=True, unsafe_hash=True)
class RTCRemoteCloseEvent(Event):
    """``remoteclose``, an extension: the peer said goodbye.

    The W3C states follow their own rules and show it later; this tells at once.

    Attributes:
        cause: ``"close_notify"`` (DTLS), ``"sctp-abort"`` or ``"sctp-shutdown"``.
    """

    cause: str

    @property
    def payload(self) -> tuple[Any, ...]:
        """The cause."""
        return (self.cause,)
