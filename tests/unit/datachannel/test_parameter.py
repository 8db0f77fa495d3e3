import pytest

from frazil.datachannel.parameter import ChannelParameters


@pytest.mark.parametrize(
    "values",
    [
        {"max_retransmits": 1, "max_packet_life_time_ms": 1},
        {"max_retransmits": -1},
        {"max_packet_life_time_ms": 1 << 32},
        {"priority": 65536},
        {"priority": -1},
        {"label": "é" * 32768},
        {"protocol": "x" * 65536},
    ],
)
def test_what_does_not_fit_the_wire_is_refused(values):
    with pytest.raises(TypeError):
        ChannelParameters(**values)


def test_the_longest_label_fits():
    assert len(ChannelParameters(label="é" * 32767 + "x").label.encode()) == 65535


def test_zero_is_a_limit_and_none_is_not():
    assert ChannelParameters(max_packet_life_time_ms=0).max_lifetime_s == 0.0
    assert ChannelParameters(max_packet_life_time_ms=1500).max_lifetime_s == 1.5
    assert ChannelParameters().max_lifetime_s is None
