"""Finds out what this host's network allows: every server from every address, all at once."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from frazil.aio.network import (
    Interface,
    Network,
    StreamHandlers,
    Tls,
    usable,
)
from frazil.doctor.asker import Asker
from frazil.doctor.nat import examine_nat
from frazil.doctor.relay import RelayProbe
from frazil.doctor.report import (
    InterfaceReport,
    Knock,
    NatReport,
    RelayReport,
    Report,
    ServerReport,
    StunReport,
)
from frazil.doctor.surrounding import Surrounding, remark
from frazil.peer.ice_server import IceServer, ServerUrl
from frazil.turn import RelayProtocol
from frazil.types import Address

Tell: TypeAlias = Callable[[str], None]
"""Gets a few words about each thing that is about to be examined."""

_KNOCK_PATIENCE_S: Final = 3.0
_RESOLVE_PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    """What to examine.

    Attributes:
        servers: The servers to ask; no other is contacted.
        tls_context: What to trust; what the operating system trusts, unless told.
    """

    servers: Sequence[IceServer] = ()
    tls_context: ssl.SSLContext | None = None


class Examination:
    """One look at a network.

    Args:
        network: Of this host.
        options: What to examine.
        surrounding: Where signs of containers are looked for.
        tell: Hears of progress.
    """

    def __init__(
        self,
        network: Network,
        options: Options,
        *,
        surrounding: Surrounding,
        tell: Tell = lambda _: None,
    ) -> None:
        self._network = network
        self._options = options
        self._surrounding = surrounding
        self._tell = tell

    async def run(self) -> Report:
        """Everything that can be found out; takes seconds, up to half a minute.

        Raises:
            OSError: The operating system does not tell of its interfaces.
        """
        everything = self._network.interfaces()
        hints = self._surrounding.hints(everything)
        self._tell("looking the servers up")
        urls = {url.url: (url, entry) for entry in self._options.servers for url in entry.urls}
        servers = await asyncio.gather(*(self._resolve(url) for url, _ in urls.values()))
        usable_ones = usable(everything, include_loopback=True)
        ways = [
            (*urls[server.url], host, address)
            for server in servers
            for host, address in _ways(usable_ones, server.addresses)
        ]
        self._tell("asking over UDP")
        stun = await asyncio.gather(*(self._ask(*each) for each in ways if not each[0].is_stream))
        nats = await self._nats(stun)
        relays = await self._relays([each for each in ways if each[0].is_turn], stun)
        return Report(
            tuple(self._interface(each) for each in everything),
            tuple(hints),
            tuple(servers),
            tuple(stun),
            tuple(nats),
            tuple(relays),
        )

    # --- pieces -------------------------------------------------------------------------------

    def _interface(self, interface: Interface) -> InterfaceReport:
        is_default = interface.address in self._network.default_sources()
        return InterfaceReport(interface.name, interface.address, is_default, remark(interface))

    async def _resolve(self, url: ServerUrl) -> ServerReport:
        try:
            async with asyncio.timeout(_RESOLVE_PATIENCE_S):
                return ServerReport(url.url, tuple(await self._network.resolve(url.host, url.port)))
        except TimeoutError:
            return ServerReport(url.url, (), "the name server does not answer")
        except OSError as error:
            return ServerReport(url.url, (), error.strerror or str(error))

    async def _ask(
        self, url: ServerUrl, entry: IceServer, host: str, server: Address
    ) -> StunReport:
        report = StunReport(url.url, host, server)
        try:
            with Asker(self._network, host) as asker:
                answer = await asker.ask(server)
        except OSError:
            return report
        if answer is None:
            return replace(report, knock=await self._knock(host, server))
        return replace(
            report,
            rtt_s=answer.rtt_s,
            mapped=answer.mapped,
            other=answer.other,
            refusal=answer.refusal,
        )

    async def _knock(self, host: str, server: Address) -> Knock:
        """Whether TCP leads to a server that does not answer over UDP: what is it that fails?"""
        handlers = StreamHandlers(lambda _: None, lambda: None)
        try:
            async with asyncio.timeout(_KNOCK_PATIENCE_S):
                stream = await self._network.connect_tcp(server, handlers, local=host)
        except ConnectionRefusedError:
            return Knock.REFUSED
        except OSError:  # among them: TimeoutError
            return Knock.SILENT
        stream.close()
        return Knock.ACCEPTED

    async def _nats(self, stun: Iterable[StunReport]) -> list[NatReport]:
        by_host: dict[str, list[StunReport]] = {}
        for each in stun:
            if each.mapped is not None:
                by_host.setdefault(each.local, []).append(each)
        if by_host:
            self._tell("finding out what the NAT does")
        found = await asyncio.gather(*(self._nat(answered) for answered in by_host.values()))
        return [each for each in found if each is not None]

    async def _nat(self, answered: Sequence[StunReport]) -> NatReport | None:
        try:
            return await examine_nat(self._network, answered)
        except OSError:  # the address has gone meanwhile: the others count
            return None

    async def _relays(
        self,
        ways: Sequence[tuple[ServerUrl, IceServer, str, Address]],
        stun: Sequence[StunReport],
    ) -> list[RelayReport]:
        """Every TURN server, over every way that is not known to lead nowhere.

        One that answers over no way is tried: it may relay without being a STUN server, as coturn
        does with no-stun.
        """
        heard = {each.url for each in stun if each.is_answered}
        dead = {
            (each.url, each.local) for each in stun if each.url in heard and not each.is_answered
        }
        alive = [way for way in ways if (way[0].url, way[2]) not in dead]
        if alive:
            self._tell("allocating relays")
        return list(await asyncio.gather(*(self._relay(*way) for way in alive)))

    async def _relay(
        self, url: ServerUrl, entry: IceServer, host: str, server: Address
    ) -> RelayReport:
        config = entry.turn_config(url.relay_protocol)
        tls = None
        if url.relay_protocol is RelayProtocol.TLS:
            tls = Tls(url.host, self._options.tls_context)
        return await RelayProbe(self._network, url.url, host, server, config, tls).run()


def _ways(
    interfaces: Iterable[Interface], addresses: Sequence[Address]
) -> list[tuple[str, Address]]:
    """From which local address to which of a server: the first of each family.

    Loopback addresses lead to loopback addresses only, and the other way round.
    """
    found = []
    for interface in interfaces:
        server = next(
            (each for each in addresses if (":" in each[0]) == (interface.family == 6)), None
        )
        if server is not None and interface.is_loopback == _is_loopback(server[0]):
            found.append((interface.address, server))
    return found


def _is_loopback(address: str) -> bool:
    return Interface("", address).is_loopback
