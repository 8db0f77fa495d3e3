"""The real peer, which knows the passwords, and says by STUN whatever comes to its mind.

Between that the network, the streams and the signalling do what they like. Nothing is raised,
nothing grows, and what the agent keeps fits together after every input.
"""

from collections import Counter
from random import Random

import pytest

from frazil.ice import AgentTraits, Candidate, Credentials, IcePolicy, PairState, TcpType
from frazil.ice.config import (
    MAX_LOCAL_PEER_REFLEXIVE,
    MAX_PAIRS,
    MAX_REMOTE_CANDIDATES,
    MAX_REMOTE_PEER_REFLEXIVE,
)
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute
from support.attacker import for_long, seeds_for_long
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

ACTIVE, PASSIVE = ("10.0.0.1", 9), ("10.0.0.1", 4000)
TCP = {ACTIVE: TcpType.ACTIVE, PASSIVE: TcpType.PASSIVE}
LOCALS = (LOCAL, LOCAL_2, ACTIVE, PASSIVE)
FEW = (REMOTE, ("10.0.0.3", 3000), ("2001:db8::1", 5), PASSIVE)
MANY = tuple((f"10.9.0.{number}", 7000 + number) for number in range(1, 30))
NUMBERS = (None, None, 0, 1, 2, (1 << 32) - 1)
CLAIMS = (None, None, None, Attribute.ICE_CONTROLLED, Attribute.ICE_CONTROLLING)
ERRORS = (None, None, None, None, None, 300, 400, 401, 403, 420, 487, 487, 500)
MAX_OUT = 3 * MAX_PAIRS
"""Checks in flight, and messages that follow from one input."""


class Tormentor(IcePeer):
    """A peer that does anything; the dice say what."""

    def __init__(self, random):
        self.dice = random
        super().__init__(
            random.choice([RTCIceRole.CONTROLLED, RTCIceRole.CONTROLLING]),
            policy=IcePolicy(lite=random.random() < 0.15),
            traits=AgentTraits(renominates=random.random() < 0.5, is_lite=random.random() < 0.1),
            tcp=list(TCP.items()),
        )
        self.acts = [
            *[self.ask] * 35,
            *[self.answer] * 35,
            *[self.wait] * 15,
            *[self.end_stream] * 5,
            *[self.signal] * 4,
            *[self.talk] * 2,
            self.lose_address,
            self.restart,
            self.refuse,
            self.change_role,
            self.end_candidates,
        ]

    def act(self):
        """Do something, and look at what it has led to."""
        self.dice.choice(self.acts)()
        self.drain()
        assert len(self.requests) + len(self.responses) <= 2 * MAX_OUT
        del self.requests[:-40], self.responses[:]

    def way(self):
        """Where something comes, and where from."""
        remotes = self.dice.choice(((REMOTE,), FEW, MANY))
        return self.dice.choice(LOCALS), self.dice.choice(remotes)

    def ask(self):
        self.tie_breaker = self.dice.choice((0, 1, (1 << 64) - 1))
        request = self.request(
            use_candidate=self.dice.random() < 0.4,
            nomination=self.dice.choice(NUMBERS),
            claim=self.dice.choice(CLAIMS),
            extra={Attribute.PRIORITY: self.dice.choice((0, 1, 1 << 30, (1 << 32) - 1))},
        )
        self.receive(request, *self.way())

    def answer(self):
        if not self.requests:
            return
        request, *way = self.requests.pop(self.dice.randrange(len(self.requests)))
        mapped = self.dice.choice((way[0], way[0], self.way()[1]))
        if self.dice.random() < 0.1:
            way = self.way()
        self.receive(self.response(request, mapped, error=self.dice.choice(ERRORS)), *way)

    def wait(self):
        self.run(self.dice.choice((0, 0.02, 0.3, 1, 3, 8, 35)))

    def end_stream(self):
        _, remote = self.way()
        self.agent.local.lose_stream(self.dice.choice(list(TCP)), remote, "closed", self.now)

    def signal(self):
        host, port = self.way()[1]
        kind, tail = self.dice.choice((("udp", ""), ("tcp", " tcptype passive")))
        priority, number = self.dice.getrandbits(31), self.dice.randrange(9)
        line = f"candidate:{number} 1 {kind} {priority} {host} {port} typ host{tail}"
        self.agent.add_remote_candidates([Candidate.from_line(line)], self.now)

    def talk(self):
        self.agent.passage.note_authentic(*self.way(), self.now)

    def lose_address(self):
        address = self.dice.choice(LOCALS)
        self.agent.local.remove_address(address, self.now)
        if self.dice.random() < 0.8:
            self.add(address)

    def add(self, address):
        if address in TCP:
            self.agent.local.add_tcp(address, TCP[address], self.now)
        else:
            self.agent.local.add_address(address, self.now)

    def restart(self):
        self.ours = Credentials.generate(self.random.randbytes)
        self.theirs = Credentials.generate(self.random.randbytes)
        self.agent.set_local_credentials(self.theirs, self.now)
        self.agent.set_remote_credentials(self.ours, self.now)
        for address in LOCALS:
            self.add(address)
        self.agent.local.addresses_done(self.now)

    def refuse(self):
        local, (ip, _) = self.way()
        self.agent.local.refuse_peer(local, ip, 403, self.now)

    def change_role(self):
        role = self.dice.choice((RTCIceRole.CONTROLLED, RTCIceRole.CONTROLLING))
        self.agent.set_role(role, self.now)

    def end_candidates(self):
        self.agent.end_remote_candidates(self.now)


def assert_sound(agent):
    """What the agent keeps is bounded, and fits together."""
    for generation in agent.generations:
        checklist, agreed = generation.checklist, generation.agreement.pair
        pairs = list(checklist)
        counts = Counter(pair.state for pair in pairs)
        assert all(checklist.count(state) == counts[state] for state in PairState)
        assert all(checklist.find(pair.key) is pair for pair in pairs)
        assert pairs == sorted(pairs, key=lambda pair: -pair.priority)
        assert len(pairs) <= MAX_PAIRS
        assert [pair for pair in pairs if pair.nominated] == ([agreed] if agreed else [])
        known = len(generation.remote_candidates)
        assert known <= MAX_REMOTE_CANDIDATES + MAX_REMOTE_PEER_REFLEXIVE
        assert len(generation.local_candidates) <= len(LOCALS) + MAX_LOCAL_PEER_REFLEXIVE
    if agent.state in ("connected", "completed"):
        assert agent.pair_in_use is not None
    if agent.state == "failed":
        assert agent.pair_in_use is None


def torment(seed):
    random = Random(seed)
    peer = Tormentor(random)
    for _ in range(random.choice((40, 150, 400))):
        peer.act()
        assert_sound(peer.agent)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_peer_says_nothing_is_raised_and_nothing_grows(seed):
    torment(seed)


@for_long
def test_for_as_long_as_you_like():
    for seed in seeds_for_long():
        print(f"seed {seed}")
        torment(seed)
