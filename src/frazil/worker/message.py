"""What a pool and its workers say to each other, as JSON.

Only numbers and text go either way, never pickled objects, so that nothing that a handler is made
to write can run in another process.
"""

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final, TypeAlias

from frazil.errors import ProtocolError


class MessageError(ProtocolError):
    """Bytes between a pool and a worker that are no message."""


class EndCause(StrEnum):
    """Why a session is over."""

    RETURNED = "returned"
    """The handler returned."""
    RAISED = "raised"
    """The handler raised an exception."""
    REMOTE_CLOSE = "remote-close"
    """The peer said goodbye."""
    FAILED = "failed"
    """``connectionState`` became ``failed``."""
    NOT_CONNECTED = "not-connected"
    """The peer did not come, or was lost, and a minute has passed."""
    REFUSED = "refused"
    """The offer could not be answered."""
    CLOSED = "closed"
    """``close()`` was called on the session or the pool."""
    WORKER_ENDED = "worker-ended"
    """The worker process is gone."""


@dataclass(frozen=True, slots=True)
class Offered:
    """To the worker: answer this offer of a new session, or of one that it knows.

    Attributes:
        request: What the reply repeats.
        session: The number of the session.
        sdp: The offer.
        gather: Whether to answer only when all candidates are in the answer.
    """

    request: int
    session: int
    sdp: str
    gather: bool


@dataclass(frozen=True, slots=True)
class CandidateSignalled:
    """To the worker: a candidate of the peer (RTCIceCandidateInit)."""

    request: int
    session: int
    candidate: str
    sdp_mid: str | None
    sdp_m_line_index: int | None
    username_fragment: str | None


@dataclass(frozen=True, slots=True)
class Closing:
    """To the worker: close this session."""

    session: int


@dataclass(frozen=True, slots=True)
class Ready:
    """To the pool: the handler was imported, the port is there, and offers are welcome."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """To the pool: the worker cannot serve, and ends.

    Attributes:
        text: What is in the way.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """To the pool: a request was carried out.

    Attributes:
        request: Which.
        sdp: The answer to an offer; empty otherwise.
    """

    request: int
    sdp: str


@dataclass(frozen=True, slots=True)
class Refused:
    """To the pool: a request raised an exception.

    Attributes:
        request: Which.
        error: The name of the exception's class.
        text: What it says, or an excerpt.
        detail: The ``errorDetail`` of an ``RTCError``; empty otherwise.
        sdp_line_number: Its ``sdpLineNumber``.
    """

    request: int
    error: str
    text: str
    detail: str
    sdp_line_number: int | None


@dataclass(frozen=True, slots=True)
class CandidateGathered:
    """To the pool: a candidate for the peer."""

    session: int
    candidate: str
    sdp_mid: str | None
    sdp_m_line_index: int | None
    username_fragment: str | None


@dataclass(frozen=True, slots=True)
class StateChanged:
    """To the pool: the states of a connection, all of them."""

    session: int
    connection: str
    ice: str


@dataclass(frozen=True, slots=True)
class Ended:
    """To the pool: a session is over, its connection closed, its handler gone.

    Attributes:
        session: Which.
        cause: Why.
        error: The handler's exception in one line, or an excerpt; empty if there was none.
        traceback: Where it was raised, or an excerpt.
    """

    session: int
    cause: str
    error: str
    traceback: str


Message: TypeAlias = (
    Offered
    | CandidateSignalled
    | Closing
    | Ready
    | NotReady
    | Accepted
    | Refused
    | CandidateGathered
    | StateChanged
    | Ended
)

_KINDS: Final[dict[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        Offered,
        CandidateSignalled,
        Closing,
        Ready,
        NotReady,
        Accepted,
        Refused,
        CandidateGathered,
        StateChanged,
        Ended,
    )
}


def encode(message: Message) -> bytes:
    """The message as bytes."""
    return json.dumps({"kind": type(message).__name__, **asdict(message)}).encode()


def decode(data: bytes) -> Message:
    """The message that :func:`encode` made into ``data``.

    Raises:
        MessageError: There is none, or a member is missing, unknown or of another type.
    """
    try:
        members = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"no JSON: {error}") from None
    kind = _KINDS.get(str(members.pop("kind", None))) if isinstance(members, dict) else None
    if kind is None:
        raise MessageError("no message of a kind that is known")
    types = {each.name: each.type for each in fields(kind)}
    if members.keys() != types.keys():
        raise MessageError(f"{kind.__name__} with the members {', '.join(sorted(members))}")
    for name, value in members.items():
        if not isinstance(value, types[name]):  # type: ignore[arg-type] # plain types and unions
            raise MessageError(f"{kind.__name__}.{name} is {value!r:.40}")
    message: Message = kind(**members)
    return message
