"""Whom we may be asked to send packets to."""

import random

import pytest

from frazil.ice import Candidate, Credentials, IceAgent, IceConfig, IcePolicy
from frazil.ice.admission import has_privileged_port
from frazil.trace import Trace


def candidate(host: str, port: int, *, tcp: str | None = None) -> Candidate:
    transport, tail = ("tcp", f" tcptype {tcp}") if tcp else ("udp", "")
    return Candidate.from_line(f"candidate:1 1 {transport} 100 {host} {port} typ host{tail}")


def knocking(policy: IcePolicy, *candidates: Candidate) -> tuple[IceAgent, Trace]:
    """A controlled agent that got these candidates."""
    trace = Trace()
    agent = IceAgent("x", IceConfig(), random.Random(1).randbytes, trace, policy=policy)
    agent.set_local_credentials(Credentials("ours", "p" * 22), 0.0)
    agent.set_remote_credentials(Credentials("theirs", "q" * 22), 0.0)
    agent.local.add_address(("10.0.0.1", 5000), 0.0)
    for each in candidates:
        agent.add_remote_candidates([each], 0.0)
    return agent, trace


@pytest.mark.parametrize(
    ("host", "port", "tcp", "is_privileged"),
    [
        ("8.8.8.8", 1024, None, False),
        ("8.8.8.8", 1023, None, True),
        ("8.8.8.8", 53, None, True),
        ("8.8.8.8", 443, None, False),
        ("8.8.8.8", 80, "passive", False),
        ("2001:4860::1", 443, None, False),
        ("240.0.0.1", 443, None, False),  # stand for public ones in recordings without addresses
        ("2001:db8::1", 443, None, False),
        ("255.255.255.255", 443, None, True),
        ("0.0.0.0", 443, None, True),
        ("10.0.0.9", 443, None, True),
        ("127.0.0.1", 80, None, True),
        ("fe80::1", 443, "passive", True),
        ("::ffff:10.0.0.9", 443, None, True),  # the same host in other words
        ("name.local", 443, None, True),
        ("10.0.0.9", 9, "active", False),
        ("10.0.0.9", 22, "so", True),
        ("10.0.0.9", 2049, "passive", True),
        ("8.8.8.8", 10080, "so", True),
        ("8.8.8.8", 10081, "passive", False),
        ("10.0.0.9", 2049, "active", False),
        ("10.0.0.9", 5060, None, False),  # a check over UDP is no request of any protocol
    ],
)
def test_ports_of_system_services(host, port, tcp, is_privileged):
    assert has_privileged_port(candidate(host, port, tcp=tcp)) is is_privileged


def test_a_privileged_port_gets_no_packet_unless_allowed():
    dns = candidate("10.0.0.9", 53)
    agent, trace = knocking(IcePolicy(), dns)
    assert agent.poll_transmits() == []
    assert trace.counters == {"ice-candidate-privileged-port": 1}
    record = trace.records[-1]
    assert (record.event, record.facts["why"]) == ("candidate-refused", "privileged-port")
    agent, trace = knocking(IcePolicy(allow_privileged_ports=True), dns)
    assert [each.remote for each in agent.poll_transmits()] == [("10.0.0.9", 53)]
    assert trace.counters == {}


def test_a_filter_sees_each_candidate_once_and_decides():
    seen: list[Candidate] = []

    def accepts(each: Candidate) -> bool:
        seen.append(each)
        return each.address[0].startswith("10.")

    wanted, unwanted = candidate("10.0.0.9", 5000), candidate("192.0.2.9", 5000)
    agent, trace = knocking(IcePolicy(remote_candidate_filter=accepts), wanted, unwanted)
    assert seen == [wanted, unwanted]
    assert [each.remote for each in agent.poll_transmits()] == [wanted.address]
    assert list(agent.generations[0].remote_candidates) == [wanted]
    assert trace.counters == {"ice-candidate-filtered": 1}
    assert trace.records[-1].facts["why"] == "filtered"


def test_a_filter_is_asked_again_where_a_name_leads():
    policy = IcePolicy(remote_candidate_filter=lambda each: not each.address[0].startswith("10."))
    named = [candidate("nas.local", 8080), candidate("nas.local", 8081, tcp="passive")]
    agent, trace = knocking(policy, *named)
    agent.name_resolved("nas.local", "10.0.0.9", 0.0)
    assert agent.poll_transmits() == []
    assert list(agent.generations[0].remote_candidates) == []
    assert trace.counters == {"ice-candidate-filtered": 2}
    record = trace.records[-1]
    assert (record.event, record.facts["address"]) == ("candidate-refused", "10.0.0.9:8081")
    agent, trace = knocking(policy, *named)
    agent.name_resolved("nas.local", "192.0.2.9", 0.0)
    assert [each.remote for each in agent.poll_transmits()] == [("192.0.2.9", 8080)]
    assert trace.counters == {}


def test_a_filter_that_raises_has_refused():
    def accepts(each: Candidate) -> bool:
        raise ZeroDivisionError

    agent, trace = knocking(IcePolicy(remote_candidate_filter=accepts), candidate("10.0.0.9", 5000))
    assert agent.poll_transmits() == []
    assert trace.counters == {"ice-candidate-filtered": 1}


def test_refused_candidates_take_no_place_of_others():
    ports = [candidate("10.0.0.9", 1 + n) for n in range(100)]
    agent, _ = knocking(IcePolicy(), *ports, candidate("10.0.0.9", 5000))
    assert len(agent.pairs) == 1
