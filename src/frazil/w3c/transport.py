"""``RTCIceTransport``, ``RTCDtlsTransport`` and ``RTCSctpTransport`` (webrtc-pc 5.5, 5.6, 6.1)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from frazil.errors import DOMException, InvalidStateError, NotFoundError
from frazil.ice import Candidate, CandidateType, Credentials, SelectedPair
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.dictionary import Dictionary
from frazil.peer.event import EventType
from frazil.peer.transport import DtlsTransport, IceTransport, SctpTransport
from frazil.peer.transport_set import TransportSet
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceGathererState,
    RTCIceRole,
    RTCIceTransportState,
    RTCSctpTransportState,
)
from frazil.w3c.candidate import RTCIceCandidate, RTCIceCandidatePair
from frazil.w3c.event import Event, RTCIceCandidatePairEvent
from frazil.w3c.target import EventHandler, EventTarget

Wrap: TypeAlias = Callable[[object], Any]
"""Gives the public object of a slot object, always the same one."""


_PAIRLESS: Final = {
    RTCIceTransportState.NEW,
    RTCIceTransportState.FAILED,
    RTCIceTransportState.CLOSED,
}
"""States in which there is nothing to select (webrtc-extensions)."""
_NOMINATE: Final = str(EventType.ICE_CANDIDATE_PAIR_NOMINATE)
_PAIR_EVENTS: Final = frozenset(
    {EventType.ICE_CANDIDATE_PAIR_ADD, EventType.ICE_CANDIDATE_PAIR_REMOVE, _NOMINATE}
)


@dataclass(frozen=True, slots=True)
class RTCIceParameters:
    """The credentials of one side (webrtc-pc RTCIceParameters).

    Attributes:
        iceLite: Whether the agent is an ICE-lite one (W3C IceTransport Extensions).
    """

    usernameFragment: str
    password: str
    iceLite: bool = False

    @classmethod
    def _read(cls, value: "RTCIceParameters | Mapping[str, Any]") -> "RTCIceParameters":
        """The parameters in what a method takes.

        Raises:
            TypeError: One is missing or has the wrong type.
        """
        if not isinstance(value, RTCIceParameters):
            members = Dictionary(value, "parameters", "usernameFragment")
            value = cls(
                members.text("usernameFragment") or "",
                members.text("password") or "",
                members.flag("iceLite", False),
            )
        if not value.usernameFragment or not value.password:
            raise TypeError("the parameters need a usernameFragment and a password")
        return value

    @classmethod
    def _of(cls, credentials: Credentials | None, *, is_lite: bool) -> "RTCIceParameters | None":
        return cls(credentials.ufrag, credentials.password, is_lite) if credentials else None


class RTCIceTransport(EventTarget):
    """How packets reach the peer, and whether they do."""

    __slots__ = ("_pair", "_slots", "_transports", "_wake")

    _ALWAYS = frozenset({_NOMINATE})

    onicecandidatepairadd = EventHandler("A pair of candidates was formed; an extension.")
    onicecandidatepairnominate = EventHandler(
        "A pair is about to be nominated; ``preventDefault()`` prevents that. An extension."
    )
    onicecandidatepairremove = EventHandler("A pair of candidates is gone; an extension.")
    onstatechange = EventHandler("``state`` changed.")
    ongatheringstatechange = EventHandler("``gatheringState`` changed.")
    onselectedcandidatepairchange = EventHandler("Data goes by another pair, or by none.")

    def __init__(
        self,
        slots: IceTransport,
        transports: TransportSet,
        tasks: "set[asyncio.Task[Any]]",
        wake: Callable[[], float],
    ) -> None:
        super().__init__(tasks)
        self._slots = slots
        self._transports = transports
        self._wake = wake
        self._pair: tuple[SelectedPair, RTCIceCandidatePair] | None = None

    @property
    def role(self) -> RTCIceRole:
        """``unknown``, ``controlling`` or ``controlled``."""
        return self._slots.role

    @property
    def component(self) -> str:
        """``"rtp"``: RTCP is always multiplexed."""
        return self._slots.component

    @property
    def state(self) -> RTCIceTransportState:
        """The seven states of webrtc-pc."""
        return self._slots.state

    @property
    def gatheringState(self) -> RTCIceGathererState:
        """``new``, ``gathering`` or ``complete``."""
        return self._slots.gathering_state

    def getLocalCandidates(self) -> list[RTCIceCandidate]:
        """The candidates that were given to ``icecandidate`` listeners, and are not gone since."""
        return [RTCIceCandidate._of(init) for init in self._slots.local_candidates]

    def getRemoteCandidates(self) -> list[RTCIceCandidate]:
        """The candidates that were signalled, the newest hundred; peer-reflexive ones are not."""
        return [RTCIceCandidate._of(init) for init in self._slots.remote_candidates]

    def getSelectedCandidatePair(self) -> RTCIceCandidatePair | None:
        """The pair that carries data; the same object until it changes."""
        pair = self._slots.selected_pair
        if pair is None:
            return None
        # After a restart an equal one may be in use, of candidates with another ufrag.
        if self._pair is None or self._pair[0] is not pair:
            self._pair = (pair, self._public_pair(pair))
        return self._pair[1]

    def selectCandidatePair(self, candidatePair: RTCIceCandidatePair) -> "asyncio.Future[None]":
        """Use this pair, and no other one as long as it works (webrtc-extensions).

        Once a check has shown that the pair works, the peer is asked to follow;
        ``selectedcandidatepairchange`` tells when it has.

        Args:
            candidatePair: One that an event of this transport or
                :meth:`getSelectedCandidatePair` gave.

        Rejected with:
            InvalidStateError: The transport is new, failed or closed, the peer nominates, or the
                pair was checked without success.
            NotFoundError: The pair is none of this transport, or not any more.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            if self.state in _PAIRLESS:
                raise InvalidStateError(f"the transport is {self.state}: no pair can be selected")
            pair = candidatePair._pair
            if pair is None:
                raise NotFoundError("the pair did not come from this transport")
            self._transports.select_pair(self._slots.name, pair.key, self._wake())
        except DOMException as error:
            future.set_exception(error)
        else:
            future.set_result(None)
        return future

    # --- pairs that come and go ---------------------------------------------------------------

    def _listened(self, type: str) -> None:
        """Somebody listens: from now on there is a point in telling."""
        if type in _PAIR_EVENTS:
            self._transports.report_pairs(self._slots.name, asks_first=type == _NOMINATE)

    def _dispatch(self, event: Event) -> None:
        """Call the listeners; then nominate the pair, unless one of them has prevented it."""
        super()._dispatch(event)
        if isinstance(event, RTCIceCandidatePairEvent) and event.type == _NOMINATE:
            pair, wanted = event.candidatePair._pair, not event.defaultPrevented
            if pair is not None:
                self._transports.decide_nomination(
                    self._slots.name, pair.key, self._wake(), wanted=wanted
                )

    def _public_pair(self, pair: SelectedPair) -> RTCIceCandidatePair:
        return RTCIceCandidatePair(
            self._public(pair.local, self._slots.local_candidates, self._slots.local_parameters),
            self._public(
                pair.remote,
                self._slots.remote_candidates,
                self._slots.remote_parameters,
                is_remote=True,
            ),
            pair,
        )

    def _public(
        self,
        candidate: Candidate,
        signalled: Sequence[CandidateInit],
        newest: Credentials | None,
        *,
        is_remote: bool = False,
    ) -> RTCIceCandidate:
        """The candidate in the very words in which it was signalled.

        A peer-reflexive one never was, so it has no line (webrtc-pc 5.6.2). One of an earlier
        generation, or of an address that is gone, is not among ``signalled`` any more.
        """
        known = (*self._slots.local_candidates, *self._slots.remote_candidates)
        mid = known[0].sdp_mid if known else None
        if candidate.type is CandidateType.PEER_REFLEXIVE:
            init = CandidateInit("", mid, 0, candidate.ufrag)
            return RTCIceCandidate._of_peer_reflexive(init, candidate, is_remote=is_remote)
        line = candidate.to_line()
        for init in signalled:
            if init.candidate == line:
                return RTCIceCandidate._of(init)
        ufrag = candidate.ufrag or (newest.ufrag if newest else None)
        return RTCIceCandidate._of(
            CandidateInit(line, mid, 0, ufrag, candidate.url, candidate.relay_protocol)
        )

    def getLocalParameters(self) -> RTCIceParameters | None:
        """Our credentials, once a local description is set."""
        slots = self._slots
        return RTCIceParameters._of(slots.local_parameters, is_lite=slots.local_is_lite)

    def getRemoteParameters(self) -> RTCIceParameters | None:
        """The peer's credentials, once a remote description is set."""
        slots = self._slots
        return RTCIceParameters._of(slots.remote_parameters, is_lite=slots.remote_is_lite)

    def __repr__(self) -> str:
        return f"<RTCIceTransport {self.role} {self.state}>"


class RTCDtlsTransport(EventTarget):
    """The encryption between the two peers."""

    __slots__ = ("_slots", "_wrap")

    onstatechange = EventHandler("``state`` changed.")
    onerror = EventHandler("The handshake failed or the peer sent a fatal alert.")

    def __init__(self, slots: DtlsTransport, tasks: "set[asyncio.Task[Any]]", wrap: Wrap) -> None:
        super().__init__(tasks)
        self._slots = slots
        self._wrap = wrap

    @property
    def iceTransport(self) -> RTCIceTransport:
        """The transport below."""
        transport: RTCIceTransport = self._wrap(self._slots.ice)
        return transport

    @property
    def state(self) -> RTCDtlsTransportState:
        """``new``, ``connecting``, ``connected``, ``closed`` or ``failed``."""
        return self._slots.state

    def getRemoteCertificates(self) -> list[bytes]:
        """The peer's certificates in DER, its own first; empty before ``connected``."""
        return list(self._slots.remote_certificates)

    def __repr__(self) -> str:
        return f"<RTCDtlsTransport {self.state}>"


class RTCSctpTransport(EventTarget):
    """What all data channels of a connection share."""

    __slots__ = ("_slots", "_wrap")

    onstatechange = EventHandler("``state`` changed.")

    def __init__(self, slots: SctpTransport, tasks: "set[asyncio.Task[Any]]", wrap: Wrap) -> None:
        super().__init__(tasks)
        self._slots = slots
        self._wrap = wrap

    @property
    def transport(self) -> RTCDtlsTransport:
        """The transport below."""
        transport: RTCDtlsTransport = self._wrap(self._slots.dtls)
        return transport

    @property
    def state(self) -> RTCSctpTransportState:
        """``connecting``, ``connected`` or ``closed``."""
        return self._slots.state

    @property
    def maxMessageSize(self) -> int | None:
        """Bytes that one message may have; ``None`` before the first answer."""
        return self._slots.max_message_size

    @property
    def maxChannels(self) -> int | None:
        """How many channels both sides allow; ``None`` until connected."""
        return self._slots.max_channels

    def __repr__(self) -> str:
        return f"<RTCSctpTransport {self.state}>"
