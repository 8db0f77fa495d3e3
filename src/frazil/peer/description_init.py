"""RTCSessionDescriptionInit: a description as it is passed in."""

from dataclasses import dataclass

from frazil.peer.dictionary import Dictionary
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

    @classmethod
    def from_value(cls, value: object) -> "DescriptionInit":
        """Read what ``setLocalDescription`` and ``setRemoteDescription`` take.

        Raises:
            TypeError: If a member has the wrong type.
        """
        if isinstance(value, DescriptionInit):
            return value
        members = Dictionary(value, "description", "type")
        kind = None if members.get("type") is None else members.choice("type", SdpType.OFFER)
        return cls(kind, members.text("sdp") or "")

    def to_dict(self) -> dict[str, str]:
        """The W3C dictionary, ready for ``json.dumps``."""
        return {"type": str(self.type), "sdp": self.sdp}
