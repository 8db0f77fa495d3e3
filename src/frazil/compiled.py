"""What the compiler of the optional build (`make wheels`) is told in the source."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # the type checker and the compiler have it, and nobody else needs it
    from mypy_extensions import mypyc_attr as mypyc_attr
else:
    C = TypeVar("C")

    def mypyc_attr(**_: bool) -> Callable[[C], C]:
        """Mark a class.

        With ``allow_interpreted_subclasses`` one that is not compiled may extend it. With
        ``acyclic`` its objects refer to nothing that could lead back to them, and the garbage
        collector need not know them: they are made faster, and it has less to look through.
        """
        return lambda kind: kind
