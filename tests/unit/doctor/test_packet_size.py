"""The size of packets, on a virtual network whose sockets lose what is too large."""

import pytest

from frazil.doctor import Level
from frazil.doctor.asker import Asker
from frazil.doctor.packet_size import measure_packet_size
from frazil.testing import VirtualHost, VirtualUdpSocket, run
from support.doctor_visit import findings, visit

SERVER = ("192.0.2.10", 3478)


def narrow(monkeypatch, mtu):
    """Let every virtual socket lose packets above ``mtu`` bytes, as a real one can."""
    send = VirtualUdpSocket.send

    def fitting(self, transmits):
        overhead = 48 if ":" in self.local[0] else 28
        send(self, [each for each in transmits if len(each.data) + overhead <= mtu])

    monkeypatch.setattr(VirtualUdpSocket, "send", fitting)
    monkeypatch.setattr(VirtualUdpSocket, "forbid_fragments", lambda _: True, raising=False)


def measured(local="198.51.100.7", server=SERVER):
    async def main(net):
        net.stun_server(server[0])
        return await measure_packet_size(net.host("alice", local), local, server)

    return run(main)


@pytest.mark.parametrize(
    ("mtu", "found"), [(9000, 1500), (1499, 1492), (1420, 1420), (1280, 1280), (1279, 1248)]
)
def test_the_largest_that_fits(monkeypatch, mtu, found):
    narrow(monkeypatch, mtu)
    assert measured() == found
    assert measured("2001:db8::7", ("2001:db8::10", 3478)) == found


def test_unknown_where_it_cannot_be_measured():
    assert measured() is None


def test_unknown_if_nothing_gets_through(monkeypatch):
    narrow(monkeypatch, 100)
    assert measured() is None


@pytest.mark.parametrize(("mtu", "codes"), [(1279, ["FZ-MTU"]), (1280, [])])
def test_a_narrow_path_is_a_warning(monkeypatch, mtu, codes):
    narrow(monkeypatch, mtu)

    async def main(net):
        net.stun_server(SERVER[0])
        net.stun_server("192.0.2.20")
        host = net.host("alice", "198.51.100.7")
        return findings(await visit(host, "stun:192.0.2.10", "stun:192.0.2.20"))

    found = run(main)
    assert [each.code for each in found] == codes
    assert all(each.level is Level.WARNING for each in found)


@pytest.mark.parametrize("size", [40, 576, 792, 796, 1232, 1472])
def test_requests_have_the_size_that_was_asked_for(size):
    async def main(net):
        net.stun_server(SERVER[0])
        host: VirtualHost = net.host("alice", "198.51.100.7")
        with Asker(host, "198.51.100.7") as asker:
            assert await asker.ask(SERVER, size=size) is not None
        return net.packets[0]

    assert len(run(main).data) == size
