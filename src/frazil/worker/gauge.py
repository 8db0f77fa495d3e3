"""What a process leaves behind in the multiprocess mode of ``prometheus_client``."""

import os
from contextlib import suppress


def forget_gauges(pid: int) -> None:
    """Count no more among what is now what a process had that is gone.

    Its counters and histograms stay: they tell what has been. Trouble with files is passed
    over.
    """
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        with suppress(ImportError, OSError):
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(pid)  # type: ignore[no-untyped-call]
