import json

import pytest

from frazil import RTCSessionDescription


@pytest.mark.parametrize("kind", ["offer", "pranswer", "answer", "rollback"])
def test_a_description_survives_json(kind):
    description = RTCSessionDescription(sdp="v=0\r\n", type=kind)
    received = RTCSessionDescription(json.loads(json.dumps(description.toJSON())))
    assert (received.type, received.sdp) == (kind, "v=0\r\n")
    assert received.toJSON() == description.toJSON() == {"type": kind, "sdp": "v=0\r\n"}


def test_the_text_may_be_missing():
    assert RTCSessionDescription(type="rollback").sdp == ""
    assert RTCSessionDescription({"type": "offer"}).sdp == ""


@pytest.mark.parametrize("arguments", [("v=0\r\n",), ({"sdp": "v=0\r\n"},), ()])
def test_the_type_is_required(arguments):
    with pytest.raises(TypeError, match="a description needs a type"):
        RTCSessionDescription(*arguments)


@pytest.mark.parametrize("arguments", [("", "ofer"), ({"type": "Offer"},)])
def test_the_type_is_one_of_four(arguments):
    with pytest.raises(TypeError, match="must be one of 'offer'"):
        RTCSessionDescription(*arguments)


def test_the_text_is_a_string():
    with pytest.raises(TypeError, match=r"description\.sdp must be a str"):
        RTCSessionDescription(b"v=0", "offer")


def test_descriptions_are_compared_by_what_they_say():
    offer = RTCSessionDescription("v=0\r\n", "offer")
    assert offer == RTCSessionDescription(offer.toJSON())
    assert offer != RTCSessionDescription("v=0\r\n", "answer")
    assert offer != RTCSessionDescription("", "offer")
    assert offer != offer.toJSON()
