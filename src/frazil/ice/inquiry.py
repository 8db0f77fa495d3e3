"""What one gathering asks of STUN servers, and what became of it."""

from collections.abc import Iterator

from frazil.deadline import earlier
from frazil.ice.candidate import Candidate
from frazil.ice.config import KEEPALIVE_S, MAX_SERVERS, IceConfig
from frazil.ice.event import CandidateError
from frazil.ice.query import SERVER_UNREACHABLE, Query, QueryResult, QueryTable
from frazil.stun import Message, MessageClass, Method, new_transaction_id
from frazil.types import Address, RandomBytes, Transmit


class Inquiry:
    """The servers of one gathering: those that are looked up, and those that are asked.

    A gathering without servers has none.

    Args:
        config: Its timers.
        random_bytes: Its source of randomness.
    """

    __slots__ = (
        "_answered",
        "_awaited",
        "_errors",
        "_keepalive_at",
        "_keepalives",
        "_queries",
        "_random_bytes",
        "_reported",
        "_servers",
        "_transmits",
    )

    def __init__(self, config: IceConfig, random_bytes: RandomBytes) -> None:
        self._random_bytes = random_bytes
        self._transmits: list[Transmit] = []
        self._queries = QueryTable(config, random_bytes, self._transmits)
        # Of dictionaries only the keys matter: an empty set weighs three times as much.
        self._awaited: dict[str, None] = {}
        self._servers: list[tuple[str, Address]] = []
        self._answered: dict[str, None] = {}
        self._errors: dict[str, CandidateError] = {}
        self._reported: dict[str, None] = {}
        self._keepalives: list[tuple[Address, Address]] = []
        self._keepalive_at: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether no server is looked up or asked any more."""
        return not self._awaited and not len(self._queries)

    # --- commands -----------------------------------------------------------------------------

    def expect(self, url: str) -> None:
        """A server of this URL will be added or fail."""
        if len(self._awaited) < MAX_SERVERS:
            self._awaited[url] = None

    def expect_no_more(self, url: str) -> None:
        """Nothing is to be waited for at the server of ``url``, unless it is being asked."""
        self._awaited.pop(url, None)

    def add(self, url: str, addresses: list[Address], hosts: list[Candidate], now: float) -> bool:
        """Ask the server of ``url`` from ``hosts``, and from those to come.

        Returns:
            Whether it is new, and not one too many.
        """
        is_known = any(url == known for known, _ in self._servers)
        if is_known or len(self._servers) + 2 > 2 * MAX_SERVERS:
            return False
        for is_ipv6 in (False, True):
            server = next((a for a in addresses if (":" in a[0]) == is_ipv6), None)
            if server is not None:
                self._servers.append((url, server))
                for host in hosts:
                    self._queries.ask(host, url, server, now)
        return True

    def ask_from(self, host: Candidate, now: float) -> None:
        """Ask every server from this address, too."""
        for url, server in self._servers:
            self._queries.ask(host, url, server, now)

    def remove_host(self, address: Address) -> None:
        """Nothing can be sent or received at ``address`` any more."""
        self._keepalives = [pair for pair in self._keepalives if pair[0] != address]
        self._queries.forget_host(address)

    # --- results ------------------------------------------------------------------------------

    def receive(self, message: Message, local: Address, remote: Address) -> QueryResult | None:
        """Take a response; ``None`` if it answers no query of ours."""
        return self._queries.receive(message, local, remote)

    def note_answer(self, query: Query, mapped: Address, now: float) -> None:
        """The server said ``mapped``; where that is a NAT, its binding is kept alive."""
        self._answered[query.url] = None
        if mapped != query.host.address:
            self._keepalives.append((query.host.base, query.server))
            self._keepalive_at = self._keepalive_at or now + KEEPALIVE_S

    def note_error(self, error: CandidateError) -> None:
        """The server of the error has failed; of several errors the first is told."""
        self._errors.setdefault(error.url, error)

    def is_hopeless(self, url: str) -> bool:
        """Whether the server of ``url`` was asked from everywhere, and all in vain."""
        return not self._queries.has(url) and url not in self._answered

    def take_error(self, url: str) -> CandidateError | None:
        """What is to be told of the server of ``url``; once."""
        if url in self._reported:
            return None
        self._reported[url] = None
        return self._errors[url]

    def unanswered(self) -> Iterator[str]:
        """The servers that gave no address when everything was over, with an error each."""
        for url in dict(self._servers):
            if url not in self._answered:
                text = "no local address can reach it"
                self.note_error(CandidateError(url, SERVER_UNREACHABLE, text, None))
                yield url

    def poll_transmits(self) -> list[Transmit]:
        """What is to be sent, in order."""
        out = self._transmits.copy()
        self._transmits.clear()
        return out

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """The earliest retransmission, expiry or keepalive."""
        return earlier(self._queries.next_timeout(), self._keepalive_at)

    def handle_timeout(self, now: float) -> list[QueryResult]:
        """Ask again what is due, and refresh NAT bindings.

        Returns:
            The queries that nobody answered.
        """
        expired = self._queries.handle_timeout(now)
        if self._keepalive_at is not None and now >= self._keepalive_at:
            self._keepalive_at = now + KEEPALIVE_S
            for local, server in self._keepalives:
                transaction_id = new_transaction_id(self._random_bytes)
                data = Message(Method.BINDING, MessageClass.INDICATION, transaction_id).encode()
                self._transmits.append(Transmit(data, len(data), local, server))
        return expired

    def stop_keepalives(self) -> None:
        """ICE has concluded: bindings that serve no pair in use may lapse (RFC 8445 11)."""
        self._keepalives.clear()
        self._keepalive_at = None
