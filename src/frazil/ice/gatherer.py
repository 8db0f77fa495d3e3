"""Gathering: host candidates at once, server-reflexive ones as the servers answer (RFC 8445 5.1.1).

Every server is asked from every address in parallel, so a dead server delays nothing but the end.
"""

from dataclasses import replace

from frazil.ice.candidate import (
    Candidate,
    CandidateProtocol,
    CandidateType,
    foundation,
)
from frazil.ice.config import IceConfig
from frazil.ice.event import (
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    GatheringStateChanged,
    IceEvent,
)
from frazil.ice.generation import Generation
from frazil.ice.priority import candidate_priority, local_preference
from frazil.states.enums import RTCIceGathererState
from frazil.stun import (
    Attribute,
    Message,
    MessageClass,
    Method,
    Transaction,
    TransactionStep,
    new_transaction_id,
)
from frazil.trace import Reason, Trace
from frazil.types import Address, RandomBytes, Transmit

COMPONENT = 1
_SERVER_UNREACHABLE = 701
_KEEPALIVE_S = 15.0
"""Tr of RFC 8445 11: an unused NAT binding is refreshed this often until a pair is nominated."""
_MAX_SERVERS = 32


class _Query:
    """One Binding request from one local address to one server."""

    __slots__ = ("data", "host", "server", "transaction", "url")

    def __init__(
        self, host: Candidate, server: Address, url: str, data: bytes, transaction: Transaction
    ) -> None:
        self.host = host
        self.server = server
        self.url = url
        self.data = data
        self.transaction = transaction


class Gatherer:
    """Gathers the candidates of the newest generation; a restart starts it over."""

    __slots__ = (
        "_answered",
        "_awaited",
        "_config",
        "_errors",
        "_generation",
        "_hosts_done",
        "_keepalive_at",
        "_keepalives",
        "_queries",
        "_random_bytes",
        "_ranks",
        "_servers",
        "_trace",
        "events",
        "state",
        "transmits",
    )

    def __init__(self, config: IceConfig, random_bytes: RandomBytes, trace: Trace) -> None:
        self._config = config
        self._random_bytes = random_bytes
        self._trace = trace
        self.state = RTCIceGathererState.NEW
        self.events: list[IceEvent] = []
        self.transmits: list[Transmit] = []
        self._generation: Generation | None = None
        self._reset()

    def _reset(self) -> None:
        self._ranks = {False: 0, True: 0}
        self._hosts_done = False
        self._awaited: set[str] = set()
        self._servers: list[tuple[str, Address]] = []
        self._queries: dict[bytes, _Query] = {}
        self._answered: set[str] = set()
        self._errors: dict[str, CandidateError] = {}
        self._keepalives: list[tuple[Address, Address]] = []
        self._keepalive_at: float | None = None

    # --- commands -----------------------------------------------------------------------------

    def begin(self, generation: Generation, now: float) -> None:
        """Gather for a new generation; the caller then adds addresses and servers."""
        self._reset()
        self._generation = generation
        self._move(RTCIceGathererState.GATHERING, "local credentials were set", now)

    def cancel(self) -> None:
        """Forget the generation that is being gathered (rollback)."""
        self._reset()
        self._generation = None

    def expect_server(self, url: str) -> None:
        """A server of this URL will be added or fail; gathering waits for it."""
        if len(self._awaited) < _MAX_SERVERS:
            self._awaited.add(url)

    def add_host(self, address: Address, now: float) -> Candidate | None:
        """A socket is bound to ``address``: that is a host candidate.

        Returns:
            The candidate; ``None`` if nothing is being gathered or the address is known.
        """
        generation = self._generation
        if generation is None or generation.host_candidate(address) is not None:
            return None
        is_ipv6 = ":" in address[0]
        rank = self._ranks[is_ipv6]
        self._ranks[is_ipv6] = rank + 1
        candidate = Candidate(
            foundation=foundation(CandidateType.HOST, address, CandidateProtocol.UDP, None),
            component=COMPONENT,
            protocol=CandidateProtocol.UDP,
            priority=candidate_priority(
                CandidateType.HOST, local_preference(is_ipv6, rank), COMPONENT
            ),
            address=address,
            type=CandidateType.HOST,
            base=address,
        )
        self._found(candidate, generation, now)
        for url, server in self._servers:
            self._ask(candidate, url, server, now)
        return candidate

    def hosts_done(self, now: float) -> None:
        """Every local address has been added."""
        self._hosts_done = True
        self._finish_if_done(now)

    def add_server(self, url: str, addresses: list[Address], now: float) -> None:
        """The STUN server of ``url`` was resolved: ask it from every address of its families."""
        self._awaited.discard(url)
        generation = self._generation
        if generation is None or len(self._servers) >= _MAX_SERVERS:
            return
        for is_ipv6 in (False, True):
            server = next((a for a in addresses if (":" in a[0]) == is_ipv6), None)
            if server is None:
                continue
            self._servers.append((url, server))
            for host in list(generation.local_candidates):
                if host.type is CandidateType.HOST:
                    self._ask(host, url, server, now)
        if not any(query.url == url for query in self._queries.values()):
            self._report(url, _SERVER_UNREACHABLE, "no local address can reach it", None, now)
        self._finish_if_done(now)

    def server_failed(self, url: str, text: str, now: float) -> None:
        """The server of ``url`` cannot be used, for example because its name does not resolve."""
        self._awaited.discard(url)
        if self._generation is not None:
            self._report(url, _SERVER_UNREACHABLE, text, None, now)
            self._finish_if_done(now)

    # --- the servers --------------------------------------------------------------------------

    def _ask(self, host: Candidate, url: str, server: Address, now: float) -> None:
        if host.is_ipv6 != (":" in server[0]):
            return
        transaction_id = new_transaction_id(self._random_bytes)
        data = Message(Method.BINDING, MessageClass.REQUEST, transaction_id).encode()
        config = self._config
        transaction = Transaction(
            transaction_id,
            now,
            rto_s=config.gathering_rto_s,
            max_sends=config.gathering_sends,
            last_wait=config.gathering_last_wait,
        )
        self._queries[transaction_id] = _Query(host, server, url, data, transaction)
        self.transmits.append(Transmit(data, len(data), host.base, server))

    def receive(self, message: Message, local: Address, remote: Address, now: float) -> bool:
        """Take a response, if it answers a query of ours.

        Returns:
            Whether it did.
        """
        query = self._queries.get(message.transaction_id)
        if query is None or (query.host.base, query.server) != (local, remote):
            return False
        del self._queries[message.transaction_id]
        mapped = message.address(Attribute.XOR_MAPPED_ADDRESS)
        if message.message_class is MessageClass.SUCCESS and mapped is not None:
            self._reflected(query, mapped, now)
        else:
            error = message.error
            code, text = (error.code, error.reason) if error else (500, "no mapped address")
            self._remember_error(query, code, text)
        self._end_of_query(query, now)
        return True

    def _reflected(self, query: _Query, mapped: Address, now: float) -> None:
        generation, host = self._generation, query.host
        if generation is None:
            return
        self._answered.add(query.url)
        self._keepalives.append((host.base, query.server))
        self._keepalive_at = self._keepalive_at or now + _KEEPALIVE_S
        if generation.local_candidate(mapped, host.base) is not None:
            return  # redundant (RFC 8445 5.1.3): no NAT, or another server said the same
        kind = CandidateType.SERVER_REFLEXIVE
        candidate = replace(
            host,
            foundation=foundation(kind, host.base, host.protocol, query.server[0]),
            priority=candidate_priority(kind, (host.priority >> 8) & 0xFFFF, COMPONENT),
            address=mapped,
            type=kind,
            related=host.address,
            url=query.url,
        )
        self._found(candidate, generation, now)

    def _remember_error(self, query: _Query, code: int, text: str) -> None:
        self._errors.setdefault(
            query.url, CandidateError(query.url, code, text, query.host.address)
        )

    def _end_of_query(self, query: _Query, now: float) -> None:
        """Report a server once, when nothing is left to hope for from it."""
        url = query.url
        error = self._errors.get(url)
        is_last = not any(other.url == url for other in self._queries.values())
        if is_last and error is not None and url not in self._answered:
            self._report(url, error.code, error.text, error.local, now)
        self._finish_if_done(now)

    def _report(self, url: str, code: int, text: str, local: Address | None, now: float) -> None:
        self._trace.record(now, "ice", "server-failed", url=url, code=code, text=text)
        self.events.append(CandidateError(url, code, text, local))

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """The earliest retransmission, expiry or keepalive."""
        deadlines = [query.transaction.next_timeout() for query in self._queries.values()]
        deadlines.append(self._keepalive_at)
        return min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Ask again, give up, refresh NAT bindings: whatever is due."""
        for transaction_id, query in list(self._queries.items()):
            step = query.transaction.handle_timeout(now)
            if step is TransactionStep.RETRANSMIT:
                data = query.data
                self.transmits.append(Transmit(data, len(data), query.host.base, query.server))
            elif step is TransactionStep.EXPIRED:
                del self._queries[transaction_id]
                self._remember_error(query, _SERVER_UNREACHABLE, "the server does not answer")
                self._end_of_query(query, now)
        if self._keepalive_at is not None and now >= self._keepalive_at:
            self._keepalive_at = now + _KEEPALIVE_S
            for local, server in self._keepalives:
                data = Message(
                    Method.BINDING, MessageClass.INDICATION, new_transaction_id(self._random_bytes)
                ).encode()
                self.transmits.append(Transmit(data, len(data), local, server))

    def stop_keepalives(self) -> None:
        """A pair was nominated: the other bindings may lapse (RFC 8445 8.3)."""
        self._keepalives.clear()
        self._keepalive_at = None

    # --- results ------------------------------------------------------------------------------

    def _found(self, candidate: Candidate, generation: Generation, now: float) -> None:
        generation.local_candidates.append(candidate)
        ufrag = generation.local.ufrag if generation.local else ""
        self._trace.record(
            now,
            "ice",
            "local-candidate",
            type=candidate.type,
            address=f"{candidate.address[0]}:{candidate.address[1]}",
            ufrag=ufrag,
        )
        self.events.append(CandidateGathered(candidate, ufrag))

    def _finish_if_done(self, now: float) -> None:
        generation = self._generation
        if generation is None or not self._hosts_done or self._awaited or self._queries:
            return
        if not generation.gathered:
            generation.gathered = True
            self.events.append(CandidatesEnded(generation.local.ufrag if generation.local else ""))
            self._move(RTCIceGathererState.COMPLETE, "every address and server was tried", now)

    def _move(self, state: RTCIceGathererState, text: str, now: float) -> None:
        self.state = state
        generation = self._generation
        ufrag = generation.local.ufrag if generation and generation.local else ""
        self._trace.record(now, "ice", "gathering", state=state, text=text)
        reason = Reason(f"gathering-{state}", "webrtc-pc 5.6.1", text, (("ufrag", ufrag),))
        self.events.append(GatheringStateChanged(state, ufrag, reason))
