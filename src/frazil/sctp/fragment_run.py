"""What has arrived of a message, as far as it hangs together."""

from typing import Final

from frazil.sctp.chunk import BEGIN, END

CHUNK_OVERHEAD: Final = 128
"""What keeping one chunk costs besides its data; counted so that tiny chunks are no loophole."""


class FragmentRun:
    """Adjacent fragments of one message.

    Attributes:
        first: The position of its first fragment.
        last: The position of its last fragment.
        parts: The user data in order.
        flags: BEGIN if the message's first fragment is here, END for its last, and UNORDERED.
        sequence: The message's sequence number, and ppid: its PPID, valid once BEGIN is set.
    """

    __slots__ = ("first", "flags", "last", "parts", "ppid", "sequence", "stream_id")

    def __init__(
        self, position: int, flags: int, stream_id: int, sequence: int, ppid: int, data: bytes
    ) -> None:
        self.first = self.last = position
        self.flags = flags
        self.stream_id = stream_id
        self.sequence = sequence
        self.ppid = ppid
        self.parts = [data]

    def cost(self) -> int:
        """What it counts for in the receive window."""
        return sum(map(len, self.parts)) + CHUNK_OVERHEAD * len(self.parts)

    def append(self, run: "FragmentRun") -> None:
        """Continue with the run that follows directly."""
        self.parts += run.parts
        self.last = run.last
        self.flags |= run.flags & END

    def is_cut_by(self, tsn: int) -> bool:
        """Whether a run of DATA chunks can never be completed as nothing up to ``tsn`` comes."""
        if not self.flags & BEGIN:
            return self.first <= tsn + 1
        return self.last < tsn
