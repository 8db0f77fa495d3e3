"""A client of one TURN server: what is asked of it, and the messages in between (RFC 8656)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from frazil.address import canonical_ip
from frazil.errors import InvalidStateError
from frazil.stun import Message, MessageClass, Method, StunDecodeError, is_stun
from frazil.trace import Trace
from frazil.turn.address import canonical_peer
from frazil.turn.allocation import Allocation
from frazil.turn.authentication import Authentication
from frazil.turn.channel_data import is_channel_data
from frazil.turn.config import TurnConfig
from frazil.turn.event import TurnEvent
from frazil.turn.relay import Relay
from frazil.turn.request import Answer, RequestTable
from frazil.turn.state import BEFOREHAND, TurnState
from frazil.types import Address, Datagram, RandomBytes

_ABOUT_ALLOCATION: Final = frozenset({Method.ALLOCATE, Method.REFRESH})


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
    """

    __slots__ = (
        "_allocation",
        "_authentication",
        "_config",
        "_deadline_at",
        "_events",
        "_relay",
        "_requests",
        "_trace",
        "_transmits",
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
        self._allocation = Allocation(
            config, self._requests, self._relay, trace, self._events, name=name, reclaims=reclaims
        )
        self._deadline_at: float | None = None

    # What it is.

    @property
    def state(self) -> TurnState:
        """Where the relay is in its life."""
        return self._allocation.state

    @property
    def relayed_addresses(self) -> tuple[Address, ...]:
        """What peers send to, while there is an allocation."""
        return self._relay.addresses

    @property
    def mapped_address(self) -> Address | None:
        """How the server sees us, if there is an allocation and the server told."""
        return self._allocation.mapped_address

    @property
    def may_linger(self) -> bool:
        """Whether the server may have an allocation of ours, for all that it has said."""
        return self._allocation.may_linger

    # What it is told to do.

    def allocate(self, now: float) -> None:
        """Ask the server for a relayed address.

        Raises:
            InvalidStateError: It was asked already, or the client has ended.
        """
        self._allocation.allocate(now)
        self._settle()

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

        :class:`frazil.turn.Confirmed` or :class:`frazil.turn.AllocationLost` tells. Permissions and
        channels are asked for once more, too: they end sooner, and our clock may have stood still
        while that of the server went on. What is unanswered is repeated at once. Without an
        allocation that is all.
        """
        self._requests.repeat(now)
        self._allocation.confirm(now)
        if self.state is TurnState.ALLOCATED:
            self._relay.confirm(now)
        self._settle()

    def create_permission(self, ip: str, now: float) -> None:
        """Let datagrams from and to ``ip``, any port, pass.

        It is asked for as soon as there is an allocation, and renewed in time until
        :meth:`drop_permission`. Does nothing if it is there already, or if the client has ended.

        Raises:
            ValueError: ``ip`` is not an IP literal.
        """
        ip = canonical_ip(ip)
        if self.state in BEFOREHAND or self.state is TurnState.ALLOCATED:
            self._relay.create_permission(ip, now)
            self._settle()

    def drop_permission(self, ip: str) -> None:
        """Renew nothing for ``ip`` any more: datagrams pass until the permission ends by itself.

        That is so within five minutes, and at once if the server has not granted it yet or there
        is no room for another one.

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
        if not self._relay.addresses:
            self._require_begun()
        self._relay.send(data, peer, now)

    def lose_transport(self, text: str, now: float) -> None:
        """The way to the server is gone: its socket is closed, its stream broken.

        Args:
            text: What happened, for people: a clause that begins in lower case.
            now: The time.
        """
        self._allocation.lose_transport(text, now)
        self._settle()

    def close(self, now: float) -> None:
        """Give the allocation back. Idempotent.

        The request is repeated until the server answers, which :class:`frazil.turn.Closed` tells;
        an owner in a hurry may send it once and go.
        """
        self._allocation.close(now)
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
        self._allocation.handle_timeout(now)
        if self._relay.addresses:
            self._relay.handle_timeout(now)
        self._settle()

    # What goes out.

    def next_timeout(self) -> float | None:
        """When :meth:`handle_timeout` wants to be called."""
        deadline_at = self._deadline_at
        if not self._relay.addresses:
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
        events = self._events.copy()
        self._events.clear()  # as above
        return events

    # What becomes of it.

    def _take(self, answer: Answer, now: float) -> None:
        """Bring what became of a request to what it was about."""
        if answer.request.method in _ABOUT_ALLOCATION:
            self._allocation.take(answer, now)
            return
        if answer.failure is not None:
            self._allocation.doubt(answer.failure, now)
        if self._relay.addresses:  # unless this answer, or one of the same batch, was the end
            self._relay.take(answer, now)

    def _settle(self) -> None:
        """Done after every input that is not mere data: collect failures, find the deadline."""
        self._events += self._relay.failed
        self._relay.failed.clear()
        times = (
            self._requests.next_timeout(),
            self._allocation.next_timeout(),
            self._relay.next_timeout(),
        )
        self._deadline_at = min((at for at in times if at is not None), default=None)

    def _require_begun(self) -> None:
        if self.state in BEFOREHAND:
            raise InvalidStateError(f"there is no relayed address yet: the relay is {self.state}")
