"""Tells the trace what the application asks for."""

from collections.abc import Callable, Mapping
from typing import Final

from frazil.peer.configuration import Configuration
from frazil.trace import Trace

_LABEL_SIZE: Final = 64
"""Characters of a label that are recorded."""


class CallLog:
    """Records the calls of one connection. Sending messages is not among them."""

    __slots__ = ("_clock", "_trace")

    def __init__(self, trace: Trace, clock: Callable[[], float]) -> None:
        self._trace = trace
        self._clock = clock

    def configured(self, configuration: Configuration) -> None:
        """The configuration that is in force from now on."""
        servers = [url.url for each in configuration.ice_servers for url in each.urls]
        self._trace.record(
            self._clock(),
            "api",
            "configured",
            servers=" ".join(servers),
            policy=configuration.ice_transport_policy,
            bundle=configuration.bundle_policy,
        )

    def called(self, method: str, detail: object = "") -> None:
        """A method with the W3C name ``method``; ``detail`` tells the call from others."""
        text = str(detail)[:_LABEL_SIZE]
        self._trace.record(self._clock(), "api", "called", method=method, detail=text)

    def described(self, method: str, description: object) -> None:
        """A method whose argument, which may be anything, should be a description."""
        if description is None:
            self.called(method)
        elif isinstance(description, (dict, Mapping)):
            self.called(method, description.get("type", ""))
        else:
            self.called(method, getattr(description, "type", None) or "")
