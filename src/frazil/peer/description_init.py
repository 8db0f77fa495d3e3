"""RTCSessionDescriptionInit: a description as it is passed in."""

from dataclasses import dataclass

from frazil.peer.signaling import SdpType


@dataclass(slots=True, unsafe_hash=True)
class DescriptionInit:
    """webrtc-pc, RTCSessionDescriptionInit and RTCLocalSessionDescriptionInit.

    Attributes:
        type: What it is; ``None`` lets ``setLocalDescription`` choose.
        sdp: The text; empty lets ``setLocalDescription`` create it.
    """

    type: SdpType | None = None
    sdp: str = ""

    def to_dict(self) -> dict[str, str]:
        """The W3C dictionary, ready for ``json.dumps``."""
        return {"type": str(self.type), "sdp": self.sdp}
