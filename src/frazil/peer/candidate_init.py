"""RTCIceCandidateInit: a candidate as applications signal it."""

from dataclasses import dataclass, replace

from frazil.compiled import mypyc_attr
from frazil.peer.dictionary import Dictionary
from frazil.turn import RelayProtocol


@mypyc_attr(acyclic=True)
@dataclass(slots=True, unsafe_hash=True)
class CandidateInit:
    """webrtc-pc, RTCIceCandidateInit.

    Attributes:
        candidate: The ``candidate:`` line, or empty for end-of-candidates.
        sdp_mid: The mid of the m-section it belongs to.
        sdp_m_line_index: The index of that m-section, from 0.
        username_fragment: The generation it belongs to.
        url: The server a local candidate came from; not signalled.
        relay_protocol: How messages get to that server; not signalled.
    """

    candidate: str = ""
    sdp_mid: str | None = None
    sdp_m_line_index: int | None = None
    username_fragment: str | None = None
    url: str | None = None
    relay_protocol: RelayProtocol | None = None

    @classmethod
    def from_value(cls, value: object) -> "CandidateInit":
        """Read what ``addIceCandidate`` takes.

        ``None`` and ``{}`` mean the end of the candidates of every m-section.

        Raises:
            TypeError: If a member has the wrong type or range, or if there is a candidate but
                neither mid nor index (webrtc-pc 4.4.2, addIceCandidate).
        """
        if isinstance(value, CandidateInit):
            init = value
        else:
            members = Dictionary(value, "candidate", "candidate")
            init = cls(
                candidate=members.text("candidate") or "",
                sdp_mid=members.text("sdpMid"),
                sdp_m_line_index=members.number("sdpMLineIndex"),
                username_fragment=members.text("usernameFragment"),
            )
        if init.candidate and init.sdp_mid is None and init.sdp_m_line_index is None:
            raise TypeError(
                "addIceCandidate needs sdpMid or sdpMLineIndex; "
                "pass candidate.toJSON() as the browser produced it"
            )
        return init

    @classmethod
    def of_local(cls, value: object) -> "CandidateInit":
        """Read what ``RTCIceCandidate`` is made of (webrtc-pc, RTCLocalIceCandidateInit).

        Raises:
            TypeError: If a member has the wrong type or range, or mid and index are missing.
        """
        members = Dictionary(value, "candidate", "candidate")
        if members.get("sdpMid") is None and members.get("sdpMLineIndex") is None:
            raise TypeError("an RTCIceCandidate needs sdpMid or sdpMLineIndex")
        has_protocol = members.get("relayProtocol") is not None
        return replace(
            cls.from_value(value),
            url=members.text("url"),
            relay_protocol=members.choice("relayProtocol", RelayProtocol.UDP)
            if has_protocol
            else None,
        )

    def to_dict(self) -> dict[str, str | int | None]:
        """The W3C dictionary, ready for ``json.dumps``."""
        return {
            "candidate": self.candidate,
            "sdpMid": self.sdp_mid,
            "sdpMLineIndex": self.sdp_m_line_index,
            "usernameFragment": self.username_fragment,
        }
