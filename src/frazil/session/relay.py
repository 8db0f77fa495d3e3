"""One relay of a transport: the allocation of one local address on one TURN server."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from frazil.deadline import earlier
from frazil.ice import CandidateError, concealed
from frazil.run import runs_of
from frazil.session.relay_origin import RelayOrigin
from frazil.trace import Trace
from frazil.turn import TurnClient, TurnConfig, TurnState
from frazil.types import Address, RandomBytes, Transmit

_OVER: Final = frozenset({TurnState.CLOSING, TurnState.CLOSED, TurnState.FAILED})


class Relay:
    """A TURN client with its place on the network, and who wants it.

    Attributes:
        host: The address of the socket that reaches the server.
        server: The address of the server.
        config: The credentials it was asked with.
        client: The allocation.
        attempt: Which attempt to replace a lost one it is; 0 if none is missing.
        allocated_at: Since when there is an allocation.
        lifetime_s: How long the server keeps it without a refresh.
        origins: The servers of the configuration that led here, by URL.
        wanted_for: Those for which the present round of gathering wants it.
        is_hidden: Whether ICE does not know the socket, and must not learn how the server sees it.
        conceals: Whether the peer must not learn of it from the relayed candidate either.
        is_doubtful: Whether the server may have forgotten the allocation, and is being asked.
        gives_up_at: When gathering waits no longer; ``None`` if it does not.
        addresses: The relayed addresses, while there is an allocation, and no other relay has them.
        mapped: How the server sees ``host``, if it told.
        permitted: The IP addresses that permission is had or asked for.
        refused: Those that the newest generation was refused.
    """

    __slots__ = (
        "addresses",
        "allocated_at",
        "attempt",
        "client",
        "conceals",
        "config",
        "gives_up_at",
        "host",
        "is_doubtful",
        "is_hidden",
        "lifetime_s",
        "mapped",
        "origins",
        "permitted",
        "refused",
        "server",
        "wanted_for",
    )

    def __init__(
        self,
        host: Address,
        server: Address,
        config: TurnConfig,
        random_bytes: RandomBytes,
        trace: Trace,
        attempt: int = 0,
        *,
        reclaims: bool = False,
    ) -> None:
        self.host = host
        self.server = server
        self.config = config
        name = f"{server[0]}:{server[1]} from {host[0]}:{host[1]}"
        self.client = TurnClient(config, random_bytes, trace, name=name, reclaims=reclaims)
        self.attempt = attempt
        self.allocated_at = 0.0
        self.lifetime_s = config.lifetime_s
        self.origins: dict[str, RelayOrigin] = {}
        self.wanted_for: list[str] = []
        self.is_hidden = False
        self.conceals = False
        self.is_doubtful = False
        self.gives_up_at: float | None = None
        self.addresses: tuple[Address, ...] = ()
        self.mapped: Address | None = None
        self.permitted: set[str] = set()
        self.refused: set[str] = set()

    @property
    def is_pending(self) -> bool:
        """Whether gathering waits for the server to say whether it relays."""
        is_asked = self.is_doubtful or self.client.state in (TurnState.NEW, TurnState.ALLOCATING)
        return is_asked and self.gives_up_at is not None

    def is_overdue(self, now: float) -> bool:
        """Whether gathering has waited long enough."""
        return self.is_pending and self.gives_up_at is not None and now >= self.gives_up_at

    @property
    def gives(self) -> bool:
        """Whether it relays, as far as we know."""
        return bool(self.addresses) and not self.is_doubtful

    @property
    def is_over(self) -> bool:
        """Whether it will not relay any more."""
        return self.client.state in _OVER

    def related(self, address: Address) -> Address:
        """What the peer is told of where we are, with the relayed ``address`` (RFC 8839 5.1)."""
        if self.mapped is None or self.conceals:
            return concealed(address)
        return self.mapped

    def error(self, code: int, text: str) -> CandidateError:
        """Why nothing came of it, to be told for each of its URLs."""
        return CandidateError("", code, text, None if self.is_hidden else self.host)

    def prove_by(self, config: TurnConfig) -> None:
        """Use the credentials of ``config`` when the server accepts the present ones no longer."""
        username, password = config.username, config.password
        self.config = replace(self.config, username=username, password=password)
        self.client.set_credentials(username, password)

    def cede(self, address: Address, now: float) -> None:
        """The server has given ``address`` to another relay, as if it had forgotten us: ask it."""
        self.addresses = tuple(each for each in self.addresses if each != address)
        self.client.confirm(now)

    def permit(self, ips: Sequence[str], now: float) -> None:
        """Let datagrams from and to these addresses pass, and keep that up for no others."""
        for ip in self.permitted.difference(ips):
            self.permitted.remove(ip)
            self.client.drop_permission(ip)
        for ip in ips:
            if ip not in self.permitted and ip not in self.refused:
                self.permitted.add(ip)
                self.client.create_permission(ip, now)

    def refuse(self, ip: str, *, is_passing: bool) -> None:
        """There is no permission for ``ip``; this generation may ask again if that is passing."""
        self.permitted.discard(ip)
        if not is_passing:
            self.refused.add(ip)

    def send(self, transmit: Transmit, now: float) -> None:
        """Have the datagrams of a run relayed to its remote address."""
        for data in transmit.datagrams():
            self.client.send(data, transmit.remote, now)

    def poll_transmits(self) -> list[Transmit]:
        """What is to be sent to the server, in order."""
        messages = self.client.poll_transmits()
        return [
            Transmit(run.data, run.segment_size, self.host, self.server)
            for run in runs_of(messages)
        ]

    def next_timeout(self) -> float | None:
        """When the client, or the patience with it, has something to do."""
        at = self.client.next_timeout()
        return earlier(at, self.gives_up_at) if self.is_pending else at
