"""The boundary of the core that faces the network, recorded."""

from frazil.ice import OPEN, Disclosure, PairKey, TcpType
from frazil.peer.configuration import Configuration
from frazil.peer.core import Core
from frazil.peer.event import DriverRequest
from frazil.peer.ice_router import IceRouter
from frazil.peer.recovery import Recovery
from frazil.peer.transport_pool import SessionFactory
from frazil.peer.transport_set import TransportSet
from frazil.record.boundary import recording
from frazil.record.outcome import Teller
from frazil.record.recorder import Recorder
from frazil.turn import TurnConfig
from frazil.types import Address, Datagram, Transmit

_NAME = "transports"


class RecordedTransports(TransportSet):
    """The side that faces the network."""

    __slots__ = ("recorder",)

    def __init__(
        self,
        recorder: Recorder,
        core: Core,
        router: IceRouter,
        configuration: Configuration,
        recovery: Recovery,
        factory: SessionFactory,
    ) -> None:
        self.recorder = recorder
        super().__init__(core, router, configuration, recovery, factory)

    # --- network ------------------------------------------------------------------------------

    def take_usual(self, transport: str, lone: Datagram, now: float) -> list[Transmit] | None:
        """Nothing: what is recorded goes the way of everything else."""
        return None

    def ask_usual(self, now: float) -> tuple[str, list[Transmit]] | None:
        """Nothing, likewise."""
        return None

    @recording(_NAME)
    def receive(self, transport: str, datagrams: list[Datagram], now: float) -> None:
        super().receive(transport, datagrams, now)

    @recording(_NAME)
    def handle_timeout(self, now: float) -> None:
        super().handle_timeout(now)

    @recording(_NAME, Teller.transmits)
    def poll_transmits(self, now: float) -> list[tuple[str, list[Transmit]]]:
        return super().poll_transmits(now)

    @recording(_NAME, Teller.plain)
    def poll_requests(self) -> list[DriverRequest]:
        return super().poll_requests()

    # --- gathering ----------------------------------------------------------------------------

    @recording(_NAME)
    def fill_pool(self, now: float) -> None:
        super().fill_pool(now)

    @recording(_NAME)
    def gather_from(self, transport: str, hosts: list[str], urls: list[str], now: float) -> None:
        super().gather_from(transport, hosts, urls, now)

    @recording(_NAME)
    def add_local_address(
        self,
        transport: str,
        address: Address,
        now: float,
        *,
        hidden: bool = False,
        disclosure: Disclosure = OPEN,
    ) -> None:
        super().add_local_address(transport, address, now, hidden=hidden, disclosure=disclosure)

    @recording(_NAME)
    def local_address_failed(self, transport: str, host: str, text: str, now: float) -> None:
        super().local_address_failed(transport, host, text, now)

    @recording(_NAME)
    def remove_local_address(self, transport: str, address: Address, now: float) -> None:
        super().remove_local_address(transport, address, now)

    @recording(_NAME)
    def lose_host(self, transport: str, host: str, now: float) -> None:
        super().lose_host(transport, host, now)

    @recording(_NAME)
    def add_local_tcp(
        self,
        transport: str,
        address: Address,
        tcp_type: TcpType,
        now: float,
        disclosure: Disclosure = OPEN,
    ) -> None:
        super().add_local_tcp(transport, address, tcp_type, now, disclosure)

    @recording(_NAME)
    def lose_stream(
        self, transport: str, local: Address, remote: Address, text: str, now: float
    ) -> None:
        super().lose_stream(transport, local, remote, text, now)

    @recording(_NAME)
    def gather_again(self, now: float) -> None:
        super().gather_again(now)

    @recording(_NAME)
    def local_addresses_done(self, transport: str, now: float) -> None:
        super().local_addresses_done(transport, now)

    # --- servers ------------------------------------------------------------------------------

    @recording(_NAME)
    def expect_server(self, transport: str, url: str) -> None:
        super().expect_server(transport, url)

    @recording(_NAME)
    def add_stun_server(
        self, transport: str, url: str, addresses: list[Address], now: float
    ) -> None:
        super().add_stun_server(transport, url, addresses, now)

    @recording(_NAME)
    def add_turn_server(
        self, transport: str, url: str, addresses: list[Address], config: TurnConfig, now: float
    ) -> None:
        super().add_turn_server(transport, url, addresses, config, now)

    @recording(_NAME)
    def add_turn_stream(
        self,
        transport: str,
        url: str,
        local: Address,
        server: Address,
        config: TurnConfig,
        now: float,
    ) -> None:
        super().add_turn_stream(transport, url, local, server, config, now)

    @recording(_NAME)
    def turn_stream_lost(self, transport: str, local: Address, text: str, now: float) -> None:
        super().turn_stream_lost(transport, local, text, now)

    @recording(_NAME)
    def turn_streams_done(self, transport: str, url: str, text: str, now: float) -> None:
        super().turn_streams_done(transport, url, text, now)

    @recording(_NAME)
    def relay_stream_opened(self, transport: str, number: int, local: Address, now: float) -> None:
        super().relay_stream_opened(transport, number, local, now)

    @recording(_NAME)
    def relay_stream_failed(self, transport: str, number: int, text: str, now: float) -> None:
        super().relay_stream_failed(transport, number, text, now)

    @recording(_NAME)
    def server_failed(self, transport: str, url: str, text: str, now: float) -> None:
        super().server_failed(transport, url, text, now)

    # --- names in candidates of the peer ------------------------------------------------------

    @recording(_NAME)
    def name_resolved(self, transport: str, host: str, address: str, now: float) -> None:
        super().name_resolved(transport, host, address, now)

    @recording(_NAME)
    def name_unresolved(self, transport: str, host: str, text: str, now: float) -> None:
        super().name_unresolved(transport, host, text, now)

    # --- the choice of the pair ---------------------------------------------------------------

    @recording(_NAME)
    def report_pairs(self, transport: str, *, asks_first: bool) -> None:
        super().report_pairs(transport, asks_first=asks_first)

    @recording(_NAME)
    def decide_nomination(self, transport: str, pair: PairKey, now: float, *, wanted: bool) -> None:
        super().decide_nomination(transport, pair, now, wanted=wanted)

    @recording(_NAME)
    def select_pair(self, transport: str, pair: PairKey, now: float) -> None:
        super().select_pair(transport, pair, now)
