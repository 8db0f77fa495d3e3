import pytest

from frazil.explain import Report, explain
from frazil.trace import Trace

OURS = "192.168.1.2:5000"
HIDDEN = "0b4e.local"


def told(
    local: tuple[str, ...], remote: tuple[str, ...], *, protocol: str = "udp"
) -> tuple[Trace, Trace]:
    """The trace of a connection with these candidates, and that of its transport."""
    trace = Trace()
    path = trace.of("0")
    for address in local:
        path.record(0.0, "ice", "local-candidate", type="host", address=address, ufrag="u")
    for address in remote:
        facts = {"type": "host", "protocol": protocol, "resolved": ".local" not in address}
        path.record(0.0, "ice", "remote-candidate", address=address, **facts)
    return trace, path


def resolved(path: Trace, ip: str, name: str = HIDDEN) -> None:
    """The name of the peer has this address."""
    path.record(0.1, "ice", "name-resolved", host=name, address=ip)


def refused(path: Trace, address: str) -> None:
    """The application does not want this address of the peer."""
    path.record(0.1, "ice", "candidate-refused", address=address, why="filtered")


def report(trace: Trace) -> Report:
    return explain(trace.records, now=60.0)


def test_without_a_candidate_of_ours_nothing_is_said_about_pairs():
    for remote in ("10.0.0.7:6000", f"{HIDDEN}:6000"):
        trace, _ = told((), (remote,))
        assert report(trace).codes == ()


@pytest.mark.parametrize(
    ("local", "remote", "protocol", "why"),
    [
        (OURS, "2001:db8::7:6000", "udp", "they are of different families"),
        (OURS, "127.0.0.1:6000", "udp", "those of one side only lead to its own machine or link"),
        ("2001:db8::2:5000", "fe80::7:6000", "udp", "those of one side only lead to its own"),
        ("127.0.0.1:5000", "192.168.1.7:6000", "udp", "those of one side only lead to its own"),
        (OURS, "192.168.1.7:9", "tcp", "these are TCP candidates"),
    ],
)
def test_no_pair_for_a_reason_that_the_candidates_show(local, remote, protocol, why):
    trace, _ = told((local,), (remote,), protocol=protocol)
    (finding,) = report(trace).findings
    assert finding.code == "FZ-ICE-NO-PAIR"
    assert finding.sentence.startswith(
        f"None of our addresses can reach any of the peer's, as {why}"
    )
    assert finding.sentence.endswith(f": from {local} (host) to {remote} (host).")


def test_no_pair_for_a_name_that_was_resolved():
    trace, path = told((OURS,), (f"{HIDDEN}:6000",))
    assert report(trace).codes == ("FZ-ICE-MDNS",)
    resolved(path, "fe80::7")
    (finding,) = report(trace).findings
    assert finding.code == "FZ-ICE-NO-PAIR"
    assert "different families" in finding.sentence


@pytest.mark.parametrize("others", [(), ("nobody.local:6001",)])
def test_where_the_only_name_leads_was_refused_here(others):
    """Another name, that nobody answers for, leads nowhere."""
    trace, path = told((OURS,), (f"{HIDDEN}:6000", *others))
    resolved(path, "192.168.1.7")
    refused(path, "192.168.1.7:6000")
    (finding,) = report(trace).findings
    assert finding.code == "FZ-ICE-REFUSED"
    assert finding.sentence == (
        "Every address of the peer was refused here: 192.168.1.7:6000 (filtered)."
    )


def test_what_was_refused_over_tcp_may_have_been_taken_over_udp():
    trace, path = told(("2001:db8::2:5000",), ("203.0.113.5:7000",))
    refused(path, "203.0.113.5:7000")
    (finding,) = report(trace).findings
    assert finding.code == "FZ-ICE-NO-PAIR"


def test_no_pair_with_what_is_left_of_the_peers_addresses():
    trace, path = told((OURS,), (f"{HIDDEN}:6000", "6.local:6001"))
    resolved(path, "192.168.1.7")
    refused(path, "192.168.1.7:6000")
    resolved(path, "fd00::7", "6.local")
    (finding,) = report(trace).findings
    assert finding.code == "FZ-ICE-NO-PAIR"
    assert finding.sentence == (
        "None of our addresses can reach any of the peer's, as they are of different families: "
        "from 192.168.1.2:5000 (host) to 6.local:6001 (host)."
    )


def test_names_that_lead_nowhere_do_not_make_a_peer_one_that_only_told_tcp():
    trace, path = told((OURS,), ("192.168.1.7:9",), protocol="tcp")
    facts = {"type": "host", "protocol": "udp", "resolved": False}
    path.record(0.0, "ice", "remote-candidate", address=f"{HIDDEN}:6000", **facts)
    (finding,) = report(trace).findings
    assert finding.code == "FZ-ICE-NO-PAIR"
    assert "as these are TCP candidates" in finding.sentence


def test_no_check_either_way_though_the_addresses_go_together():
    trace, _ = told((OURS,), ("192.168.1.7:6000",))
    (finding,) = report(trace).findings
    assert finding.code == "FZ-ICE-UNANSWERED"
    assert finding.sentence == (
        "No check of the peer arrived, and none was sent "
        "from 192.168.1.2:5000 (host) to 192.168.1.7:6000 (host)."
    )


def test_families_that_nobody_knows_are_not_called_different():
    trace, _ = told((f"{HIDDEN}:5000",), ("192.168.1.7:6000",))
    assert report(trace).codes == ("FZ-ICE-UNANSWERED",)


@pytest.mark.parametrize("ip", ["192.168.1.7", "10.9.9.7"])
def test_a_name_that_was_resolved_is_of_our_network(ip):
    trace, path = told((OURS,), (f"{HIDDEN}:6000",))
    resolved(path, ip)
    path.record(0.2, "ice", "check", pair=f"{OURS}->{ip}:6000")
    assert report(trace).codes == ("FZ-ICE-UNANSWERED",)


def test_nobody_is_said_to_have_told_only_private_addresses_who_told_none():
    trace, path = told((f"{HIDDEN}:5000",), ("203.0.113.7:6000",))
    path.record(0.2, "ice", "check", pair=f"{OURS}->203.0.113.7:6000")
    assert report(trace).codes == ("FZ-ICE-UNANSWERED",)
