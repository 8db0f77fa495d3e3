"""The page about exceptions."""

from collections.abc import Iterator

import frazil
from frazil import ConnectivityError, DOMException, FrazilError
from frazil.errors import ProtocolError, RTCErrorDetail
from generator.markdown import NOTICE, code, table


def error_page() -> Iterator[str]:
    """Every exception that reaches an application."""
    yield NOTICE
    yield "# Errors"
    yield (
        "What the library raises, or rejects a future with. All of it is a `FrazilError`; wrong "
        "types and numbers out of range are Python's own `TypeError`, as W3C asks. Bytes from the "
        "network never raise anything: `pc.trace.counters` counts what was dropped."
    )
    yield table(("exception", "`name`", "when"), _rows(FrazilError, 0))
    yield "## ConnectivityError"
    yield (
        "`wait_connected` raises it. Its text and its `report` say what was found, the likely "
        "cause first; [findings](findings.md) lists what there is to find."
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
        "\N{EM SPACE}" * depth + code(kind.__name__),
        code(kind.name) if is_w3c else "",
        _first_sentence(kind).replace("``", "`"),
    )
    for below in kind.__subclasses__():
        if below is not ProtocolError and hasattr(frazil, below.__name__):
            yield from _rows(below, depth + 1)


def _first_sentence(kind: type[Exception]) -> str:
    if kind is FrazilError:
        return "The base of all others."
    if kind is ConnectivityError:
        return "The connection did not reach the state that was waited for; says why."
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())
