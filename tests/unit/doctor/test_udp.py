"""What the doctor says when UDP does not come back, and when there is nothing to ask."""

import pytest

from frazil.cli.doctor_view import describe
from frazil.doctor import Knock, Level
from frazil.stun import Attribute, ErrorCode
from frazil.testing import NO_UDP, run
from support.doctor_visit import findings, visit
from support.odd_stun_server import OddStunServer
from support.turn_stream_server import TurnStreamServer

STUN = "stun:192.0.2.3"


def codes(found):
    return [(each.level, each.code) for each in found]


def test_blocked_udp():
    async def main(net):
        server = await TurnStreamServer.start(net.host("server", "192.0.2.3"), 3478)
        hotel = net.firewall("hotel", NO_UDP)
        report = await visit(net.host("alice", "198.51.100.7", behind=hotel), STUN)
        server.close()
        assert report.stun[0].knock is Knock.ACCEPTED
        (finding,) = findings(report)
        assert (finding.level, finding.code) == (Level.PROBLEM, "FZ-UDP-BLOCKED")
        assert "turns:" in finding.fix

    run(main)


def test_blocked_udp_is_told_of_once_if_a_turn_server_is_asked_over_both():
    async def main(net):
        server = await TurnStreamServer.start(net.host("server", "192.0.2.3"), 3478)
        hotel = net.firewall("hotel", NO_UDP)
        alice = net.host("alice", "198.51.100.7", behind=hotel)
        report = await visit(alice, "turn:192.0.2.3", "turn:192.0.2.3?transport=tcp")
        server.close()
        assert codes(findings(report)) == [(Level.PROBLEM, "FZ-UDP-BLOCKED")]

    run(main)


def test_one_server_without_udp_is_not_blocked_udp():
    async def main(net):
        net.stun_server("192.0.2.10")
        server = await TurnStreamServer.start(net.host("server", "192.0.2.3"), 3478)
        report = await visit(net.host("alice", "198.51.100.7"), STUN, "stun:192.0.2.10")
        server.close()
        assert codes(findings(report)) == [(Level.PROBLEM, "FZ-SERVER-UDP")]

    run(main)


def test_a_closed_port():
    async def main(net):
        net.host("server", "192.0.2.3")
        report = await visit(net.host("alice", "198.51.100.7"), STUN)
        assert report.stun[0].knock is Knock.REFUSED
        assert codes(findings(report)) == [(Level.PROBLEM, "FZ-PORT-CLOSED")]

    run(main)


def test_one_silent_server_beside_a_relay_over_tcp_is_not_blocked_udp():
    async def main(net):
        net.host("other", "192.0.2.4")
        server = await TurnStreamServer.start(net.host("server", "192.0.2.3"), 3478)
        alice = net.host("alice", "198.51.100.7")
        report = await visit(alice, "stun:192.0.2.4", "turn:192.0.2.3?transport=tcp")
        server.close()
        assert (Level.PROBLEM, "FZ-PORT-CLOSED") in codes(findings(report))
        assert (Level.PROBLEM, "FZ-UDP-BLOCKED") not in codes(findings(report))

    run(main)


def test_nobody_there():
    async def main(net):
        report = await visit(net.host("alice", "198.51.100.7"), STUN)
        assert report.stun[0].knock is Knock.SILENT
        assert codes(findings(report)) == [(Level.PROBLEM, "FZ-SERVER-SILENT")]

    run(main)


REFUSED = (Level.PROBLEM, "FZ-STUN-REFUSED")
NO_ADDRESS = (Level.PROBLEM, "FZ-STUN-NO-ADDRESS")
ADDRESS = Attribute.XOR_MAPPED_ADDRESS


@pytest.mark.parametrize(
    ("local", "server", "attributes", "code", "seen"),
    [
        ("198.51.100.7", "192.0.2.3", {Attribute.ERROR_CODE: ErrorCode(401, "x")}, REFUSED, "401"),
        ("198.51.100.7", "192.0.2.3", {}, NO_ADDRESS, "no usable address"),
        ("198.51.100.7", "192.0.2.3", {ADDRESS: ("198.51.100.7", 0)}, NO_ADDRESS, "no usable"),
        ("198.51.100.7", "192.0.2.3", {ADDRESS: ("0.0.0.0", 5000)}, NO_ADDRESS, "no usable"),
        ("198.51.100.7", "192.0.2.3", {ADDRESS: ("2001:db8::7", 5000)}, NO_ADDRESS, "no usable"),
        ("2001:db8::7", "2001:db8::3", {ADDRESS: ("198.51.100.7", 5000)}, NO_ADDRESS, "no usable"),
        (
            "198.51.100.7",
            "192.0.2.3",
            {Attribute.MAPPED_ADDRESS: ("198.51.100.7", 5000)},
            NO_ADDRESS,
            "no usable",
        ),
    ],
)
def test_an_answer_that_gives_no_candidate_is_a_problem(local, server, attributes, code, seen):
    async def main(net):
        odd = OddStunServer(net.host("server", server), lambda remote: attributes)
        url = f"stun:[{server}]" if ":" in server else f"stun:{server}"
        report = await visit(net.host("alice", local), url)
        odd.close()
        (finding,) = findings(report)
        assert (finding.level, finding.code) == code
        assert ("NAT64" in finding.fix) == (":" in local)
        assert report.stun[0].is_answered
        assert report.nats == ()
        (line,) = (line for line in describe(report, [], 100) if line.startswith(f"  {url}"))
        assert seen in line

    run(main)


def test_an_address_without_a_usable_answer_does_not_matter_if_another_has_one():
    async def main(net):
        def answer(remote):
            return {ADDRESS: remote} if remote[0] == "198.51.100.7" else {}

        odd = OddStunServer(net.host("server", "192.0.2.3"), answer)
        report = await visit(net.host("alice", "198.51.100.7", "198.51.100.8"), STUN)
        odd.close()
        assert [nat.local for nat in report.nats] == ["198.51.100.7"]
        assert "FZ-STUN-NO-ADDRESS" not in [each.code for each in findings(report)]

    run(main)


def test_a_silent_turn_server_is_told_of_once():
    async def main(net):
        report = await visit(net.host("alice", "198.51.100.7"), "turn:192.0.2.3")
        assert [each.is_answered for each in report.relays] == [False]
        assert codes(findings(report)) == [(Level.PROBLEM, "FZ-SERVER-SILENT")]

    run(main)


def test_an_address_without_a_way_out_does_not_matter_if_another_has_one():
    async def main(net):
        net.stun_server("192.0.2.3")
        alice = net.host("alice", "198.51.100.7", "172.17.0.1")
        net.block("172.17.0.1")
        report = await visit(alice, STUN)
        assert [each.is_answered for each in report.stun] == [True, False]
        assert [each.is_default for each in report.interfaces] == [True, False]
        assert findings(report) == []

    run(main)


def test_a_name_that_nobody_knows():
    async def main(net):
        report = await visit(net.host("alice", "198.51.100.7"), "stun:nowhere.example")
        assert codes(findings(report)) == [(Level.PROBLEM, "FZ-NAME")]

    run(main)


@pytest.mark.parametrize("others", [(), ("fe80::1",), ("::1", "fe80::1")])
def test_a_server_of_the_other_family(others):
    async def main(net):
        net.stun_server("2001:db8::3")
        report = await visit(net.host("alice", "198.51.100.7", *others), "stun:[2001:db8::3]")
        (finding,) = findings(report)
        assert finding.code == "FZ-FAMILY"
        assert "IPv6 addresses only" in finding.text

    run(main)


def test_without_servers_nobody_is_contacted():
    async def main(net):
        report = await visit(net.host("alice", "198.51.100.7"))
        assert codes(findings(report)) == [(Level.NOTE, "FZ-NO-SERVER")]
        assert net.packets == ()

    run(main)


@pytest.mark.parametrize("addresses", [(), ("127.0.0.1",)])
def test_no_network(addresses):
    async def main(net):
        found = codes(findings(await visit(net.host("alice", *addresses))))
        assert found[0] == (Level.PROBLEM, "FZ-NO-NETWORK")

    run(main)
