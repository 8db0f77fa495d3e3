"""``RTCIceTransport``, ``RTCDtlsTransport`` and ``RTCSctpTransport`` (webrtc-pc 5.5, 5.6, 6.1)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from frazil.ice import Candidate, CandidateType, Credentials, SelectedPair
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.transport import DtlsTransport, IceTransport, SctpTransport
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceGathererState,
    RTCIceRole,
    RTCIceTransportState,
    RTCSctpTransportState,
)
from frazil.w3c.candidate import RTCIceCandidate
from frazil.w3c.target import EventHandler, EventTarget

Wrap: TypeAlias = Callable[[object], Any]
"""Gives the public object of a slot object, always the same one."""


@dataclass(frozen=True, slots=True)
class RTCIceParameters:
    """The credentials of one side (webrtc-pc RTCIceParameters)."""

    usernameFragment: str
    password: str

    @classmethod
    def _of(cls, credentials: Credentials | None) -> "RTCIceParameters | None":
        return cls(credentials.ufrag, credentials.password) if credentials else None


@dataclass(frozen=True, slots=True)
class RTCIceCandidatePair:
    """A local and a remote candidate that carry data together."""

    local: RTCIceCandidate
    remote: RTCIceCandidate


class RTCIceTransport(EventTarget):
    """How packets reach the peer, and whether they do."""

    __slots__ = ("_pair", "_slots")

    onstatechange = EventHandler("``state`` changed.")
    ongatheringstatechange = EventHandler("``gatheringState`` changed.")
    onselectedcandidatepairchange = EventHandler("Data goes by another pair, or by none.")

    def __init__(self, slots: IceTransport, tasks: "set[asyncio.Task[Any]]") -> None:
        super().__init__(tasks)
        self._slots = slots
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
        """The candidates that were given to ``icecandidate`` listeners."""
        return [RTCIceCandidate._of(init) for init in self._slots.local_candidates]

    def getRemoteCandidates(self) -> list[RTCIceCandidate]:
        """The candidates that were signalled; peer-reflexive ones are not."""
        return [RTCIceCandidate._of(init) for init in self._slots.remote_candidates]

    def getSelectedCandidatePair(self) -> RTCIceCandidatePair | None:
        """The pair that carries data; the same object until it changes."""
        pair = self._slots.selected_pair
        if pair is None:
            return None
        if self._pair is None or self._pair[0] != pair:
            public = RTCIceCandidatePair(
                self._public(pair.local, self._slots.local_candidates, is_remote=False),
                self._public(pair.remote, self._slots.remote_candidates, is_remote=True),
            )
            self._pair = (pair, public)
        return self._pair[1]

    def _public(
        self, candidate: Candidate, signalled: Sequence[CandidateInit], *, is_remote: bool
    ) -> RTCIceCandidate:
        """The candidate in the very words in which it was signalled.

        A peer-reflexive one never was, so it has no line (webrtc-pc 5.6.2), and one of an earlier
        generation is not among ``signalled`` any more.
        """
        known = self._slots.local_candidates
        mid = known[0].sdp_mid if known else None
        if candidate.type is CandidateType.PEER_REFLEXIVE:
            init = CandidateInit("", mid, 0, candidate.ufrag)
            return RTCIceCandidate._of_peer_reflexive(init, candidate, is_remote=is_remote)
        line = candidate.to_line()
        for init in signalled:
            if init.candidate == line:
                return RTCIceCandidate._of(init)
        return RTCIceCandidate._of(CandidateInit(line, mid, 0, candidate.ufrag, candidate.url))

    def getLocalParameters(self) -> RTCIceParameters | None:
        """Our credentials, once a local description is set."""
        return RTCIceParameters._of(self._slots.local_parameters)

    def getRemoteParameters(self) -> RTCIceParameters | None:
        """The peer's credentials, once a remote description is set."""
        return RTCIceParameters._of(self._slots.remote_parameters)

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
