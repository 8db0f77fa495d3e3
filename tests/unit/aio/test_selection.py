"""Which addresses of a host are used."""

import errno
import pickle

import pytest

from frazil.aio import Interface, IpHandlingPolicy, Network
from frazil.aio.ice_option import IceOptions

LO = Interface("lo", "127.0.0.1")
LO_6 = Interface("lo", "::1")
ETH0 = Interface("eth0", "10.0.0.5")
ETH0_6 = Interface("eth0", "2001:db8::5")
ETH1 = Interface("eth1", "192.168.1.5")
DOCKER = Interface("docker0", "172.17.0.1")
EVERY = [LO, LO_6, DOCKER, ETH0, ETH0_6, ETH1]
ROUTABLE = [DOCKER, ETH0, ETH0_6, ETH1]


class Host(Network):
    """A network that only tells of interfaces; its default routes leave by ``sources``."""

    def __init__(self, *sources: str, interfaces: list[Interface] = EVERY) -> None:
        self.sources = sources
        self._interfaces = interfaces

    def interfaces(self) -> list[Interface]:
        return list(self._interfaces)

    def source_address(self, remote: str) -> str:
        for source in self.sources:
            if (":" in source) == (":" in remote):
                return source
        raise OSError(errno.ENETUNREACH, "no route")


def chosen(host: Host | None = None, **options: object) -> list[Interface]:
    return IceOptions(**options).selection.choose(host or Host())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ROUTABLE),
        ({"include_loopback": True}, EVERY),
        ({"interfaces": ["eth*"]}, [ETH0, ETH0_6, ETH1]),
        ({"interfaces": ["!docker*"]}, [ETH0, ETH0_6, ETH1]),
        ({"interfaces": ["eth?", "!eth1"]}, [ETH0, ETH0_6]),
        ({"interfaces": ["ETH0"]}, []),
        ({"interfaces": lambda one: one.name == "eth1"}, [ETH1]),
        ({"interfaces": ["lo"]}, []),
        ({"interfaces": ["lo"], "include_loopback": True}, [LO, LO_6]),
        ({"addresses": ["10.0.0.0/8", "2001:db8::/32"]}, [ETH0, ETH0_6]),
        ({"addresses": ["!172.16.0.0/12", "!::/0"]}, [ETH0, ETH1]),
        ({"addresses": ["192.168.1.5"]}, [ETH1]),
        ({"families": [4]}, [DOCKER, ETH0, ETH1]),
        ({"families": {6}}, [ETH0_6]),
        ({"families": [6], "interfaces": ["docker0"]}, []),
    ],
)
def test_everything_that_is_asked_for_has_to_hold(options, expected):
    assert chosen(**options) == expected


@pytest.mark.parametrize(
    "policy", [each for each in IpHandlingPolicy if each is not IpHandlingPolicy.ALL]
)
def test_only_the_default_routes_of_both_families_count(policy):
    host = Host("192.168.1.5", "2001:db8::5")
    assert chosen(host, ip_handling=policy) == [ETH0_6, ETH1]
    assert chosen(Host("10.0.0.5"), ip_handling=policy) == [ETH0]
    assert chosen(Host(), ip_handling=policy) == []


TEMPORARY = Interface("wlan0", "2001:db8::e87c:801c:5115:24ee", is_temporary=True)
HARDWARE = Interface("wlan0", "2001:db8::211:22ff:fe33:4455")


@pytest.mark.parametrize(
    ("address", "is_left_out"),
    [
        pytest.param(HARDWARE, True, id="made of the MAC address"),
        pytest.param(HARDWARE._replace(name="wlan1"), False, id="on another interface"),
        pytest.param(
            Interface("wlan0", "2001:db8:0:1:211:22ff:fe33:4455"), False, id="of another prefix"
        ),
        pytest.param(Interface("wlan0", "2001:db8::5"), False, id="made of nothing"),
        pytest.param(
            Interface("wlan0", "2001:db8::a:ff:fe00:1", is_temporary=True), False, id="temporary"
        ),
        pytest.param(ETH0, False, id="of IPv4"),
    ],
)
def test_an_address_that_tells_the_hardware_is_left_out_beside_a_temporary_one(
    address, is_left_out
):
    host = Host(interfaces=[address, TEMPORARY])
    assert chosen(host) == ([TEMPORARY] if is_left_out else [address, TEMPORARY])


@pytest.mark.parametrize(
    "options", [{"addresses": [HARDWARE.address]}, {"ip_handling": IpHandlingPolicy.DEFAULT_ROUTE}]
)
def test_an_address_that_tells_the_hardware_serves_where_the_temporary_one_does_not(options):
    host = Host(HARDWARE.address, interfaces=[HARDWARE, TEMPORARY])
    assert chosen(host, **options) == [HARDWARE]
    assert chosen(Host(interfaces=[HARDWARE, TEMPORARY._replace(is_temporary=False)]))[0] == (
        HARDWARE
    )


def test_a_filter_that_raises_has_refused():
    assert chosen(interfaces=lambda one: {"eth0": True}[one.name]) == [ETH0, ETH0_6]


def test_a_filter_may_take_the_default_route_away():
    host = Host("192.168.1.5")
    policy = IpHandlingPolicy.DEFAULT_ROUTE_AND_PRIVATE
    assert chosen(host, ip_handling=policy, interfaces=["eth0"]) == []


def test_options_choose_the_same_in_another_process():
    options = IceOptions(interfaces=["eth*", "!eth1"], addresses=["10.0.0.0/8"], families=[4])
    sent = pickle.loads(pickle.dumps(options))
    assert sent == options
    assert sent.selection.choose(Host()) == options.selection.choose(Host()) == [ETH0]
    assert sent.policy == options.policy
