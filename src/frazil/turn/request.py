"""The requests under way: sent with proof, repeated, and what became of each (RFC 8489 6, 9.2)."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from frazil.stun import (
    Attribute,
    ErrorCode,
    Message,
    MessageClass,
    Method,
    Transaction,
    TransactionStep,
    new_transaction_id,
)
from frazil.trace import Trace
from frazil.turn.authentication import Authentication, ChallengeError
from frazil.turn.failure import STALE_NONCE, UNAUTHENTICATED, Failure, refusal
from frazil.types import Address, RandomBytes

UNPROVEN_PATIENCE_S: Final = 2.0
"""How long a refusal without proof may be outdone by an answer with proof, before it is believed.

RFC 8489 9.2.5 wants to wait for the whole transaction, 39.5 s, and to call it an attack then. But
servers that sign no error response are common, and whoever can see and answer our requests in place
of the server can as well swallow them.
"""
_RELIABLE_WAIT: Final = 79
"""RTOs: over TCP and TLS a request is sent once and waited for 39.5 s (RFC 8489 6.2.2)."""
_UNANSWERED: Final = Failure(None, "the server does not answer")
_UNPROVEN: Final = Failure(None, "the server did not prove that it knows the password")


class Request:
    """One request, from its first transmission to its answer.

    Attributes:
        method: What is asked for.
        attributes: The question, without the proof.
        started_at: When the server can have seen it first: what it grants lasts from here at least.
        transaction: The retransmission clock.
        data: The bytes to send.
        is_signed: Whether it carries proof.
        edition: Of the credentials that it was signed by.
        has_new_nonce: Whether it was sent again because its nonce was stale.
        earlier_sends: How often it was sent before the retransmission clock began again.
        unproven: What an answer without proof said.
        believe_at: When to believe it.
    """

    __slots__ = (
        "attributes",
        "believe_at",
        "data",
        "earlier_sends",
        "edition",
        "has_new_nonce",
        "is_signed",
        "method",
        "started_at",
        "transaction",
        "unproven",
    )

    def __init__(self, method: Method, attributes: Mapping[Attribute, object], now: float) -> None:
        self.method = method
        self.attributes = attributes
        self.started_at = now
        self.transaction: Transaction
        self.data = b""
        self.is_signed = False
        self.edition = 0
        self.has_new_nonce = False
        self.earlier_sends = 0
        self.unproven: Failure | None = None
        self.believe_at: float | None = None

    @property
    def peer(self) -> Address:
        """The peer it is about: of a permission or a channel."""
        value = self.attributes[Attribute.XOR_PEER_ADDRESS]
        assert isinstance(value, tuple)
        return value

    def next_timeout(self) -> float | None:
        """The next retransmission or end."""
        due_at = self.transaction.next_timeout()
        if due_at is None or self.believe_at is None:
            return due_at
        return min(due_at, self.believe_at)


class Answer(NamedTuple):
    """What became of a request.

    Attributes:
        request: The request.
        message: The last response, if one counts.
        failure: Why it came to nothing; None if the server did what it was asked for.
    """

    request: Request
    message: Message | None
    failure: Failure | None


class RequestTable:
    """All requests of one client.

    Args:
        authentication: The credentials.
        random_bytes: The source of transaction ids.
        trace: Where bad responses are counted.
        transmits: What is to be sent is appended here.
        is_reliable: Whether the transport repeats by itself.
    """

    __slots__ = (
        "_authentication",
        "_is_reliable",
        "_random_bytes",
        "_requests",
        "_trace",
        "_transmits",
    )

    def __init__(
        self,
        authentication: Authentication,
        random_bytes: RandomBytes,
        trace: Trace,
        transmits: list[bytes],
        *,
        is_reliable: bool,
    ) -> None:
        self._authentication = authentication
        self._random_bytes = random_bytes
        self._trace = trace
        self._transmits = transmits
        self._is_reliable = is_reliable
        self._requests: dict[bytes, Request] = {}

    def send(self, method: Method, attributes: Mapping[Attribute, object], now: float) -> None:
        """Ask the server for something."""
        self._start(Request(method, attributes, now), now)

    def repeat(self, now: float) -> None:
        """Ask for all that is unanswered as if for the first time: it may get through only now.

        What was sent a moment ago is left alone, and so is a stream, which repeats by itself.
        """
        if self._is_reliable:
            return
        for request in self._requests.values():
            transaction = request.transaction
            if now >= transaction.last_sent_at + transaction.rto_s:
                request.earlier_sends += transaction.sends
                transaction.begin_again(transaction.transaction_id, now)
                self._transmits.append(request.data)

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._requests.clear()

    def _start(self, request: Request, now: float) -> None:
        """Send a request, with a new transaction and the proof that is asked for now."""
        transaction_id = new_transaction_id(self._random_bytes)
        message = Message(request.method, MessageClass.REQUEST, transaction_id, request.attributes)
        request.data = self._authentication.sign(message)
        request.is_signed = self._authentication.is_challenged
        request.edition = self._authentication.edition
        request.started_at = now
        request.earlier_sends = 0
        request.unproven = request.believe_at = None
        if self._is_reliable:
            transaction = Transaction(transaction_id, now, max_sends=1, last_wait=_RELIABLE_WAIT)
        else:
            transaction = Transaction(transaction_id, now)
        request.transaction = transaction
        self._requests[transaction_id] = request
        name = _name(request.method)
        self._trace.record(now, "turn", "request", method=name, is_signed=request.is_signed)
        self._transmits.append(request.data)

    # --- answers ------------------------------------------------------------------------------

    def receive(self, response: Message, now: float) -> Answer | None:
        """The request that ``response`` settles, if it settles one."""
        request = self._requests.get(response.transaction_id)
        if request is None or request.method is not response.method:
            self._trace.count("turn-response-unexpected")
            return None
        if response.message_class is MessageClass.SUCCESS:
            return self._succeed(request, response, now)
        error = response.error
        if error is None:
            self._trace.count("turn-response-malformed")
            return None
        if error.code == UNAUTHENTICATED and self._can_prove_more(request):
            return self._retry(request, response, now)
        if error.code == STALE_NONCE and request.is_signed and not request.has_new_nonce:
            request.has_new_nonce = True
            return self._retry(request, response, now)
        return self._fail(request, response, error, now)

    def _can_prove_more(self, request: Request) -> bool:
        """Whether there is a proof that ``request`` did not carry."""
        authentication = self._authentication
        if request.is_signed and request.edition == authentication.edition:
            authentication.renew()
        return not request.is_signed or request.edition != authentication.edition

    def _succeed(self, request: Request, response: Message, now: float) -> Answer | None:
        if request.is_signed and not self._authentication.is_authentic(response):
            self._doubt(request, _UNPROVEN, None)
            return None
        if response.unknown_required:
            numbers = ", ".join(f"{number:#06x}" for number in response.unknown_required)
            failure = Failure(None, f"the answer needs attributes that nobody knows: {numbers}")
            return self._settle(request, response, failure, now)
        return self._settle(request, response, None, now)

    def _retry(self, request: Request, challenge: Message, now: float) -> Answer | None:
        """Send it again with the proof that the server asks for."""
        error = challenge.error
        try:
            self._authentication.accept(challenge)
        except ChallengeError as problem:
            failure = Failure(error and error.code, str(problem))
            return self._settle(request, challenge, failure, now)
        code = error and error.code
        self._trace.record(now, "turn", "challenged", method=_name(request.method), code=code)
        del self._requests[request.transaction.transaction_id]
        self._start(request, now)
        return None

    def _fail(
        self, request: Request, response: Message, error: ErrorCode, now: float
    ) -> Answer | None:
        failure = refusal(request.method, error)
        # Who does not know us cannot sign, so these two never come with proof (RFC 8489 9.2.4).
        is_bare = error.code in (UNAUTHENTICATED, STALE_NONCE) or not request.is_signed
        if is_bare or self._authentication.is_authentic(response):
            return self._settle(request, response, failure, now)
        self._doubt(request, failure, now + UNPROVEN_PATIENCE_S)
        return None

    def _doubt(self, request: Request, failure: Failure, believe_at: float | None) -> None:
        """Remember what an answer without proof says, and go on waiting for one with proof."""
        self._trace.count("turn-response-unproven")
        if request.unproven is None:
            request.unproven = failure
        if request.believe_at is None and believe_at is not None:
            request.unproven, request.believe_at = failure, believe_at

    def _settle(
        self, request: Request, message: Message | None, failure: Failure | None, now: float
    ) -> Answer:
        transaction = request.transaction
        del self._requests[transaction.transaction_id]
        name, waited_s = _name(request.method), now - request.started_at
        if failure is None:
            self._trace.record(now, "turn", "response", method=name, waited_s=waited_s)
        else:
            self._trace.record(
                now,
                "turn",
                "request-failed",
                method=name,
                code=failure.code,
                text=failure.text,
                sends=request.earlier_sends + transaction.sends,
                waited_s=waited_s,
            )
        return Answer(request, message, failure)

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """The earliest retransmission or end."""
        times = [request.next_timeout() for request in self._requests.values()]
        return min((at for at in times if at is not None), default=None)

    def handle_timeout(self, now: float) -> list[Answer]:
        """Repeat what is due; the requests that are given up."""
        answers = []
        for request in list(self._requests.values()):
            if request.believe_at is not None and now >= request.believe_at:
                answers.append(self._settle(request, None, request.unproven, now))
                continue
            step = request.transaction.handle_timeout(now)
            if step is TransactionStep.RETRANSMIT:
                self._transmits.append(request.data)
            elif step is TransactionStep.EXPIRED:
                failure = request.unproven or _UNANSWERED
                answers.append(self._settle(request, None, failure, now))
        return answers


def _name(method: Method) -> str:
    """The method as the trace calls it, for example ``"create-permission"``."""
    return method.name.lower().replace("_", "-")
