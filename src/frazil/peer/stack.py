"""One transport of a connection: the session that works, and the slots that applications see."""

from collections.abc import Iterable
from typing import Final

from frazil.dtls import DtlsRole
from frazil.ice import Candidate, Credentials
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.description import MAX_CANDIDATES, Description
from frazil.peer.generation import LocalGeneration
from frazil.peer.history import History
from frazil.peer.remote import RemoteData, RemoteTransport
from frazil.peer.transport import DtlsTransport, IceTransport, SctpTransport
from frazil.sctp import SignalledInits
from frazil.session.session import Session
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceRole,
    RTCIceTransportState,
    RTCSctpTransportState,
)
from frazil.trace import Reason

_RTP: Final = 1
"""The only ICE component: RTCP is multiplexed."""
_NO_ROLE: Final = RTCIceRole.UNKNOWN
_ICE_CLOSED: Final = RTCIceTransportState.CLOSED
_DTLS_CLOSED: Final = RTCDtlsTransportState.CLOSED
_SCTP_CLOSED: Final = RTCSctpTransportState.CLOSED


class TransportStack:
    """A session with its W3C slots, and which generation of it each side has applied.

    Attributes:
        name: Names the transport in effects, history and trace.
        generations: The local generations in force, by ufrag.
        remote: The newest applied description of the peer's side.
        sections: The indexes of the m-sections whose candidates are meant for it.
        sctp: The SCTP transport on it, if it carries the data channels.
        stable_local: Our credentials of the last answer.
        stable_remote: The peer's side of the last answer.
        stable_sections: As of the last answer.
        dtls_role: Ours, once an answer settled it; it stays for the life of the transport.
        is_discarded: Its tasks that still wait do nothing any more.
    """

    __slots__ = (
        "dtls",
        "dtls_role",
        "generations",
        "ice",
        "is_discarded",
        "name",
        "remote",
        "sctp",
        "sections",
        "session",
        "stable_local",
        "stable_remote",
        "stable_sections",
    )

    def __init__(self, name: str, session: Session) -> None:
        self.name = name
        self.session = session
        self.ice = IceTransport(name, is_lite=session.ice.is_lite)
        self.dtls = DtlsTransport(self.ice)
        self.sctp: SctpTransport | None = None
        self.sections: frozenset[int] = frozenset()
        self.generations: dict[str, LocalGeneration] = {}
        self.remote: RemoteTransport | None = None
        self.dtls_role: DtlsRole | None = None
        self.is_discarded = False
        self.stable_local: Credentials | None = None
        self.stable_remote: RemoteTransport | None = None
        self.stable_sections = self.sections

    def set_role(self, role: RTCIceRole, now: float) -> None:
        """Take the ICE role of the first offer; later offers do not change it (RFC 8445 6.1.1)."""
        if self.ice.role is _NO_ROLE:
            self.ice.role = role
            self.session.set_role(role, now)

    def apply_local(self, credentials: Credentials, now: float) -> None:
        """Our half of a generation; new credentials start gathering."""
        if credentials == self.ice.local_parameters:
            return
        self._forget_half(self.ice.local_parameters != self.stable_local, now)
        self.ice.local_parameters = credentials
        self.generations[credentials.ufrag] = LocalGeneration()
        self.session.set_local_credentials(credentials, now)

    def apply_remote(self, remote: RemoteTransport, now: float) -> None:
        """The peer's half of a generation, without its candidates."""
        if remote.credentials != self.ice.remote_parameters:
            before = self.stable_remote.credentials if self.stable_remote else None
            self._forget_half(self.ice.remote_parameters != before, now)
            self.ice.remote_parameters = remote.credentials
            self.ice.remote_is_lite = remote.traits.is_lite
            self.session.set_remote_credentials(remote.credentials, now, remote.traits)
            self.ice.role = self.session.ice.role  # who is lite may overrule who offered
        self.remote = remote

    def add_candidate(self, candidate: Candidate, init: CandidateInit, now: float) -> bool:
        """A candidate of the peer; whether it was new."""
        return self.add_candidates(init.username_fragment, [(candidate, init)], now) > 0

    def add_candidates(
        self,
        ufrag: str | None,
        signalled: Iterable[tuple[Candidate, CandidateInit]],
        now: float,
    ) -> int:
        """Candidates of one generation of the peer's that came together.

        Those of other components are kept but have no use. Where there are too many, the oldest
        give way: a peer that changes networks again and again has newer ones.

        Returns:
            How many were new.
        """
        remote = self.ice.remote_candidates
        known = {each.candidate: each for each in remote if each.username_fragment == ufrag}
        taken = []
        for candidate, init in signalled:
            if init.candidate in known:
                continue
            if len(known) == MAX_CANDIDATES:
                remote.remove(known.pop(next(iter(known))))
            known[init.candidate] = init
            remote.append(init)
            taken.append(candidate)
        usable = [each for each in taken if each.component == _RTP]
        if usable:
            self.session.add_remote_candidates(usable, now, ufrag)
        return len(taken)

    def start(self, role: DtlsRole, now: float) -> None:
        """After an answer: DTLS may begin as soon as there is a valid pair."""
        assert self.remote is not None
        self.dtls_role = role
        self.session.start_dtls(role, self.remote.fingerprints, now)

    def start_data(self, data: RemoteData, signalled: SignalledInits | None, now: float) -> None:
        """After an answer: SCTP may begin as soon as DTLS is connected."""
        assert self.sctp is not None
        self.session.start_sctp(data.sctp_port, now, signalled)
        self.sctp.limit_messages(data.max_message_size)

    def is_gathered_in(self, description: Description) -> bool:
        """Whether all our candidates stand in ``description``, or none ever will."""
        local = self.ice.local_parameters
        index = description.place_of(local.ufrag) if local else None
        return index is None or description.has_ended_at(index)

    def settle(self) -> None:
        """Back in ``stable`` by an answer: what is applied now is what a rollback returns to."""
        self.stable_local = self.ice.local_parameters
        self.stable_remote = self.remote
        self.stable_sections = self.sections
        self._prune()

    def roll_back(self, now: float) -> None:
        """Return to the generations and the m-sections of the last ``stable``."""
        self.remote, self.sections = self.stable_remote, self.stable_sections
        remote = self.remote.credentials if self.remote else None
        applied = (self.ice.local_parameters, self.ice.remote_parameters)
        self.ice.local_parameters = self.stable_local
        self.ice.remote_parameters = remote
        self.ice.remote_is_lite = self.remote is not None and self.remote.traits.is_lite
        self._forget_half(applied != (self.stable_local, remote), now)
        self._prune()

    def close_slots(self, history: History, reason: Reason, now: float) -> list[object]:
        """Write ``closed`` everywhere; the slot objects that were not closed before."""
        self.ice.selected_pair = None
        changed: list[object] = []
        sctp = self.sctp
        for layer, name, slots, closed in (
            ("ice", self.name, self.ice, _ICE_CLOSED),
            ("dtls", self.name, self.dtls, _DTLS_CLOSED),
            ("sctp", sctp.name if sctp else "", sctp, _SCTP_CLOSED),
        ):
            if slots is not None and slots.state != closed:
                history.record(now, f"{layer}-transport {name}", slots.state, closed, reason)
                slots.state = closed
                changed.append(slots)
        return changed

    def _prune(self) -> None:
        """Forget the candidates of generations that are not in force any more."""
        ice = self.ice
        local = ice.local_parameters.ufrag if ice.local_parameters else None
        remote = ice.remote_parameters.ufrag if ice.remote_parameters else None
        self.generations = {u: g for u, g in self.generations.items() if u == local}
        ice.local_candidates = _of_generation(ice.local_candidates, local)
        ice.remote_candidates = _of_generation(ice.remote_candidates, remote)

    def _forget_half(self, pending: bool, now: float) -> None:
        if pending:
            self.session.rollback(now)


def _of_generation(candidates: list[CandidateInit], ufrag: str | None) -> list[CandidateInit]:
    return [each for each in candidates if each.username_fragment == ufrag]
