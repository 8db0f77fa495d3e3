"""aiortc, on the event loop of uvloop."""

import uvloop
from stack_aiortc import VERSION as AIORTC_VERSION
from stack_aiortc import make_peer

__all__ = ["VERSION", "make_peer", "run"]

VERSION = f"{AIORTC_VERSION}, uvloop {uvloop.__version__}"

run = uvloop.run
