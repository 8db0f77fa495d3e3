"""What the world outside the core gave in one recorded call, given once more."""

import hashlib
from collections import deque
from typing import Any

from frazil.record.step import Step


class Feed:
    """The random numbers and DTLS outcomes of the step that is being replayed.

    Where the recording has none, or others than are asked for, random numbers follow from a fixed
    seed and DTLS gives nothing: the difference shows in the line of the replay.
    """

    def __init__(self) -> None:
        self._random: deque[str] = deque()
        self._dtls: deque[list[Any]] = deque()
        self._drawn = 0

    def load(self, step: Step) -> None:
        """Give what was given in ``step``."""
        self._random = deque(step.random)
        self._dtls = deque(step.dtls)  # type: ignore[arg-type]  # each entry is a list

    def random_bytes(self, size: int) -> bytes:
        """The next random bytes."""
        if self._random and len(self._random[0]) == 2 * size:
            return bytes.fromhex(self._random.popleft())
        self._drawn += 1
        return hashlib.shake_256(self._drawn.to_bytes(8)).digest(size)

    def take_dtls(self, operation: str) -> list[Any]:
        """The next entry, if it is of this operation; an empty list otherwise."""
        if self._dtls and self._dtls[0][0] == operation:
            return self._dtls.popleft()
        return []
