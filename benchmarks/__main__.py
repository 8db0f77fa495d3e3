"""All benchmarks, one after another: ``python benchmarks``."""

import sys

import bulk
import connect
import idle
import message
import roundtrip
import setup
from harness import main

if __name__ == "__main__":
    sys.exit(
        main(
            [
                connect.METRIC,
                setup.METRIC,
                bulk.METRIC,
                message.METRIC,
                roundtrip.METRIC,
                idle.METRIC,
            ]
        )
    )
