"""What can go wrong with workers."""

from frazil.errors import FrazilError


class WorkerError(FrazilError):
    """A worker process did not start, ended by itself, or does not answer."""


class HandlerError(FrazilError):
    """The handler of a session raised an exception in its worker.

    Attributes:
        traceback: Where, as Python prints it; of long texts both ends.
    """

    def __init__(self, message: str, traceback: str) -> None:
        super().__init__(message)
        self.traceback = traceback

    def __str__(self) -> str:
        return f"{self.args[0]}\n{self.traceback}".rstrip()
