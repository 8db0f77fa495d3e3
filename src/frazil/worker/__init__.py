"""Connections of one server, spread over processes."""

from frazil.worker.error import HandlerError, WorkerError
from frazil.worker.message import EndCause
from frazil.worker.pool import WorkerPool
from frazil.worker.session import WorkerSession

__all__ = ["EndCause", "HandlerError", "WorkerError", "WorkerPool", "WorkerSession"]
