"""Counts what the interpreter does: the same number on every machine, however busy it is."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple


class Tally(NamedTuple):
    """What a call cost the interpreter.

    Attributes:
        instructions: Bytecode instructions of Python functions.
        calls: Calls of Python functions.
        foreign: Calls of functions in C, whose own work is not counted.
    """

    instructions: int
    calls: int
    foreign: int


def tally(action: Callable[[], object]) -> Tally:
    """What one call of ``action`` costs, without the call itself; it should have run before.

    What the garbage collector does belongs to nobody, so it rests meanwhile.
    """
    instructions = calls = foreign = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal instructions, calls
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            instructions += 1
        elif event == "call":
            calls += 1
        return trace

    def profile(_: FrameType, event: str, __: Any) -> None:
        nonlocal foreign
        foreign += event == "c_call"

    tracer, profiler = sys.gettrace(), sys.getprofile()
    collects = gc.isenabled()
    gc.disable()
    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(profiler)
        sys.settrace(tracer)
        if collects:
            gc.enable()
    # The first of each is `action`'s own, or that of a function in C; the last two turn this off.
    return Tally(instructions, calls, foreign - 1)
