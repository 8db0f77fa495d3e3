"""Lines to standard output, or to whatever reads it through a pipe."""

import os
import signal
from typing import TextIO


class LineWriter:
    """Writes lines at once; when the reader has gone, that ends the program like Ctrl-C.

    ``frazil demo | head`` should end when ``head`` does, and without a traceback.
    """

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def write(self, *lines: str) -> None:
        """Write lines, and flush: somebody may be following."""
        try:
            print(*lines, sep="\n", file=self._output, flush=True)
        except BrokenPipeError:
            # The interpreter flushes once more at its exit, and must not fail then.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._output.fileno())
            os.close(nowhere)
            signal.raise_signal(signal.SIGINT)
