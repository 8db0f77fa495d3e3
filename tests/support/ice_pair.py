"""Two ICE agents on a lossy, delayed wire in virtual time."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from frazil.ice import (
    DEFAULT_POLICY,
    AgentTraits,
    Candidate,
    CandidatePair,
    Credentials,
    IceAgent,
    IceConfig,
    IcePolicy,
    IceTransportChanged,
)
from frazil.ice.event import CandidateGathered, CandidatesEnded, IceEvent
from frazil.ice.state import TRANSITIONS
from frazil.states.enums import RTCIceRole
from frazil.trace import Reason, Trace
from frazil.types import Address, Transmit


@dataclass
class Side:
    """One agent with what happened to it.

    Attributes:
        nat: The public address of each private one, for a side behind a NAT.
        trickles: Whether its candidates are signalled.
        ends: Whether its end-of-candidates is signalled.
        states: All states so far.
        reasons: The reason of each state after the first.
        sent: Datagrams sent.
        requests: How many of them were requests.
    """

    name: str
    agent: IceAgent
    addresses: list[Address]
    random_bytes: Callable[[int], bytes]
    trace: Trace
    credentials: Credentials
    traits: AgentTraits
    nat: dict[Address, Address] = field(default_factory=dict)
    events: list[tuple[float, IceEvent]] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["new"])
    reasons: list[Reason] = field(default_factory=list)
    trickles: bool = True
    ends: bool = True
    sent: int = 0
    requests: int = 0
    gathered: list[Candidate] = field(default_factory=list)

    def state_at(self, state: str) -> float:
        """When it was in ``state`` for the first time."""
        return next(
            at
            for at, event in self.events
            if isinstance(event, IceTransportChanged) and event.change and event.change.new == state
        )

    @property
    def pair(self) -> CandidatePair:
        """The pair in use."""
        pair = self.agent.pair_in_use
        assert pair is not None
        return pair

    def events_of(self, kind: type) -> list[IceEvent]:
        return [event for _, event in self.events if isinstance(event, kind)]


class IcePair:
    """Two agents, ``a`` controlling and ``b`` controlled, with trickled candidates.

    What every agent must hold is asserted at every step: states follow the table, no state
    follows itself, none is to be judged again in the past, and a timeout that was handled has moved
    on.

    Attributes:
        drops: Called with (sender, transmit); true loses the packet.
        delay_s: One-way delay.
        loss: The share of packets that are lost, 0 to 1.
        signalling_s: How long a candidate takes to the other side.
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
        a_policy: IcePolicy = DEFAULT_POLICY,
        b_policy: IcePolicy = DEFAULT_POLICY,
    ) -> None:
        self.now = 100.0
        self.delay_s = delay_s
        self.signalling_s = signalling_s
        self.loss = 0.0
        self.random = random.Random(seed)
        self.drops: Callable[[Side, Transmit], bool] = lambda side, transmit: False
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        config = config or IceConfig()
        self.a = self._side("a", list(a_addresses), config, a_policy)
        self.b = self._side("b", list(b_addresses), config, b_policy)

    def _side(
        self, name: str, addresses: list[Address], config: IceConfig, policy: IcePolicy
    ) -> Side:
        source = random.Random(f"{name}{self.random.random()}")
        trace = Trace()
        policy = replace(policy, allow_privileged_ports=True)  # those of tests are small
        agent = IceAgent(name, config, source.randbytes, trace, policy=policy)
        credentials = Credentials.generate(source.randbytes)
        traits = policy.traits(config)
        return Side(name, agent, addresses, source.randbytes, trace, credentials, traits)

    @property
    def sides(self) -> tuple[Side, Side]:
        return (self.a, self.b)

    @property
    def states(self) -> tuple[list[str], list[str]]:
        return self.a.states, self.b.states

    @property
    def agrees(self) -> bool:
        """Whether both use the same pair."""
        a_path, b_path = self.a.agent.path, self.b.agent.path
        if a_path is None or b_path is None:
            return False
        a_local, b_local = (
            self.a.nat.get(a_path[0], a_path[0]),
            self.b.nat.get(b_path[0], b_path[0]),
        )
        return (a_local, a_path[1]) == (b_path[1], b_local)

    def peer(self, side: Side) -> Side:
        return self.b if side is self.a else self.a

    def at(self, delay_s: float, what: Callable[[], None]) -> None:
        """Do ``what`` in ``delay_s``."""
        self._order += 1
        heapq.heappush(self._agenda, (self.now + delay_s, self._order, what))

    # --- signalling ---------------------------------------------------------------------------

    def set_roles(self) -> None:
        self.a.agent.set_role(RTCIceRole.CONTROLLING, self.now)
        self.b.agent.set_role(RTCIceRole.CONTROLLED, self.now)

    def negotiate(self, *, roles: bool = True) -> None:
        """Offer and answer at once, candidates trickle after ``signalling_s``."""
        if roles:
            self.set_roles()
        self._exchange()

    def restart(self) -> None:
        """Both sides get new credentials, as an offer and its answer give them."""
        for side in self.sides:
            side.credentials = Credentials.generate(side.random_bytes)
        self._exchange()

    def _exchange(self) -> None:
        for side in self.sides:
            side.agent.set_local_credentials(side.credentials, self.now)
        for side in self.sides:
            self._tell(side)
        for side in self.sides:
            self.gather(side)
        self.flush()

    def offer(self, side: Side, *, renew: bool = False) -> None:
        """``side`` alone takes its half of a generation and gathers."""
        if renew:
            side.credentials = Credentials.generate(side.random_bytes)
        side.agent.set_local_credentials(side.credentials, self.now)
        self.gather(side)

    def hear(self, side: Side) -> None:
        """``side`` takes the other's half of a generation."""
        self._tell(side)
        self.flush()

    def _tell(self, side: Side) -> None:
        """``side`` learns what the other's description says."""
        peer = self.peer(side)
        side.agent.set_remote_credentials(peer.credentials, self.now, peer.traits)

    def gather(self, side: Side) -> None:
        for address in side.addresses:
            side.agent.local.add_address(address, self.now)
        side.agent.local.addresses_done(self.now)
        self.flush()

    # --- the wire -----------------------------------------------------------------------------

    def flush(self) -> None:
        """Carry what the agents have to say."""
        for side in self.sides:
            for transmit in side.agent.poll_transmits():
                side.sent += 1
                side.requests += transmit.data[:2] == b"\0\1"
                self._carry(side, transmit)
            for event in side.agent.poll_events():
                side.events.append((self.now, event))
                self._react(side, event)

    def _carry(self, side: Side, transmit: Transmit) -> None:
        peer = self.peer(side)
        inside = {public: private for private, public in peer.nat.items()}
        local = inside.get(transmit.remote, transmit.remote)
        hidden = transmit.remote in peer.nat
        if local not in peer.addresses or hidden or self.drops(side, transmit):
            return
        if self.loss and self.random.random() < self.loss:
            return
        data, remote = transmit.data, side.nat.get(transmit.local, transmit.local)
        self.at(self.delay_s, lambda: peer.agent.receive_datagram(data, local, remote, self.now))

    def _react(self, side: Side, event: IceEvent) -> None:
        if isinstance(event, IceTransportChanged):
            self._react_to_change(side, event)
        elif isinstance(event, CandidateGathered):
            side.gathered.append(event.candidate)
            if side.trickles:
                self.signal(side, event.candidate.to_line(), event.ufrag)
        elif isinstance(event, CandidatesEnded) and side.ends:
            self.end(side, event.ufrag)

    @staticmethod
    def _react_to_change(side: Side, event: IceTransportChanged) -> None:
        assert event.pair == side.agent.selected_pair or event.change is not None
        change = event.change
        if change is None:
            assert event.pair_changed
            return
        assert change.old == side.states[-1] != change.new
        assert TRANSITIONS[change.old, change.reason.cause].to == change.new
        judged_at = change.reason.next_deadline_at
        assert judged_at is None or (judged_at > change.at and change.new != "failed")
        side.states.append(str(change.new))
        side.reasons.append(change.reason)

    def signal(self, side: Side, line: str, ufrag: str) -> None:
        """The peer of ``side`` learns a candidate after ``signalling_s``."""
        agent = self.peer(side).agent
        self.at(
            self.signalling_s,
            lambda: agent.add_remote_candidates([Candidate.from_line(line)], self.now, ufrag),
        )

    def end(self, side: Side, ufrag: str) -> None:
        """The peer of ``side`` learns after ``signalling_s`` that no candidate follows."""
        agent = self.peer(side).agent
        self.at(self.signalling_s, lambda: agent.end_remote_candidates(self.now, ufrag))

    # --- time ---------------------------------------------------------------------------------

    def next_at(self) -> float | None:
        deadlines = [side.agent.next_timeout() for side in self.sides]
        if self._agenda:
            deadlines.append(self._agenda[0][0])
        return min((at for at in deadlines if at is not None), default=None)

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.flush()
        until = self.now + seconds
        steps = 0
        while (at := self.next_at()) is not None and at <= until:
            steps += 1
            assert steps < 200_000, "time stands still"
            self.now = max(self.now, at)
            while self._agenda and self._agenda[0][0] <= self.now:
                heapq.heappop(self._agenda)[2]()
                self.flush()
            for side in self.sides:
                self._wake(side.agent)
            self.flush()
        self.now = until

    def _wake(self, agent: IceAgent) -> None:
        timeout = agent.next_timeout()
        if timeout is not None and timeout <= self.now:
            agent.handle_timeout(self.now)
            timeout = agent.next_timeout()
            assert timeout is None or timeout > self.now, "a handled timeout did not move on"


def connected_pair(**options: Any) -> IcePair:
    """Two agents that were given ten seconds to find each other."""
    pair = IcePair(**options)
    pair.negotiate()
    pair.run(10)
    return pair


def generation_counts(pair: IcePair) -> tuple[int, int]:
    """How many generations either agent keeps."""
    return len(pair.a.agent._lineage), len(pair.b.agent._lineage)
