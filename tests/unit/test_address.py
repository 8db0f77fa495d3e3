import pytest

from frazil.address import canonical_ip


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
