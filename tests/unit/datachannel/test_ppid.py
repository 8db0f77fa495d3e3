import pytest

from frazil.datachannel.ppid import Ppid, encode_content


@pytest.mark.parametrize(
    ("data", "text", "ppid", "number"),
    [
        (b"a", True, Ppid.STRING, 51),
        (b"a", False, Ppid.BINARY, 53),
        (b"", True, Ppid.STRING_EMPTY, 56),
        (b"", False, Ppid.BINARY_EMPTY, 57),
    ],
)
def test_identifier_tells_kind_and_emptiness(data, text, ppid, number):
    assert encode_content(data, text=text) == (ppid, data or b"\0")
    assert ppid == number
