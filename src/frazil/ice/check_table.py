"""The checks in flight: sent, repeated, given up, and matched with their responses."""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.deadline import earlier
from frazil.ice.check import Check, CheckKind
from frazil.ice.config import MAX_REPEATS, REPEAT_DELAY_S, IceConfig
from frazil.ice.generation import Generation
from frazil.ice.pair import CandidatePair
from frazil.ice.role import Role
from frazil.stun import (
    Attribute,
    Message,
    MessageClass,
    Template,
    Transaction,
    TransactionStep,
    new_transaction_id,
)
from frazil.trace import Trace
from frazil.types import Address, RandomBytes, Transmit
from frazil.value import Value

_SUCCESS: Final = MessageClass.SUCCESS
_MAPPED: Final = Attribute.XOR_MAPPED_ADDRESS
_LONGEST_RTO_S: Final = 3.0
"""A measured delay may raise the RTO of a check up to here, so that it ends in finite time."""
_STREAM_S: Final = 39.5
_HURRIED_STREAM_S: Final = 15.5
"""How long the answer to a check over a stream may take: as long as over UDP."""
_ONCE: Final = (CheckKind.CONSENT, CheckKind.STANDBY)
_REFUSALS: Final = (400, 401, 420)
_HOLDING_SENDS: Final = 3
"""Others of its foundation need not wait any longer for a pair that was silent after so many."""
_CONTEST_RTOS: Final = 5
"""A pair that is not nominated has three transmissions, and as long again, to prove better."""
_STREAM_HOLDING_S: Final = 3.5
_STREAM_CONTEST_S: Final = 2.5
"""As long as these take over UDP: a check over a stream is sent once."""


@mypyc_attr(acyclic=True)
class Answer(Value):
    """An authentic response to a check.

    Attributes:
        error: Its error code; ``None`` for success.
        mapped: Where the peer saw the check come from; ``None`` if it did not say.
        is_symmetric: Whether it took the way of the check in reverse (RFC 8445 7.2.5.2.1).
    """

    __slots__ = ("check", "error", "is_symmetric", "mapped")

    def __init__(
        self, check: Check, error: int | None, mapped: Address | None, is_symmetric: bool
    ) -> None:
        self.check = check
        self.error = error
        self.mapped = mapped
        self.is_symmetric = is_symmetric

    def as_tuple(self) -> tuple[object, ...]:
        """Check, error, mapped address, and whether it was symmetric."""
        return self.check, self.error, self.mapped, self.is_symmetric


class CheckTable:
    """The checks in flight, with their retransmissions."""

    __slots__ = ("_checks", "_config", "_random_bytes", "_role", "_trace", "transmits")

    def __init__(
        self, config: IceConfig, role: Role, random_bytes: RandomBytes, trace: Trace
    ) -> None:
        self._config = config
        self._role = role
        self._random_bytes = random_bytes
        self._trace = trace
        self._checks: dict[bytes, Check] = {}
        self.transmits: list[Transmit] = []

    def __len__(self) -> int:
        return len(self._checks)

    # --- sending ------------------------------------------------------------------------------

    def start(
        self,
        pair: CandidatePair,
        generation: Generation,
        kind: CheckKind,
        now: float,
        *,
        hurried: bool = False,
    ) -> Check:
        """Send a check on ``pair`` with the credentials of ``generation``; returns it.

        Args:
            hurried: Give up sooner, because there is something else to try then.
        """
        if kind in _ONCE:
            self._sweep(now)
        transaction = self._transaction(pair, generation, kind, now, hurried)
        check = Check(pair, generation, kind, self._role, transaction)
        self._checks[transaction.transaction_id] = check
        if kind is CheckKind.CONSENT:
            pair.consent_requests_sent += 1
        else:
            pair.requests_sent += 1
            pair.holds_back = True
        self._transmit(check)
        return check

    def send_again(self, check: Check | None, template: Template | None, now: float) -> bool:
        """Send another like a consent check that is over.

        Args:
            check: That check, which becomes the new one.
            template: What it is to be encoded with.

        Returns:
            Whether it was sent; not if there is none, or it still waits for its answer.
        """
        if check is None or template is None or check.transaction.transaction_id in self._checks:
            return False
        transaction_id = new_transaction_id(self._random_bytes)
        check.transaction.begin_again(transaction_id, now)
        check.data = template.encode(transaction_id)
        self._checks[transaction_id] = check
        check.pair.consent_requests_sent += 1
        self._transmit(check)
        return True

    def _transaction(
        self,
        pair: CandidatePair,
        generation: Generation,
        kind: CheckKind,
        now: float,
        hurried: bool,
    ) -> Transaction:
        config = self._config
        transaction_id = new_transaction_id(self._random_bytes)
        if kind in _ONCE:  # not repeated (RFC 7675 5.1); an answer counts as long as consent
            wait_s = config.consent_timeout_s
            return Transaction(transaction_id, now, rto_s=wait_s, max_sends=1, last_wait=1)
        if pair.local.is_tcp:
            # A stream repeats by itself (RFC 8489 6.2.2).
            wait_s = _HURRIED_STREAM_S if hurried else _STREAM_S
            return Transaction(transaction_id, now, rto_s=wait_s, max_sends=1, last_wait=1)
        shortest_s = max(config.check_rto_s, generation.pacing_s * generation.checklist.pending)
        # In a hurry a slow path gets some repetitions too many, not a later end: the wait for the
        # answer to any of them is long enough as it is.
        longest_s = shortest_s if hurried else max(shortest_s, _LONGEST_RTO_S)
        return Transaction(
            transaction_id,
            now,
            rto_s=pair.round_trip.timeout_s(shortest_s, longest_s),
            max_sends=config.recheck_sends if hurried else config.check_sends,
            last_wait=config.check_last_wait,
        )

    def _transmit(self, check: Check) -> None:
        local, remote = check.pair.key
        self.transmits.append(Transmit(check.data, len(check.data), local, remote))

    def repeat(self, pair: CandidatePair, now: float) -> bool:
        """Send the connectivity check in flight on ``pair`` once more, soon.

        A check of the peer says that ours may have been stopped by a NAT and would pass by now.
        Mostly both have passed and ours is being answered, so :data:`REPEAT_DELAY_S` go by first.
        RFC 8445 7.3.1.4 wants another check in its place. Then every check that comes twice breeds
        checks on both sides, faster than a slow path answers them, and each is soon out of date.
        The same one has the same effect, any answer to it counts, and :data:`MAX_REPEATS` are
        enough.

        Returns:
            Whether there is one.
        """
        for check in reversed(self._checks.values()):
            if check.is_cancelled:
                continue
            if check.pair is pair and check.kind is CheckKind.CONNECTIVITY:
                if check.transaction.repeats < MAX_REPEATS and not pair.local.is_tcp:
                    check.transaction.repeat(now + REPEAT_DELAY_S)
                return True
        return False

    # --- giving up ----------------------------------------------------------------------------

    def cancel_nominations(self) -> None:
        """Stop repeating nominations: a newer one is about to be sent."""
        for check in self._checks.values():
            if check.kind is CheckKind.NOMINATION:
                check.is_cancelled = True

    def conceding_at(self, generation: Generation) -> float | None:
        """When :meth:`concede` has something to do, while the nominated pair works."""
        earliest: float | None = None
        for check in self._contests(generation):
            earliest = earlier(earliest, _concedes_at(check))
        return earliest

    def concede(self, generation: Generation, now: float) -> list[CandidatePair]:
        """Wait no longer for pairs that had their chance beside the nominated one.

        The checks of lesser pairs are cancelled (RFC 8445 8.1.2). Those of better pairs go on: one
        that works after all is nominated then. A response to either counts.

        Returns:
            The pairs.
        """
        nominated = generation.agreement.pair
        conceded = [each for each in self._contests(generation) if now >= _concedes_at(each)]
        for check in conceded:
            check.pair.is_conceded = True
            if nominated is not None and check.pair.priority < nominated.priority:
                check.is_cancelled = True
        return [check.pair for check in conceded]

    def _contests(self, generation: Generation) -> list[Check]:
        """The checks of pairs other than the nominated one."""
        return [
            check
            for check in self._checks.values()
            if check.kind is CheckKind.CONNECTIVITY
            and check.generation is generation
            and check.pair is not generation.agreement.pair
            and not check.pair.is_conceded
            and not check.is_cancelled
        ]

    def forget(self, pair: CandidatePair) -> None:
        """No response on ``pair`` counts any more."""
        self._checks = {key: check for key, check in self._checks.items() if check.pair is not pair}

    def forget_all_but(self, generation: Generation | None, pair: CandidatePair | None) -> None:
        """Only checks of this generation and of this pair matter any more."""
        self._checks = {
            key: check
            for key, check in self._checks.items()
            if check.generation is generation or check.pair is pair
        }

    def clear(self) -> None:
        """Drop everything."""
        self._checks.clear()
        self.transmits.clear()

    def find(self, transaction_id: bytes) -> Check | None:
        """The check with this id that waits for its answer."""
        return self._checks.get(transaction_id)

    def remove(self, check: Check) -> None:
        """The check has been answered, or is given up."""
        del self._checks[check.transaction.transaction_id]

    @property
    def nominating(self) -> Check | None:
        """The nomination that is under way."""
        return next(
            (
                check
                for check in self._checks.values()
                if check.kind is CheckKind.NOMINATION and not check.is_cancelled
            ),
            None,
        )

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """The earliest retransmission or expiry; of checks that are sent once nothing follows."""
        earliest: float | None = None
        for check in self._checks.values():
            if check.kind not in _ONCE:
                earliest = earlier(earliest, check.transaction.next_timeout())
                if check.pair.local.is_tcp and check.pair.holds_back:
                    earliest = earlier(earliest, _released_at(check))
        return earliest

    def handle_timeout(self, now: float) -> list[Check]:
        """Retransmit what is due.

        Returns:
            The checks that ended without an answer and were not cancelled.
        """
        self._sweep(now)
        expired = []
        for check in list(self._checks.values()):
            if check.pair.local.is_tcp and now >= _released_at(check):
                check.pair.holds_back = False
            step = check.transaction.handle_timeout(now)
            if step is TransactionStep.RETRANSMIT and not check.is_cancelled:
                check.pair.retransmissions_sent += 1
                check.pair.holds_back = check.transaction.sends <= _HOLDING_SENDS
                self._transmit(check)
            elif step is TransactionStep.EXPIRED:
                self.remove(check)
                if not check.is_cancelled:
                    expired.append(check)
        return expired

    def _sweep(self, now: float) -> None:
        """Forget the checks, sent once, whose answers count no longer."""
        over = [
            each for each in self._checks.values() if each.kind in _ONCE and _is_over(each, now)
        ]
        for check in over:
            self.remove(check)

    # --- responses ----------------------------------------------------------------------------

    def receive(
        self, response: Message, local: Address, remote: Address, now: float
    ) -> Answer | None:
        """Match a response with its check.

        Returns:
            ``None`` if it answers no check, or is not authentic: that changes nothing, and the
            check goes on (RFC 8489 9.1.4).
        """
        check = self._checks.get(response.transaction_id)
        if check is None or _is_over(check, now):
            self._trace.count("stun-response-unmatched")
            return None
        error = None
        if response.message_class is not _SUCCESS:
            error = response.error.code if response.error else 500
        peer = check.generation.remote
        if peer is None or not response.is_authentic(peer.key):
            self._trace.count("stun-response-unauthenticated")
            if error in _REFUSALS:
                check.pair.error_code = error
                self._trace.record(now, "ice", "check-rejected", pair=check.pair.text, code=error)
            return None
        self.remove(check)
        mapped = response.address(_MAPPED)
        return Answer(check, error, mapped, check.pair.key == (local, remote))


def _is_over(check: Check, now: float) -> bool:
    ends_at = check.transaction.next_timeout()
    return check.kind in _ONCE and ends_at is not None and now >= ends_at


def _released_at(check: Check) -> float:
    """When others need not wait any longer for what becomes of a check over a stream."""
    return check.transaction.started_at + _STREAM_HOLDING_S


def _concedes_at(check: Check) -> float:
    since_at = max(check.transaction.started_at, check.generation.agreement.reached_at)
    if check.pair.local.is_tcp:
        return since_at + _STREAM_CONTEST_S
    return since_at + _CONTEST_RTOS * check.transaction.rto_s
