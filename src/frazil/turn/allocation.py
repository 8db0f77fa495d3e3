"""An allocation on a TURN server, from the first request to its end (RFC 8656 7 and 8)."""

from typing import Final

from frazil.errors import InvalidStateError
from frazil.stun import AddressErrorCode, Attribute, Message, Method
from frazil.trace import StateChange, Trace
from frazil.turn.address import is_plausible_server, relayed_addresses_of
from frazil.turn.config import TurnConfig
from frazil.turn.event import (
    Allocated,
    AllocationFailed,
    AllocationLost,
    Closed,
    Confirmed,
    Redirected,
    TurnEvent,
)
from frazil.turn.failure import ALLOCATION_MISMATCH, TRY_ALTERNATE, Failure
from frazil.turn.lease import RETRY_PAUSE_S, Lease
from frazil.turn.relay import Relay
from frazil.turn.request import Answer, RequestTable
from frazil.turn.state import BEFOREHAND, Cause, TurnState, relay_machine
from frazil.turn.wish import Wish
from frazil.types import Address

_RENEWAL_SHARE: Final = 5 / 6
"""An allocation is refreshed after this share of its lifetime: 500 of the usual 600 s, which leaves
time for two whole transactions, and is a minute or more before the end from 360 s on."""

RECLAIM_PAUSE_S: Final = 1.5
"""Between giving back what was left behind and asking anew: coturn deletes a second later."""
_FORGOTTEN: Final = "The server has forgotten the allocation."

_EXPIRED: Final = Failure(None, "no refresh of the allocation got through in time")
_ADDRESSLESS: Final = Failure(None, "the server granted an allocation without an address")


class Allocation:
    """What the server keeps for us: asked for, kept by refreshes, given back.

    Args:
        config: What to ask for.
        requests: Through which the server is asked.
        relay: What is built on the allocation: it begins with it, and is gone with it.
        trace: Where decisions are recorded.
        events: What happens is appended here.
        name: Names it in state changes.
        reclaims: Whether what the server has already is ours; see :class:`frazil.turn.TurnClient`.

    Attributes:
        may_linger: Whether the server may have an allocation of ours, for all that it has said.
        mapped_address: How the server sees us, if there is an allocation and the server told.
    """

    __slots__ = (
        "_config",
        "_events",
        "_has_reclaimed",
        "_is_confirming",
        "_lease",
        "_machine",
        "_reclaims",
        "_relay",
        "_requests",
        "_trace",
        "_wish",
        "mapped_address",
        "may_linger",
    )

    def __init__(
        self,
        config: TurnConfig,
        requests: RequestTable,
        relay: Relay,
        trace: Trace,
        events: list[TurnEvent],
        *,
        name: str,
        reclaims: bool,
    ) -> None:
        self._config = config
        self._requests = requests
        self._relay = relay
        self._trace = trace
        self._events = events
        self._machine = relay_machine(name, trace)
        self._lease = Lease()
        self._is_confirming = False
        self._wish = Wish(config)
        self._reclaims = reclaims
        self._has_reclaimed = False
        self.may_linger = reclaims
        self.mapped_address: Address | None = None

    @property
    def state(self) -> TurnState:
        """Where it is in its life."""
        return self._machine.state

    # --- what is wanted of it -----------------------------------------------------------------

    def allocate(self, now: float) -> None:
        """Ask for it.

        Raises:
            InvalidStateError: It was asked for already, or has ended.
        """
        if self.state is not TurnState.NEW:
            raise InvalidStateError(f"cannot allocate: the relay is {self.state}")
        self._machine.move(Cause.ALLOCATE, "A relayed address is asked for.", now)
        self._ask(now)

    def confirm(self, now: float) -> None:
        """Ask whether it is still there; does nothing if it is not, as far as we know."""
        if self.state is TurnState.ALLOCATED:
            self._is_confirming = True
            if self._lease.is_at_rest:
                self._refresh(self._config.lifetime_s, now)

    def doubt(self, failure: Failure, now: float) -> None:
        """What builds on it was refused, which may mean that it is gone: ask, or believe so."""
        if self.state is not TurnState.ALLOCATED:
            return
        if failure.code == ALLOCATION_MISMATCH:
            self._miss(failure, now)
        elif failure.casts_doubt:
            self._lease.renew_at = now

    def lose_transport(self, text: str, now: float) -> None:
        """The way to the server is gone: ``text`` says why."""
        failure = Failure(None, text)
        if self.state is TurnState.ALLOCATED:
            self._lose(Cause.TRANSPORT_LOST, failure, now)
        elif self.state is TurnState.CLOSING:
            self._end_closing(Cause.TRANSPORT_LOST, failure.sentence, now)
        elif self.state in BEFOREHAND:
            self._fail(Cause.TRANSPORT_LOST, failure, now)

    def close(self, now: float) -> None:
        """Give it back. Idempotent."""
        state = self.state
        if state in (TurnState.CLOSING, TurnState.CLOSED):
            return
        change = self._machine.move(Cause.CLOSE, "The application closed the relay.", now)
        if state is TurnState.ALLOCATED:
            self._forget()
            self._refresh(0, now)
        elif state is not TurnState.ALLOCATING:
            self._forget()
            self._events.append(Closed(change))
        elif self._lease.renew_at is not None:
            self._end_closing(Cause.RELEASED, _FORGOTTEN, now)
        else:  # what is about to be granted is given back then
            self.may_linger = True

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """When it is to be asked for, to be refreshed, or gone."""
        return self._lease.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Ask for it, refresh it, or believe that it has expired."""
        if self.state is TurnState.ALLOCATED:
            self._keep(now)
        elif self.state is TurnState.ALLOCATING and self._lease.is_due(now):
            self._ask(now)

    def _keep(self, now: float) -> None:
        expires_at = self._lease.expires_at
        if self._lease.lapse(now):
            self._lose(Cause.EXPIRED, _EXPIRED, now, deadline_at=expires_at)
        elif self._lease.is_due(now):
            self._refresh(self._config.lifetime_s, now)

    # --- requests -----------------------------------------------------------------------------

    def _ask(self, now: float) -> None:
        """Ask for it (RFC 8656 7.1)."""
        self._lease.renew_at = None
        self._requests.send(Method.ALLOCATE, self._wish.attributes(), now)

    def _refresh(self, lifetime_s: int, now: float) -> None:
        """Ask for more time, or with 0 for none (RFC 8656 8.1)."""
        self._lease.renew_at = None
        self._requests.send(Method.REFRESH, {Attribute.LIFETIME: lifetime_s}, now)

    # --- answers ------------------------------------------------------------------------------

    def take(self, answer: Answer, now: float) -> None:
        """Act on what became of a request for it, for more time, or for its end."""
        if self.state is TurnState.ALLOCATING:
            self._take_allocation(answer, now)
        elif self.state is TurnState.CLOSING:
            self._take_release(answer, now)
        elif self.state is TurnState.ALLOCATED:
            self._take_refresh(answer, now)

    def _take_allocation(self, answer: Answer, now: float) -> None:
        if self._reclaim(answer, now):
            return
        failure, message = answer.failure, answer.message
        if answer.request.method is Method.REFRESH:
            self._take_reclaimed(answer, now)
        elif failure is not None and failure.code == TRY_ALTERNATE and message is not None:
            self._take_redirection(failure, message, now)
        elif failure is not None and self._wish.settle_for_less(failure):
            self._trace.record(now, "turn", "family-refused", code=failure.code)
            self._ask(now)
        elif failure is not None:
            self._fail(_cause_of(answer), self._wish.first_failure or failure, now)
        elif message is not None:
            self._begin(message, answer.request.started_at, now)

    def _reclaim(self, answer: Answer, now: float) -> bool:
        """Give back, once, what the server has already, if it is ours; whether that is asked for.

        Ours is also what it may have granted to the same request with the nonce before: of that the
        answer was lost. A request with another nonce is another transaction to the server.

        To delete it ourselves is what RFC 8656 8 provides for who has done with an allocation; the
        other ports of 7.4 are for those who find that of somebody else.
        """
        failure = answer.failure
        is_occupied = failure is not None and failure.code == ALLOCATION_MISMATCH
        is_ours = self._reclaims or answer.request.has_new_nonce
        is_allocation = answer.request.method is Method.ALLOCATE
        if not (is_occupied and is_ours and is_allocation) or self._has_reclaimed:
            return False
        self._has_reclaimed = True
        self._reclaims = False
        self._refresh(0, now)
        return True

    def _take_reclaimed(self, answer: Answer, now: float) -> None:
        """What was left behind is given back: ask again, once the server has tidied up."""
        failure = answer.failure
        if failure is None or failure.code is not None:
            self.may_linger = False
            self._lease.renew_at = now + RECLAIM_PAUSE_S
        else:
            self._fail(Cause.UNANSWERED, failure, now)

    def _begin(self, message: Message, asked_at: float, now: float) -> None:
        """It is there (RFC 8656 7.3)."""
        relayed = relayed_addresses_of(message)
        if not relayed:
            self._fail(Cause.REFUSED, _ADDRESSLESS, now)
            return
        self.may_linger = True
        self.mapped_address = message.address(Attribute.XOR_MAPPED_ADDRESS)
        lifetime_s = self._grant(message, asked_at)
        change = self._machine.move(
            Cause.GRANTED,
            "The server relays for us.",
            now,
            evidence=(("relayed", " ".join(ip for ip, _ in relayed)), ("lifetime_s", lifetime_s)),
            next_deadline_at=self._lease.renew_at,
        )
        partial = message.attributes.get(Attribute.ADDRESS_ERROR_CODE)
        if isinstance(partial, AddressErrorCode):
            self._trace.record(now, "turn", "family-refused", code=partial.code)
        self._events.append(Allocated(relayed, self.mapped_address, lifetime_s, change))
        self._relay.begin(relayed, now)

    def _grant(self, message: Message, asked_at: float) -> int:
        """Note until when it lasts; its lifetime."""
        lifetime_s = message.number(Attribute.LIFETIME)
        if lifetime_s is None:
            lifetime_s = self._config.lifetime_s
        self._lease.grant(asked_at, lifetime_s, lifetime_s * _RENEWAL_SHARE)
        return lifetime_s

    def _take_redirection(self, failure: Failure, message: Message, now: float) -> None:
        address = message.address(Attribute.ALTERNATE_SERVER)
        if not self._config.accepts_redirect:
            text = "the server redirects us once more"
        elif address is None or not is_plausible_server(address):
            text = "the server redirects us to nowhere"
        else:
            change = self._end(Cause.REDIRECTED, failure, now)
            domain = message.text(Attribute.ALTERNATE_DOMAIN)
            self._events.append(Redirected(address, domain, change))
            return
        self._fail(Cause.REFUSED, failure._replace(text=text), now)

    def _take_refresh(self, answer: Answer, now: float) -> None:
        failure, message = answer.failure, answer.message
        if message is not None and failure is None:
            self._grant(message, answer.request.started_at)
            if self._is_confirming:
                self._is_confirming = False
                self._events.append(Confirmed())
        elif failure is None or failure.is_passing:
            self._lease.renew_at = now if message is None else now + RETRY_PAUSE_S
        elif failure.code == ALLOCATION_MISMATCH:
            self._miss(failure, now)
        else:
            self._lose(Cause.REFRESH_REFUSED, failure, now)

    def _take_release(self, answer: Answer, now: float) -> None:
        if self._reclaim(answer, now):
            return
        failure = answer.failure
        if failure is None and answer.request.method is Method.ALLOCATE:
            self._refresh(0, now)
        elif failure is None or failure.code == ALLOCATION_MISMATCH:
            self._end_closing(Cause.RELEASED, _FORGOTTEN, now)
        else:
            cause = _cause_of(answer)
            if cause is Cause.REFUSED and answer.request.method is Method.ALLOCATE:
                self.may_linger = self._reclaims
            self._end_closing(cause, failure.sentence, now)

    # --- its end ------------------------------------------------------------------------------

    def _fail(self, cause: Cause, failure: Failure, now: float) -> None:
        self.may_linger |= cause is Cause.UNANSWERED
        change = self._end(cause, failure, now)
        self._events.append(AllocationFailed(failure.code, change.reason.text, change))

    def _miss(self, failure: Failure, now: float) -> None:
        """The server says that there is none."""
        self.may_linger = False
        self._lose(Cause.ALLOCATION_UNKNOWN, failure, now)

    def _lose(
        self, cause: Cause, failure: Failure, now: float, deadline_at: float | None = None
    ) -> None:
        change = self._end(cause, failure, now, deadline_at)
        self._events.append(AllocationLost(failure.code, change.reason.text, change))

    def _end(
        self, cause: Cause, failure: Failure, now: float, deadline_at: float | None = None
    ) -> StateChange:
        evidence = (("code", failure.code), ("server_says", failure.phrase))
        change = self._machine.move(
            cause, failure.sentence, now, evidence=evidence, deadline_at=deadline_at
        )
        self._forget()
        return change

    def _end_closing(self, cause: Cause, text: str, now: float) -> None:
        if cause is Cause.RELEASED:
            self.may_linger = False
        change = self._machine.move(cause, text, now)
        self._forget()
        self._events.append(Closed(change))

    def _forget(self) -> None:
        """Let go of it, and of everything that was built on it."""
        self._requests.clear()
        self._relay.clear()
        self._lease = Lease()
        self.mapped_address = None


def _cause_of(answer: Answer) -> Cause:
    """Whether the server refused, or no answer of it counts."""
    is_refusal = answer.message is not None or (answer.failure and answer.failure.code)
    return Cause.REFUSED if is_refusal else Cause.UNANSWERED
