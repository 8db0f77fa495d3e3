"""The doctor behind routers of the kernel's, with coturn as the server.

Two addresses make coturn a server that knows RFC 5780.
"""

import asyncio
import ssl
from collections.abc import Iterator

import pytest

from frazil.aio import SystemNetwork
from frazil.doctor import (
    Behaviour,
    Examination,
    Level,
    Options,
    Report,
    popular_name,
)
from frazil.peer.reader import read_server
from support.coturn import Coturn
from support.doctor_visit import NOWHERE, findings
from support.internet import Internet
from support.namespace import Namespace
from support.nat_rule import NatKind
from support.partner import need_program

pytestmark = pytest.mark.interop

EI, AD, APD = Behaviour
PORT, TLS_PORT = 3500, 3510
IP = Internet.server_ip
STUN, TURN = f"stun:{IP}:{PORT}", f"turn:{IP}:{PORT}"
TCP, TLS = f"{TURN}?transport=tcp", f"turns:{IP}:{TLS_PORT}"


@pytest.fixture(scope="module")
def coturn(built_internet: Internet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """coturn with two addresses."""
    need_program(Coturn.program, Coturn.package)
    place = built_internet.namespace
    server = Coturn(
        place,
        IP,
        tmp_path_factory.mktemp("coturn"),
        f"--listening-ip={Internet.second_server_ip}",
        "--lt-cred-mech",
        "--user=user:password",
        port=PORT,
        tls_port=TLS_PORT,
    )
    try:
        server.wait(place)
        yield server
    finally:
        server.stop()


def visit(
    namespace: Namespace,
    *urls: str,
    password: str = "password",
    trusting: Coturn | None = None,
) -> Report:
    servers = [read_server({"urls": list(urls), "username": "user", "credential": password})]
    context = trusting and ssl.create_default_context(cafile=str(trusting.certificate))

    async def main() -> Report:
        options = Options(servers, context)
        return await Examination(SystemNetwork(), options, surrounding=NOWHERE).run()

    with namespace.entered():
        return asyncio.run(main())


def codes(report: Report) -> list[str]:
    return [each.code for each in findings(report)]


KINDS = {
    NatKind.FULL_CONE: (EI, EI),
    NatKind.ADDRESS_RESTRICTED: (EI, AD),
    NatKind.PORT_RESTRICTED: (EI, APD),
    NatKind.SYMMETRIC: (APD, APD),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_router(internet, coturn, kind):
    internet.first.become(kind)
    report = visit(internet.first.host, STUN)
    (nat,) = report.nats
    assert (nat.mapping, nat.filtering) == KINDS[kind]
    assert popular_name(nat.mapping, nat.filtering) == kind
    assert nat.mapped[0] == internet.first.public_ip
    assert codes(report) == (["FZ-NAT-SYMMETRIC"] if kind is NatKind.SYMMETRIC else [])


def test_relays_over_udp_tcp_and_tls(internet, coturn):
    report = visit(internet.first.host, TURN, TCP, TLS, trusting=coturn)
    assert [each.url for each in report.relays] == [TURN, TCP, TLS]
    assert all(each.is_usable and each.failed is None for each in report.relays)
    assert codes(report) == []


def test_a_wrong_password(internet, coturn):
    report = visit(internet.first.host, TURN, password="wrong")
    assert codes(report) == ["FZ-TURN-401"]


def test_a_certificate_that_nobody_vouches_for(internet, coturn):
    report = visit(internet.first.host, TLS)
    (finding,) = findings(report)
    assert finding.code == "FZ-TLS-CERTIFICATE"
    assert "self" in finding.text


def test_blocked_udp(internet, coturn):
    internet.first.become(NatKind.UDP_BLOCKED)
    report = visit(internet.first.host, STUN, TCP)
    assert codes(report) == ["FZ-UDP-BLOCKED"]
    assert report.relays[0].is_usable


def test_a_closed_port_and_an_address_that_nobody_has(internet, coturn):
    report = visit(internet.first.host, f"stun:{IP}:3999", f"stun:{Internet.dead_ip}", STUN)
    assert sorted(codes(report)) == ["FZ-PORT-CLOSED", "FZ-SERVER-SILENT"]
    assert all(each.level is Level.PROBLEM for each in findings(report))


@pytest.mark.parametrize("mtu", [1500, 1400])
def test_the_largest_packet(internet, coturn, mtu):
    internet.namespace.run("ip", "link", "set", "first", "mtu", str(mtu))
    try:
        (nat,) = visit(internet.first.host, STUN).nats
    finally:
        internet.namespace.run("ip", "link", "set", "first", "mtu", "1500")
    assert nat.packet_size == mtu
