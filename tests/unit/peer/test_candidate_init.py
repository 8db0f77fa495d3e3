from types import SimpleNamespace

import pytest

from frazil.peer.candidate_init import CandidateInit
from frazil.peer.reader import read_candidate

LINE = "candidate:1 1 udp 1 192.0.2.1 9 typ host"


@pytest.mark.parametrize("value", [None, {}, {"candidate": ""}, {"candidate": None}])
def test_nothing_means_the_end_for_all_sections(value: object) -> None:
    assert read_candidate(value) == CandidateInit("", None, None, None)


def test_browser_json_is_taken_as_it_is() -> None:
    value = {"candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "abcd"}
    init = read_candidate(value)
    assert init == CandidateInit(LINE, "0", 0, "abcd")
    assert init.to_dict() == value
    assert read_candidate(init) is init


def test_objects_with_the_w3c_attributes_are_taken() -> None:
    value = SimpleNamespace(candidate=LINE, sdpMid=None, sdpMLineIndex=2, foundation="1")
    assert read_candidate(value) == CandidateInit(LINE, None, 2, None)


def test_mid_and_index_both_missing_is_a_type_error_with_advice() -> None:
    with pytest.raises(TypeError, match=r"needs sdpMid or sdpMLineIndex; pass candidate.toJSON"):
        read_candidate({"candidate": LINE})


@pytest.mark.parametrize(
    "value",
    [
        LINE,
        7,
        [LINE],
        {"candidate": 5},
        {"candidate": LINE, "sdpMid": 0},
        {"candidate": LINE, "sdpMLineIndex": "0"},
        {"candidate": LINE, "sdpMLineIndex": True},
        {"candidate": LINE, "sdpMLineIndex": -1},
        {"candidate": LINE, "sdpMLineIndex": 65536},
        {"candidate": LINE, "sdpMid": "0", "usernameFragment": b"abcd"},
    ],
)
def test_wrong_types_are_type_errors(value: object) -> None:
    with pytest.raises(TypeError):
        read_candidate(value)
