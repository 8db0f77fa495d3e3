"""Every claim of the public documents that needs a live connection has a test with its name."""

import re
from pathlib import Path

from support.seed_row import LIVE_ROWS

TEST = re.compile(r"^async def test_([cdq]\d+)_", re.MULTILINE)


def test_every_live_row_is_shown():
    texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    shown = {row.upper() for text in texts for row in TEST.findall(text)}
    assert shown - set(LIVE_ROWS) == set()
    assert set(LIVE_ROWS) - shown == set()
