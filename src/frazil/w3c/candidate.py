"""``RTCIceCandidate`` (webrtc-pc 4.8.1)."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from frazil.ice import Candidate, CandidateSyntaxError, SelectedPair
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.reader import read_local_candidate


class RTCIceCandidate:
    """A candidate as it is signalled, with the fields that its line holds; it never changes.

    The derived fields are ``None`` if the line is empty or cannot be parsed.
    """

    __slots__ = ("_found", "_init", "_is_concealed", "_is_read")

    def __init__(
        self,
        candidate: "str | Mapping[str, Any] | RTCIceCandidate" = "",
        sdpMid: str | None = None,
        sdpMLineIndex: int | None = None,
        usernameFragment: str | None = None,
        *,
        relayProtocol: str | None = None,
        url: str | None = None,
    ) -> None:
        """Take the members one by one, or another candidate, or the dictionary made of one.

        Raises:
            TypeError: Both ``sdpMid`` and ``sdpMLineIndex`` are missing, or a member has the
                wrong type.
        """
        members: object = candidate
        if isinstance(candidate, str):
            members = {
                "candidate": candidate,
                "sdpMid": sdpMid,
                "sdpMLineIndex": sdpMLineIndex,
                "usernameFragment": usernameFragment,
                "relayProtocol": relayProtocol,
                "url": url,
            }
        self._take(read_local_candidate(members))

    @classmethod
    def _of(cls, init: CandidateInit) -> "RTCIceCandidate":
        candidate = cls.__new__(cls)
        candidate._take(init)
        return candidate

    @classmethod
    def _of_peer_reflexive(
        cls, init: CandidateInit, found: Candidate, *, is_remote: bool
    ) -> "RTCIceCandidate":
        """One that was never signalled: it has no line, and a remote one keeps its address."""
        candidate = cls._of(init)
        candidate._found = found
        candidate._is_read = True
        candidate._is_concealed = is_remote
        return candidate

    def _take(self, init: CandidateInit) -> None:
        self._init = init
        self._is_concealed = False
        self._is_read = False
        self._found: Candidate | None = None

    @property
    def _parsed(self) -> Candidate | None:
        """What the line says; it is read when somebody asks, for nobody needs to signal it."""
        if not self._is_read:
            self._is_read = True
            if self._init.candidate:
                with suppress(CandidateSyntaxError):
                    self._found = Candidate.from_line(self._init.candidate)
        return self._found

    @property
    def candidate(self) -> str:
        """The ``candidate:`` line; empty for end-of-candidates and peer-reflexive ones."""
        return self._init.candidate

    @property
    def sdpMid(self) -> str | None:
        """The m-section it belongs to, by name."""
        return self._init.sdp_mid

    @property
    def sdpMLineIndex(self) -> int | None:
        """The same by index."""
        return self._init.sdp_m_line_index

    @property
    def usernameFragment(self) -> str | None:
        """The generation it belongs to."""
        return self._init.username_fragment

    @property
    def url(self) -> str | None:
        """The server behind a local reflexive or relayed candidate."""
        return self._init.url

    @property
    def relayProtocol(self) -> str | None:
        """``"udp"``, ``"tcp"`` or ``"tls"``: how a local relayed candidate reaches its server."""
        return self._init.relay_protocol

    @property
    def foundation(self) -> str | None:
        """Equal for candidates of equal type, base and server; concealed with ``address``."""
        return self._parsed.foundation if self._parsed and not self._is_concealed else None

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
        """The IP address, or an mDNS name; concealed if the peer never signalled it."""
        return self._parsed.address[0] if self._parsed and not self._is_concealed else None

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
        return self._init.to_dict()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RTCIceCandidate) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[CandidateInit, Candidate | None]:
        """What was signalled; of a candidate that never was, what was found."""
        return self._init, None if self._init.candidate else self._found

    def __repr__(self) -> str:
        return f"RTCIceCandidate({self.candidate!r}, sdpMid={self.sdpMid!r})"


@dataclass(frozen=True, slots=True)
class RTCIceCandidatePair:
    """A local and a remote candidate that carry data together, or may."""

    local: RTCIceCandidate
    remote: RTCIceCandidate
    _pair: SelectedPair | None = field(default=None, repr=False, compare=False)
