import pytest

from frazil.ice.candidate import (
    MAX_LINE_LENGTH,
    Candidate,
    CandidateProtocol,
    CandidateSyntaxError,
    CandidateType,
    TcpType,
    canonical_ip,
    foundation,
)

CHROME = (
    "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.17.1 "
    "rport 46154 generation 0 ufrag EEtu network-id 3 network-cost 10"
)
CHROME_MDNS = (
    "candidate:1738249477 1 udp 2122260223 3f8a2b1c-0d4e-4c59-8a27-1b6a2f1e9c11.local 53705 "
    "typ host generation 0 ufrag yh2b network-cost 999"
)
CHROME_TCP = "candidate:1628371 1 tcp 1518280447 192.168.1.7 9 typ host tcptype active generation 0"
FIREFOX = "candidate:0 1 UDP 2122252543 2001:db8::7 51342 typ host"
FIREFOX_RELAY = (
    "candidate:3 1 UDP 92217087 198.51.100.9 60123 typ relay raddr 198.51.100.9 rport 60123"
)
SAFARI_NO_RADDR = (
    "candidate:3 1 udp 1686052607 203.0.113.7 50000 typ srflx raddr 0.0.0.0 rport 0 generation 0"
)


def test_chrome_server_reflexive():
    candidate = Candidate.from_line(CHROME)
    assert candidate.foundation == "842163049"
    assert candidate.component == 1
    assert candidate.protocol is CandidateProtocol.UDP
    assert candidate.priority == 1677729535
    assert candidate.address == candidate.base == ("203.0.113.7", 46154)
    assert candidate.type is CandidateType.SERVER_REFLEXIVE
    assert candidate.related == ("10.0.17.1", 46154)
    assert candidate.ufrag == "EEtu"
    assert candidate.tcp_type is None
    assert candidate.url is None


def test_chrome_hides_its_address_behind_a_name():
    candidate = Candidate.from_line(CHROME_MDNS)
    assert candidate.address == ("3f8a2b1c-0d4e-4c59-8a27-1b6a2f1e9c11.local", 53705)
    assert not candidate.is_resolved
    assert not candidate.is_ipv6


def test_chrome_tcp():
    candidate = Candidate.from_line(CHROME_TCP)
    assert candidate.protocol is CandidateProtocol.TCP
    assert candidate.tcp_type is TcpType.ACTIVE


def test_firefox_ipv6_and_relay():
    candidate = Candidate.from_line(FIREFOX)
    assert candidate.is_ipv6
    assert candidate.is_resolved
    assert Candidate.from_line(FIREFOX_RELAY).type is CandidateType.RELAYED


def test_safari_hides_the_related_address():
    assert Candidate.from_line(SAFARI_NO_RADDR).related == ("0.0.0.0", 0)


@pytest.mark.parametrize(
    "line", [CHROME, CHROME_MDNS, CHROME_TCP, FIREFOX, FIREFOX_RELAY, SAFARI_NO_RADDR]
)
def test_a_received_line_is_given_back_as_it_came(line):
    assert Candidate.from_line(line).to_line() == line
    assert Candidate.from_line("a=" + line + "\r\n").to_line() == line


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("HOST.Local", "host.local"),
    ],
)
def test_hosts_are_canonical(written, meant):
    line = f"candidate:1 1 udp 1 {written} 5 typ host"
    assert Candidate.from_line(line).address == (meant, 5)


def good(**changes: str) -> str:
    fields = {
        "foundation": "1",
        "component": "1",
        "transport": "udp",
        "priority": "2130706431",
        "host": "192.0.2.1",
        "port": "5000",
        "typ": "typ",
        "type": "host",
    } | changes
    return "candidate:" + " ".join(fields.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"component": "0"},
        {"component": "257"},
        {"component": "-1"},
        {"component": "one"},
        {"component": "١"},  # a digit, but not an ASCII one
        {"transport": "sctp"},
        {"priority": "0"},
        {"priority": "4294967296"},
        {"priority": "99999999999999999999999999999"},
        {"priority": "+5"},
        {"priority": "1.0"},
        {"port": "65536"},
        {"port": "-1"},
        {"port": "0x10"},
        {"typ": "type"},
        {"type": "hostile"},
        {"host": "fe80::1%eth0"},
        {"host": "ex/ample"},
        {"host": "münchen.local"},
        {"foundation": "x" * 33},
        {"foundation": ""},
        {"type": "host raddr 192.0.2.1 rport 65536"},
        {"type": "host tcptype sideways"},
        {"transport": "tcp"},
        {"type": "host\r\na=ice-lite"},
        {"type": "host\nx y"},
        {"type": "host\x00"},
        {"type": "host\u2028x"},
    ],
)
def test_malformed_lines(changes):
    assert Candidate.from_line(good()).priority == 2130706431
    with pytest.raises(CandidateSyntaxError):
        Candidate.from_line(good(**changes))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "candidate:",
        "candidate",
        "candidate:1",
        "a=",
        "1 1 udp 1 192.0.2.1 5 typ host",
        "candidate:1 1 udp 1 192.0.2.1 5 typ",
        "candidate:1 1 udp 1 192.0.2.1 5",
    ],
)
def test_incomplete_lines(line):
    with pytest.raises(CandidateSyntaxError):
        Candidate.from_line(line)


def test_the_length_of_a_line_is_bounded():
    filler = " x " + "y" * (MAX_LINE_LENGTH - len(good()) - 3)
    assert Candidate.from_line(good() + filler).to_line() == good() + filler
    with pytest.raises(CandidateSyntaxError):
        Candidate.from_line(good() + filler + "y")


def test_odd_extensions_are_skipped():
    assert Candidate.from_line(good() + " lonely").related is None
    assert Candidate.from_line(good() + " raddr 192.0.2.9").related is None


def test_port_zero_is_grammatical():
    assert Candidate.from_line(good(port="0")).address == ("192.0.2.1", 0)


def test_our_own_line():
    candidate = Candidate(
        foundation="7",
        component=1,
        protocol=CandidateProtocol.TCP,
        priority=9,
        address=("203.0.113.7", 1),
        type=CandidateType.SERVER_REFLEXIVE,
        base=("10.0.0.1", 2),
        related=("10.0.0.1", 2),
        tcp_type=TcpType.PASSIVE,
        ufrag="abcd",
    )
    line = candidate.to_line()
    assert line == (
        "candidate:7 1 tcp 9 203.0.113.7 1 typ srflx raddr 10.0.0.1 rport 2 tcptype passive "
        "ufrag abcd"
    )
    again = Candidate.from_line(line)
    assert (again.address, again.related, again.ufrag) == (
        candidate.address,
        candidate.related,
        "abcd",
    )


def test_foundations_tell_type_base_protocol_and_server_apart():
    """RFC 8445 5.1.1.3; the port does not matter."""
    base, udp = ("10.0.0.1", 1), CandidateProtocol.UDP
    same = foundation(CandidateType.HOST, base, udp, None)
    assert foundation(CandidateType.HOST, ("10.0.0.1", 2), udp, None) == same
    others = {
        foundation(CandidateType.HOST, ("10.0.0.2", 1), udp, None),
        foundation(CandidateType.HOST, base, CandidateProtocol.TCP, None),
        foundation(CandidateType.SERVER_REFLEXIVE, base, udp, "192.0.2.1"),
        foundation(CandidateType.SERVER_REFLEXIVE, base, udp, "192.0.2.2"),
    }
    assert len(others | {same}) == 5


@pytest.mark.parametrize("name", ["", "example", "1.2.3", "::g", "fe80::1%1", "1.2.3.4 "])
def test_names_are_not_addresses(name):
    assert canonical_ip(name) is None
