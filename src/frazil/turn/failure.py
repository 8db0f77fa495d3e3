"""Why a request came to nothing, in a code and a sentence."""

from typing import Final, NamedTuple

from frazil.stun import ErrorCode, Method

TRY_ALTERNATE: Final = 300
BAD_REQUEST: Final = 400
UNAUTHENTICATED: Final = 401
FORBIDDEN: Final = 403
ALLOCATION_MISMATCH: Final = 437
STALE_NONCE: Final = 438
UNSUPPORTED_FAMILY: Final = 440
PEER_FAMILY_MISMATCH: Final = 443
QUOTA_REACHED: Final = 486
INSUFFICIENT_CAPACITY: Final = 508
_FIRST_SERVER_ERROR: Final = 500
_ABOUT_THE_PEER: Final = frozenset({FORBIDDEN, PEER_FAMILY_MISMATCH, QUOTA_REACHED, STALE_NONCE})
_MAX_PHRASE: Final = 120

_SENTENCES: Final = {
    TRY_ALTERNATE: "the server wants another server to be used",
    BAD_REQUEST: "the server finds the request malformed",
    UNAUTHENTICATED: "the server does not accept the username or the password",
    FORBIDDEN: "the server forbids this by its policy",
    420: "the server does not know an attribute that the request needs",
    ALLOCATION_MISMATCH: "the server has no allocation for our address and port any more",
    STALE_NONCE: "the server called the nonce stale twice in a row",
    UNSUPPORTED_FAMILY: "the server has no relayed address of this family",
    441: "the allocation belongs to another username",
    442: "the server does not relay over this transport protocol",
    PEER_FAMILY_MISMATCH: "the relayed address cannot reach a peer of the other address family",
    QUOTA_REACHED: "the user has as many allocations as the server allows",
    500: "the server had an error of its own",
    INSUFFICIENT_CAPACITY: "the server has no capacity left",
}
_OCCUPIED: Final = "the server has an allocation for our address and port already; use another port"


class Failure(NamedTuple):
    """What went wrong.

    Attributes:
        code: The STUN error code; None if no server said one.
        text: One sentence for people.
        phrase: What the server added in its own words.
    """

    code: int | None
    text: str
    phrase: str = ""

    @property
    def is_passing(self) -> bool:
        """Whether the same request may succeed later: no answer, or a trouble of the server."""
        code = self.code
        return code is None or code == STALE_NONCE or code >= _FIRST_SERVER_ERROR

    @property
    def is_about_family(self) -> bool:
        """Whether addresses of another family may be had where these are not (RFC 8656 7.2)."""
        return self.code in (UNSUPPORTED_FAMILY, INSUFFICIENT_CAPACITY)

    @property
    def casts_doubt(self) -> bool:
        """Whether a permission refused like this may mean that the whole allocation is gone.

        Servers that have restarted, or dropped an allocation, do not all say 437.
        """
        code = self.code
        return code is not None and code < _FIRST_SERVER_ERROR and code not in _ABOUT_THE_PEER

    @property
    def sentence(self) -> str:
        """The text as a sentence of its own."""
        return f"{self.text[:1].upper()}{self.text[1:]}."


def refusal(method: Method, error: ErrorCode) -> Failure:
    """What an error response to a request means."""
    code = error.code
    if code == ALLOCATION_MISMATCH and method is Method.ALLOCATE:
        sentence = _OCCUPIED
    else:
        sentence = _SENTENCES.get(code, f"the server refused with error {code}")
    return Failure(code, sentence, error.reason[:_MAX_PHRASE])
