"""Two ICE agents on a lossy, delayed wire in virtual time."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from frazil.ice import Candidate, Credentials, IceAgent, IceConfig, IceTransportChanged
from frazil.ice.event import CandidateGathered, CandidatesEnded, IceEvent
from frazil.states.enums import RTCIceRole
from frazil.trace import Trace
from frazil.types import Address, Transmit


@dataclass
class Side:
    """One agent with what happened to it."""

    name: str
    agent: IceAgent
    addresses: list[Address]
    random_bytes: Callable[[int], bytes]
    trace: Trace
    credentials: Credentials
    events: list[tuple[float, IceEvent]] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["new"])
    trickles: bool = True
    ends: bool = True
    sent: int = 0
    gathered: list[Candidate] = field(default_factory=list)


class IcePair:
    """Two agents, ``a`` controlling and ``b`` controlled, with trickled candidates.

    Attributes:
        drops: Called with (sender, transmit); true loses the packet.
        delay_s: One-way delay.
    """

    def __init__(
        self,
        *,
        config: IceConfig | None = None,
        a_addresses: tuple[Address, ...] = (("10.0.0.1", 1000),),
        b_addresses: tuple[Address, ...] = (("10.0.0.2", 2000),),
        delay_s: float = 0.01,
        signalling_s: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.now = 100.0
        self.delay_s = delay_s
        self.signalling_s = signalling_s
        self.loss = 0.0
        self.random = random.Random(seed)
        self.drops: Callable[[Side, Transmit], bool] = lambda side, transmit: False
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self.a = self._side("a", list(a_addresses), config or IceConfig())
        self.b = self._side("b", list(b_addresses), config or IceConfig())

    def _side(self, name: str, addresses: list[Address], config: IceConfig) -> Side:
        source = random.Random(f"{name}{self.random.random()}")
        trace = Trace()
        agent = IceAgent(name, config, source.randbytes, trace)
        credentials = Credentials.generate(source.randbytes)
        return Side(name, agent, addresses, source.randbytes, trace, credentials)

    def peer(self, side: Side) -> Side:
        return self.b if side is self.a else self.a

    def at(self, delay_s: float, what: Callable[[], None]) -> None:
        self._order += 1
        self._agenda.append((self.now + delay_s, self._order, what))

    def negotiate(self, *, roles: bool = True) -> None:
        """Offer and answer at once, candidates trickle after ``signalling_s``."""
        if roles:
            self.a.agent.set_role(RTCIceRole.CONTROLLING, self.now)
            self.b.agent.set_role(RTCIceRole.CONTROLLED, self.now)
        for side in (self.a, self.b):
            side.agent.set_local_credentials(side.credentials, self.now)
        for side in (self.a, self.b):
            side.agent.set_remote_credentials(self.peer(side).credentials, self.now)
        for side in (self.a, self.b):
            self.gather(side)
        self.flush()

    def gather(self, side: Side) -> None:
        for address in side.addresses:
            side.agent.add_local_address(address, self.now)
        side.agent.local_addresses_done(self.now)
        self.flush()

    def restart(self) -> None:
        """Both sides get new credentials, as an offer and its answer give them."""
        for side in (self.a, self.b):
            side.credentials = Credentials.generate(side.random_bytes)
            side.agent.set_local_credentials(side.credentials, self.now)
        for side in (self.a, self.b):
            side.agent.set_remote_credentials(self.peer(side).credentials, self.now)
        for side in (self.a, self.b):
            self.gather(side)
        self.flush()

    def flush(self) -> None:
        """Carry what the agents have to say."""
        for side in (self.a, self.b):
            for transmit in side.agent.poll_transmits():
                side.sent += 1
                self._carry(side, transmit)
            for event in side.agent.poll_events():
                side.events.append((self.now, event))
                self._react(side, event)

    def _carry(self, side: Side, transmit: Transmit) -> None:
        peer = self.peer(side)
        if transmit.remote not in peer.addresses or self.drops(side, transmit):
            return
        if self.loss and self.random.random() < self.loss:
            return
        data, local, remote = transmit.data, transmit.local, transmit.remote
        self.at(self.delay_s, lambda: peer.agent.receive_datagram(data, remote, local, self.now))

    def _react(self, side: Side, event: IceEvent) -> None:
        peer = self.peer(side)
        if isinstance(event, IceTransportChanged):
            if event.change is not None:
                assert event.change.old == side.states[-1]
                side.states.append(event.change.new)
        elif isinstance(event, CandidateGathered):
            side.gathered.append(event.candidate)
            if side.trickles:
                line, ufrag = event.candidate.to_line(), event.ufrag
                self.at(
                    self.signalling_s,
                    lambda: peer.agent.add_remote_candidate(
                        Candidate.from_line(line), self.now, ufrag
                    ),
                )
        elif isinstance(event, CandidatesEnded) and side.ends:
            ufrag = event.ufrag
            self.at(self.signalling_s, lambda: peer.agent.end_remote_candidates(self.now, ufrag))

    def next_at(self) -> float | None:
        deadlines = [at for at, _, _ in self._agenda]
        deadlines += [
            at for side in (self.a, self.b) if (at := side.agent.next_timeout()) is not None
        ]
        return min(deadlines, default=None)

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        until = self.now + seconds
        steps = 0
        while (at := self.next_at()) is not None and at <= until:
            steps += 1
            assert steps < 200_000, "time stands still"
            self.now = max(self.now, at)
            due = sorted(entry for entry in self._agenda if entry[0] <= self.now)
            self._agenda = [entry for entry in self._agenda if entry[0] > self.now]
            for _, _, what in due:
                what()
            for side in (self.a, self.b):
                timeout = side.agent.next_timeout()
                if timeout is not None and timeout <= self.now:
                    side.agent.handle_timeout(self.now)
            self.flush()
        self.now = until
