import asyncio
from enum import Enum
from types import SimpleNamespace

import pytest

from frazil.peer.dictionary import Dictionary
from frazil.peer.signaling import SdpType


def members(value: object) -> Dictionary:
    return Dictionary(value, "description", "type")


@pytest.mark.parametrize("value", [None, {}, {"type": None}, SimpleNamespace(type=None)])
def test_what_is_absent_or_none_is_nothing(value: object) -> None:
    assert members(value).text("type") is None


def test_unknown_members_are_ignored() -> None:
    assert members({"type": "offer", "Type2": 1, 7: 8}).text("type") == "offer"


@pytest.mark.parametrize("value", [5, b"x", ["offer"], ("type",), {"type"}, SimpleNamespace()])
def test_what_cannot_be_a_dictionary_is_refused(value: object) -> None:
    kind = type(value).__name__
    expected = f"must be a mapping with the W3C keys, or an object with 'type', not {kind}"
    with pytest.raises(TypeError, match=expected):
        members(value)


def test_text_is_told_to_be_read_as_json() -> None:
    with pytest.raises(TypeError, match=r"not str; read JSON with json\.loads first$"):
        members('{"type": "offer"}')


def test_what_was_not_awaited_is_told_of() -> None:
    async def offer() -> dict[str, str]:
        return {"type": "offer"}

    waiting = offer()
    with pytest.raises(TypeError, match=r"not coroutine; await it first$"):
        members(waiting)
    assert asyncio.run(waiting) == {"type": "offer"}


@pytest.mark.parametrize("spelled", ["sdp_mid", "sdpmid", "SDPMid", "sdp_Mid"])
def test_a_member_that_is_all_but_right_is_told_of(spelled: str) -> None:
    candidate = Dictionary({spelled: "0"}, "candidate", "candidate")
    with pytest.raises(TypeError, match=f"^candidate has no member '{spelled}'; .*'sdpMid'$"):
        candidate.text("sdpMid")


def test_a_second_spelling_beside_the_right_one_is_ignored() -> None:
    both = Dictionary({"sdpMid": "0", "sdp_mid": "1"}, "candidate", "candidate")
    assert both.text("sdpMid") == "0"


def test_enums_of_other_libraries_count_by_their_values() -> None:
    class Theirs(Enum):
        ANSWER = "answer"
        BID = "bid"

    assert members({"type": Theirs.ANSWER}).choice("type", SdpType.OFFER) is SdpType.ANSWER
    with pytest.raises(TypeError, match=r"must be one of 'offer', .* not 'bid'"):
        members({"type": Theirs.BID}).choice("type", SdpType.OFFER)
