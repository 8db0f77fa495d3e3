"""The options of a data channel, as applications give them (webrtc-pc 6.2, RTCDataChannelInit)."""

from dataclasses import dataclass
from typing import Final

from frazil.peer.priority import RTCPriorityType

MAX_ID: Final = 65534
"""65535 is reserved (RFC 8832 6)."""
MAX_TEXT_BYTES: Final = 65535
"""UTF-8 bytes of a label or a subprotocol (RFC 8832 5.1)."""


@dataclass(slots=True, unsafe_hash=True)
class ChannelInit:
    """webrtc-pc, RTCDataChannelInit.

    Attributes:
        ordered: Messages arrive in the order in which they were sent.
        max_packet_life_time: Milliseconds during which a message is retransmitted.
        max_retransmits: How often a message is retransmitted.
        protocol: The subprotocol.
        negotiated: Both sides create the channel with the same id; nothing is announced.
        id: The stream id of a negotiated channel, 0 to 65534; ignored otherwise.
        priority: What it gets while other channels have something to send as well.
    """

    ordered: bool = True
    max_packet_life_time: int | None = None
    max_retransmits: int | None = None
    protocol: str = ""
    negotiated: bool = False
    id: int | None = None
    priority: RTCPriorityType = RTCPriorityType.LOW

    def check(self, label: str) -> None:
        """Accept the combination of members (webrtc-pc, createDataChannel).

        Raises:
            TypeError: The first rule that is broken, in W3C order.
        """
        if len(label.encode()) > MAX_TEXT_BYTES:
            raise TypeError(f"the label has more than {MAX_TEXT_BYTES} UTF-8 bytes")
        if len(self.protocol.encode()) > MAX_TEXT_BYTES:
            raise TypeError(f"the protocol has more than {MAX_TEXT_BYTES} UTF-8 bytes")
        if self.negotiated and self.id is None:
            raise TypeError("a negotiated channel needs an id; both sides pass the same")
        if self.max_packet_life_time is not None and self.max_retransmits is not None:
            raise TypeError("set maxPacketLifeTime or maxRetransmits, not both")
        if self.negotiated and self.id is not None and self.id > MAX_ID:
            raise TypeError(f"the id must be 0 to {MAX_ID}; 65535 is reserved")
