from ipaddress import ip_address

import pytest

from frazil.address import canonical_ip, is_private, neighbourhood


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%4", "fe80::1"),
        ("::", "::"),
    ],
)
def test_canonical_ip_has_one_form_for_an_address(text, canonical):
    assert canonical_ip(text) == canonical


@pytest.mark.parametrize("text", ["", "localhost", "10.0.0", "10.0.0.1:80", "[::1]", "%eth0"])
def test_canonical_ip_refuses_what_is_no_ip_literal(text):
    with pytest.raises(ValueError, match="does not appear to be"):
        canonical_ip(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", True),
        ("172.31.0.1", True),
        ("100.64.0.1", True),
        ("169.254.0.1", True),
        ("fd00::1", True),
        ("fe80::1", True),
        ("203.0.113.1", False),
        ("172.32.0.1", False),
        ("2001:db8::1", False),
    ],
)
def test_private_addresses_lead_nowhere_from_outside(text, expected):
    assert is_private(ip_address(text)) is expected


@pytest.mark.parametrize(
    ("text", "network"), [("10.0.0.1", "10.0.0.0/24"), ("2001:db8::1:0:0:1", "2001:db8::/64")]
)
def test_neighbours_share_a_network(text, network):
    assert str(neighbourhood(ip_address(text))) == network
