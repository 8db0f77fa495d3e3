import pytest

from frazil.address import canonical_ip
from frazil.turn.address import canonical_peer, is_ipv6, is_plausible_server


@pytest.mark.parametrize(
    ("ip", "canonical"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::FFFF:7f00:1", "127.0.0.1"),
        ("2001:DB8:0::0001", "2001:db8::1"),
    ],
)
def test_canonical_ip(ip, canonical):
    assert canonical_ip(ip) == canonical
    assert canonical_peer((ip, 65535)) == (canonical, 65535)


@pytest.mark.parametrize("peer", [("host.local", 1), ("", 1), ("192.0.2.1", 0), ("::1", 65536)])
def test_what_is_no_peer(peer):
    with pytest.raises(ValueError, match=r"port|IPv4 or IPv6"):
        canonical_peer(peer)


def test_is_ipv6():
    assert (is_ipv6("::1"), is_ipv6("127.0.0.1")) == (True, False)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("192.0.2.1", 3478), True),
        (("10.0.0.1", 80), True),
        (("2001:db8::1", 3478), True),
        (("192.0.2.1", 0), False),
        (("127.0.0.53", 3478), False),
        (("::1", 3478), False),
        (("0.0.0.0", 3478), False),
        (("::", 3478), False),
        (("224.0.0.251", 3478), False),
        (("ff02::fb", 3478), False),
    ],
)
def test_where_a_server_can_be(address, expected):
    assert is_plausible_server(address) is expected
