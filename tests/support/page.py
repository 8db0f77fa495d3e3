"""What a browser has to offer so that a page of it can be a peer."""

from abc import ABC, abstractmethod
from collections.abc import Callable


def _ignore(text: str) -> None:
    del text


class Page(ABC):
    """An empty page, with a global function ``emit(text)`` that calls ``on_emit`` here."""

    def __init__(self) -> None:
        self.on_emit: Callable[[str], None] = _ignore

    @abstractmethod
    async def evaluate(self, expression: str) -> str:
        """The text that a JavaScript expression resolves to."""

    @abstractmethod
    async def close(self) -> None:
        """Close the page, as a user closes a tab."""
