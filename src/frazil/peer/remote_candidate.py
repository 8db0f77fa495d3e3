"""addIceCandidate (webrtc-pc 4.4.2)."""

from frazil.errors import InvalidStateError, OperationError
from frazil.ice import Candidate, CandidateSyntaxError
from frazil.peer.applier import Applier
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.core import Core
from frazil.peer.description import Description
from frazil.peer.operation import Steps


class RemoteCandidateIntake:
    """The body of ``addIceCandidate``."""

    __slots__ = ("_applier", "_core")

    def __init__(self, core: Core, applier: Applier) -> None:
        self._core = core
        self._applier = applier

    def add(self, init: CandidateInit) -> Steps[None]:
        """Hand one candidate, or the end of candidates, to the transport it belongs to."""
        remote = self._core.descriptions.remote
        if remote is None:
            raise InvalidStateError(
                "addIceCandidate needs a remote description; call setRemoteDescription first and "
                "keep early candidates until then"
            )
        index = _section(init, remote)
        is_ignored = index is not None and remote.model.media[index].is_rejected
        if index is not None and not is_ignored:
            index = self._describing(init, index, remote)
        if init.username_fragment is not None and not is_ignored:
            self._check_generation(init.username_fragment, index)
        now = yield
        if is_ignored:
            return  # a stopped transceiver takes the candidates of any generation
        if index is not None and init.candidate:
            self._add(init, index, now)
        else:
            self._end(init, index, now)

    def _describing(self, init: CandidateInit, index: int, remote: Description) -> int:
        """The m-section that the candidate is for: the tag, if it is meant for its transport.

        A section that shares it may say another generation, which it had before it was bundled.
        """
        stack = self._applier.stack_of(index)
        if stack is None or stack.remote is None:
            return index
        used = stack.remote.credentials.ufrag
        tag = remote.model.bundle_tag(remote.model.media[index])
        is_meant = init.username_fragment in (None, used) and tag.ice_ufrag == used
        is_other = remote.ufrag_at(index) != used
        return remote.model.media.index(tag) if is_meant and is_other else index

    def _check_generation(self, ufrag: str, index: int | None) -> None:
        for description in self._core.descriptions.remotes():
            sections = description.sections_of(ufrag)
            if index in sections or (index is None and sections):
                return
        raise OperationError(
            f"usernameFragment {ufrag!r} is in no remote description that is applied: the "
            "candidate belongs to another generation or to another connection"
        )

    def _add(self, init: CandidateInit, index: int, now: float) -> None:
        try:
            candidate = Candidate.from_line(init.candidate)
        except CandidateSyntaxError as error:
            raise OperationError(f"the candidate cannot be used: {error}") from error
        ufrag = self._generation(init, index, candidate)
        if ufrag is None:
            return  # the m-section was rejected: W3C ignores its candidates
        stack = self._applier.stack_of(index)
        line = candidate.to_line()
        place = CandidateInit(line, self._mid(index), index, ufrag)
        if stack is not None and not stack.add_candidate(candidate, place, now):
            self._core.trace.count("candidate-repeated")
            return
        for description in self._core.descriptions.remotes():
            if index in description.sections_of(ufrag):
                description.add_candidate(index, line)

    def _end(self, init: CandidateInit, index: int | None, now: float) -> None:
        """End one m-section, or all of them, in one generation."""
        remotes = self._core.descriptions.remotes()
        sections = range(len(remotes[0].model.media)) if index is None else (index,)
        for section in sections:
            ufrag = self._generation(init, section, None)
            if ufrag is None:
                continue
            for description in remotes:
                if section in description.sections_of(ufrag):
                    description.end_candidates(section)
            stack = self._applier.stack_of(section)
            if stack is not None:
                stack.session.end_remote_candidates(now, ufrag)

    def _generation(
        self, init: CandidateInit, index: int, candidate: Candidate | None
    ) -> str | None:
        """The one that is named, else the newest of the m-section; ``None`` if it was rejected."""
        known = [
            each.ufrag_at(index)
            for each in self._core.descriptions.remotes()
            if index < len(each.model.media)
        ]
        named = init.username_fragment or (candidate.ufrag if candidate else None)
        if named is not None and named in known:
            return named
        return None if init.username_fragment or not known else known[0]

    def _mid(self, index: int) -> str | None:
        remote = self._core.descriptions.remote
        return remote.model.media[index].mid if remote else None


def _section(init: CandidateInit, remote: Description) -> int | None:
    """The index of the m-section; ``None`` for all of them.

    No m-section has an empty mid: who sends one beside an index does not know the mid.
    """
    index = init.sdp_m_line_index
    if init.sdp_mid or (init.sdp_mid is not None and index is None):
        index = remote.index_of(init.sdp_mid)
        if index is None:
            raise OperationError(
                f"sdpMid {init.sdp_mid!r} is in no m-section of the remote description"
            )
        return index
    if index is not None and index >= len(remote.model.media):
        raise OperationError(
            f"sdpMLineIndex {index} is too large: the remote description has "
            f"{len(remote.model.media)} m-sections"
        )
    return index
