import pytest

from frazil.stun import ErrorCode, Method
from frazil.turn.failure import Failure, refusal


def test_every_code_has_a_sentence():
    for code in (300, 400, 401, 403, 420, 437, 438, 440, 441, 442, 443, 486, 500, 508):
        failure = refusal(Method.REFRESH, ErrorCode(code, "Phrase"))
        assert failure.code == code
        assert str(code) not in failure.text
        assert failure.phrase == "Phrase"
        assert failure.sentence[0].isupper()
        assert failure.sentence.endswith(".")


def test_an_unknown_code_is_told_as_such():
    failure = refusal(Method.REFRESH, ErrorCode(699))
    assert failure.sentence == "The server refused with error 699."


def test_437_means_the_opposite_for_allocate():
    assert "already" in refusal(Method.ALLOCATE, ErrorCode(437)).text
    assert "any more" in refusal(Method.REFRESH, ErrorCode(437)).text


def test_what_the_server_says_is_cut():
    assert len(refusal(Method.ALLOCATE, ErrorCode(400, "x" * 700)).phrase) == 120


@pytest.mark.parametrize(
    ("code", "is_passing", "casts_doubt"),
    [
        (None, True, False),
        (400, False, True),
        (401, False, True),
        (403, False, False),
        (437, False, True),
        (438, True, False),
        (441, False, True),
        (443, False, False),
        (486, False, False),
        (500, True, False),
        (508, True, False),
    ],
)
def test_what_a_code_implies(code, is_passing, casts_doubt):
    failure = Failure(code, "")
    assert failure.is_passing is is_passing
    assert failure.casts_doubt is casts_doubt
