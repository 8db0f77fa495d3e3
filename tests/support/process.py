"""Programs that cannot outlive the test run, and neither can anything that they start."""

import os
import signal
import subprocess
from pathlib import Path
from socket import socket

from support.namespace import Namespace

_CONFINED = (
    # A chain: when this process dies, so does `unshare`, so does process 1 of the new process
    # namespace, and with that one the kernel ends all others in it.
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"),
)
_STOP_TIMEOUT_S = 10.0


class ConfinedProcess:
    """A program in a network namespace of ours and a process namespace of its own.

    Args:
        namespace: Its only network.
        home: A folder for all that it wants to keep, and for what it prints.
        command: The program and its arguments.
        stdin: What it reads, if anything.
    """

    def __init__(
        self, namespace: Namespace, home: Path, *command: str, stdin: socket | None = None
    ) -> None:
        self._output = home / "output.log"
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(home),
        }
        with namespace.entered(), self._output.open("wb") as output:
            self._process = subprocess.Popen(
                (*_CONFINED, *command),
                stdin=stdin or subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    @property
    def output(self) -> str:
        """What the program has printed so far."""
        return self._output.read_text(errors="replace")

    @property
    def has_ended(self) -> bool:
        """Whether the program has come to its end."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """End the program and all its descendants; on return none of them is left."""
        if self.has_ended:
            return
        # `unshare` waits for process 1, whose end is complete only without the others.
        unshare = self._process.pid
        children = Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split()
        for pid in children or [str(unshare)]:
            os.kill(int(pid), signal.SIGKILL)
        self._process.wait(_STOP_TIMEOUT_S)
