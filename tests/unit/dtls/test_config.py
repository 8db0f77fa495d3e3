import pytest

from frazil.dtls.config import DtlsConfig


@pytest.mark.parametrize(
    "values",
    [
        {"mtu": 255},
        {"handshake_timeout_s": 0},
        {"retransmit_initial_s": 0},
        {"retransmit_initial_s": 2, "retransmit_max_s": 1},
    ],
)
def test_nonsense_is_refused(values):
    with pytest.raises(ValueError, match=r"DTLS|retransmission|handshake"):
        DtlsConfig(**values)
