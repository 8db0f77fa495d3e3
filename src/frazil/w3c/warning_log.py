"""Tells the log what the user can do something about, once."""

import asyncio
import logging
from typing import Final

from frazil.explain import Finding, explain
from frazil.trace import Trace, TraceRecord

_OF_SERVERS: Final = ("FZ-TURN", "FZ-STUN")
_NO_WARNINGS: Final = frozenset({"FZ-PEER-CLOSED", "FZ-API-CLOSED"})
"""What somebody did on purpose."""


class WarningLog:
    """Looks into the causes when a server or the connection fails, and warns of each once.

    A warning goes to the logger of the layer, ``frazil.ice`` for example, and names the connection.
    Its record has the attributes ``connection``, the number, and ``code``.

    Args:
        trace: Of the connection.
        loop: Where it lives.
        number: What the log calls the connection.
    """

    __slots__ = ("_has_failed", "_is_due", "_loop", "_number", "_told", "_trace")

    def __init__(self, trace: Trace, loop: asyncio.AbstractEventLoop, number: int) -> None:
        self._number = number
        self._trace = trace
        self._loop = loop
        self._is_due = False
        self._told: dict[str, None] = {}
        self._has_failed = False
        trace.listen(self._on_server_failed, ("server-failed",))

    def connection_failed(self) -> None:
        """The connection has failed: whatever the cause is, it is told."""
        self._has_failed = True
        self._want_look()

    def warn(self, layer: str, code: str, text: str) -> None:
        """Write one line, of printable text, whoever wants that."""
        logging.getLogger(f"frazil.{layer}").warning(
            "connection %d: %s: %s",
            self._number,
            code,
            text,
            extra={"connection": self._number, "code": code},
        )

    def close(self) -> None:
        """What happens from now on, happens on purpose."""
        self._trace.ignore(self._on_server_failed)

    def _on_server_failed(self, record: TraceRecord) -> None:
        self._want_look()

    def _want_look(self) -> None:
        if not self._is_due:
            self._is_due = True  # more may follow in the same turn
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        self._is_due = False
        has_failed, self._has_failed = self._has_failed, False
        for finding in explain(self._trace.records, self._loop.time()).findings:
            if has_failed or finding.code.startswith(_OF_SERVERS):
                self._tell(finding)

    def _tell(self, finding: Finding) -> None:
        if finding.code in self._told or finding.code in _NO_WARNINGS:
            return
        self._told[finding.code] = None
        self.warn(finding.kind.layer, finding.code, f"{finding.sentence} {finding.kind.fix}")
