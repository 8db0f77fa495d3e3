"""aiortc, on the event loop of uvloop."""

from importlib.metadata import version

import uvloop
from stack_aiortc import VERSION as AIORTC_VERSION
from stack_aiortc import make_peer

__all__ = ["VERSION", "make_peer", "run"]

VERSION = f"{AIORTC_VERSION}, uvloop {version('uvloop')}"

run = uvloop.run
