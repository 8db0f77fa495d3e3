import pytest

from frazil.explain import Report, explain
from frazil.trace import Trace

BLOCKED = "FZ-NET-UDP-BLOCKED"


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
