import socket
import sys

import pytest

from frazil.aio import offload


class UnwillingSocket:
    """A socket of a kernel that does not know the options."""

    def setsockopt(self, level, option, value):
        raise OSError("unknown option")


@pytest.mark.parametrize("probe", [offload.can_segment, offload.enable_coalescing])
def test_old_kernels_are_noticed(probe):
    assert probe(UnwillingSocket()) is False


@pytest.mark.parametrize("probe", [offload.can_segment, offload.enable_coalescing])
def test_other_systems_are_not_asked(probe, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert probe(sock) is False


def test_segment_sizes_fit_two_bytes_of_the_control_message():
    ((level, kind, value),) = offload.segment_control(1200)
    assert (level, kind) == (17, 103)
    assert int.from_bytes(value, sys.byteorder) == 1200
    assert len(value) == 2


def test_received_control_message_tells_the_size():
    assert offload.coalesced_size([(17, 104, (1200).to_bytes(4, sys.byteorder))]) == 1200
