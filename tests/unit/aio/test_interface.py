import sys
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import SimpleNamespace

import ifaddr
import pytest

from frazil.aio.interface import list_interfaces, source_address
from frazil.aio.network import Interface


def test_list_interfaces_gives_one_entry_per_address(monkeypatch):
    adapters = [
        SimpleNamespace(
            nice_name="lo",
            ips=[SimpleNamespace(ip="127.0.0.1"), SimpleNamespace(ip=("::1", 0, 0))],
        ),
        SimpleNamespace(nice_name="down0", ips=[]),
        SimpleNamespace(
            nice_name="wlan0",
            ips=[
                SimpleNamespace(ip="192.168.1.7"),
                SimpleNamespace(ip=("2001:0DB8::0007", 0, 0)),
                SimpleNamespace(ip=("fe80::1%wlan0", 0, 3)),
            ],
        ),
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    assert list_interfaces() == [
        Interface("lo", "127.0.0.1"),
        Interface("lo", "::1"),
        Interface("wlan0", "192.168.1.7"),
        Interface("wlan0", "2001:db8::7"),
        Interface("wlan0", "fe80::1"),
    ]


def test_list_interfaces_finds_this_machine():
    found = list_interfaces()
    assert "127.0.0.1" in [interface.address for interface in found]
    for interface in found:
        assert interface.name
        address = ip_address(interface.address)
        assert isinstance(address, IPv4Address | IPv6Address)
        assert str(address) == interface.address


def test_list_interfaces_passes_the_systems_refusal_on(monkeypatch):
    def refuse():
        raise PermissionError("no netlink here")

    monkeypatch.setattr(ifaddr, "get_adapters", refuse)
    with pytest.raises(OSError, match="no netlink here"):
        list_interfaces()


def test_the_source_of_what_is_written_to_this_very_host_is_itself():
    assert source_address("127.0.0.1") == "127.0.0.1"
    assert source_address("::ffff:127.0.0.1") == "127.0.0.1"


def test_a_source_needs_the_ip_address_of_one_host():
    with pytest.raises(ValueError, match=r"host\.example"):
        source_address("host.example")
    with pytest.raises(OSError, match=r".+"):
        source_address("255.255.255.255")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not list them")
def test_interfaces_that_are_off_or_have_no_carrier_are_left_out(monkeypatch):
    flags = {b"off0": 0x0, b"cable0": 0x1, b"eth0": 0x41}

    def ioctl(sock, request, data):
        name = data[:16].rstrip(b"\0")
        if name not in flags:
            raise OSError("no such device")
        return data[:16] + flags[name].to_bytes(2, sys.byteorder) + data[18:]

    monkeypatch.setattr("fcntl.ioctl", ioctl)
    adapters = [
        SimpleNamespace(nice_name=name, ips=[SimpleNamespace(ip=f"10.0.0.{number}")])
        for number, name in enumerate(("off0", "cable0", "eth0", "odd0"))
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    assert [each.name for each in list_interfaces()] == ["eth0", "odd0"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems are believed")
@pytest.mark.parametrize(
    ("flags", "is_listed"), [("40", False), ("48", False), ("80", True), ("44", True), ("00", True)]
)
def test_an_ipv6_address_that_another_host_may_have_is_left_out(
    monkeypatch, tmp_path, flags, is_listed
):
    table = tmp_path / "if_inet6"
    table.write_text(
        f"20010db8000000000000000000000007 03 40 00 {flags}    wlan0\n"
        "20010db8000000000000000000000007 04 40 00 80    wlan1\n"
        "20010db8000000000000000000000008 03 40 00 80    wlan0\n"
    )
    monkeypatch.setattr("frazil.aio.interface._IF_INET6", table)
    listed = [Interface("wlan0", "2001:db8::7")] if is_listed else []
    assert listed_with_ipv6(monkeypatch) == [
        *listed,
        Interface("wlan0", "2001:db8::8"),
        Interface("wlan1", "2001:db8::7"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
@pytest.mark.parametrize(
    ("flags", "is_temporary"), [("01", True), ("21", False), ("05", True), ("80", False)]
)
def test_a_temporary_ipv6_address_is_known_as_such_while_it_is_to_be_preferred(
    monkeypatch, tmp_path, flags, is_temporary
):
    table = tmp_path / "if_inet6"
    table.write_text(f"20010db8000000000000000000000007 03 40 00 {flags}    wlan0\n")
    monkeypatch.setattr("frazil.aio.interface._IF_INET6", table)
    assert listed_with_ipv6(monkeypatch) == [
        Interface("wlan0", "2001:db8::7", is_temporary),
        Interface("wlan0", "2001:db8::8"),
        Interface("wlan1", "2001:db8::7"),
    ]


def test_where_the_system_does_not_tell_which_those_are_all_are_listed(monkeypatch, tmp_path):
    monkeypatch.setattr("frazil.aio.interface._IF_INET6", tmp_path / "nothing")
    assert len(listed_with_ipv6(monkeypatch)) == 3


def listed_with_ipv6(monkeypatch) -> list[Interface]:
    """What is listed of two interfaces with IPv6 addresses."""
    adapters = [
        SimpleNamespace(nice_name=name, ips=[SimpleNamespace(ip=(ip, 0, 0)) for ip in ips])
        for name, *ips in (("wlan0", "2001:db8::7", "2001:db8::8"), ("wlan1", "2001:db8::7"))
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    return list_interfaces()
