"""A connectivity check: the Binding request an agent sends, and why (RFC 8445 7.2.4)."""

from enum import StrEnum
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.ice.candidate import CandidateType
from frazil.ice.generation import Generation
from frazil.ice.pair import CandidatePair
from frazil.ice.priority import candidate_priority
from frazil.ice.role import Role
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message, MessageClass, Method, Transaction

_PEER_REFLEXIVE: Final = CandidateType.PEER_REFLEXIVE
_USERNAME: Final = Attribute.USERNAME
_PRIORITY: Final = Attribute.PRIORITY
_USE_CANDIDATE: Final = Attribute.USE_CANDIDATE
_NOMINATION: Final = Attribute.NOMINATION
_BINDING: Final = Method.BINDING
_REQUEST: Final = MessageClass.REQUEST


class CheckKind(StrEnum):
    """Why a check is sent."""

    CONNECTIVITY = "connectivity"
    NOMINATION = "nomination"
    CONSENT = "consent"
    STANDBY = "standby"  # on another pair, to see whether it could take over


@mypyc_attr(acyclic=True)
class Check:
    """A check in flight.

    Attributes:
        sent_as: The role it announced; a 487 is about that role.
        priority: The PRIORITY it carried: that of the prflx candidate it may reveal.
        nomination: The number of the nomination it carried; 0 if it carried none.
        is_cancelled: No retransmission and no failure any more, but a response still counts.
    """

    __slots__ = (
        "data",
        "generation",
        "is_cancelled",
        "kind",
        "nomination",
        "pair",
        "priority",
        "sent_as",
        "transaction",
    )

    def __init__(
        self,
        pair: CandidatePair,
        generation: Generation,
        kind: CheckKind,
        role: Role,
        transaction: Transaction,
    ) -> None:
        self.pair = pair
        self.generation = generation
        self.kind = kind
        self.transaction = transaction
        self.sent_as: RTCIceRole = role.value
        self.is_cancelled = False
        # The peer ranks the prflx candidate it may discover like our host candidate, of type prflx.
        preference = (pair.local.priority >> 8) & 0xFFFF
        self.priority = candidate_priority(
            _PEER_REFLEXIVE,
            preference,
            pair.local.component,
            pair.local.protocol,
        )
        self.nomination = generation.agreement.number if self._nominates(role) else 0
        self.data = self._encode(role)

    def _nominates(self, role: Role) -> bool:
        """Whether to carry USE-CANDIDATE.

        A lite peer has no other way to learn after a loss which pair is selected, so every
        consent check on the nominated pair tells it again.
        """
        if self.kind is CheckKind.NOMINATION:
            return True
        return (
            self.kind is CheckKind.CONSENT
            and role.is_controlling
            and self.generation.remote_traits.is_lite
            and self.pair is self.generation.agreement.pair
        )

    def _encode(self, role: Role) -> bytes:
        local, remote = self.generation.local, self.generation.remote
        if local is None or remote is None:
            raise ValueError("a check needs the credentials of both sides")
        attributes: dict[Attribute, object] = {
            _USERNAME: f"{remote.ufrag}:{local.ufrag}",
            _PRIORITY: self.priority,
            role.attribute: role.tie_breaker,
        }
        if self.nomination:
            attributes[_USE_CANDIDATE] = True
            if self.generation.remote_traits.renominates:
                attributes[_NOMINATION] = self.nomination
        request = Message(_BINDING, _REQUEST, self.transaction.transaction_id, attributes)
        return request.encode(remote.key)
