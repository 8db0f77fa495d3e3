"""The page about exceptions."""

from collections.abc import Iterator

import frazil
import frazil.worker
from frazil import ConnectivityError, DOMException, FrazilError
from frazil.errors import RTCErrorDetail
from generator.markdown import NOTICE, code, table


def error_page() -> Iterator[str]:
    """Every exception that reaches an application."""
    yield NOTICE
    yield "# Errors"
    yield (
        "What the methods of W3C raise, or reject a future with, is a `FrazilError`; wrong types "
        "and numbers out of range are Python's own `TypeError`, as W3C asks. What is no part of "
        "W3C raises other exceptions of Python, too: `ValueError` for an option, a timer or the "
        "name of an event that cannot be, `RuntimeError` where no event loop runs or it is that of "
        "another thread, `OSError` for the port of a dashboard that cannot be had. Bytes from the "
        "network never raise anything: `pc.trace.counters` counts what was dropped. Each can be "
        "pickled with all its members, so that it arrives from a process of a "
        "`ProcessPoolExecutor` as it was raised there."
    )
    yield table(("exception", "`name`", "when"), _rows(FrazilError, 0))
    yield "## ConnectivityError"
    yield (
        "`wait_connected` and `wait_open` raise it. Its text and its `report` say what was found, "
        "the likely cause first; [findings](findings.md) lists what there is to find."
    )
    yield "## RTCError"
    yield (
        "`errorDetail` says what it is about: "
        + ", ".join(code(each.value) for each in RTCErrorDetail)
        + ". `sdpLineNumber`, `sctpCauseCode`, `receivedAlert` and `sentAlert` are numbers where "
        "there are any."
    )


def _rows(kind: type[Exception], depth: int) -> Iterator[tuple[str, str, str]]:
    is_w3c = issubclass(kind, DOMException) and kind is not DOMException
    yield (
        "\N{EM SPACE}" * depth + code(_public_name(kind)),
        code(kind.name) if is_w3c else "",
        _first_sentence(kind).replace("``", "`"),
    )
    for below in kind.__subclasses__():
        if _public_name(below):
            yield from _rows(below, depth + 1)


def _public_name(kind: type[Exception]) -> str:
    """With its package unless that is ``frazil``; empty for what never leaves the library."""
    name = kind.__name__
    if hasattr(frazil, name):
        return name
    return f"frazil.worker.{name}" if hasattr(frazil.worker, name) else ""


def _first_sentence(kind: type[Exception]) -> str:
    if kind is FrazilError:
        return "The base of all others."
    if kind is ConnectivityError:
        return "The connection did not reach the state that was waited for; says why."
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())
