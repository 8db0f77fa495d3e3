"""What two peers agree on for a channel, in-band by DCEP or by themselves."""

from dataclasses import dataclass
from typing import Final

MAX_TEXT_SIZE: Final = 0xFFFF
"""The most UTF-8 bytes that a label or a protocol may have (RFC 8832 5.1)."""
MAX_RELIABILITY: Final = 0xFFFFFFFF
MAX_PRIORITY: Final = 0xFFFF


@dataclass(slots=True, unsafe_hash=True)
class ChannelParameters:
    """The properties of a channel.

    Attributes:
        label: A name for people; it need not be unique.
        protocol: The name of a subprotocol, or empty.
        ordered: Whether messages arrive in the order in which they were sent.
        max_retransmits: How often a message is repeated at most; ``None`` for no such limit.
        max_packet_life_time_ms: For how long a message is transmitted at most, in milliseconds;
            ``None`` for no such limit. Not together with ``max_retransmits``.
        negotiated: Whether the peers agreed by themselves, so that nothing is sent to open it.
        priority: From 0 to 65535; the four levels of RFC 8831 6.4 are 128, 256, 512 and 1024.

    Raises:
        TypeError: Both limits are given, or a value is out of its range on the wire.
    """

    label: str = ""
    protocol: str = ""
    ordered: bool = True
    max_retransmits: int | None = None
    max_packet_life_time_ms: int | None = None
    negotiated: bool = False
    priority: int = 256

    def __post_init__(self) -> None:
        if self.max_retransmits is not None and self.max_packet_life_time_ms is not None:
            raise TypeError("a channel is limited by retransmissions or by time, not by both")
        for limit in (self.max_retransmits, self.max_packet_life_time_ms):
            if limit is not None and not 0 <= limit <= MAX_RELIABILITY:
                raise TypeError(f"a reliability limit is 0 to {MAX_RELIABILITY}, not {limit}")
        if not 0 <= self.priority <= MAX_PRIORITY:
            raise TypeError(f"a priority is 0 to {MAX_PRIORITY}, not {self.priority}")
        for text in (self.label, self.protocol):
            if len(text.encode()) > MAX_TEXT_SIZE:
                raise TypeError(f"a label or protocol has at most {MAX_TEXT_SIZE} UTF-8 bytes")

    @property
    def names_size(self) -> int:
        """Characters in the label and the protocol."""
        return len(self.label) + len(self.protocol)

    @property
    def max_lifetime_s(self) -> float | None:
        """``max_packet_life_time_ms`` in seconds."""
        milliseconds = self.max_packet_life_time_ms
        return None if milliseconds is None else milliseconds / 1000
