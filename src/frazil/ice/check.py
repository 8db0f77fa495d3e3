"""Checks: the Binding requests an agent sends, and the responses it gives (RFC 8445 7)."""

from enum import StrEnum

from frazil.ice.candidate import CandidateType
from frazil.ice.config import IceConfig
from frazil.ice.credential import Credentials
from frazil.ice.generation import Generation
from frazil.ice.pair import CandidatePair
from frazil.ice.priority import candidate_priority
from frazil.ice.role import Role
from frazil.states.enums import RTCIceRole
from frazil.stun import (
    Attribute,
    ErrorCode,
    Message,
    MessageClass,
    Method,
    Transaction,
    TransactionStep,
    new_transaction_id,
    short_term_key,
)
from frazil.types import Address, RandomBytes, Transmit


class CheckKind(StrEnum):
    """Why a check is sent."""

    CONNECTIVITY = "connectivity"
    NOMINATION = "nomination"
    CONSENT = "consent"
    STANDBY = "standby"  # on another valid pair while the selected one is silent


class Check:
    """A check in flight.

    Attributes:
        sent_as: The role it announced; a 487 is about that role.
        priority: The PRIORITY it carried: that of the prflx candidate it may reveal.
        is_cancelled: No retransmission and no failure any more, but a response still counts
            (RFC 8445 7.3.1.4).
    """

    __slots__ = (
        "data",
        "generation",
        "is_cancelled",
        "kind",
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
        sent_as: RTCIceRole,
        priority: int,
        data: bytes,
        transaction: Transaction,
    ) -> None:
        self.pair = pair
        self.generation = generation
        self.kind = kind
        self.sent_as = sent_as
        self.priority = priority
        self.data = data
        self.transaction = transaction
        self.is_cancelled = False


class CheckTable:
    """The checks in flight, with their retransmissions."""

    __slots__ = ("_checks", "_config", "_random_bytes", "_role", "transmits")

    def __init__(self, config: IceConfig, role: Role, random_bytes: RandomBytes) -> None:
        self._config = config
        self._role = role
        self._random_bytes = random_bytes
        self._checks: dict[bytes, Check] = {}
        self.transmits: list[Transmit] = []

    def __len__(self) -> int:
        return len(self._checks)

    def start(
        self,
        pair: CandidatePair,
        generation: Generation,
        kind: CheckKind,
        now: float,
        *,
        hurried: bool = False,
    ) -> None:
        """Send a check on ``pair`` with the credentials of ``generation``.

        Args:
            hurried: Give up sooner, because consent on the pair in use is running out.
        """
        transaction_id = new_transaction_id(self._random_bytes)
        local, remote = generation.local, generation.remote
        if local is None or remote is None:
            raise ValueError("a check needs the credentials of both sides")
        # The peer ranks the prflx candidate it may discover like our host candidate, of type prflx.
        preference = (pair.local.priority >> 8) & 0xFFFF
        priority = candidate_priority(
            CandidateType.PEER_REFLEXIVE, preference, pair.local.component
        )
        attributes: dict[Attribute, object] = {
            Attribute.USERNAME: f"{remote.ufrag}:{local.ufrag}",
            Attribute.PRIORITY: priority,
            self._role.attribute: self._role.tie_breaker,
        }
        if kind is CheckKind.NOMINATION or (
            kind is CheckKind.CONSENT and generation.remote_is_lite and pair.nominated
        ):
            attributes[Attribute.USE_CANDIDATE] = True
            attributes[Attribute.NOMINATION] = generation.nomination
        request = Message(Method.BINDING, MessageClass.REQUEST, transaction_id, attributes)
        data = request.encode(short_term_key(remote.password))
        check = Check(
            pair,
            generation,
            kind,
            self._role.value,
            priority,
            data,
            self._transaction(transaction_id, pair, generation, kind, now, hurried),
        )
        self._checks[transaction_id] = check
        pair.requests_sent += 1
        self._transmit(check)

    def _transaction(
        self,
        transaction_id: bytes,
        pair: CandidatePair,
        generation: Generation,
        kind: CheckKind,
        now: float,
        hurried: bool,
    ) -> Transaction:
        config = self._config
        if kind in (CheckKind.CONSENT, CheckKind.STANDBY):
            # Sent once (RFC 7675 5.1); an answer counts as long as consent could last.
            return Transaction(
                transaction_id, now, rto_s=config.consent_timeout_s, max_sends=1, last_wait=1
            )
        busy = sum(pair.is_pending for pair in generation.checklist)
        unknown_s = max(config.check_rto_s, config.pacing_s * busy)  # RFC 8445 14.3
        return Transaction(
            transaction_id,
            now,
            rto_s=pair.round_trip.timeout_s(unknown_s, floor_s=0.1),
            max_sends=config.recheck_sends if hurried else config.check_sends,
            last_wait=config.check_last_wait,
        )

    def _transmit(self, check: Check) -> None:
        local, remote = check.pair.key
        self.transmits.append(Transmit(check.data, len(check.data), local, remote))

    def cancel(self, pair: CandidatePair) -> None:
        """Stop retransmitting the connectivity checks of ``pair``."""
        for check in self._checks.values():
            if check.pair is pair and check.kind is CheckKind.CONNECTIVITY:
                check.is_cancelled = True

    def has_nomination(self, pair: CandidatePair) -> bool:
        """Whether a nomination of ``pair`` is under way."""
        return any(
            check.pair is pair and check.kind is CheckKind.NOMINATION
            for check in self._checks.values()
        )

    def find(self, transaction_id: bytes) -> Check | None:
        """The check with this transaction id."""
        return self._checks.get(transaction_id)

    def remove(self, check: Check) -> None:
        """It was answered."""
        self._checks.pop(check.transaction.transaction_id, None)

    def clear(self) -> None:
        """Drop everything."""
        self._checks.clear()
        self.transmits.clear()

    def next_timeout(self) -> float | None:
        """The earliest retransmission or expiry."""
        deadlines = (check.transaction.next_timeout() for check in self._checks.values())
        return min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self, now: float) -> list[Check]:
        """Retransmit what is due.

        Returns:
            The checks that ended without an answer and were not cancelled.
        """
        expired = []
        for transaction_id, check in list(self._checks.items()):
            step = check.transaction.handle_timeout(now)
            if step is TransactionStep.RETRANSMIT and not check.is_cancelled:
                check.pair.requests_sent += 1
                self._transmit(check)
            elif step is TransactionStep.EXPIRED:
                del self._checks[transaction_id]
                if not check.is_cancelled:
                    expired.append(check)
        return expired


def success_response(request: Message, remote: Address, credentials: Credentials) -> bytes:
    """The answer to a good check: where it came from, authenticated (RFC 8445 7.3.1.2)."""
    response = Message(
        Method.BINDING,
        MessageClass.SUCCESS,
        request.transaction_id,
        {Attribute.XOR_MAPPED_ADDRESS: remote},
    )
    return response.encode(short_term_key(credentials.password))


def error_response(
    request: Message, code: int, text: str, credentials: Credentials | None = None
) -> bytes:
    """The answer to a check that cannot be honoured (RFC 8489 6.3.1)."""
    attributes: dict[Attribute, object] = {Attribute.ERROR_CODE: ErrorCode(code, text)}
    if code == 420:
        attributes[Attribute.UNKNOWN_ATTRIBUTES] = request.unknown_required
    response = Message(Method.BINDING, MessageClass.ERROR, request.transaction_id, attributes)
    key = None if credentials is None else short_term_key(credentials.password)
    return response.encode(key)
