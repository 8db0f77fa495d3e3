"""RTCIceCandidateInit: a candidate as applications signal it."""

from dataclasses import dataclass

from frazil.compiled import mypyc_attr
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

    def to_dict(self) -> dict[str, str | int | None]:
        """The W3C dictionary, ready for ``json.dumps``."""
        return {
            "candidate": self.candidate,
            "sdpMid": self.sdp_mid,
            "sdpMLineIndex": self.sdp_m_line_index,
            "usernameFragment": self.username_fragment,
        }
