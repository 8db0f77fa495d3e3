"""Stacks for Node.js, each in a program of its own, and what they cannot do."""

import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from support.partner import lacking, need_program

_ROOT: Final = Path(__file__).parents[2]
_PROGRAM: Final = Path(__file__).parent / "node_program" / "main.mjs"


class NodeStack(NamedTuple):
    """A stack that npm installs, and what there is to know of it."""

    package: str
    module: str
    """What of the program makes peers of it."""
    goodbyes: tuple[str, ...]
    """The ways in which it ends a connection."""
    min_size: int = 0
    """The shortest message that it can send, in bytes."""
    max_size: int = 262_144
    """The longest message that it takes, in bytes."""

    def __str__(self) -> str:
        return self.module

    @property
    def command(self) -> tuple[str, ...]:
        """The program that hosts its peers, and its arguments."""
        need_program("node", "nodejs npm")
        asked = subprocess.run(
            ("node", "-e", f"require({self.package!r})"),
            cwd=_ROOT,
            capture_output=True,
            check=False,
        )
        if asked.returncode != 0:
            lacking(f"{self.package} is not installed: make node_modules")
        return "node", str(_PROGRAM), self.module


NODE_DATACHANNEL: Final = NodeStack(
    "node-datachannel", "node_datachannel", ("sctp-shutdown", "sctp-abort")
)
"""It says goodbye by what its threads have done first, and nothing of DTLS. It cannot restart ICE,
and refuses the offer of who does. Long messages that it has not handed on when their channel is
closed it may never hand on."""

WRTC: Final = NodeStack("@roamhq/wrtc", "wrtc", ("sctp-abort",))
"""libwebrtc; of this age it throws away what waits in the queue of a channel that it closes, and
hears of no channel on a stream from 1024 on, though it announces more."""

WERIFT: Final = NodeStack("werift", "werift", ("sctp-abort",), min_size=1, max_size=65_535)
"""An empty message it takes, but its own never leaves, and no later one of the channel arrives. A
stream that the other end has not ended yet it gives to a new channel, which then ends with it."""

STACKS: Final = (NODE_DATACHANNEL, WRTC, WERIFT)
