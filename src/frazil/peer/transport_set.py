"""The transports of a connection: their life, and their traffic with the driver."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.ice import OPEN, Disclosure, PairKey, TcpType
from frazil.peer.configuration import Configuration
from frazil.peer.core import Core
from frazil.peer.driver_request import FOR_DRIVER, request_for
from frazil.peer.event import DriverRequest, EventType, TransportDiscarded
from frazil.peer.ice_router import IceRouter
from frazil.peer.ice_server import servers_of
from frazil.peer.recovery import Recovery
from frazil.peer.stack import TransportStack
from frazil.peer.transport import DtlsTransport
from frazil.peer.transport_pool import SessionFactory, TransportPool
from frazil.session.gathering import Gathering
from frazil.session.session import Session
from frazil.trace import Reason
from frazil.turn import TurnConfig
from frazil.types import Address, Datagram, Transmit

_CREATED: Final = Reason("created", "webrtc-pc 4.4.1.5", "a description added a transport")


@mypyc_attr(allow_interpreted_subclasses=True)
class TransportSet:
    """Every input to a session comes through here, so that no report of one is ever left behind.

    Attributes:
        configuration: Its ICE servers and policy hold for whatever gathering starts from now on;
            see :meth:`configure` and :meth:`adopt`.
        dtls: The DTLS transports in use, each with its ICE transport, oldest first; always the
            same list.
        requests: What :meth:`poll_requests` will return.
    """

    __slots__ = (
        "_core",
        "_leaving",
        "_living",
        "_pool",
        "_recovery",
        "_router",
        "_stacks",
        "configuration",
        "dtls",
        "requests",
    )

    def __init__(
        self,
        core: Core,
        router: IceRouter,
        configuration: Configuration,
        recovery: Recovery,
        factory: SessionFactory,
    ) -> None:
        self.configuration = configuration
        self._core = core
        self._router = router
        self._recovery = recovery
        self._stacks: dict[str, TransportStack] = {}
        self.dtls: list[DtlsTransport] = []
        self._pool = TransportPool(factory)
        self._living: tuple[TransportStack, ...] = ()  # those in use, and those that wait to be
        self._leaving: tuple[TransportStack, ...] = ()
        self.requests: list[DriverRequest] = []

    @property
    def stacks(self) -> list[TransportStack]:
        """The transports in use, oldest first."""
        return list(self._stacks.values())

    def configure(self, configuration: Configuration, now: float) -> None:
        """Take another configuration; relays in use get fresh credentials at once.

        Spare transports gather anew if servers or policy are others (RFC 9429 4.1.18).
        """
        before = self.configuration
        self.adopt(configuration)
        if (before.ice_servers, before.ice_transport_policy) != (
            configuration.ice_servers,
            configuration.ice_transport_policy,
        ):
            self._shut_all(self._pool.empty(), now)
        self._fill_pool(now)

    def adopt(self, configuration: Configuration) -> None:
        """Let this configuration hold from now on, and relays in use have its credentials."""
        self.configuration = configuration
        configs = {
            url.url: entry.turn_config(url.relay_protocol)
            for url, entry in servers_of(configuration.ice_servers)
            if url.is_turn
        }
        for stack in self._stacks.values():
            stack.session.set_turn_credentials(configs)

    # --- life ---------------------------------------------------------------------------------

    def create(self) -> TransportStack:
        """A new transport, possibly one that has gathered already."""
        stack = self._pool.take()
        self._stacks[stack.name] = stack
        self._list()
        self._core.tasks.queue(self._derive)
        return stack

    def _list(self) -> None:
        """There are others now, in use or spare."""
        self._living = tuple(self._stacks.values()) + tuple(self._pool.spare)
        self.dtls[:] = [stack.dtls for stack in self._stacks.values()]

    def fill_pool(self, now: float) -> None:
        """Let as many spare transports gather as are configured (RFC 9429 3.5.4)."""
        self._fill_pool(now)

    def _fill_pool(self, now: float) -> None:
        if self._pool.is_open:
            size = self.configuration.ice_candidate_pool_size
            self._shut_all(self._pool.fill(size, now), now)
            self.drain()

    def close_pool(self, now: float) -> None:
        """An answer has settled which transports there are: spare ones are given back."""
        self._shut_all(self._pool.close(), now)

    def discard(self, stack: TransportStack, reason: Reason, now: float) -> None:
        """Take a transport out of use; its ``closed`` events come in a task of their own."""
        del self._stacks[stack.name]
        self._list()
        self._shut(stack, now)
        self._core.tasks.queue(partial(self._announce_discarded, stack, reason))

    def close(self, reason: Reason, now: float) -> None:
        """Close all transports, their slots at once and without events."""
        for stack in self._stacks.values():
            self._shut(stack, now)
            stack.close_slots(self._core.history, reason, now)
        self._stacks.clear()
        self.close_pool(now)

    def drain(self) -> None:
        """Queue tasks for everything that the sessions have reported."""
        for stack in self._living:
            if stack.session.events:
                self._route(stack)

    def _route(self, stack: TransportStack) -> None:
        """Hand on what the session has reported; of a spare one only what the driver may do.

        The driver is asked at once, outside of any task.
        """
        is_in_use = stack.name in self._stacks
        for event in stack.session.poll_events():
            if type(event) in FOR_DRIVER:
                request = request_for(stack.name, event, self.configuration)
                if request is not None:
                    self.requests.append(request)
            if is_in_use:
                self._router.route(stack, event)

    # --- network ------------------------------------------------------------------------------

    def take_usual(self, transport: str, lone: Datagram, now: float) -> list[Transmit] | None:
        """Take a datagram that came alone, if it is what two idle ends exchange all the time.

        Returns:
            What the sockets of ``transport`` are to send; with :meth:`next_timeout` that is all
            that follows. ``None`` if it is anything else: then nothing has happened, and it is for
            :meth:`receive`.
        """
        stack = self._stacks.get(transport)
        return None if stack is None else stack.session.take_usual(lone, now)

    def ask_usual(self, now: float) -> tuple[str, list[Transmit]] | None:
        """Let time pass, if all that is due is what two idle ends ask each other all the time.

        Returns:
            As of :meth:`take_usual`, after the name of the transport. ``None`` if more may be due:
            then nothing has happened, and it is for :meth:`handle_timeout`.
        """
        if len(self._living) != 1 or self._recovery.next_timeout() is not None:
            return None
        stack = self._living[0]
        transmits = stack.session.ask_usual(now)
        return None if transmits is None else (stack.name, transmits)

    def receive(self, transport: str, datagrams: list[Datagram], now: float) -> None:
        """Feed a batch that arrived at the sockets of ``transport``; unknown names are ignored."""
        stack = self._stacks.get(transport) or self._pool.find(transport)
        if stack is not None:
            stack.session.receive(datagrams, now)
            if stack.session.events:
                self._route(stack)

    def handle_timeout(self, now: float) -> None:
        """Let time pass."""
        for stack in self._living:
            stack.session.handle_timeout(now)
        self._recovery.handle_timeout(now)
        self.drain()

    def next_timeout(self) -> float | None:
        """The earliest deadline of any session, or of their recovery."""
        earliest = self._recovery.next_timeout()
        for stack in self._living:
            at = stack.session.next_timeout()
            if at is not None and (earliest is None or at < earliest):
                earliest = at
        return earliest

    @property
    def is_drained(self) -> bool:
        """Whether the driver has everything: no transmit, no request, no other deadline."""
        if self.requests or self._leaving:
            return False
        for stack in self._living:  # noqa: SIM110 - a generator costs more than the loop
            if not stack.session.is_drained:
                return False
        return True

    def poll_transmits(self, now: float) -> list[tuple[str, list[Transmit]]]:
        """What is to be sent, by the name of the transport whose sockets send it."""
        stacks = self._living + self._leaving
        self._leaving = ()
        batches: list[tuple[str, list[Transmit]]] = []
        for stack in stacks:
            if not stack.session.is_drained:
                transmits = stack.session.poll_transmits(now)
                if transmits:
                    batches.append((stack.name, transmits))
                if stack.session.events:
                    self._route(stack)
        return batches

    # --- gathering ----------------------------------------------------------------------------

    def poll_requests(self) -> list[DriverRequest]:
        """What the driver is asked to do. Send the pending transmits first."""
        requests, self.requests = self.requests, []
        return requests

    def gather_from(self, transport: str, hosts: list[str], urls: list[str], now: float) -> None:
        """Gathering of ``transport`` uses these addresses of the host and these servers only."""
        self._recovery.gather_from(transport, hosts, now)
        self._gather(transport, lambda to: to.gather_from(hosts, urls), now)

    def add_local_address(
        self,
        transport: str,
        address: Address,
        now: float,
        *,
        hidden: bool = False,
        disclosure: Disclosure = OPEN,
    ) -> None:
        """A UDP socket was bound for ``transport``.

        If ``hidden``, only servers learn of it; else the peer learns what ``disclosure`` says.
        """
        self._gather(
            transport,
            lambda to: to.add_local_address(address, now, hidden=hidden, disclosure=disclosure),
            now,
        )

    def local_address_failed(self, transport: str, host: str, text: str, now: float) -> None:
        """The address ``host`` gives no candidate to tell of, for the reason ``text``."""
        self._gather(transport, lambda to: to.local_address_failed(host, text, now), now)

    def remove_local_address(self, transport: str, address: Address, now: float) -> None:
        """A socket of ``transport`` was closed: its interface went away."""
        self._recovery.lose_host(transport, address[0], now)
        self._gather(transport, lambda to: to.remove_local_address(address, now), now)

    def lose_host(self, transport: str, host: str, now: float) -> None:
        """The address ``host`` of this host is gone, whether or not a socket was bound to it."""
        self._recovery.lose_host(transport, host, now)
        self._gather(transport, lambda to: to.lose_host(host, now), now)

    def add_local_tcp(
        self,
        transport: str,
        address: Address,
        tcp_type: TcpType,
        now: float,
        disclosure: Disclosure = OPEN,
    ) -> None:
        """Streams of ``transport`` lead away from ``address``, or arrive there."""
        self._gather(
            transport, lambda to: to.add_local_tcp(address, tcp_type, now, disclosure), now
        )

    def lose_stream(
        self, transport: str, local: Address, remote: Address, text: str, now: float
    ) -> None:
        """A stream of ``transport`` has ended, or could not be opened."""
        self._gather(transport, lambda to: to.lose_stream(local, remote, text, now), now)

    def is_validated(self, transport: str, local: Address, remote: Address) -> bool:
        """Whether the peer has proven that it is at ``remote``."""
        stack = self._stacks.get(transport)
        return stack is not None and stack.session.ice.passage.is_validated(local, remote)

    def datagram_sizes(self, transport: str) -> range:
        """The sizes of the datagrams that ``transport`` may have a use for, if there is one."""
        stack = self._stacks.get(transport)
        return stack.session.datagram_sizes if stack is not None else range(0)

    def has_relay(self, transport: str, local: Address, server: Address) -> bool:
        """Whether the TURN server at ``server`` relays for ``local``, or is asked to."""
        stack = self._stacks.get(transport) or self._pool.find(transport)
        return stack is not None and stack.session.has_relay(local, server)

    def gather_again(self, now: float) -> None:
        """The host has other addresses or routes: each transport that gathered does it again."""
        self._recovery.gather_again(now)
        for stack in self._living:
            stack.session.tell_gathering(lambda to: to.gather_again(now), now)
        self.drain()

    def local_addresses_done(self, transport: str, now: float) -> None:
        """Every interface has its socket."""
        self._gather(transport, lambda to: to.local_addresses_done(now), now)

    def expect_server(self, transport: str, url: str) -> None:
        """The name in ``url`` is being resolved; gathering waits for it."""
        self._feed(transport, lambda to: to.expect_server(url))

    def add_stun_server(
        self, transport: str, url: str, addresses: list[Address], now: float
    ) -> None:
        """The name in ``url`` was resolved: a STUN server."""
        self._gather(transport, lambda to: to.add_stun_server(url, addresses, now), now)

    def add_turn_server(
        self, transport: str, url: str, addresses: list[Address], config: TurnConfig, now: float
    ) -> None:
        """The name in ``url`` was resolved: a TURN server, to be asked as ``config`` says."""
        self._gather(transport, lambda to: to.add_turn_server(url, addresses, config, now), now)

    def add_turn_stream(
        self,
        transport: str,
        url: str,
        local: Address,
        server: Address,
        config: TurnConfig,
        now: float,
    ) -> None:
        """A stream leads from ``local`` to the TURN server of ``url`` at ``server``."""
        self._gather(transport, lambda to: to.add_turn_stream(url, local, server, config, now), now)

    def turn_stream_lost(self, transport: str, local: Address, text: str, now: float) -> None:
        """The stream from ``local`` to a TURN server has ended; ``text`` says why."""
        self._gather(transport, lambda to: to.turn_stream_lost(local, text, now), now)

    def relay_stream_opened(self, transport: str, number: int, local: Address, now: float) -> None:
        """The stream of a :class:`StreamRequested` leads from ``local`` to its server."""
        self._gather(transport, lambda to: to.relay_stream_opened(number, local, now), now)

    def relay_stream_failed(self, transport: str, number: int, text: str, now: float) -> None:
        """The stream of a :class:`StreamRequested` cannot be had; ``text`` says why."""
        self._gather(transport, lambda to: to.relay_stream_failed(number, text, now), now)

    def turn_streams_done(self, transport: str, url: str, text: str, now: float) -> None:
        """All streams to the server of ``url`` were added; ``text`` says why if there is none."""
        self._gather(transport, lambda to: to.turn_streams_done(url, text, now), now)

    def server_failed(self, transport: str, url: str, text: str, now: float) -> None:
        """The name in ``url`` could not be resolved, for the reason ``text``."""
        self._gather(transport, lambda to: to.server_failed(url, text, now), now)

    # --- names in candidates of the peer ------------------------------------------------------

    def name_resolved(self, transport: str, host: str, address: str, now: float) -> None:
        """The name ``host`` has this address."""
        self._feed(transport, lambda to: to.name_resolved(host, address, now))

    def name_unresolved(self, transport: str, host: str, text: str, now: float) -> None:
        """The name ``host`` has no address that could be found out, for the reason ``text``."""
        self._feed(transport, lambda to: to.name_unresolved(host, text, now))

    # --- the choice of the pair ---------------------------------------------------------------

    def report_pairs(self, transport: str, *, asks_first: bool) -> None:
        """From now on tell of pairs that come and go.

        If ``asks_first``, each nomination waits for :meth:`decide_nomination`.
        """
        stack = self._stacks.get(transport)
        if stack is not None:
            stack.ice.reports_pairs = True
            if asks_first:
                stack.session.ask_first()

    def decide_nomination(self, transport: str, pair: PairKey, now: float, *, wanted: bool) -> None:
        """Whether ``pair``, which is about to be nominated, shall be."""
        self._feed(transport, lambda to: to.decide_nomination(pair, now, wanted=wanted))

    def select_pair(self, transport: str, pair: PairKey, now: float) -> None:
        """Use this pair, once a check of it succeeds, and no other one as long as it works.

        Raises:
            InvalidStateError: The peer nominates, or the pair has failed.
            NotFoundError: There is no such pair any more.
        """
        self._feed(transport, lambda to: to.select_pair(pair, now))

    # --- inside -------------------------------------------------------------------------------

    def _gather(self, transport: str, put: Callable[[Gathering], None], now: float) -> None:
        stack = self._stacks.get(transport) or self._pool.find(transport)
        if stack is not None:
            stack.session.tell_gathering(put, now)
            self.drain()

    def _feed(self, transport: str, put: Callable[[Session], None]) -> None:
        stack = self._stacks.get(transport) or self._pool.find(transport)
        if stack is not None:
            put(stack.session)
            self.drain()

    def _shut_all(self, stacks: Sequence[TransportStack], now: float) -> None:
        """Close what has left the pool."""
        for stack in stacks:
            self._shut(stack, now)
        self._list()

    def _shut(self, stack: TransportStack, now: float) -> None:
        stack.is_discarded = True
        self._recovery.discard(stack.name)
        stack.session.close(now)
        self._leaving += (stack,)
        self.requests.append(TransportDiscarded(stack.name))

    def _announce_discarded(self, stack: TransportStack, reason: Reason, now: float) -> None:
        """webrtc-pc, set the session description: transports no longer referenced are closed."""
        core = self._core
        closed = stack.close_slots(core.history, reason, now)
        changed = core.aggregates.derive_all(reason, now)
        for slots in closed:
            core.tasks.fire(slots, EventType.STATE_CHANGE)
        for kind in changed:
            core.tasks.fire(None, kind)

    def _derive(self, now: float) -> None:
        """The aggregates look at one transport more (webrtc-pc 4.3)."""
        core = self._core
        for kind in core.aggregates.derive_all(_CREATED, now):
            core.tasks.fire(None, kind)
