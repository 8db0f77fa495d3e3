"""What the compiler of the optional build (`make wheels`) is told in the source."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # the type checker and the compiler have it, and nobody else needs it
    from mypy_extensions import mypyc_attr as mypyc_attr
else:
    C = TypeVar("C")

    def mypyc_attr(**_: bool) -> Callable[[C], C]:
        """With ``allow_interpreted_subclasses``: a class that is not compiled may extend this."""
        return lambda kind: kind
