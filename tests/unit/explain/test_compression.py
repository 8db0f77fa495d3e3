import gzip

import pytest

from frazil.explain import compression
from frazil.explain.compression import unpacked

CONTENT = b'{"call": 1}\n' * 100
PACKED = gzip.compress(CONTENT, mtime=0)


@pytest.mark.parametrize("content", [CONTENT, PACKED])
def test_content_is_unpacked_if_it_has_to_be(content):
    assert unpacked(content) == CONTENT


@pytest.mark.parametrize("content", [b"\x1f\x8b", b"\x1f\x8bnonsense", PACKED[:-9]])
def test_what_is_damaged_is_refused(content):
    with pytest.raises(ValueError, match=r"damaged|cut off"):
        unpacked(content)


def test_what_grows_beyond_measure_is_refused(monkeypatch):
    monkeypatch.setattr(compression, "MAX_SIZE", 1000)
    assert len(PACKED) < 1000
    with pytest.raises(ValueError, match="too large"):
        unpacked(PACKED)
