"""Public addresses of local ones."""

import pytest

from frazil.aio.address_map import MAX_PUBLIC_ADDRESSES, AddressMap


def test_the_most_specific_entry_counts():
    found = AddressMap(
        {
            "0.0.0.0/0": "198.51.100.1",
            "10.0.0.0/8": ["198.51.100.2", "198.51.100.3"],
            "10.0.0.5": "198.51.100.4",
            "2001:db8::/32": "2001:DB8:1::0001",
        }
    )
    assert found.public("10.0.0.5") == ("198.51.100.4",)
    assert found.public("10.0.0.6") == ("198.51.100.2", "198.51.100.3")
    assert found.public("192.168.0.1") == ("198.51.100.1",)
    assert found.public("2001:db8::1") == ("2001:db8:1::1",)
    assert found.public("fd00::1") == ()


def test_an_address_that_is_named_twice_counts_once():
    twice = AddressMap({"10.0.0.5": ["198.51.100.4", "::ffff:198.51.100.4"]})
    assert twice.public("10.0.0.5") == ("198.51.100.4",)


@pytest.mark.parametrize(
    ("entries", "error", "message"),
    [
        ("10.0.0.5=198.51.100.4", TypeError, "must be a mapping"),
        ({10: "198.51.100.4"}, TypeError, "from texts to texts"),
        ({"10.0.0.5": 7}, TypeError, "from texts to texts"),
        ({"10.0.0.5": "host.example"}, ValueError, "host.example"),
        ({"10.0.0.5/8": "198.51.100.4"}, ValueError, "host bits"),
        ({"10.0.0.5": []}, ValueError, "needs 1 to 8 addresses for 10.0.0.5"),
        ({"10.0.0.5": "2001:db8::1"}, ValueError, "other family"),
        ({"2001:db8::1": "198.51.100.4"}, ValueError, "other family"),
        (
            {"10.0.0.5": [f"198.51.100.{n}" for n in range(MAX_PUBLIC_ADDRESSES + 1)]},
            ValueError,
            "needs 1 to 8",
        ),
    ],
)
def test_nonsense_is_refused_at_once(entries, error, message):
    with pytest.raises(error, match=message):
        AddressMap(entries)
