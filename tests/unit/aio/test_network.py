import pytest

from frazil.aio.network import Interface, usable

LO4 = Interface("lo", "127.0.0.1")
LO6 = Interface("lo", "::1")
WLAN4 = Interface("wlan0", "192.168.1.7")
WLAN6 = Interface("wlan0", "2001:db8::7")
CABLE = Interface("eth0", "169.254.3.4")
LINK6 = Interface("wlan0", "fe80::1")


@pytest.mark.parametrize(
    ("interface", "family", "is_loopback", "is_link_local"),
    [
        (LO4, 4, True, False),
        (Interface("lo", "127.8.9.1"), 4, True, False),
        (LO6, 6, True, False),
        (WLAN4, 4, False, False),
        (WLAN6, 6, False, False),
        (CABLE, 4, False, True),
        (LINK6, 6, False, True),
        (Interface("wg0", "fd00::2"), 6, False, False),
    ],
)
def test_interface_tells_what_its_address_is(interface, family, is_loopback, is_link_local):
    assert interface.family == family
    assert interface.is_loopback is is_loopback
    assert interface.is_link_local is is_link_local


@pytest.mark.parametrize(
    ("interfaces", "include_loopback", "expected"),
    [
        ([LO4, WLAN4, LO6, WLAN6], False, [WLAN4, WLAN6]),
        ([LO4, WLAN4, LO6, WLAN6], True, [LO4, WLAN4, LO6, WLAN6]),
        ([LO4, LO6], False, [LO4, LO6]),
        ([LO4, LINK6], False, [LO4]),
        ([LO4, LINK6], True, [LO4]),
        ([LO4, CABLE], False, [CABLE]),
        ([LINK6], False, []),
        ([], True, []),
    ],
)
def test_usable_skips_loopback_and_link_local_ipv6(interfaces, include_loopback, expected):
    assert usable(interfaces, include_loopback=include_loopback) == expected


def test_usable_leaves_loopback_out_by_default():
    assert usable([LO4, WLAN4]) == [WLAN4]
