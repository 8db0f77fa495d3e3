"""``RTCIceCandidate`` and ``RTCIceCandidatePair`` (webrtc-pc 4.8.1, 5.6)."""

from collections.abc import Mapping
from typing import Any

from frazil.ice import Candidate, CandidateSyntaxError
from frazil.peer.candidate_init import CandidateInit


class RTCIceCandidate:
    """A candidate as it is signalled, with the fields that its line holds.

    The derived fields are ``None`` if the line is empty or cannot be parsed.

    Attributes:
        candidate: The ``candidate:`` line; empty for end-of-candidates and peer-reflexive ones.
        sdpMid: The m-section it belongs to, by name.
        sdpMLineIndex: The same by index.
        usernameFragment: The generation it belongs to.
        url: The server behind a local reflexive or relayed candidate.
    """

    __slots__ = (
        "_parsed",
        "candidate",
        "sdpMLineIndex",
        "sdpMid",
        "url",
        "usernameFragment",
    )

    def __init__(
        self,
        candidate: str | Mapping[str, Any] = "",
        sdpMid: str | None = None,
        sdpMLineIndex: int | None = None,
        usernameFragment: str | None = None,
        *,
        url: str | None = None,
    ) -> None:
        """Take the members one by one, or the dictionary a browser made of its candidate.

        Raises:
            TypeError: If both ``sdpMid`` and ``sdpMLineIndex`` are missing.
        """
        if isinstance(candidate, Mapping):
            init = CandidateInit.from_value(candidate)
            candidate, sdpMid = init.candidate, init.sdp_mid
            sdpMLineIndex, usernameFragment = init.sdp_m_line_index, init.username_fragment
        if sdpMid is None and sdpMLineIndex is None:
            raise TypeError("an RTCIceCandidate needs sdpMid or sdpMLineIndex")
        self.candidate = candidate
        self.sdpMid = sdpMid
        self.sdpMLineIndex = sdpMLineIndex
        self.usernameFragment = usernameFragment
        self.url = url
        try:
            self._parsed = Candidate.from_line(candidate) if candidate else None
        except CandidateSyntaxError:
            self._parsed = None

    @classmethod
    def of(cls, init: CandidateInit) -> "RTCIceCandidate":
        """The public object of a signalled candidate."""
        return cls(
            init.candidate,
            init.sdp_mid,
            init.sdp_m_line_index,
            init.username_fragment,
            url=init.url,
        )

    @property
    def foundation(self) -> str | None:
        """Equal for candidates of equal type, base and server."""
        return self._parsed.foundation if self._parsed else None

    @property
    def component(self) -> str | None:
        """``"rtp"`` or ``"rtcp"``."""
        return ("rtp" if self._parsed.component == 1 else "rtcp") if self._parsed else None

    @property
    def priority(self) -> int | None:
        """Higher is better."""
        return self._parsed.priority if self._parsed else None

    @property
    def address(self) -> str | None:
        """The IP address, or an mDNS name."""
        return self._parsed.address[0] if self._parsed else None

    @property
    def port(self) -> int | None:
        """The port."""
        return self._parsed.address[1] if self._parsed else None

    @property
    def protocol(self) -> str | None:
        """``"udp"`` or ``"tcp"``."""
        return self._parsed.protocol if self._parsed else None

    @property
    def type(self) -> str | None:
        """``"host"``, ``"srflx"``, ``"prflx"`` or ``"relay"``."""
        return self._parsed.type if self._parsed else None

    @property
    def tcpType(self) -> str | None:
        """``"active"``, ``"passive"`` or ``"so"`` for TCP."""
        return self._parsed.tcp_type if self._parsed else None

    @property
    def relatedAddress(self) -> str | None:
        """The base behind a reflexive or relayed candidate."""
        return self._parsed.related[0] if self._parsed and self._parsed.related else None

    @property
    def relatedPort(self) -> int | None:
        """The port of that base."""
        return self._parsed.related[1] if self._parsed and self._parsed.related else None

    def toJSON(self) -> dict[str, str | int | None]:
        """What to send to the peer; ``addIceCandidate`` takes it on the other side."""
        return {
            "candidate": self.candidate,
            "sdpMid": self.sdpMid,
            "sdpMLineIndex": self.sdpMLineIndex,
            "usernameFragment": self.usernameFragment,
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RTCIceCandidate) and self.toJSON() == other.toJSON()

    def __hash__(self) -> int:
        return hash((self.candidate, self.sdpMid, self.sdpMLineIndex, self.usernameFragment))

    def __repr__(self) -> str:
        return f"RTCIceCandidate({self.candidate!r}, sdpMid={self.sdpMid!r})"
