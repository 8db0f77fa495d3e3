"""The questions to STUN servers: "how do you see me?" (RFC 8445 5.1.1.2, RFC 8489 6)."""

from dataclasses import dataclass
from typing import Final

from frazil.ice.candidate import Candidate
from frazil.ice.checklist import can_receive
from frazil.ice.config import IceConfig
from frazil.printable import printable
from frazil.stun import (
    Attribute,
    Message,
    MessageClass,
    Method,
    Transaction,
    TransactionStep,
    new_transaction_id,
)
from frazil.types import Address, RandomBytes, Transmit

SERVER_UNREACHABLE: Final = 701
"""The code of webrtc-pc for a server that no host candidate reached."""
_SERVER_ERROR: Final = 500


def reflexive_address(response: Message, is_ipv6: bool) -> Address | None:
    """The address that a server gave, if it can be a candidate of this family."""
    mapped = response.address(Attribute.XOR_MAPPED_ADDRESS)
    if mapped is None or not can_receive(mapped) or (":" in mapped[0]) != is_ipv6:
        return None
    return mapped


@dataclass(frozen=True, slots=True)
class Query:
    """One Binding request from one host candidate to one server."""

    host: Candidate
    url: str
    server: Address
    data: bytes
    transaction: Transaction

    def transmit(self) -> Transmit:
        """The request on its way."""
        return Transmit(self.data, len(self.data), self.host.base, self.server)


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What became of a query: an address, or an error code with a text."""

    query: Query
    mapped: Address | None
    code: int = 0
    text: str = ""


class QueryTable:
    """The queries in flight, with their retransmissions."""

    __slots__ = ("_config", "_queries", "_random_bytes", "_transmits")

    def __init__(
        self, config: IceConfig, random_bytes: RandomBytes, transmits: list[Transmit]
    ) -> None:
        """Put what is to be sent into ``transmits``."""
        self._config = config
        self._random_bytes = random_bytes
        self._queries: dict[bytes, Query] = {}
        self._transmits = transmits

    def __len__(self) -> int:
        return len(self._queries)

    def has(self, url: str) -> bool:
        """Whether an answer of this server is awaited."""
        return any(query.url == url for query in self._queries.values())

    def ask(self, host: Candidate, url: str, server: Address, now: float) -> None:
        """Send a query, unless the two are of different address families."""
        if host.is_ipv6 != (":" in server[0]):
            return
        transaction_id = new_transaction_id(self._random_bytes)
        transaction = Transaction(
            transaction_id,
            now,
            rto_s=self._config.gathering_rto_s,
            max_sends=self._config.gathering_sends,
            last_wait=self._config.gathering_last_wait,
        )
        data = Message(Method.BINDING, MessageClass.REQUEST, transaction_id).encode()
        query = Query(host, url, server, data, transaction)
        self._queries[transaction_id] = query
        self._transmits.append(query.transmit())

    def receive(self, message: Message, local: Address, remote: Address) -> QueryResult | None:
        """Take a response; ``None`` if it answers no query of ours."""
        query = self._queries.get(message.transaction_id)
        if query is None or (query.host.base, query.server) != (local, remote):
            return None
        del self._queries[message.transaction_id]
        if message.message_class is not MessageClass.SUCCESS:
            error = message.error
            code, text = (error.code, error.reason) if error else (_SERVER_ERROR, "unknown error")
            return QueryResult(query, None, code, printable(text))
        mapped = reflexive_address(message, query.host.is_ipv6)
        if mapped is None:
            return QueryResult(query, None, _SERVER_ERROR, "the server gave no usable address")
        return QueryResult(query, mapped)

    def forget_host(self, base: Address) -> None:
        """Nothing can be received at ``base`` any more."""
        self._queries = {
            key: query for key, query in self._queries.items() if query.host.base != base
        }

    def next_timeout(self) -> float | None:
        """The earliest retransmission or expiry."""
        if not self._queries:
            return None
        deadlines = (query.transaction.next_timeout() for query in self._queries.values())
        return min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self, now: float) -> list[QueryResult]:
        """Ask again what is due.

        Returns:
            The queries that nobody answered.
        """
        expired = []
        for transaction_id, query in list(self._queries.items()):
            step = query.transaction.handle_timeout(now)
            if step is TransactionStep.RETRANSMIT:
                self._transmits.append(query.transmit())
            elif step is TransactionStep.EXPIRED:
                del self._queries[transaction_id]
                expired.append(
                    QueryResult(query, None, SERVER_UNREACHABLE, "the server does not answer")
                )
        return expired
