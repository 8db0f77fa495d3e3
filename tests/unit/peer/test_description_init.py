import pytest

from frazil.peer.description_init import DescriptionInit
from frazil.peer.reader import read_description
from frazil.peer.signaling import SdpType

SDP = "v=0\r\n"


@pytest.mark.parametrize("value", [None, {}, {"type": None, "sdp": None}])
def test_local_description_may_leave_everything_out(value: object) -> None:
    assert read_description(value) == DescriptionInit(None, "")


def test_description_round_trips_as_a_dictionary() -> None:
    init = read_description({"type": "offer", "sdp": SDP})
    assert init == DescriptionInit(SdpType.OFFER, SDP)
    assert read_description(init.to_dict()) == init


@pytest.mark.parametrize("value", [SDP, {"type": "bid"}, {"type": "offer", "sdp": b"v=0"}])
def test_what_is_no_description_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        read_description(value)
