"""All benchmarks, one after another: ``python benchmarks``."""

import sys

import bulk
import bulk_link
import connect
import crowd
import fairness
import idle
import loss
import message
import mixed
import roundtrip
import setting
import setup
import unreachable
import volume
from codepath import count_paths
from count import section
from harness import main

MODULES = (
    *(connect, setup, unreachable),
    *(bulk, message, roundtrip, mixed),
    *(loss, bulk_link, fairness),
    *(idle, crowd, volume, setting),
)

if __name__ == "__main__":
    sys.exit(main([module.METRIC for module in MODULES], lambda: section(count_paths())))
