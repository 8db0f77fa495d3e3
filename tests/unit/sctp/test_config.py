import pytest

from frazil.sctp import SctpConfig


def test_default_packet_and_dtls_record_fit_1200_bytes():
    assert SctpConfig().mtu + 13 + 8 + 16 <= 1200
    assert SctpConfig().mtu % 4 == 0


def test_whether_the_path_is_lost_is_for_ice_to_say():
    config = SctpConfig(mtu=1000)
    assert (config.max_init_retransmits, config.max_retransmits) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"local_port": 0},
        {"remote_port": 65536},
        {"outbound_streams": 0},
        {"inbound_streams": 65536},
        {"mtu": 508},
        {"mtu": 1161},
        {"mtu": 16388},
        {"receive_window": 4095},
        {"rto_min_s": 0.0},
        {"rto_min_s": 6.0},
        {"rto_initial_s": 0.0},
        {"rto_initial_s": 6.0},
        {"max_init_retransmits": -1},
        {"max_retransmits": -1},
        {"heartbeat_s": 0.0},
        {"sack_delay_s": 0.0},
        {"sack_delay_s": 0.51},
    ],
)
def test_numbers_out_of_range_raise(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}|port|streams"):
        SctpConfig(**wrong)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("mtu", "1160", "a whole number"),
        ("mtu", 1160.0, "a whole number"),
        ("max_retransmits", "10", "a whole number or None"),
        ("heartbeat_s", None, "a number"),
        ("interleaving", "no", "True or False"),
    ],
)
def test_what_has_the_wrong_type_is_named(name, value, kind):
    with pytest.raises(TypeError, match=f"^{name} must be {kind}, not {value!r}$"):
        SctpConfig(**{name: value})
