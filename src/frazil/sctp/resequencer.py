"""Puts whole messages of a stream into the order they were sent in (RFC 9260 section 6.6)."""

from bisect import bisect_left

from frazil.sctp.event import UserMessage
from frazil.sctp.serial import is_behind


class Resequencer:
    """The messages of one stream that came before their turn, in the order of their numbers."""

    __slots__ = ("_mask", "_messages", "_numbers")

    def __init__(self, mask: int) -> None:
        """Hold messages with sequence numbers as wide as ``mask``."""
        self._mask = mask
        self._messages: dict[int, UserMessage] = {}
        self._numbers: list[int] = []  # ascending, perhaps over the wrap

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def put(self, sequence: int, expected: int, message: UserMessage) -> bool:
        """Keep a message, while number ``expected`` is due; False if there is one already."""
        if sequence in self._messages:
            return False
        self._messages[sequence] = message
        numbers, mask = self._numbers, self._mask
        if not numbers or is_behind(numbers[-1], sequence, mask):  # nearly always
            numbers.append(sequence)
        else:
            at = bisect_left(
                numbers, (sequence - expected) & mask, key=lambda other: (other - expected) & mask
            )
            numbers.insert(at, sequence)
        return True

    def release(self, expected: int) -> tuple[list[UserMessage], int]:
        """Take out all before ``expected``, and all that follow from there without a gap.

        Returns:
            The messages, and the number that is due behind them.
        """
        count, mask = 0, self._mask
        for number in self._numbers:
            if number == expected:
                expected = (expected + 1) & mask
            elif not is_behind(number, expected, mask):
                break
            count += 1
        due = self._numbers[:count]
        del self._numbers[:count]
        return [self._messages.pop(number) for number in due], expected

    def sizes(self) -> list[int]:
        """How many bytes of user data each message has."""
        return [len(data) for _, _, data in self._messages.values()]
