"""What the doctor says of TURN servers, good and bad."""

import asyncio
from dataclasses import replace

import pytest

from frazil.aio import SystemNetwork
from frazil.doctor import Level, StepName
from frazil.stun import ErrorCode, Method
from frazil.testing import SYMMETRIC, run
from support.doctor_visit import WALL_CLOCK_S, findings, visit
from support.turn_stream_server import TurnStreamServer

UDP = "turn:192.0.2.3"
TCP = "turn:192.0.2.3:443?transport=tcp"
TLS = "turns:192.0.2.3:443"


def mute(service):
    """Ignore Binding requests, as coturn does with no-stun."""
    service.answers_bindings = False


def examined(prepare=None, url=UDP, **credentials):
    """The report and the findings about one TURN server."""

    async def main(net):
        server = net.turn_server("192.0.2.3")
        if prepare is not None:
            prepare(server.service)
        report = await visit(net.host("alice", "198.51.100.7"), url, **credentials)
        assert not server.service.allocations
        return report, findings(report)

    return run(main)


def test_a_good_server_passes_every_step_and_gets_its_allocation_back():
    report, found = examined()
    (relay,) = report.relays
    assert found == []
    assert [step.name for step in relay.steps] == list(StepName)[1:]
    assert relay.is_usable
    assert relay.failed is None
    assert relay.relayed[0][0] == "192.0.2.3"
    assert relay.mapped[0] == "198.51.100.7"
    assert relay.lifetime_s == 600


def test_a_turn_server_may_refuse_to_be_a_stun_server():
    report, _ = examined()
    (answer,) = report.stun
    assert findings(replace(report, stun=(replace(answer, mapped=None, refusal=401),))) == []


def test_a_server_that_ignores_bindings_is_judged_by_its_relays():
    report, found = examined(mute)
    assert not report.stun[0].is_answered
    assert report.relays[0].is_usable
    assert found == []


def test_a_server_that_ignores_bindings_and_refuses_is_told_of_once():
    _, found = examined(mute, password="wrong")
    assert [each.code for each in found] == ["FZ-TURN-401"]


def test_a_way_without_an_answer_is_not_tried_if_another_has_one():
    async def main(net):
        net.turn_server("192.0.2.3")
        alice = net.host("alice", "198.51.100.7", "172.17.0.1")
        net.block("172.17.0.1")
        report = await visit(alice, UDP)
        assert [each.local for each in report.relays] == ["198.51.100.7"]
        assert findings(report) == []

    run(main)


def test_durations_are_round_trips():
    report, _ = examined()
    (relay,) = report.relays
    took = {step.name: step.took_s for step in relay.steps}
    assert took[StepName.ALLOCATE] == pytest.approx(0.004)  # asked, challenged, asked again
    assert took[StepName.REFRESH] == pytest.approx(0.002)
    assert report.stun[0].rtt_s == pytest.approx(0.002)


def test_a_wrong_password():
    _, (finding,) = examined(password="wrong")
    assert (finding.level, finding.code) == (Level.PROBLEM, "FZ-TURN-401")
    assert "does not accept the username or the password" in finding.text
    assert "--password" in finding.fix


END = int(WALL_CLOCK_S)


@pytest.mark.parametrize(
    ("user", "code"),
    [
        (f"{END - 600}:alice", "FZ-TURN-EXPIRED"),
        (str(END - 600), "FZ-TURN-EXPIRED"),
        (f"{END + 600}:alice", "FZ-TURN-401"),
        ("alice", "FZ-TURN-401"),
        ("1234:alice", "FZ-TURN-401"),
    ],
)
def test_credentials_that_name_their_end(user, code):
    _, (finding,) = examined(user=user)
    assert finding.code == code
    assert ("ended 10 minutes ago" in finding.text) is (code == "FZ-TURN-EXPIRED")


def test_a_quota():
    _, (finding,) = examined(lambda service: setattr(service, "quota", 0))
    assert finding.code == "FZ-TURN-486"


def test_a_server_that_does_not_relay_to_itself_is_only_a_warning():
    refusal = {Method.CREATE_PERMISSION: ErrorCode(403, "Forbidden")}
    report, (finding,) = examined(lambda service: service.refusals.update(refusal))
    assert (finding.level, finding.code) == (Level.WARNING, "FZ-TURN-PERMISSION")
    assert not report.relays[0].is_usable
    assert report.relays[0].step(StepName.REFRESH).is_done


@pytest.mark.parametrize("password", ["password", "wrong"])
def test_a_relay_that_was_not_tried_may_serve_behind_a_symmetric_nat(password):
    async def main(net):
        server = net.turn_server("192.0.2.3")
        server.service.refusals[Method.CREATE_PERMISSION] = ErrorCode(403, "Forbidden")
        net.stun_server("192.0.2.10")
        home = net.nat("home", "203.0.113.5", kind=SYMMETRIC)
        alice = net.host("alice", "192.168.1.2", behind=home)
        return findings(await visit(alice, UDP, "stun:192.0.2.10", password=password))

    (nat,) = (each for each in run(main) if each.code == "FZ-NAT-SYMMETRIC")
    is_allocated = password == "password"
    assert nat.level is (Level.NOTE if is_allocated else Level.WARNING)
    assert ("Add a TURN server" in nat.fix) is not is_allocated


def test_a_server_that_does_not_renew():
    refusal = {Method.REFRESH: [ErrorCode(500, "Server Error")] * 40}

    def prepare(service):
        service.refusals_in_turn.update(refusal)

    async def main(net):
        server = net.turn_server("192.0.2.3")
        prepare(server.service)
        return findings(await visit(net.host("alice", "198.51.100.7"), UDP))

    (finding,) = run(main)
    assert finding.code == "FZ-TURN-REFRESH"


def test_a_server_that_relays_nothing():
    async def main(net):
        server = net.turn_server("192.0.2.3")
        net.block("192.0.2.3", "192.0.2.3")
        found = findings(await visit(net.host("alice", "198.51.100.7"), UDP))
        assert not server.service.allocations
        return found

    (finding,) = run(main)
    assert (finding.level, finding.code) == (Level.PROBLEM, "FZ-TURN-DATA")
    assert "external-ip" in finding.fix


async def over_stream(net, url, *, certificate_name=None, password="password"):
    host = net.host("server", "192.0.2.3")
    server = await TurnStreamServer.start(host, certificate_name=certificate_name)
    report = await visit(net.host("alice", "198.51.100.7"), url, password=password)
    server.close()
    return report


@pytest.mark.parametrize(("url", "name"), [(TCP, None), (TLS, "192.0.2.3")])
def test_streams_pass_every_step(url, name):
    async def main(net):
        report = await over_stream(net, url, certificate_name=name)
        assert findings(report) == []
        assert [step.name for step in report.relays[0].steps] == list(StepName)

    run(main)


def test_an_untrusted_certificate():
    async def main(net):
        report = await over_stream(net, TLS, certificate_name="somebody.else")
        (finding,) = findings(report)
        assert (finding.level, finding.code) == (Level.PROBLEM, "FZ-TLS-CERTIFICATE")
        assert "--ca" in finding.fix

    run(main)


def test_a_server_that_hangs_up_at_the_sight_of_tls():
    """On real sockets: only there a handshake can break off."""

    class Program(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

        def data_received(self, data):
            self.transport.close()

    async def main():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Program, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        report = await visit(SystemNetwork(), f"turns:127.0.0.1:{port}")
        server.close()
        return findings(report)

    (finding,) = (each for each in asyncio.run(main()) if each.code == "FZ-TCP")
    assert "no TLS there (the server hung up)" in finding.text


def test_a_closed_tcp_port():
    async def main(net):
        net.host("server", "192.0.2.3")
        (finding,) = findings(await visit(net.host("alice", "198.51.100.7"), TCP))
        assert finding.code == "FZ-TCP"
        assert "connection refused" in finding.text

    run(main)
