import pytest

from frazil.explain import Report, explain
from frazil.trace import Trace

BLOCKED = "FZ-NET-UDP-BLOCKED"
PRIVATE, PUBLIC = "192.168.1.7", "203.0.113.7"


def report(*urls: str) -> Report:
    """What is found where none of the configured servers answers."""
    trace = Trace()
    trace.record(0.0, "api", "configured", servers=" ".join(urls), policy="all", bundle="balanced")
    path = trace.of("0")
    for url in urls:
        path.record(9.0, "ice", "server-failed", url=url, code=701, text="it does not answer")
    return explain(trace.records)


@pytest.mark.parametrize(
    "urls",
    [
        ("stun:a.example", "stun:b.example"),
        ("stun:a.example:3478", "turn:b.example:80?transport=udp"),
        ("STUN:a.example:", "turn:b.example", "turns:c.example:443"),
        ("stun:[2001:db8::1]", "stun:[2001:db8::2]"),
    ],
)
def test_several_servers_asked_over_udp_are_silent(urls):
    assert BLOCKED in report(*urls).codes


@pytest.mark.parametrize(
    "urls",
    [
        ("stun:a.example",),
        ("stun:a.example", "turn:a.example:80"),
        ("stun:[2001:db8::1]", "turn:[2001:db8::1]:80"),
    ],
)
def test_one_server_may_itself_be_at_fault(urls):
    assert BLOCKED not in report(*urls).codes


@pytest.mark.parametrize(
    "urls",
    [
        ("turn:a.example?transport=tcp", "turns:b.example:443"),
        ("stun:a.example", "turns:b.example"),
        ("stun:a.example", "turn:b.example:80?transport=tcp"),
        ("stun:[2001:db8::1]", "turns:[2001:db8::2]"),
    ],
)
def test_a_server_asked_over_tcp_or_tls_says_nothing_about_udp(urls):
    assert BLOCKED not in report(*urls).codes


def test_only_silence_over_udp_is_evidence():
    urls = "turns:c.example", "stun:a.example", "turn:b.example"
    (finding,) = [each for each in report(*urls).findings if each.code == BLOCKED]
    assert [each.facts["url"] for each in finding.evidence] == [*urls[1:]]


def relayed(*outcomes: tuple[str, str], is_over: bool = True) -> Trace:
    """Checks through a relay that come to nothing, with what the server says of each address."""
    trace = Trace()
    path = trace.of("0")
    path.record(0.0, "ice", "local-candidate", type="relay", address="192.0.2.7:5000", ufrag="u")
    for ip in (PRIVATE, PUBLIC):
        facts = {"type": "host", "protocol": "udp", "address": f"{ip}:6000", "resolved": True}
        path.record(0.0, "ice", "remote-candidate", **facts)
    path.record(0.1, "ice", "check", pair=f"192.0.2.7:5000->{PUBLIC}:6000")
    for ip, outcome in outcomes:
        answer(path, 0.2, ip, outcome)
    if is_over:
        facts = {"purpose": "connectivity", "sends": 7, "waited_s": 39.5}
        path.record(39.6, "ice", "check-timed-out", pair=f"192.0.2.7:5000->{PUBLIC}:6000", **facts)
    return trace


def answer(path: Trace, at: float, ip: str, outcome: str) -> None:
    """The server permits an address, or not."""
    if outcome == "granted":
        path.record(at, "turn", "permission-granted", ip=ip)
    else:
        facts = {"code": 403, "text": "Forbidden IP", "lost": 0}
        path.record(at, "turn", "permission-failed", ip=ip, **facts)


def restart(path: Trace, at: float) -> None:
    """ICE begins anew."""
    facts = {"machine": "ice", "old": "connected", "new": "checking", "cause": "restart"}
    facts |= {"rule": "", "text": "", "evidence": (), "deadline_at": None}
    path.record(at, "ice", "restart", ufrag="b")
    path.record(at, "ice", "state", **facts, next_deadline_at=None)


def test_a_relay_that_reaches_no_address_of_the_peer():
    denied = explain(relayed((PRIVATE, "denied"), (PUBLIC, "denied")).records)
    assert denied.codes[0] == "FZ-TURN-PEER"
    assert denied.findings[0].sentence == (
        f"The TURN server does not relay to {PRIVATE}, {PUBLIC}: Forbidden IP."
    )


def test_a_relay_that_only_refuses_the_private_address_of_the_peer():
    for granted_first in (True, False):
        outcomes = [(PRIVATE, "denied"), (PUBLIC, "granted")]
        trace = relayed(*(reversed(outcomes) if granted_first else outcomes))
        assert "FZ-TURN-PEER" not in explain(trace.records).codes


def test_a_relay_that_still_has_its_permission_after_a_restart():
    trace = relayed((PRIVATE, "denied"), (PUBLIC, "granted"), is_over=False)
    path = trace.of("0")
    restart(path, 10.0)
    facts = {"type": "srflx", "protocol": "udp", "address": f"{PUBLIC}:6000", "resolved": True}
    path.record(10.0, "ice", "remote-candidate", **facts)
    answer(path, 10.1, PRIVATE, "denied")
    assert "FZ-TURN-PEER" not in explain(trace.records, now=60.0).codes
    answer(path, 10.2, PUBLIC, "denied")
    assert "FZ-TURN-PEER" in explain(trace.records, now=60.0).codes


def test_a_refusal_means_something_once_checks_have_waited():
    trace = relayed((PRIVATE, "denied"), is_over=False)
    assert "FZ-TURN-PEER" not in explain(trace.records, now=2.0).codes
    assert "FZ-TURN-PEER" in explain(trace.records, now=2.2).codes


def test_a_refusal_did_not_keep_a_path_from_working():
    trace = relayed((PRIVATE, "denied"), (PUBLIC, "denied"), is_over=False)
    path = trace.of("0")
    path.record(1.0, "ice", "consent-renewed", pair="10.0.0.1:1->10.0.0.2:2", rtt_s=0.1)
    facts = {"machine": "ice", "old": "connected", "new": "disconnected", "cause": "liveness-lost"}
    facts |= {"rule": "", "text": "", "evidence": (), "deadline_at": None}
    path.record(9.0, "ice", "state", **facts, next_deadline_at=None)
    (finding,) = [each for each in explain(trace.records).findings if each.code == "FZ-TURN-PEER"]
    assert finding.is_aside


def without_candidates(*policies: str, **failure: str | int) -> Report:
    """What is found where gathering found nothing, and a server failed like this."""
    trace = Trace()
    for policy in policies:
        trace.record(0.0, "api", "configured", servers="", policy=policy, bundle="balanced")
    if policies:  # it is a connection
        trace.record(1.0, "peer", "description-applied", side="local", type="offer", sections=1)
    path = trace.of("0")
    path.record(1.0, "ice", "gathering", state="gathering", text="")
    if failure:
        path.record(2.0, "ice", "server-failed", url="turn:a.example", **failure)
    path.record(9.0, "ice", "gathering", state="complete", text="")
    return explain(trace.records)


@pytest.mark.parametrize(
    ("code", "text", "cause"),
    [
        (401, "Unauthorized", "FZ-TURN-401"),
        (701, "the server does not answer", "FZ-TURN-UNREACHABLE"),
    ],
)
def test_who_asks_a_server_has_an_address(code, text, cause):
    assert without_candidates(code=code, text=text).codes == (cause,)
    assert without_candidates("relay", code=code, text=text).codes == (cause, "FZ-ICE-RELAY-ONLY")


@pytest.mark.parametrize("text", ["no local address can reach it", "a.example cannot be resolved"])
def test_who_cannot_ask_a_server_may_have_no_address(text):
    for policies in ((), ("all",)):
        assert "FZ-NET-NO-ADDRESS" in without_candidates(*policies, code=701, text=text).codes


def test_the_newest_policy_counts():
    assert without_candidates("relay", "all").codes == ("FZ-NET-NO-ADDRESS",)
    assert without_candidates("all", "relay").codes == ("FZ-ICE-RELAY-ONLY",)
