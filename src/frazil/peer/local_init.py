"""Which INIT chunk our descriptions announce, and when it changes (draft-hancke-tsvwg-snap)."""

from frazil.sctp import SctpConfig, SignalledInits, announce, settled
from frazil.types import RandomBytes


class LocalInit:
    """Chooses the INIT chunk of our side; each association has one of its own.

    Args:
        config: How the associations are set up; ``None`` if nothing is to be announced.
        random_bytes: Gives tags and sequence numbers.
    """

    __slots__ = ("_config", "_fresh", "_random_bytes", "_used")

    def __init__(self, config: SctpConfig | None, random_bytes: RandomBytes) -> None:
        self._config = config
        self._random_bytes = random_bytes
        self._fresh: bytes | None = None
        self._used: bytes | None = None

    def announced(self, *, is_running: bool) -> bytes | None:
        """What a description says: of the association that runs, or of the next one.

        Nothing, if the one that runs was set up by packets: it is too late for it.
        """
        if is_running:
            return self._used
        if self._fresh is None and self._config is not None:
            self._fresh = announce(self._config, self._random_bytes)
        return self._fresh

    def begin(self, ours: bytes | None, theirs: bytes | None) -> SignalledInits | None:
        """An association begins after these announcements; what they settle, if they do.

        Ours has been used up then, whatever comes of it.
        """
        found = settled(ours, theirs) if ours == self._fresh else None
        self._used = ours if found is not None else None
        self._fresh = None
        return found
