"""What all displays for people have in common."""

from typing import Final

from frazil.cli.entry import Entry, StateMoved
from frazil.trace import StateChange

NOTABLE_S: Final = 0.1
"""From here on, people are told how long a message took."""
_TOLD_TWICE: Final = ("ice-transport ", "ice-gatherer ")


def is_told_twice(entry: Entry) -> bool:
    """Whether to leave an entry out, since another one says the same.

    With one transport, its ICE states are those of the connection.
    """
    return isinstance(entry, StateMoved) and entry.change.machine.startswith(_TOLD_TWICE)


def machine_name(change: StateChange) -> str:
    """The machine without its number: there is only one transport."""
    return change.machine.removesuffix(" 0")
