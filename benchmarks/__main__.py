"""All benchmarks, one after another: ``python benchmarks``."""

import sys

import bulk
import connect
import message
import roundtrip
from harness import main

if __name__ == "__main__":
    sys.exit(main([connect.METRIC, bulk.METRIC, message.METRIC, roundtrip.METRIC]))
