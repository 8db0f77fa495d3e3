"""Asks TURN servers for the relays that are wanted, and for others when those are lost."""

from collections.abc import Mapping
from dataclasses import replace

from frazil.deadline import earlier
from frazil.ice import SERVER_UNREACHABLE, CandidateError
from frazil.session.relay import Relay
from frazil.session.relay_demand import RelayDemand, unreached
from frazil.session.relay_origin import RelayOrigin
from frazil.session.relay_server import RelayServer
from frazil.session.vacancy import MAX_ATTEMPTS, STEADY_S, Vacancy, VacancyTable
from frazil.trace import Trace
from frazil.turn import Redirected, TurnConfig, TurnState
from frazil.types import Address, RandomBytes


class RelaySupply:
    """The relays of one transport, one for each way to a server.

    Args:
        demand: What is wanted; is told of misfortunes.
        vacancies: What is to be asked for later.
        patience_s: How long gathering waits for one server.
        random_bytes: The source of transaction ids.
        trace: Where decisions are recorded.

    Attributes:
        by_way: The relays, by local address and server; one that is being given back until another
            takes its place.
    """

    __slots__ = (
        "_demand",
        "_left_until",
        "_patience_s",
        "_random_bytes",
        "_trace",
        "_vacancies",
        "by_way",
    )

    def __init__(
        self,
        demand: RelayDemand,
        vacancies: VacancyTable,
        patience_s: float,
        random_bytes: RandomBytes,
        trace: Trace,
    ) -> None:
        self._demand = demand
        self._vacancies = vacancies
        self._patience_s = patience_s
        self._random_bytes = random_bytes
        self._trace = trace
        self.by_way: dict[tuple[Address, Address], Relay] = {}
        self._left_until: dict[Address, float] = {}  # when a server has forgotten what we left it

    def ask(self, server: RelayServer, host: Address, now: float) -> None:
        """Have a relay of ``server`` from ``host``, if that reaches it."""
        address = server.address_for(host)
        if address is not None:
            self.want(server.url, host, address, server.config, now)

    def living(self, host: Address, server: Address) -> Relay | None:
        """The relay of ``server`` for ``host``, unless it is over."""
        relay = self.by_way.get((host, server))
        return None if relay is None or relay.is_over else relay

    def want(
        self,
        url: str,
        host: Address,
        server: Address,
        config: TurnConfig,
        now: float,
        attempt: int = 0,
        origin: RelayOrigin | None = None,
    ) -> None:
        """Have a relay for ``url``: one that lives, for a server keeps one allocation of a path.

        ``origin`` led to ``server``, if that is not the server of ``url`` itself.
        """
        relay = self.living(host, server)
        if relay is None:
            attempt = attempt or int((host[0], url) in self._demand.missing)
            over = self.by_way.get((host, server))
            if over is not None:
                self.drop(over, now)
            relay = Relay(
                host,
                server,
                config,
                self._random_bytes,
                self._trace,
                attempt,
                reclaims=self._may_find_ours(server, now),
            )
            self.by_way[host, server] = relay
            relay.client.allocate(now)
        elif not relay.wanted_for:
            relay.prove_by(config)
            relay.is_doubtful = relay.client.state is TurnState.ALLOCATED  # or forgotten
            relay.client.confirm(now)
        if not relay.wanted_for:
            relay.gives_up_at = now + self._patience_s
            known_as = self._demand.host(host)
            relay.is_hidden, relay.conceals = known_as.is_hidden, known_as.is_concealed
        if url not in relay.wanted_for:
            relay.wanted_for.append(url)
        relay.origins[url] = origin or RelayOrigin(server, config)
        if relay.client.state is TurnState.ALLOCATED:
            self.obtain(relay)

    def _may_find_ours(self, server: Address, now: float) -> bool:
        """Whether ``server`` may have an allocation of ours that nobody uses.

        A NAT that has forgotten may show a new address of ours as it did one that is gone.
        """
        return now < self._left_until.get(server, now) or any(
            relay.server == server and relay.is_over and relay.client.may_linger
            for relay in self.by_way.values()
        )

    # --- what becomes of them -----------------------------------------------------------------

    def obtain(self, relay: Relay) -> None:
        """The allocation is there: it is not missing any more."""
        for url in relay.origins:
            self._demand.missing.pop((relay.host[0], url), None)

    def fail(self, relay: Relay, code: int, text: str, now: float) -> None:
        """An attempt has failed: another one follows if it was to replace what was lost."""
        self._demand.note(relay.wanted_for, relay.error(code, text), now)
        if relay.attempt:
            self._replace(relay, now)

    def lose(self, relay: Relay, code: int, text: str, now: float) -> None:
        """The allocation is gone that was there: another one follows."""
        if relay.is_pending:  # this round of gathering never heard of it
            self._vacate(relay, 1, now)
            return
        self._demand.note(relay.wanted_for, relay.error(code, text), now)
        if now - relay.allocated_at >= STEADY_S:
            relay.attempt = 0
        self._replace(relay, now)

    def redirect(self, relay: Relay, to: Redirected, now: float) -> None:
        """Ask the server that this one names, and follow no further (RFC 8489 10)."""
        if (":" in to.address[0]) != (":" in relay.host[0]):
            text = "the server redirects us to another family"
            self.fail(relay, SERVER_UNREACHABLE, text, now)
            return
        origins = self._take_wanted(relay)
        if origins:
            ip, config = relay.host[0], replace(relay.config, accepts_redirect=False)
            vacancy = Vacancy(ip, to.address, config, origins, relay.attempt, to.domain)
            self._vacancies.add(vacancy, now)

    def drop(self, relay: Relay, now: float) -> None:
        """Forget one that is over, but not what it may have left behind."""
        self.by_way.pop((relay.host, relay.server), None)
        left = {server: until for server, until in self._left_until.items() if now < until}
        if relay.client.may_linger:
            left[relay.server] = max(now + relay.lifetime_s, left.get(relay.server, now))
        self._left_until = left

    def _replace(self, relay: Relay, now: float) -> None:
        """Have another relay in place of one that was lost, unless that is hopeless."""
        if relay.attempt < MAX_ATTEMPTS:
            self._vacate(relay, relay.attempt + 1, now)

    def _vacate(self, relay: Relay, attempt: int, now: float) -> None:
        """The relay is lost: ask for another in its place."""
        self._demand.miss(relay.host[0], relay.origins)
        self._ask_anew(relay.host[0], self._take_wanted(relay), attempt, now)

    def _take_wanted(self, relay: Relay) -> dict[str, RelayOrigin]:
        """What ``relay``, which is over, was to give in this round, if another one still can."""
        if self._has_gone(relay.host[0], relay.config):
            return {}
        urls, relay.wanted_for = relay.wanted_for, []
        return {url: relay.origins[url] for url in urls}

    def _ask_anew(
        self, ip: str, origins: Mapping[str, RelayOrigin], attempt: int, now: float
    ) -> None:
        """Ask from ``ip`` where the ways to these URLs begin.

        A redirection counts for the request that it answers: the server that it led to may be out
        of service by now, or have been told to send us on.
        """
        by_server: dict[Address, dict[str, RelayOrigin]] = {}
        for url, origin in origins.items():
            by_server.setdefault(origin.server, {})[url] = origin
        for server, group in by_server.items():
            config = self._demand.renewed(next(iter(group.values())).config, group)
            self._vacancies.add(Vacancy(ip, server, config, group, attempt), now)

    def _has_gone(self, ip: str, config: TurnConfig) -> bool:
        """Whether nothing can be asked from ``ip`` any more; a datagram needs a socket there."""
        demand = self._demand
        return ip not in demand.ips or not (config.is_reliable or demand.host_at(ip))

    # --- what takes their place ---------------------------------------------------------------

    def insist(self, url: str, text: str, now: float) -> None:
        """This round finds no other way to the server of ``url``: keep to those that it knew.

        ``text`` says why there is none, or why there are not more.
        """
        if url not in self._demand.servers:
            self._keep(url, text, now)
        for (ip, lost_url), origin in self._demand.missing.items():
            if lost_url != url or self._has_gone(ip, origin.config) or self._is_filled(ip, url):
                continue
            self._demand.add_server(url, (), origin.config, is_complete=False)
            if url in self._demand.servers:
                if text:
                    self._demand.note([url], unreached(url, text), now)
                self._ask_anew(ip, {url: origin}, 2, now)

    def _keep(self, url: str, text: str, now: float) -> None:
        """This round finds no way at all to the server of ``url``: want what lives of it."""
        for relay in list(self.by_way.values()):
            origin, ip = relay.origins.get(url), relay.host[0]
            if origin is None or relay.is_over or self._has_gone(ip, relay.config):
                continue
            self._demand.add_server(url, (), origin.config, is_complete=False)
            if url in self._demand.servers:
                self._demand.note([url], unreached(url, text), now)
                self.want(url, relay.host, relay.server, relay.config, now, origin=origin)

    def _is_filled(self, ip: str, url: str) -> bool:
        """Whether this round has asked for a relay there, or is about to."""
        return any(
            relay.host[0] == ip and url in relay.wanted_for for relay in self.by_way.values()
        ) or any(each.ip == ip and url in each.origins for each in self._vacancies.items)

    def fill(self, now: float) -> None:
        """Ask for what is due, where there is still an address to come from."""
        for vacancy in self._vacancies.due(now):
            host = self._demand.host_at(vacancy.ip)
            if host is not None:
                self._occupy(vacancy, host, now)

    def _occupy(self, vacancy: Vacancy, host: Address, now: float) -> None:
        for url, origin in vacancy.origins.items():
            self.want(url, host, vacancy.server, vacancy.config, now, vacancy.attempt, origin)

    def stream_opened(self, number: int, local: Address, now: float) -> None:
        """The stream of this request leads from ``local`` to its server."""
        vacancy = self._vacancies.take(number)
        if vacancy is not None:  # else a new round has begun, which asks for its own
            self._occupy(vacancy, local, now)

    def stream_failed(self, number: int, text: str, now: float) -> None:
        """There is no stream for this request; ``text`` says why."""
        vacancy = self._vacancies.take(number)
        if vacancy is None:
            return
        error = CandidateError("", SERVER_UNREACHABLE, text, None)
        self._demand.note(vacancy.origins, error, now)
        if 0 < vacancy.attempt < MAX_ATTEMPTS:
            self._ask_anew(vacancy.ip, vacancy.origins, vacancy.attempt + 1, now)

    # --- time ---------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """The earliest deadline of any relay, and of what is to be asked for."""
        earliest = self._vacancies.next_timeout()
        for relay in self.by_way.values():
            earliest = earlier(earliest, relay.next_timeout())
        return earliest
