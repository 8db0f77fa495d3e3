import asyncio
import time

import pytest

from frazil.aio import Network, SystemNetwork, interface
from frazil.aio.network import Interface
from frazil.aio.system import INTERFACES_FRESH_S
from frazil.aio.udp import WatchedUdpSocket
from frazil.types import Datagram, Transmit


def test_system_network_is_a_network():
    network: Network = SystemNetwork()
    assert "127.0.0.1" in [interface.address for interface in network.interfaces()]
    assert asyncio.run(network.resolve("192.0.2.1", 3478)) == [("192.0.2.1", 3478)]


def test_a_look_at_the_interfaces_serves_for_a_second(monkeypatch):
    now, found = 1000.0, [Interface("eth0", "192.0.2.1")]
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(interface, "list_interfaces", lambda: found)
    network = SystemNetwork()
    network.interfaces().clear()  # the caller's own list
    found = [Interface("wlan0", "192.0.2.2")]
    now += INTERFACES_FRESH_S - 0.01
    assert network.interfaces() == [Interface("eth0", "192.0.2.1")]
    now += 0.01
    assert network.interfaces() == [Interface("wlan0", "192.0.2.2")]


def test_a_look_at_the_routes_serves_as_long(monkeypatch):
    now, found, asked = 1000.0, "192.0.2.1", []

    def source_address(remote):
        asked.append(remote)
        if ":" in remote:
            raise OSError("no route leads there")
        return found

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(interface, "source_address", source_address)
    network = SystemNetwork()
    network.interfaces()
    network.default_sources().clear()  # the caller's own set
    found = "192.0.2.2"
    assert network.default_sources() == {"192.0.2.1"}
    assert len(asked) == 2
    now += INTERFACES_FRESH_S
    assert network.default_sources() == {"192.0.2.2"}


def test_a_refusal_to_list_the_interfaces_is_not_remembered(monkeypatch):
    def refuse():
        raise PermissionError("no netlink here")

    network = SystemNetwork()
    with monkeypatch.context() as patched:
        patched.setattr(interface, "list_interfaces", refuse)
        with pytest.raises(PermissionError):
            network.interfaces()
    assert network.interfaces()


def test_random_bytes_differ():
    network = SystemNetwork()
    assert len(network.random_bytes(16)) == 16
    assert network.random_bytes(16) != network.random_bytes(16)
    assert network.random_bytes(0) == b""


@pytest.mark.parametrize("offload", [True, False])
def test_open_udp_sends_and_receives(offload):
    async def main():
        network = SystemNetwork(offload=offload)
        arrived = asyncio.get_running_loop().create_future()
        sender = network.open_udp("127.0.0.1", 0, lambda batch: None)
        receiver = network.open_udp("127.0.0.1", 0, arrived.set_result)
        assert isinstance(sender, WatchedUdpSocket)
        sender.send([Transmit(b"hello", 5, sender.local, receiver.local)])
        batch = await arrived
        assert batch == [Datagram(b"hello", receiver.local, sender.local)]
        sender.close()
        receiver.close()

    asyncio.run(main())


def test_open_udp_needs_a_running_loop():
    with pytest.raises(RuntimeError, match="no running event loop"):
        SystemNetwork().open_udp("127.0.0.1", 0, lambda batch: None)
