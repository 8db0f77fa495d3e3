"""How the C compiler is to treat the optional compiled build; hatchling runs this before mypyc."""

import os
import sys
import sysconfig
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FLAGS = "-fvisibility=hidden -fno-plt -Wno-all"
"""The extensions call each other's functions by the thousand. With symbols that others cannot
replace, the compiler may call them directly and put small ones in place: 5 % less to set up. What
it would warn of in generated code, nobody can mend; looking for it takes as long as compiling."""


class CompilerFlags(BuildHookInterface[Any]):
    """Adds to what the caller wants of the compiler."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Set the flags for whatever this build compiles."""
        if sys.platform != "win32":
            # The variable takes the place of what the interpreter was compiled with, and that holds
            # here as well: no assertions, and signed integers that wrap around.
            own = sysconfig.get_config_var("CFLAGS") or ""
            os.environ["CFLAGS"] = f"{own} {FLAGS} {os.environ.get('CFLAGS', '')}".strip()
