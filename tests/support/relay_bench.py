"""The relays of one transport, with servers that answer at once."""

import random
from itertools import count

from frazil.ice import (
    Candidate,
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    Credentials,
    IceAgent,
    IceConfig,
)
from frazil.session.event import RelayStreamRequested
from frazil.session.relay_set import RelaySet
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message, MessageClass
from frazil.testing import TurnService
from frazil.trace import Trace
from frazil.turn import RelayFamily, RelayProtocol, TurnConfig
from frazil.types import Address, Datagram, Transmit

HOST: Address = ("10.0.0.1", 1000)
HOST_2: Address = ("10.0.0.2", 1001)
HOST_6: Address = ("2001:db8::1", 1002)
SERVER: Address = ("192.0.2.9", 3478)
SERVER_2: Address = ("192.0.2.10", 3478)
PEER: Address = ("203.0.113.5", 6000)
PEER_2: Address = ("203.0.113.6", 6000)
URL = "turn:one"
CONFIG = TurnConfig("user", "password", family=RelayFamily.BOTH)
PATIENCE_S = 10.0
MAX_CHECKS = 100


class Bench:
    """Relays, the agent they tell, and servers that answer at once."""

    def __init__(self, *, servers: tuple[Address, ...] = (SERVER,)) -> None:
        self.now = 7.0
        self.random_bytes = random.Random(5).randbytes
        self.trace = Trace()
        self.ice = IceAgent("0", IceConfig(), self.random_bytes, self.trace)
        self.relays = RelaySet(self.ice, PATIENCE_S, self.random_bytes, self.trace)
        self.ports = count(49152)
        self.services = {address: self.service(address) for address in servers}
        self.events: list = []
        self.sent: list[Transmit] = []
        self.heard: list[Datagram] = []

    def service(self, address: Address) -> TurnService:
        return TurnService(
            address,
            {"user": "password"},
            self.random_bytes,
            lambda is_ipv6: None if is_ipv6 else (address[0], next(self.ports)),
            lambda relayed: None,
        )

    def begin(self) -> "Bench":
        credentials = Credentials.generate(self.random_bytes)
        self.ufrag = credentials.ufrag
        self.relays.begin(self.ufrag, self.now)
        self.ice.set_role(RTCIceRole.CONTROLLING, self.now)
        self.ice.set_local_credentials(credentials, self.now)
        self.events.clear()
        return self

    def begin_again(self) -> "Bench":
        """The network has changed; the generation stays."""
        self.relays.begin(self.ufrag, self.now)
        self.ice.local.gather_again(self.now)
        return self

    def gather(self, *hosts: Address, hidden: bool = False) -> "Bench":
        hosts = hosts or (HOST,)
        self.relays.gather_from([ip for ip, _ in hosts])
        for host in hosts:
            if not hidden:
                self.ice.local.add_address(host, self.now)
            self.relays.add_host(host, self.now, hidden=hidden)
        self.relays.hosts_done(self.now)
        self.ice.local.addresses_done(self.now)
        return self.flush()

    def expect_server(self, url: str = URL) -> "Bench":
        self.ice.local.expect_server(url)
        self.relays.expect_server(url)
        return self

    def add_server(self, url: str = URL, *addresses: Address, config=CONFIG) -> "Bench":
        self.expect_server(url)
        self.relays.add_server(url, addresses or (SERVER,), config, self.now)
        return self

    def pair_with(self, ip: str = PEER[0]) -> None:
        self.remote = Credentials.generate(self.random_bytes)
        self.ice.set_remote_credentials(self.remote, self.now)
        line = f"candidate:1 1 udp 2130706431 {ip} {PEER[1]} typ host"
        self.ice.add_remote_candidates([Candidate.from_line(line)], self.now)
        self.relays.permit(self.now)
        self.flush()

    def use(self, path: tuple[Address, Address]) -> None:
        """Let the checks on ``path`` be answered until it is the one in use."""
        for _ in range(MAX_CHECKS):
            for transmit in self.ice.poll_transmits():
                if (transmit.local, transmit.remote) == path:
                    request = Message.decode(transmit.data)
                    kind, mapped = MessageClass.SUCCESS, {Attribute.XOR_MAPPED_ADDRESS: path[0]}
                    answer = Message(request.method, kind, request.transaction_id, mapped)
                    data = answer.encode(self.remote.key)
                    self.ice.receive_datagram(data, *path, self.now)
            if self.ice.path == path:
                break
            self.now = self.ice.next_timeout() or self.now
            self.ice.handle_timeout(self.now)
        assert self.ice.path == path
        self.relays.use(path, self.now)
        self.flush()

    def flush(self) -> "Bench":
        """Carry everything to the servers and back until nobody has to say more."""
        while transmits := self.relays.wrap([], self.now):
            self.sent += transmits
            for transmit in transmits:
                service = self.services.get(transmit.remote)
                for data in transmit.datagrams() if service else ():
                    service.receive(data, transmit.local, self.now)
            for service in self.services.values():
                for answer in service.poll_transmits():
                    self.receive(answer.data, answer.local, answer.remote)
        self.ice.poll_transmits()
        self.events += self.ice.poll_events()
        return self

    def receive(self, data: bytes, source: Address, host: Address = HOST) -> None:
        self.heard += self.relays.unwrap([Datagram(data, host, source)], self.now)

    def connect(self, port: int) -> RelayStreamRequested:
        """Open the stream that is wanted, from ``port``; the one that is wanted then."""
        request = self.wanted[-1]
        self.relays.stream_opened(request.number, (request.ip, port), self.now)
        return self.flush().wanted[-1]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while (at := self.relays.next_timeout()) is not None and at <= end:
            self.now = at
            self.relays.handle_timeout(at)
            self.flush()
        self.now = end

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def wanted(self) -> list[RelayStreamRequested]:
        """The streams that are asked for."""
        requests = self.relays.vacancies.requests
        return [each for each in requests if isinstance(each, RelayStreamRequested)]

    @property
    def candidates(self) -> list[tuple[str, Address]]:
        return [(e.candidate.type, e.candidate.address) for e in self.of(CandidateGathered)]

    @property
    def errors(self) -> list[tuple[str, int]]:
        return [(event.url, event.code) for event in self.of(CandidateError)]


STREAM: Address = ("10.0.0.1", 2000)
STREAM_2: Address = ("10.0.0.2", 2000)
RELIABLE = TurnConfig("user", "password", protocol=RelayProtocol.TCP)


def redirected(**service: object) -> "tuple[Bench, RelayStreamRequested]":
    """A bench whose server sends streams to another, and the request for one to that."""
    bench = Bench(servers=(SERVER, SERVER_2)).begin()
    bench.services[SERVER].redirect_to = SERVER_2
    bench.services[SERVER].redirect_domain = "two.example"
    for name, value in service.items():
        setattr(bench.services[SERVER_2], name, value)
    bench.expect_server()
    bench.gather()
    bench.relays.add_stream(URL, STREAM, SERVER, RELIABLE, bench.now)
    bench.relays.streams_done(URL, "", bench.now)
    bench.flush()
    (request,) = bench.wanted
    assert bench.of(CandidatesEnded) == []
    return bench, request
