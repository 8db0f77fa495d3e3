"""``RTCSessionDescription`` (webrtc-pc 4.6)."""

from frazil.peer.description import Description


class RTCSessionDescription:
    """A description; ``setLocalDescription`` and friends also take plain dictionaries.

    ``pc.localDescription`` stays the same object until another description is set, while its
    ``sdp`` grows with each gathered candidate.

    Attributes:
        type: ``"offer"``, ``"pranswer"``, ``"answer"`` or ``"rollback"``.
    """

    __slots__ = ("_applied", "_sdp", "type")

    def __init__(self, sdp: str = "", type: str = "offer") -> None:
        if type not in ("offer", "pranswer", "answer", "rollback"):
            raise TypeError(f"type must be offer, pranswer, answer or rollback, not {type!r}")
        self.type = type
        self._sdp = sdp
        self._applied: Description | None = None

    @classmethod
    def _of(cls, applied: Description) -> "RTCSessionDescription":
        view = cls("", str(applied.type))
        view._applied = applied
        return view

    @property
    def sdp(self) -> str:
        """The text."""
        return self._applied.sdp if self._applied else self._sdp

    def toJSON(self) -> dict[str, str]:
        """What to send to the peer."""
        return {"type": self.type, "sdp": self.sdp}

    def __repr__(self) -> str:
        return f"RTCSessionDescription(type={self.type!r}, sdp={self.sdp!r})"
