import gzip

import pytest

from frazil.explain import compression
from frazil.explain.compression import unpacked

CONTENT = b'{"call": 1}\n' * 100
PACKED = gzip.compress(CONTENT, mtime=0)


@pytest.mark.parametrize("content", [CONTENT, PACKED])
def test_content_is_unpacked_if_it_has_to_be(content):
    assert unpacked(content) == CONTENT


@pytest.mark.parametrize("filling", [b"", b"\0" * 512])
def test_several_behind_one_another_are_all_unpacked(filling):
    other = gzip.compress(b"another", mtime=0)
    assert unpacked(PACKED + other + filling) == CONTENT + b"another"


@pytest.mark.parametrize("content", [b"\x1f\x8b", b"\x1f\x8bnonsense", PACKED[:-9]])
def test_what_is_damaged_is_refused(content):
    with pytest.raises(ValueError, match=r"damaged|cut off"):
        unpacked(content)


def test_what_grows_beyond_measure_is_refused(monkeypatch):
    monkeypatch.setattr(compression, "MAX_SIZE", 1000)
    assert len(PACKED) < 1000
    with pytest.raises(ValueError, match="too large"):
        unpacked(PACKED)
    small = gzip.compress(bytes(400))
    assert len(unpacked(small * 2)) == 800
    with pytest.raises(ValueError, match="too large"):
        unpacked(small * 3)
