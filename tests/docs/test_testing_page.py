"""The tests that docs/how-to/test-your-application.md shows, run as a reader would."""

import re
import subprocess
import sys

from support.doc_block import DOCS, blocks_of

PAGE = DOCS / "how-to/test-your-application.md"


def test_the_tests_pass(tmp_path):
    texts = [block.text for block in blocks_of(PAGE) if block.language == "python"]
    for text in texts:
        name = re.match(r"# (\w+\.py)\n", text)[1]
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr
