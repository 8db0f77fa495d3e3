"""Datagrams that go down to the socket in one piece."""

from frazil.compiled import mypyc_attr
from frazil.value import Value


@mypyc_attr(acyclic=True)
class Run(Value):
    """Equal datagrams back to back in one buffer; only the last may be shorter.

    The kernel can cut such a buffer itself (UDP GSO), so it stays in one piece down to the socket.

    Attributes:
        data: The datagrams.
        segment_size: The size of each but the last.
    """

    __slots__ = ("data", "segment_size")

    def __init__(self, data: bytes, segment_size: int) -> None:
        self.data = data
        self.segment_size = segment_size

    def as_tuple(self) -> tuple[bytes, int]:
        """Buffer and size."""
        return self.data, self.segment_size

    @property
    def datagram_count(self) -> int:
        """How many datagrams there are."""
        return -(-len(self.data) // self.segment_size)

    def datagrams(self) -> list[bytes]:
        """The datagrams one by one."""
        data, size = self.data, self.segment_size
        return [data[at : at + size] for at in range(0, len(data), size)]


def runs_of(datagrams: list[bytes]) -> list[Run]:
    """The datagrams, none of them empty, in their order and in as few runs as hold them."""
    runs: list[Run] = []
    start = 0
    for end in range(1, len(datagrams) + 1):
        size = len(datagrams[start])
        if end == len(datagrams) or len(datagrams[end]) > size or len(datagrams[end - 1]) < size:
            runs.append(Run(b"".join(datagrams[start:end]), size))
            start = end
    return runs
