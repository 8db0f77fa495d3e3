"""``RTCSessionDescription`` (webrtc-pc 4.6)."""

from collections.abc import Mapping
from typing import Any

from frazil.peer.description import Description
from frazil.peer.description_init import DescriptionInit
from frazil.peer.reader import read_description


class RTCSessionDescription:
    """A description; ``setLocalDescription`` and friends also take plain dictionaries.

    ``pc.localDescription`` stays the same object until another description is set, while its
    ``sdp`` grows with each gathered candidate. A copy stays as it is, and can be pickled.
    """

    __slots__ = ("__weakref__", "_source")

    def __init__(self, sdp: str | Mapping[str, Any] = "", type: str | None = None) -> None:
        """Take the members one by one, or the dictionary that :meth:`toJSON` gave.

        Raises:
            TypeError: ``type`` is missing or none of ``offer``, ``pranswer``, ``answer`` and
                ``rollback``, or ``sdp`` is not a string.
        """
        members = sdp if isinstance(sdp, Mapping) else {"sdp": sdp, "type": type}
        init = read_description(members)
        if init.type is None:
            raise TypeError("a description needs a type: offer, pranswer, answer or rollback")
        self._source: DescriptionInit | Description = init

    @classmethod
    def _of(cls, source: DescriptionInit | Description) -> "RTCSessionDescription":
        view = cls.__new__(cls)
        view._source = source
        return view

    @property
    def type(self) -> str:
        """``"offer"``, ``"pranswer"``, ``"answer"`` or ``"rollback"``."""
        return str(self._source.type)

    @property
    def sdp(self) -> str:
        """The text."""
        return self._source.sdp

    def toJSON(self) -> dict[str, str]:
        """What to send to the peer."""
        return {"type": self.type, "sdp": self.sdp}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.sdp, self.type)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RTCSessionDescription):
            return NotImplemented
        return (self.type, self.sdp) == (other.type, other.sdp)

    __hash__ = None  # type: ignore[assignment]  # the text of a local description grows

    def __repr__(self) -> str:
        return f"RTCSessionDescription(type={self.type!r}, sdp={self.sdp!r})"
