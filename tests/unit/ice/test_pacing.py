"""How far apart checks are: as the slower of the two agents wants it (RFC 8445 14.2)."""

import pytest

from frazil.ice import AgentTraits, Candidate, IceConfig
from frazil.ice.config import MAX_PACING_S
from support.ice_peer import LOCAL, IcePeer


def check_times(config: IceConfig, traits: AgentTraits, seconds: float) -> list[float]:
    """When the first check of each pair leaves, from the beginning."""
    peer = IcePeer(config=config, answer=False)
    peer.agent.set_remote_credentials(peer.ours, peer.now, traits)
    began_at = peer.now
    for port in range(1, 11):
        line = f"candidate:{port} 1 udp 2130706431 10.0.0.2 {2000 + port} typ host"
        peer.agent.add_remote_candidates([Candidate.from_line(line)], peer.now)
    peer.drain()
    seen: dict[object, float] = {}
    while peer.now < began_at + seconds:
        for _, *path in peer.requests:
            seen.setdefault(tuple(path), peer.now - began_at)
        peer.run(0.001)
    return sorted(seen.values())


@pytest.mark.parametrize(
    ("ours_s", "theirs_s", "agreed_s"),
    [(0.02, 0.0, 0.02), (0.02, 0.05, 0.05), (0.05, 0.02, 0.05), (0.02, 0.02, 0.02)],
)
def test_the_larger_of_both_holds(ours_s, theirs_s, agreed_s):
    times = check_times(IceConfig(pacing_s=ours_s), AgentTraits(pacing_s=theirs_s), 0.5)
    assert times[:8] == pytest.approx([n * agreed_s for n in range(8)], abs=0.0011)


def test_a_peer_cannot_bring_us_to_a_standstill():
    times = check_times(IceConfig(), AgentTraits(pacing_s=3600.0), 3 * MAX_PACING_S)
    assert times == pytest.approx([0, MAX_PACING_S, 2 * MAX_PACING_S], abs=0.0011)


def test_candidates_that_are_alike_follow_each_other_before_the_first_is_given_up():
    """Else the last relay of a host that had several would be tried after minutes."""
    peer = IcePeer(addresses=(LOCAL,))
    began_at = peer.now
    lines = [f"candidate:1 1 udp {99 - n} 10.0.0.2 {2000 + n} typ relay" for n in range(3)]
    peer.agent.add_remote_candidates([Candidate.from_line(line) for line in lines], peer.now)
    peer.drain()
    seen: dict[object, float] = {}
    while peer.now < began_at + 10:
        for _, _, (_, port) in peer.requests:
            seen.setdefault(port, peer.now - began_at)
        peer.run(0.01)
    assert seen == pytest.approx({2000: 0.0, 2001: 3.5, 2002: 7.0}, abs=0.011)
