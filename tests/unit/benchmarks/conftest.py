"""The benchmarks are programs and no package: their folder has to be told."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "benchmarks"))
