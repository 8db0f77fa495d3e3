"""What an accepted description does to transports and channels (webrtc-pc 4.4.1.5)."""

from typing import Final

from frazil.dtls import DtlsRole
from frazil.errors import InvalidAccessError
from frazil.ice import Candidate, CandidateSyntaxError, Credentials
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.channel import DataChannel
from frazil.peer.channel_table import ChannelTable
from frazil.peer.core import Core
from frazil.peer.description import Description
from frazil.peer.media import ROLE_FACING, SETUP_OF_ROLE, live_data_index
from frazil.peer.remote import RemoteTransport, can_trickle, read_transport
from frazil.peer.signaling import SdpType
from frazil.peer.stack import TransportStack
from frazil.peer.transport_set import TransportSet
from frazil.states.enums import RTCIceRole
from frazil.trace import Reason

_ROLE_OF_SETUP: Final = {setup: role for role, setup in SETUP_OF_ROLE.items()}


class Applier:
    """Brings the transport in line with the descriptions; called inside their tasks.

    Attributes:
        stack: The transport of the data channels, negotiated or under negotiation.
        can_trickle: What the last remote description said; ``None`` before the first.
    """

    __slots__ = ("_channels", "_core", "_stable_stack", "_transports", "can_trickle", "stack")

    def __init__(self, core: Core, transports: TransportSet, channels: ChannelTable) -> None:
        self._core = core
        self._transports = transports
        self._channels = channels
        self._stable_stack: TransportStack | None = None
        self.stack: TransportStack | None = None
        self.can_trickle: bool | None = None

    def apply_local(self, description: Description, now: float) -> list[DataChannel]:
        """Apply our own description; the channels that found no id."""
        index = live_data_index(description.model)
        if index is None:
            return self._without_data(description, now)
        media = description.model.media[index]
        stack = self._obtain()
        if description.type is SdpType.OFFER:
            stack.set_role(RTCIceRole.CONTROLLING, now)
        stack.apply_local(Credentials(media.ice_ufrag or "", media.ice_pwd or ""), now)
        self._catch_up(stack, description)
        if description.type is SdpType.OFFER or media.setup is None:
            return []
        return self._start(stack, _ROLE_OF_SETUP[media.setup], description.type, now)

    def apply_remote(self, description: Description, now: float) -> list[DataChannel]:
        """Apply the peer's description; the channels that found no id.

        Raises:
            InvalidAccessError: If it contradicts the DTLS association that exists.
        """
        remote = read_transport(description.model)
        role = self._agree(description.type, remote) if remote else None
        self.can_trickle = can_trickle(description.model)
        if remote is None:
            return self._without_data(description, now)
        stack = self._obtain()
        if description.type is SdpType.OFFER:
            stack.set_role(RTCIceRole.CONTROLLED, now)
        stack.apply_remote(remote, now)
        self._add_candidates(stack, remote, description, now)
        if role is None:
            return []
        return self._start(stack, role, description.type, now)

    def roll_back(self, now: float) -> None:
        """Undo what the pending offer did."""
        if self.stack is self._stable_stack:
            if self.stack is not None:
                self.stack.roll_back(now)
        elif self.stack is not None:
            text = "the offer that created this transport was rolled back"
            reason = Reason("rollback", "RFC 9429 4.1.10.2", text)
            self._transports.discard(self.stack, reason, now)
            self.stack = self._stable_stack

    def _obtain(self) -> TransportStack:
        if self.stack is None:
            self.stack = self._transports.create()
        return self.stack

    @staticmethod
    def _catch_up(stack: TransportStack, description: Description) -> None:
        """Add the candidates surfaced after the description was created."""
        for ufrag, generation in stack.generations.items():
            for index in description.sections_of(ufrag)[:1]:
                generation.write_to(description, index)

    def _agree(self, kind: SdpType, remote: RemoteTransport) -> DtlsRole | None:
        """Our DTLS role if ``remote`` is an answer; checked against the association there is."""
        established = self.stack.dtls_role if self.stack else None
        role = ROLE_FACING.get(remote.setup) if remote.setup else None
        if established is None:
            return None if kind is SdpType.OFFER else role
        known = self.stack.remote.fingerprints if self.stack and self.stack.remote else ()
        if set(known) != set(remote.fingerprints):
            raise InvalidAccessError(
                "the remote certificate differs from that of the established connection; "
                "close this connection and negotiate a new one"
            )
        # Firefox answers every later offer with `active`, whoever is the client. Without a new
        # association there are no roles to choose, so what it says has no effect (RFC 8842 5.5).
        return None if kind is SdpType.OFFER else established

    def _add_candidates(
        self, stack: TransportStack, remote: RemoteTransport, description: Description, now: float
    ) -> None:
        ufrag = remote.credentials.ufrag
        index = remote.candidate_section
        mid = description.model.media[index].mid
        for line in remote.candidates:
            try:
                candidate = Candidate.from_line(line)
            except CandidateSyntaxError:
                self._core.trace.count("candidate-malformed")
                continue
            stack.add_candidate(candidate, CandidateInit(line, mid, index, ufrag), now)
        if remote.is_gathered:
            stack.session.end_remote_candidates(now, ufrag)

    def _start(
        self, stack: TransportStack, role: DtlsRole, kind: SdpType, now: float
    ) -> list[DataChannel]:
        stack.start(role, now)
        if kind is SdpType.ANSWER:
            stack.settle()
            self._stable_stack = stack
        return self._channels.attach(stack, now)

    def _without_data(self, description: Description, now: float) -> list[DataChannel]:
        if description.type is SdpType.ANSWER and self.stack is not None:
            text = "the answer rejected the data channels"
            reason = Reason("rejected", "webrtc-pc 4.4.1.5", text)
            self._transports.discard(self.stack, reason, now)
            self._channels.detach(text)
            self.stack = self._stable_stack = None
        return []
