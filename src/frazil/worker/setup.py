"""What every worker of a pool is given."""

import pickle
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from frazil.aio import IceOptions
from frazil.session.config import SessionConfig
from frazil.w3c import RTCPeerConnection

Handler: TypeAlias = Callable[[RTCPeerConnection], Awaitable[None]]
"""What serves one connection: it lasts until the handler returns."""


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """How a worker serves.

    Attributes:
        handler: A coroutine function that can be imported.
        port: The UDP port of all its connections; 0 for a free one.
        configuration: The W3C dictionary of each connection.
        ice: How candidates are gathered.
        session: Timers and limits.
    """

    handler: Handler
    port: int
    configuration: dict[str, Any]
    ice: IceOptions
    session: SessionConfig

    def check(self) -> None:
        """Make sure that it can be sent to another process.

        Raises:
            TypeError: It cannot; the message says which part.
        """
        if self.configuration.get("certificates"):
            raise TypeError(
                "configuration cannot be sent to a worker: the keys of certificates stay in their "
                "process; leave them out, and each connection makes its own"
            )
        for name in ("handler", "configuration", "ice", "session"):
            try:
                pickle.dumps(getattr(self, name))
            except (TypeError, AttributeError, pickle.PicklingError) as error:
                text = f"{name} cannot be sent to a worker: {error}"
                if name == "handler":
                    text += "; a handler is a function of a module, not of another function"
                raise TypeError(text) from None
