"""frazil, on the event loop of uvloop."""

from importlib.metadata import version

import uvloop
from stack_frazil import VERSION as FRAZIL_VERSION
from stack_frazil import make_peer

__all__ = ["VERSION", "make_peer", "run"]

VERSION = f"{FRAZIL_VERSION}, uvloop {version('uvloop')}"

run = uvloop.run
