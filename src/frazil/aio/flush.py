"""How the parts of a driver ask it for a flush."""

from collections.abc import Callable


class Flush:
    """Calls the driver, until that is closed: from then on neither keeps the other in memory."""

    __slots__ = ("_flush",)

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush: Callable[[], None] | None = flush

    def __call__(self) -> None:
        """Have whatever the connection has to say carried out."""
        if self._flush is not None:
            self._flush()

    def close(self) -> None:
        """There is nothing to carry out any more."""
        self._flush = None
