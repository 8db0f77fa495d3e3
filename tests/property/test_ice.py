"""Two agents under random topologies, loss, delay, trickling, restarts and lost interfaces.

The harness itself asserts at every step that states follow the table, that no state follows itself
and that time moves on.
"""

from dataclasses import dataclass

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from frazil.ice import Candidate, CandidateSyntaxError, IceConfig
from frazil.ice.candidate import canonical_ip
from frazil.ice.config import most_checks
from frazil.states.enums import RTCIceRole
from frazil.types import Address
from support.ice_pair import IcePair, Side

WORKING = ("connected", "completed")
CHAOS_S = 12.0
"""Shorter than any wait of a check that is repeated (RFC 8489: 16 s after the sixth send)."""
NOMINATION_S = 16.0
"""How long a nomination in vain can keep the ends apart (``IceConfig.recheck_sends``)."""

A_ADDRESSES: list[Address] = [("10.0.0.1", 1000), ("10.1.0.1", 1001), ("2001:db8::1", 1002)]
B_ADDRESSES: list[Address] = [("10.0.0.2", 2000), ("10.1.0.2", 2001), ("2001:db8::2", 2002)]


@dataclass(frozen=True)
class Happening:
    """Something that happens at an instant of the chaos."""

    at_s: float
    kind: str
    side: int
    value: int


happenings = st.builds(
    Happening,
    st.floats(0, CHAOS_S),
    st.sampled_from(["restart", "lose", "heal", "cut", "delay", "replay", "data", "role"]),
    st.integers(0, 1),
    st.integers(0, 1000),
)


def subset(addresses: list[Address]) -> st.SearchStrategy[list[Address]]:
    return st.lists(st.sampled_from(addresses), min_size=1, unique=True)


class Chaos:
    """Plays happenings on a pair."""

    def __init__(self, pair: IcePair) -> None:
        self.pair = pair
        self.recorded: list = []
        self.lost: set[tuple[int, int]] = set()
        self.cut = False
        pair.drops = self._drops

    def _drops(self, side: Side, transmit) -> bool:
        if len(self.recorded) < 200:
            self.recorded.append((side, transmit))
        seed = hash((transmit.local[1], transmit.remote[1])) % 7
        return any(seed % divisor == rest for divisor, rest in self.lost)

    def play(self, happening: Happening) -> None:
        pair, value = self.pair, happening.value
        side = pair.sides[happening.side]
        match happening.kind:
            case "restart":
                pair.restart()
            case "lose":
                self.lost.add((1 + value % 3, value % 2))
            case "heal":
                self.lost.clear()
            case "cut" if len(side.addresses) > 1:
                self.cut = True
                address = side.addresses.pop(value % len(side.addresses))
                side.agent.local.remove_address(address, pair.now)
            case "delay":
                pair.delay_s = value / 5000
            case "replay" if self.recorded:
                sender, transmit = self.recorded[value % len(self.recorded)]
                receiver = pair.peer(sender)
                if transmit.remote in receiver.addresses:
                    receiver.agent.receive_datagram(
                        transmit.data, transmit.remote, transmit.local, pair.now
                    )
            case "data":
                path = side.agent.path
                if path is not None:
                    side.agent.passage.note_authentic(*path, pair.now)
            case "role":
                side.agent.set_role(RTCIceRole.CONTROLLING, pair.now)
        pair.flush()


def case(
    *,
    seed: int = 0,
    a: str = "01",
    b: str = "01",
    loss: float = 0.0,
    delay_s: float = 0.0,
    signalling_s: float = 0.0,
    trickles: tuple[bool, bool] = (True, True),
    plan: str = "",
) -> dict[str, object]:
    """One that once went wrong; addresses by index, happenings as ``at_s kind side value``."""
    words = [each.split() for each in plan.split(", ") if each]
    return {
        "seed": seed,
        "a": [A_ADDRESSES[int(index)] for index in a],
        "b": [B_ADDRESSES[int(index)] for index in b],
        "loss": loss,
        "delay_s": delay_s,
        "signalling_s": signalling_s,
        "trickles": trickles,
        "ends": (False, False),
        "plan": [Happening(float(at), kind, int(side), int(n)) for at, kind, side, n in words],
    }


def reachable(pair: IcePair) -> bool:
    families = [{":" in host for host, _ in side.addresses} for side in pair.sides]
    return bool(families[0] & families[1]) and (pair.a.trickles or pair.b.trickles)


def most_requests(side: Side, peer: Side, addresses: int, elapsed_s: float) -> float:
    """The published bound; every move of the state may have been a generation."""
    counts = [record.event for record in side.trace.records]
    return most_checks(
        IceConfig(),
        generations=1 + counts.count("state") + len(side.events),
        local_addresses=addresses,
        received=peer.requests,
        nominations=counts.count("nominate"),
        elapsed_s=elapsed_s,
    )


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    seed=st.integers(0, 2**16),
    a=subset(A_ADDRESSES),
    b=subset(B_ADDRESSES),
    loss=st.sampled_from([0.0, 0.0, 0.1, 0.3]),
    delay_s=st.sampled_from([0.0, 0.001, 0.02, 0.15]),
    signalling_s=st.sampled_from([0.0, 0.05, 1.0]),
    trickles=st.tuples(st.booleans(), st.booleans()),
    ends=st.tuples(st.booleans(), st.booleans()),
    plan=st.lists(happenings, max_size=8),
)
@example(**case(a="012", b="012"))
@example(
    **case(
        seed=126,
        a="0",
        loss=0.3,
        delay_s=0.02,
        signalling_s=0.05,
        plan="0 role 1 0, 3 role 1 0, 5 role 1 0",
    )
)
@example(**case(seed=126, a="0", loss=0.3, delay_s=0.15, plan="0.5 role 1 0"))
@example(**case(a="01", b="0", trickles=(False, True), plan="0 lose 0 0, 0 cut 0 0"))
@example(
    **case(
        seed=3,
        a="201",
        b="012",
        loss=0.3,
        signalling_s=0.05,
        trickles=(True, False),
        plan="0.5 restart 0 0, 1 lose 0 766",
    )
)
@example(**case(a="0", signalling_s=0.05, trickles=(True, False), plan="1 lose 0 596"))
@example(**case(a="2", b="02", trickles=(False, True), plan="0 cut 1 1, 2 role 1 0"))
@example(
    **case(
        a="12",
        b="012",
        delay_s=0.15,
        signalling_s=1.0,
        plan="6.75 lose 0 224, 6.875 restart 0 0, 9.25 heal 0 0",
    )
)
@example(
    **case(
        seed=475,
        a="012",
        b="012",
        loss=0.3,
        trickles=(False, True),
        plan="0 restart 0 0, 0.25 cut 0 0, 1 cut 0 1",
    )
)
@example(
    **case(seed=90, a="012", b="012", loss=0.3, trickles=(False, True), plan="0 cut 0 0, 8 cut 0 1")
)
@example(**case(seed=608, loss=0.3, delay_s=0.15, trickles=(True, False), plan="0.25 cut 1 0"))
@example(**case(seed=6344, loss=0.3, trickles=(True, False), plan="2 cut 0 0"))
@example(**case(seed=6344, a="02", b="012", loss=0.3, trickles=(True, False), plan="2 cut 1 128"))
def test_whatever_happens_a_perfect_network_brings_both_together(
    seed, a, b, loss, delay_s, signalling_s, trickles, ends, plan
):
    pair = IcePair(
        seed=seed,
        a_addresses=tuple(a),
        b_addresses=tuple(b),
        delay_s=delay_s,
        signalling_s=signalling_s,
    )
    pair.loss = loss
    (pair.a.trickles, pair.b.trickles), (pair.a.ends, pair.b.ends) = trickles, ends
    chaos = Chaos(pair)
    began_at = pair.now
    pair.negotiate()
    for happening in sorted(plan, key=lambda each: each.at_s):
        pair.run(began_at + happening.at_s - pair.now)
        chaos.play(happening)
    pair.run(began_at + CHAOS_S - pair.now)
    pair.loss, pair.delay_s = 0.0, 0.01
    chaos.lost.clear()
    pair.run(10)
    if reachable(pair):
        for side in pair.sides:
            assert side.agent.state in WORKING, (pair.states, pair.agrees)
        if pair.a.agent._checker._table.nominating or pair.b.agent._checker._table.nominating:
            pair.run(NOMINATION_S)  # both work, perhaps on different pairs
        assert pair.agrees
    else:
        assert not {*WORKING} & {pair.a.agent.state, pair.b.agent.state}
    elapsed_s = pair.now - began_at
    assert pair.a.requests <= most_requests(pair.a, pair.b, len(a), elapsed_s)
    assert pair.b.requests <= most_requests(pair.b, pair.a, len(b), elapsed_s)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**16), plan=st.lists(happenings, max_size=6), long_s=st.floats(20, 90))
def test_after_a_long_blackout_both_ends_come_to_rest(seed, plan, long_s):
    """With all candidates known, each agent works, or has failed and is silent for good."""
    pair = IcePair(seed=seed)
    chaos = Chaos(pair)
    pair.negotiate()
    for happening in sorted(plan, key=lambda each: each.at_s):
        chaos.play(happening)
        pair.run(1)
    chaos.lost = {(1, 0)}
    pair.run(long_s)
    chaos.lost = set()
    pair.run(120)
    for side in pair.sides:
        if side.agent.state == "failed":
            assert side.agent.next_timeout() is None
            assert side.agent.path is None
        else:
            assert side.agent.state in WORKING


@given(st.text(max_size=200))
def test_any_text_is_a_candidate_or_the_documented_error(text):
    for line in (text, "candidate:" + text, "candidate:1 1 udp 1 " + text):
        try:
            candidate = Candidate.from_line(line)
        except CandidateSyntaxError:
            continue
        assert "\n" not in candidate.to_line()
        assert Candidate.from_line(candidate.to_line()) == candidate


@given(st.text(alphabet="0123456789abcdef:.%", max_size=45))
def test_canonical_addresses_are_fixed_points(text):
    canonical = canonical_ip(text)
    assert canonical is None or canonical_ip(canonical) == canonical
