"""Instructions and calls of Python on the paths of every packet; they repeat to the digit.

``python benchmarks/count.py`` compares with the reference for this version of Python in
``count.json``; ``--update`` makes what is there now the reference. Measured is the interpreter:
what C does in between (hashing, encryption, the compiled build) is not seen.
"""

import argparse
import json
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from codepath import count_paths
from tally import Tally

REFERENCE = Path(__file__).with_name("count.json")


def table(counted: Mapping[str, Tally], reference: Mapping[str, Tally]) -> str:
    """Markdown: each path, and its ratio to the reference where there is one."""
    lines = [
        "| path | instructions | calls | calls of C | instructions to reference |",
        "|---|---|---|---|---|",
    ]
    for name, cost in counted.items():
        old = reference.get(name)
        ratio = f"{cost.instructions / old.instructions:.3f}×" if old else "new"
        lines.append(
            f"| {name} | {cost.instructions:,} | {cost.calls:,} | {cost.foreign:,} | {ratio} |"
        )
    lines += [f"| {name} | gone | | | |" for name in reference if name not in counted]
    return "\n".join(lines)


def read_reference(version: str) -> dict[str, Tally]:
    """The reference for a version of Python; empty if nobody has made one."""
    whole = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else {}
    return {name: Tally(*cost) for name, cost in whole.get(version, {}).items()}


def write_reference(version: str, counted: Mapping[str, Tally]) -> None:
    """Replace the reference for a version of Python."""
    whole = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else {}
    whole[version] = counted
    lines = ",\n".join(
        f'"{one}": {{\n'
        + ",\n".join(f"  {json.dumps(name)}: {json.dumps(cost)}" for name, cost in costs.items())
        + "\n}"
        for one, costs in sorted(whole.items())
    )
    REFERENCE.write_text(f"{{\n{lines}\n}}\n")


def section(counted: Mapping[str, Tally]) -> str:
    """The table with its heading and what it is about."""
    version = _version()
    title = f"## What the interpreter does for a packet, CPython {version}"
    note = "Bytecode instructions and calls, by `benchmarks/count.py`: they repeat to the digit."
    return "\n\n".join((title, table(counted, read_reference(version)), note))


def _version() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def main() -> int:
    """Count, and compare or update."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="this is the reference from now on")
    arguments = parser.parse_args()
    counted = count_paths()
    print(section(counted))
    if arguments.update:
        write_reference(_version(), counted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
