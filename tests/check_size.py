"""Fail if a source file grew past the point where a concept must be hiding in it."""

import sys
from pathlib import Path

LIMIT = 650


def main() -> int:
    root = Path(__file__).parent.parent
    long = {
        path: count
        for folder in ("src", "tests", "benchmarks", "examples", "docs", "release")
        for path in sorted((root / folder).rglob("*.py"))
        if (count := len(path.read_text().splitlines())) > LIMIT
    }
    for path, count in long.items():
        print(f"{path.relative_to(root)}: {count} lines, the limit is {LIMIT}")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
