"""Offers and candidates, as callers pass them.

They come from peers, and a worker serves many: what is too long for a message is refused here.
"""

from frazil.errors import OperationError, RTCError, RTCErrorDetail
from frazil.peer import reader
from frazil.peer.candidate_init import CandidateInit
from frazil.sdp.grammar import MAX_BYTES


def read_offer(value: object) -> str:
    """The text of an offer: of a description, or of the dictionary that a browser made of it.

    Raises:
        TypeError: It is another description, or none.
        RTCError: It is longer than descriptions may be.
    """
    init = reader.read_description(value)
    if init.type != "offer":
        raise TypeError(f"a worker answers offers, not a description of type {init.type!s}")
    if _is_too_long(init.sdp):
        text = f"the remote offer is not valid SDP: more than {MAX_BYTES} bytes"
        raise RTCError(text, RTCErrorDetail.SDP_SYNTAX_ERROR)
    return init.sdp


def read_candidate(value: object) -> CandidateInit:
    """A candidate, or the dictionary that a browser made of it.

    Raises:
        TypeError: See :func:`frazil.peer.reader.read_candidate`.
        OperationError: It is longer than a description may be, of which it would become a part.
    """
    init = reader.read_candidate(value)
    if _is_too_long(init.candidate, init.sdp_mid or "", init.username_fragment or ""):
        raise OperationError(f"the candidate cannot be used: more than {MAX_BYTES} bytes")
    return init


def _is_too_long(*texts: str) -> bool:
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) > MAX_BYTES
