"""Session descriptions as they were applied, and the four slots."""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.peer.remote import RemoteTransport, read_transport
from frazil.peer.signaling import SdpType, Side
from frazil.sdp import MediaDescription, SessionDescription
from frazil.types import Address

MAX_CANDIDATES: Final = 100
"""Candidate lines in one m-section, as many as the SDP parser takes."""


@mypyc_attr(acyclic=True)
class _Section:
    """What is known of an m-section by now.

    Attributes:
        media: What it said when it was applied.
        candidates: Its ``candidate:`` lines as they are now.
        default_address: The default candidate, if it was named later.
        has_ended: Whether no further candidate will be added.
    """

    __slots__ = ("candidates", "default_address", "has_ended", "media")

    def __init__(self, media: MediaDescription) -> None:
        self.media = media
        self.candidates = media.candidates
        self.default_address: Address | None = None
        self.has_ended = media.end_of_candidates

    def update(self, text: str) -> str:
        """``text`` of the section as it was applied, with what has changed since."""
        if self.default_address is not None:
            text = _with_default_address(text, self.default_address)
        applied, candidates = set(self.media.candidates), set(self.candidates)
        gone = {f"a={line}" for line in applied - candidates}
        if gone:
            text = "\n".join([line for line in text.split("\n") if line not in gone])
        lines = [text, *[line for line in self.candidates if line not in applied]]
        if self.has_ended and not self.media.end_of_candidates:
            lines.append("end-of-candidates")
        return "\na=".join(lines)


@mypyc_attr(acyclic=True)
class Description:
    """A description that was applied (RTCSessionDescription); its text goes with its candidates.

    Attributes:
        type: Offer, pranswer or answer.
        model: What it said when it was applied.
    """

    __slots__ = ("_has_changed", "_sections", "_text", "_transport", "model", "type")

    def __init__(self, kind: SdpType, text: str, model: SessionDescription) -> None:
        self.type = kind
        self.model = model
        self._text = text
        self._sections = tuple([_Section(media) for media in model.media])
        self._has_changed = False
        self._transport: tuple[int, RemoteTransport] | None = None

    @property
    def sdp(self) -> str:
        """The text as applied, plus every candidate added since, at the end of its m-section.

        Those that are gone are left out.
        """
        if not self._has_changed:
            return self._text
        session, *texts = _split(self._text)
        sections = [each.update(text) for each, text in zip(self._sections, texts, strict=True)]
        newline = "\r\n" if "\r\n" in self._text else "\n"
        return "\n".join([session, *sections, ""]).replace("\n", newline)

    def transport_at(self, index: int) -> RemoteTransport:
        """The transport of an m-section of the peer's.

        It is asked for several times in a row, so the last one is kept: the model never changes.
        """
        if self._transport is None or self._transport[0] != index:
            self._transport = index, read_transport(self.model, index)
        return self._transport[1]

    def sections_of(self, ufrag: str) -> list[int]:
        """The indexes of the m-sections that belong to the generation ``ufrag``."""
        return [
            index for index, media in enumerate(self.model.media) if self.ufrag_at(index) == ufrag
        ]

    def ufrag_at(self, index: int) -> str | None:
        """The generation of the m-section at ``index``, its own or its BUNDLE group's."""
        media = self.model.media[index]
        if media.is_rejected:
            return None
        return media.ice_ufrag or self.model.bundle_tag(media).ice_ufrag

    def place_of(self, ufrag: str) -> int | None:
        """The m-section in which the candidates of the generation ``ufrag`` stand."""
        first: int | None = None
        for index, media in enumerate(self.model.media):
            if self.ufrag_at(index) == ufrag:
                if self.model.bundle_tag(media) is media:
                    return index
                if first is None:
                    first = index
        return first

    def candidates_at(self, index: int) -> tuple[str, ...]:
        """The ``candidate:`` lines of an m-section as they are now."""
        return self._sections[index].candidates

    def has_ended_at(self, index: int) -> bool:
        """Whether no further candidate will be added to the m-section."""
        return self._sections[index].has_ended

    def index_of(self, mid: str) -> int | None:
        """The index of the m-section named ``mid``."""
        for index, media in enumerate(self.model.media):
            if media.mid == mid:
                return index
        return None

    def are_named(self) -> list[bool]:
        """Whether the text itself gives a mid to each of the m-sections."""
        return ["\na=mid:" in section for section in _split(self._text)[1:]]

    def add_candidate(self, index: int, line: str) -> None:
        """Append ``a=candidate:...`` to the m-section at ``index``, unless it is there."""
        lines = self._sections[index].candidates
        if line not in lines:
            self.set_candidates(index, (*lines, line))

    def set_candidates(self, index: int, lines: tuple[str, ...]) -> None:
        """These are the candidates of the m-section at ``index``; the newest, up to the limit."""
        self._sections[index].candidates = lines[-MAX_CANDIDATES:]
        self._has_changed = True

    def end_candidates(self, index: int) -> None:
        """Append ``a=end-of-candidates`` to the m-section at ``index``, once."""
        section = self._sections[index]
        if not section.has_ended:
            section.has_ended = True
            self._has_changed = True

    def set_default_address(self, index: int, address: Address) -> None:
        """Name the default candidate in the ``m=`` and ``c=`` lines (RFC 8839 4.2.1.2)."""
        self._sections[index].default_address = address
        self._has_changed = True


class DescriptionSlots:
    """The four description slots of a connection (webrtc-pc 4.4.1.5, RFC 9429 3.2)."""

    __slots__ = ("current_local", "current_remote", "pending_local", "pending_remote")

    def __init__(self) -> None:
        self.current_local: Description | None = None
        self.current_remote: Description | None = None
        self.pending_local: Description | None = None
        self.pending_remote: Description | None = None

    @property
    def local(self) -> Description | None:
        """The pending local description if there is one, else the current one."""
        return self.pending_local or self.current_local

    @property
    def remote(self) -> Description | None:
        """The pending remote description if there is one, else the current one."""
        return self.pending_remote or self.current_remote

    @property
    def current_answer(self) -> Description | None:
        """The one of the current descriptions that is the answer."""
        local = self.current_local
        return local if local and local.type is SdpType.ANSWER else self.current_remote

    def locals(self) -> list[Description]:
        """The local descriptions in force, newest first."""
        return _in_force(self.pending_local, self.current_local)

    def remotes(self) -> list[Description]:
        """The remote descriptions in force, newest first."""
        return _in_force(self.pending_remote, self.current_remote)

    def apply(self, side: Side, description: Description) -> None:
        """Put ``description`` where it belongs; a final answer makes both sides current."""
        if description.type is not SdpType.ANSWER:
            if side is Side.LOCAL:
                self.pending_local = description
            else:
                self.pending_remote = description
            return
        if side is Side.LOCAL:
            self.current_local, self.current_remote = description, self.pending_remote
        else:
            self.current_local, self.current_remote = self.pending_local, description
        self.roll_back()

    def roll_back(self) -> None:
        """Forget what is pending."""
        self.pending_local = self.pending_remote = None


def _in_force(pending: Description | None, current: Description | None) -> list[Description]:
    newest = [] if pending is None else [pending]
    return newest if current is None else [*newest, current]


def _split(text: str) -> list[str]:
    """The session section and each m-section of text that can be read, without the last newline."""
    first, *others = text.rstrip("\r\n").replace("\r\n", "\n").split("\nm=")
    return [first, *[f"m={other}" for other in others]]


def _with_default_address(section: str, address: Address) -> str:
    host, port = address
    kind, _, rest = section.split(" ", 2)
    before, _, rest = rest.partition("\nc=")
    _, newline, after = rest.partition("\n")
    family = "IP6" if ":" in host else "IP4"
    return f"{kind} {port} {before}\nc=IN {family} {host}{newline}{after}"
