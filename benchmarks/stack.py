"""The stacks under test, by name."""

from typing import NamedTuple

from runtime import (
    BROWSER,
    COMPILED_PYTHON,
    GO,
    GO_PACKAGES,
    NATIVE_PYTHON,
    NODE,
    PYTHON,
    Runtime,
)


class Stack(NamedTuple):
    """A stack, before anything of it is loaded.

    Attributes:
        name: What the tables call it.
        module: The module with its adapter, for its runtime's worker.
        requirement: What the installer of its runtime is told.
        runtime: What runs it.
    """

    name: str
    module: str
    requirement: str
    runtime: Runtime = PYTHON


AIORTC = Stack("aiortc", "stack_aiortc", "aiortc")
FRAZIL = Stack("frazil", "stack_frazil", "frazil")
COMPILED = Stack("frazil (compiled)", "stack_frazil", "compiled", COMPILED_PYTHON)
PYLIBDATACHANNEL = Stack(
    "pylibdatachannel", "stack_pylibdatachannel", "pylibdatachannel", NATIVE_PYTHON
)
NODE_DATACHANNEL = Stack("node-datachannel", "node_datachannel", "node-datachannel", NODE)
CHROMIUM = Stack(
    "Chromium", "chromium", "chromium iproute2 util-linux; pip install websockets", BROWSER
)

TCP = Stack("TCP", "stack_tcp", "the kernel's")
"""No peer of ours, but what a flow of ours meets on its way."""

STACKS = (
    AIORTC,
    FRAZIL,
    COMPILED,
    Stack("aiortc + uvloop", "stack_aiortc_uvloop", "aiortc uvloop"),
    Stack("frazil + uvloop", "stack_frazil_uvloop", "uvloop"),
    Stack("frazil (compiled) + uvloop", "stack_frazil_uvloop", "compiled", COMPILED_PYTHON),
    PYLIBDATACHANNEL,
    Stack(
        "aiolibdatachannel",
        "stack_aiolibdatachannel",
        "aiolibdatachannel, for Python 3.12 and newer",
        NATIVE_PYTHON,
    ),
    NODE_DATACHANNEL,
    Stack("libwebrtc (@roamhq/wrtc)", "wrtc", "@roamhq/wrtc", NODE),
    Stack("werift", "werift", "werift", NODE),
    Stack("Pion", "pion", GO_PACKAGES, GO),
    CHROMIUM,
)
BASELINE = AIORTC
