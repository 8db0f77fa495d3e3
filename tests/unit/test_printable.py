import pytest

from frazil.printable import printable


@pytest.mark.parametrize("text", ["", "plain", "gr\u00fcndlich \u2192 \u5b89\u5168", "a b"])
def test_what_can_be_printed_stays(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    "character",
    ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\u200b", "\ud800"],
)
def test_what_ends_lines_or_drives_terminals_is_replaced(character):
    assert printable(f"a{character}b") == "a\ufffdb"
