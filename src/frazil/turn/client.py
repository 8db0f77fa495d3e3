"""A relayed address on one TURN server: allocated, kept alive, used, given back (RFC 8656)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from frazil.address import canonical_ip
from frazil.errors import InvalidStateError
from frazil.stun import (
    AddressErrorCode,
    Attribute,
    Message,
    MessageClass,
    Method,
    StunDecodeError,
    is_stun,
)
from frazil.trace import StateChange, Trace
from frazil.turn.address import canonical_peer, is_plausible_server, relayed_addresses_of
from frazil.turn.authentication import Authentication
from frazil.turn.channel_data import is_channel_data
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
from frazil.turn.state import Cause, TurnState, relay_machine
from frazil.turn.wish import Wish
from frazil.types import Address, Datagram, RandomBytes

_RENEWAL_SHARE: Final = 5 / 6
"""An allocation is refreshed after this share of its lifetime: 500 of the usual 600 s, which leaves
time for two whole transactions, and is a minute or more before the end from 360 s on."""

RECLAIM_PAUSE_S: Final = 1.5
"""Between giving back what was left behind and asking anew: coturn deletes a second later."""
_FORGOTTEN: Final = "The server has forgotten the allocation."

_BEFORE: Final = frozenset({TurnState.NEW, TurnState.ALLOCATING})
_EXPIRED: Final = Failure(None, "no refresh of the allocation got through in time")
_ADDRESSLESS: Final = Failure(None, "the server granted an allocation without an address")


class TurnClient:
    """One allocation on one server, from one local address or over one stream.

    The owner carries messages: what :meth:`poll_transmits` returns goes to the server, what comes
    from the server's address goes to :meth:`receive`. Over a stream,
    :class:`frazil.turn.StreamFramer` and :func:`frazil.turn.frame` mark the boundaries. Another
    attempt, or another server, is another client.

    Args:
        config: Credentials and wishes.
        random_bytes: The source of transaction ids.
        trace: Where decisions are recorded and bad input is counted.
        name: Names this relay in state changes.
        reclaims: Whether an allocation that the server has already is ours, left behind by a client
            before this one: it is given back, so that there can be another.

    Attributes:
        may_linger: Whether the server may have an allocation of ours, for all that it has said.
        mapped_address: How the server sees us, if there is an allocation and the server told.
    """

    __slots__ = (
        "_authentication",
        "_config",
        "_deadline_at",
        "_events",
        "_is_confirming",
        "_lease",
        "_machine",
        "_reclaims",
        "_relay",
        "_requests",
        "_trace",
        "_transmits",
        "_wish",
        "mapped_address",
        "may_linger",
    )

    def __init__(
        self,
        config: TurnConfig,
        random_bytes: RandomBytes,
        trace: Trace,
        *,
        name: str = "0",
        reclaims: bool = False,
    ) -> None:
        self._config = config
        self._trace = trace
        self._machine = relay_machine(name, trace)
        self._transmits: list[bytes] = []
        self._events: list[TurnEvent] = []
        self._authentication = Authentication(config.username, config.password)
        self._requests = RequestTable(
            self._authentication,
            random_bytes,
            trace,
            self._transmits,
            is_reliable=config.is_reliable,
        )
        self._relay = Relay(self._requests, random_bytes, trace, self._transmits)
        self._lease = Lease()
        self._deadline_at: float | None = None
        self._is_confirming = False
        self._wish = Wish(config)
        self._reclaims = reclaims
        self.may_linger = reclaims
        self.mapped_address: Address | None = None

    # What it is.

    @property
    def state(self) -> TurnState:
        """Where the relay is in its life."""
        return self._machine.state

    @property
    def relayed_addresses(self) -> tuple[Address, ...]:
        """What peers send to, while there is an allocation."""
        return self._relay.addresses

    # What it is told to do.

    def allocate(self, now: float) -> None:
        """Ask the server for a relayed address.

        Raises:
            InvalidStateError: It was asked already, or the client has ended.
        """
        if self.state is not TurnState.NEW:
            raise InvalidStateError(f"cannot allocate: the relay is {self.state}")
        self._machine.move(Cause.ALLOCATE, "A relayed address is asked for.", now)
        self._ask(now)
        self._settle()

    def _ask(self, now: float) -> None:
        self._lease.renew_at = None
        self._requests.send(Method.ALLOCATE, self._wish.attributes(), now)

    def set_credentials(self, username: str, password: str) -> None:
        """Prove ourselves like this from the next 401 on: until then the old proof is good.

        Servers tie an allocation to the username it was made with, and some let another one
        refresh it all the same.

        Raises:
            ValueError: See :class:`frazil.turn.TurnConfig`.
        """
        self._config = replace(self._config, username=username, password=password)
        self._authentication.succeed(username, password)

    def confirm(self, now: float) -> None:
        """Ask the server whether the allocation is still there, which it may have forgotten.

        :class:`frazil.turn.Confirmed` or :class:`frazil.turn.AllocationLost` tells. Does nothing
        without an allocation.
        """
        if self.state is TurnState.ALLOCATED and not self._is_confirming:
            self._is_confirming = True
            self._refresh(self._config.lifetime_s, now)
            self._settle()

    def create_permission(self, ip: str, now: float) -> None:
        """Let datagrams from and to ``ip``, any port, pass, until :meth:`drop_permission`.

        It is asked for as soon as there is an allocation, and renewed in time. Does nothing if it
        is there already, or if the client has ended.

        Raises:
            ValueError: ``ip`` is not an IP literal.
        """
        ip = canonical_ip(ip)
        if self.state in _BEFORE or self.state is TurnState.ALLOCATED:
            self._relay.create_permission(ip, now)
            self._settle()

    def drop_permission(self, ip: str) -> None:
        """Exchange nothing with ``ip`` any more; the server forgets it within ten minutes.

        Raises:
            ValueError: ``ip`` is not an IP literal.
        """
        self._relay.drop_permission(canonical_ip(ip))
        self._settle()

    def bind_channel(self, peer: Address, now: float) -> None:
        """Spend 4 bytes instead of 36 or more on each further datagram to and from ``peer``.

        Worth its request for the pair that carries the data. Asks for the permission as well, and
        renews both until :meth:`drop_permission`. If the server refuses the channel, datagrams go
        on without. Does nothing if the client has ended.

        Raises:
            InvalidStateError: There has been no allocation yet.
            ValueError: ``peer`` is not an IP literal with a port.
        """
        self._require_begun()
        peer = canonical_peer(peer)
        if self.state is TurnState.ALLOCATED:
            self._relay.bind_channel(peer, now)
            self._settle()

    def send(self, data: bytes, peer: Address, now: float) -> None:
        """Relay a datagram to ``peer``.

        Until the server has granted the permission it is held. Like UDP this promises nothing: a
        datagram is counted and lost if the peer has no permission, if the client has ended, or if
        it has more than 1448 bytes and there is no channel.

        Raises:
            InvalidStateError: There has been no allocation yet.
            ValueError: ``peer`` is not an IP literal with a port, or the data exceeds 65535 bytes.
        """
        if self.state is not TurnState.ALLOCATED:
            self._require_begun()
        self._relay.send(data, peer, now)

    def lose_transport(self, text: str, now: float) -> None:
        """The way to the server is gone: its socket is closed, its stream broken.

        Args:
            text: What happened, for people: a clause that begins in lower case.
            now: The time.
        """
        failure = Failure(None, text)
        if self.state is TurnState.ALLOCATED:
            self._lose(Cause.TRANSPORT_LOST, failure, now)
        elif self.state is TurnState.CLOSING:
            self._end_closing(Cause.TRANSPORT_LOST, failure.sentence, now)
        elif self.state in _BEFORE:
            self._fail(Cause.TRANSPORT_LOST, failure, now)
        self._settle()

    def close(self, now: float) -> None:
        """Give the allocation back. Idempotent.

        The request is repeated until the server answers, which :class:`frazil.turn.Closed` tells;
        an owner in a hurry may send it once and go.
        """
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
        self._settle()

    # What comes in.

    def receive(self, messages: Sequence[bytes], now: float) -> list[Datagram]:
        """Process messages from the server; the datagrams that peers sent, in order.

        Their ``local`` is the relayed address. Never raises on the content of a message: what does
        not belong here is counted and dropped.
        """
        datagrams: list[Datagram] = []
        for message in messages:
            if is_channel_data(message):
                datagram = self._relay.receive_channel_data(message)
            elif is_stun(message):
                datagram = self._receive_stun(message, now)
            else:
                self._trace.count("turn-foreign")
                continue
            if datagram is not None:
                datagrams.append(datagram)
        return datagrams

    def _receive_stun(self, data: bytes, now: float) -> Datagram | None:
        try:
            message = Message.decode(data)
        except StunDecodeError:
            self._trace.count("turn-malformed")
            return None
        kind = message.message_class
        if kind is MessageClass.INDICATION and message.method is Method.DATA:
            return self._relay.receive_indication(message)
        if kind in (MessageClass.SUCCESS, MessageClass.ERROR):
            answer = self._requests.receive(message, now)
            if answer is not None:
                self._take(answer, now)
            self._settle()
        else:
            self._trace.count("turn-foreign")
        return None

    def handle_timeout(self, now: float) -> None:
        """Repeat, renew, give up: whatever is due."""
        for answer in self._requests.handle_timeout(now):
            self._take(answer, now)
        if self.state is TurnState.ALLOCATED:
            self._keep(now)
        elif self.state is TurnState.ALLOCATING and self._lease.is_due(now):
            self._ask(now)
        self._settle()

    def _keep(self, now: float) -> None:
        """Keep the allocation, and all that is built on it, from expiring."""
        expires_at = self._lease.expires_at
        if self._lease.lapse(now):
            self._lose(Cause.EXPIRED, _EXPIRED, now, deadline_at=expires_at)
            return
        if self._lease.is_due(now):
            self._refresh(self._config.lifetime_s, now)
        self._relay.handle_timeout(now)

    # What goes out.

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` wants to be called."""
        deadline_at = self._deadline_at
        if self.state is not TurnState.ALLOCATED:
            return deadline_at
        keepalive_at = self._relay.keepalive_at()
        return keepalive_at if deadline_at is None else min(deadline_at, keepalive_at)

    def poll_transmits(self) -> list[bytes]:
        """The messages to send to the server, in order."""
        transmits = self._transmits.copy()
        self._transmits.clear()  # others append to this very list
        return transmits

    def poll_events(self) -> list[TurnEvent]:
        """What happened since the last call."""
        events, self._events = self._events, []
        return events

    # Answers.

    def _take(self, answer: Answer, now: float) -> None:
        """Act on what became of a request."""
        method, failure = answer.request.method, answer.failure
        if self.state is TurnState.ALLOCATING:
            self._take_allocation(answer, now)
        elif self.state is TurnState.CLOSING:
            self._take_release(answer, now)
        elif self.state is not TurnState.ALLOCATED:
            return  # an answer before this one, in the same batch of timeouts, was the end
        elif failure is not None and failure.code == ALLOCATION_MISMATCH:
            self.may_linger = False
            self._lose(Cause.ALLOCATION_UNKNOWN, failure, now)
        elif method is Method.REFRESH:
            self._take_refresh(answer, now)
        else:
            self._relay.take(answer, now)
            if failure is not None and failure.casts_doubt:
                self._lease.renew_at = now

    def _take_allocation(self, answer: Answer, now: float) -> None:
        failure, message = answer.failure, answer.message
        if answer.request.method is Method.REFRESH:
            self._take_reclaimed(answer, now)
        elif failure is not None and failure.code == ALLOCATION_MISMATCH and self._reclaims:
            self._reclaims = False
            self._refresh(0, now)
        elif failure is not None and failure.code == TRY_ALTERNATE and message is not None:
            self._take_redirection(failure, message, now)
        elif failure is not None and self._wish.settle_for_less(failure):
            self._trace.record(now, "turn", "family-refused", code=failure.code)
            self._ask(now)
        elif failure is not None:
            self._fail(_cause_of(answer), self._wish.first_failure or failure, now)
        elif message is not None:
            self._begin(message, answer.request.started_at, now)

    def _take_reclaimed(self, answer: Answer, now: float) -> None:
        """What was left behind is given back: ask again, once the server has tidied up.

        To delete it ourselves is what RFC 8656 8 provides for who has done with an allocation; the
        other ports of 7.4 are for those who find that of somebody else.
        """
        failure = answer.failure
        if failure is None or failure.code is not None:
            self.may_linger = False
            self._lease.renew_at = now + RECLAIM_PAUSE_S
        else:
            self._fail(Cause.UNANSWERED, failure, now)

    def _begin(self, message: Message, asked_at: float, now: float) -> None:
        """The allocation is there (RFC 8656 7.3)."""
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
        """Note until when the allocation lasts; its lifetime."""
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
        else:
            self._lose(Cause.REFRESH_REFUSED, failure, now)

    def _take_release(self, answer: Answer, now: float) -> None:
        failure = answer.failure
        if failure is None and answer.request.method is Method.ALLOCATE:
            self._refresh(0, now)
        elif failure is None or failure.code == ALLOCATION_MISMATCH:
            self._end_closing(Cause.RELEASED, _FORGOTTEN, now)
        else:
            cause = _cause_of(answer)
            if cause is Cause.REFUSED and answer.request.method is Method.ALLOCATE:
                self.may_linger = False
            self._end_closing(cause, failure.sentence, now)

    # The allocation.

    def _refresh(self, lifetime_s: int, now: float) -> None:
        """Ask for more time, or with 0 for none (RFC 8656 8.1)."""
        self._lease.renew_at = None
        self._requests.send(Method.REFRESH, {Attribute.LIFETIME: lifetime_s}, now)

    def _fail(self, cause: Cause, failure: Failure, now: float) -> None:
        self.may_linger |= cause is Cause.UNANSWERED
        change = self._end(cause, failure, now)
        self._events.append(AllocationFailed(failure.code, change.reason.text, change))

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
        """Let go of everything that was built on the allocation."""
        self._requests.clear()
        self._relay.clear()
        self._lease = Lease()
        self.mapped_address = None

    def _settle(self) -> None:
        """Done after every input that is not mere data: collect failures, find the deadline."""
        self._events += self._relay.failed
        self._relay.failed.clear()
        times = (
            self._requests.next_timeout(),
            self._lease.next_timeout(),
            self._relay.next_timeout(),
        )
        self._deadline_at = min((at for at in times if at is not None), default=None)

    def _require_begun(self) -> None:
        if self.state in _BEFORE:
            raise InvalidStateError(f"there is no relayed address yet: the relay is {self.state}")


def _cause_of(answer: Answer) -> Cause:
    """Whether the server refused, or no answer of it counts."""
    is_refusal = answer.message is not None or (answer.failure and answer.failure.code)
    return Cause.REFUSED if is_refusal else Cause.UNANSWERED
