"""What is wanted of TURN servers, in one round of gathering and beyond, and what came of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.ice import SERVER_UNREACHABLE, CandidateError, LocalEnd
from frazil.session.config import MAX_MISSING_RELAYS, MAX_RELAY_SERVERS
from frazil.session.relay import Relay
from frazil.session.relay_origin import RelayOrigin
from frazil.session.relay_server import RelayServer
from frazil.session.vacancy import VacancyTable
from frazil.turn import TurnConfig
from frazil.types import Address
from frazil.value import Value


@mypyc_attr(acyclic=True)
class Host(Value):
    """How the peer may hear of a local address: not through ICE, not as ``raddr``."""

    __slots__ = ("is_concealed", "is_hidden")

    def __init__(self, is_hidden: bool, is_concealed: bool) -> None:
        self.is_hidden = is_hidden
        self.is_concealed = is_concealed

    def as_tuple(self) -> tuple[bool, bool]:
        """Hidden, and concealed."""
        return self.is_hidden, self.is_concealed


_UNKNOWN: Final = Host(is_hidden=True, is_concealed=True)


class RelayDemand:
    """The local addresses and the servers that gathering goes through, and how each server ended.

    Each round of gathering forgets the one before, but not what was lost and is to be replaced, nor
    the credentials that were set: the servers of a round may come with older ones.

    Args:
        local: Is told of servers of which nothing more is to be hoped for, and of misfortunes.

    Attributes:
        expected: The URLs of the servers that the round wants, STUN servers among them.
        has_untold: Whether the peer was never told of one of the addresses.
        ips: The addresses of this host that the round gathers from, with or without UDP.
        missing: Where to ask for the relays that were lost, in whatever round, and not had since,
            by the IP address of this host and the URL; oldest first.
        servers: Those that were resolved, by URL.
    """

    __slots__ = (
        "_configs",
        "_hosts",
        "_hosts_done",
        "_local",
        "_ufrag",
        "_untold",
        "expected",
        "has_untold",
        "ips",
        "missing",
        "servers",
    )

    def __init__(self, local: LocalEnd) -> None:
        self._local = local
        self._configs: Mapping[str, TurnConfig] = {}
        self._ufrag = ""
        self._hosts: dict[Address, Host] = {}
        self._hosts_done = False
        self._untold: dict[Address, bool] = {}  # whether no generation has told the peer of it
        self.expected: set[str] = set()
        self.has_untold = False
        self.ips: set[str] = set()
        self.missing: dict[tuple[str, str], RelayOrigin] = {}
        self.servers: dict[str, RelayServer] = {}

    def begin(self, ufrag: str) -> bool:
        """A round of gathering begins; whether ``ufrag`` is another generation."""
        is_new, self._ufrag = ufrag != self._ufrag, ufrag
        self._hosts.clear()
        self._hosts_done = False
        self.expected = set()
        self.servers.clear()
        return is_new

    # --- local addresses ----------------------------------------------------------------------

    def gather_from(self, ips: Collection[str]) -> None:
        """The round gathers from these addresses: what was lost elsewhere has to wait."""
        self.ips = set(ips)

    def leave(self, ip: str) -> None:
        """The interface of ``ip`` is gone."""
        self.ips.discard(ip)

    @property
    def hosts(self) -> Collection[Address]:
        """The local addresses, oldest first."""
        return self._hosts

    def add_host(self, address: Address, *, hidden: bool, conceals: bool) -> None:
        """Ask every server from ``address``, too; see :meth:`RelaySet.add_host`."""
        self._hosts[address] = Host(hidden, conceals or hidden)
        self._untold[address] = hidden and self._untold.get(address, True)
        self.has_untold = any(self._untold.values())

    def remove_host(self, address: Address) -> None:
        """Ask nobody from ``address`` any more."""
        self._hosts.pop(address, None)
        self._untold.pop(address, None)
        self.has_untold = any(self._untold.values())

    def hosts_done(self) -> None:
        """No further address will be added."""
        self._hosts_done = True

    def host(self, address: Address) -> Host:
        """How the peer may hear of ``address``: of one that was never added, not at all."""
        return self._hosts.get(address, _UNKNOWN)

    def host_at(self, ip: str) -> Address | None:
        """The first address on the interface address ``ip``."""
        return next((each for each in self._hosts if each[0] == ip), None)

    def is_untold(self, address: Address) -> bool:
        """Whether the peer was never told of ``address``, so that nothing of it can come there."""
        return self._untold.get(address, False)

    # --- credentials --------------------------------------------------------------------------

    def set_credentials(self, configs: Mapping[str, TurnConfig]) -> None:
        """The servers of these URLs are to be asked like this from now on."""
        self._configs = configs
        for server in self.servers.values():
            server.config = self.renewed(server.config, [server.url])

    def renewed(self, config: TurnConfig, urls: Iterable[str]) -> TurnConfig:
        """``config`` with the credentials that were last set for one of ``urls``, if any were."""
        latest = next((self._configs[url] for url in urls if url in self._configs), config)
        return replace(config, username=latest.username, password=latest.password)

    # --- servers ------------------------------------------------------------------------------

    def miss(self, ip: str, origins: Mapping[str, RelayOrigin]) -> None:
        """The relays of ``ip`` for these URLs are lost; an address may come back."""
        for url, origin in origins.items():
            self.missing.pop((ip, url), None)
            self.missing[ip, url] = origin
        while len(self.missing) > MAX_MISSING_RELAYS:
            del self.missing[next(iter(self.missing))]

    def expect(self, url: str) -> None:
        """The server of ``url`` is wanted."""
        self.expected.add(url)

    def add_server(
        self, url: str, addresses: Sequence[Address], config: TurnConfig, *, is_complete: bool
    ) -> RelayServer | None:
        """A server was resolved; ``None`` if it is known already, or if there are too many."""
        if url in self.servers or len(self.servers) >= MAX_RELAY_SERVERS:
            return None
        config = self.renewed(config, [url])
        server = RelayServer(url, addresses, config, is_complete=is_complete)
        self.servers[url] = server
        return server

    def note(self, urls: Iterable[str], error: CandidateError, now: float) -> None:
        """Tell of the first misfortune with each server at the end, of a loss later at once."""
        for url in urls:
            server = self.servers[url]
            if server.is_settled:
                self._local.report(replace(error, url=url), now)
            elif server.error is None:
                server.error = replace(error, url=url)

    def conclude(self, relays: Collection[Relay], vacancies: VacancyTable, now: float) -> None:
        """Tell ICE of each server of which nothing more is to be hoped for."""
        if not self._hosts_done:
            return
        for url, server in self.servers.items():
            if server.is_settled or not server.is_complete or vacancies.awaits(url):
                continue
            concerned = [relay for relay in relays if url in relay.wanted_for]
            if any(relay.is_pending for relay in concerned):
                continue
            server.is_settled = True
            if any(relay.gives for relay in concerned):
                self._local.server_done(url, now)
            else:
                self._local.server_failed(server.error or unreached(url), now)


def unreached(url: str, text: str = "") -> CandidateError:
    """No way leads to the server of ``url``, for the reason ``text`` if there is a special one."""
    text = text or "no local address can reach it"
    return CandidateError(url, SERVER_UNREACHABLE, text, None)
