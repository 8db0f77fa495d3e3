import pytest

from frazil.sdp.attribute import BUNDLE_GROUP, MAX_CANDIDATES, Attribute, AttributeTable, Scope
from frazil.sdp.grammar import Line, SdpSyntaxError

SCOPE = Scope(
    valued=frozenset({"mid", "candidate", BUNDLE_GROUP}), flags=frozenset({"sendrecv", "inactive"})
)


def table(*values):
    return AttributeTable(
        [Line(number, "a", value) for number, value in enumerate(values, 1)], SCOPE
    )


def test_known_attributes_are_found_and_the_others_kept_in_order():
    attributes = table("x", "mid:0", "fmtp:96 a:b ", "sendrecv", "x", "y:")
    assert attributes.value("mid") == "0"
    assert attributes.has("sendrecv")
    assert not attributes.has("inactive")
    assert attributes.others == ["x", "fmtp:96 a:b ", "x", "y:"]


def test_only_attribute_lines_count():
    assert not AttributeTable([Line(1, "b", "mid:0")], SCOPE).has("mid")


def test_names_are_case_sensitive():
    assert table("MID:0").others == ["MID:0"]


def test_absent_attributes():
    attributes = table()
    assert attributes.every("mid") == []
    assert attributes.single("mid") is None
    assert attributes.value("mid") is None
    assert attributes.one_of(["sendrecv", "inactive"]) is None


def test_a_value_keeps_its_colons():
    assert table("mid:a:b").single("mid") == Attribute(1, "mid", "a:b")


def test_repeating_is_harmless_but_contradicting_is_not():
    assert table("mid:0", "mid:0").value("mid") == "0"
    with pytest.raises(SdpSyntaxError, match=r"^line 3: a second, different a=mid$"):
        table("mid:0", "mid:0", "mid:1").value("mid")


def test_one_of_several_flags():
    assert table("x", "inactive", "inactive").one_of(["sendrecv", "inactive"]) == "inactive"
    with pytest.raises(SdpSyntaxError, match=r"^line 2: both a=sendrecv and a=inactive$"):
        table("inactive", "sendrecv").one_of(["sendrecv", "inactive"])


@pytest.mark.parametrize("value", ["mid", "mid:"])
def test_a_value_must_be_there(value):
    with pytest.raises(SdpSyntaxError, match=r"^line 2: a=mid needs a value$"):
        table("x", value)


@pytest.mark.parametrize("value", ["sendrecv:", "sendrecv:now"])
def test_a_flag_has_no_value(value):
    with pytest.raises(SdpSyntaxError, match=r"^line 2: a=sendrecv takes no value$"):
        table("x", value)


@pytest.mark.parametrize("value", [":x", " mid:0", "mi d:0", "m\xedd:0", "(x)"])
def test_names_are_tokens(value):
    with pytest.raises(SdpSyntaxError, match=r"^line 1: .* is no attribute name$"):
        table(value)


def test_only_bundle_groups_are_known():
    attributes = table("group:BUNDLE a b", "group:LS a b", "group:BUNDLE", "group", "group:")
    assert [group.words for group in attributes.every(BUNDLE_GROUP)] == [
        ["BUNDLE", "a", "b"],
        ["BUNDLE"],
    ]
    assert attributes.others == ["group:LS a b", "group", "group:"]


def test_candidates_are_limited():
    assert len(table(*["candidate:1"] * MAX_CANDIDATES).every("candidate")) == 100
    with pytest.raises(SdpSyntaxError, match=r"^line 101: more than 100 candidates$"):
        table(*["candidate:1"] * 101)
