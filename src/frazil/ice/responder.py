"""The answers to the peer's checks (RFC 8445 7.3, RFC 8489 6.3 and 9.1.3)."""

from typing import Final

from frazil.ice.generation import Generation
from frazil.ice.lineage import Lineage
from frazil.ice.received_check import ReceivedCheck
from frazil.ice.role import Role
from frazil.stun import Attribute, ErrorCode, Message, MessageClass, Method
from frazil.trace import Trace
from frazil.types import Address, Transmit

_USERNAME: Final = Attribute.USERNAME
_MAPPED: Final = Attribute.XOR_MAPPED_ADDRESS
_BINDING: Final = Method.BINDING
_SUCCESS: Final = MessageClass.SUCCESS
_USE_CANDIDATE: Final = Attribute.USE_CANDIDATE
_NOMINATION: Final = Attribute.NOMINATION
_PRIORITY: Final = Attribute.PRIORITY


class Responder:
    """Answers every Binding request, and passes on what an authentic one says.

    A request that is not authentic leaves no trace but a counter. Where we must not send any more,
    the peer must not believe that we hear it: its check is forbidden (RFC 7675 5.2), or it would
    use the pair for ever without us.
    """

    __slots__ = ("_is_lite", "_lineage", "_role", "_trace", "transmits")

    def __init__(self, lineage: Lineage, role: Role, trace: Trace, *, is_lite: bool) -> None:
        self._is_lite = is_lite
        self._lineage = lineage
        self._role = role
        self._trace = trace
        self.transmits: list[Transmit] = []

    def answer(
        self, request: Message, local: Address, remote: Address, now: float
    ) -> tuple[Generation, ReceivedCheck] | None:
        """Answer ``request``; a role conflict that we lose switches the role (7.3.1.1).

        A lite agent has no part in such conflicts.

        Returns:
            What the check says and to which generation; ``None`` if it was refused.
        """
        ufrag, colon, _ = (request.text(_USERNAME) or "").partition(":")
        if not request.has_integrity or not ufrag:
            self._trace.count("check-without-credentials")
            self._refuse(request, 400, "Bad Request", local, remote, now)
            return None
        generation = self._lineage.by_local_ufrag(ufrag) if colon else None
        credentials = generation.local if generation else None
        key = credentials.key if credentials else b""
        if generation is None or credentials is None or not request.is_authentic(key):
            self._trace.count("check-unauthenticated")
            self._refuse(request, 401, "Unauthenticated", local, remote, now)
            return None
        if request.unknown_required:
            self._trace.count("check-with-unknown-attribute")
            self._send(_error(request, 420, "Unknown Attribute", key), local, remote)
            return None
        if generation.has_revoked(local, remote):
            self._trace.count("check-without-consent")
            self._send(_error(request, 403, "Forbidden", key), local, remote)
            return None
        if not self._is_lite and self._role.claims_ours(request):
            if self._role.keeps_against(request):
                self._send(_error(request, 487, "Role Conflict", key), local, remote)
                return None
            self._role.switch()
        self._send(_success(request, remote, key), local, remote)
        return generation, _received(request, local, remote)

    def withdraw(self) -> None:
        """Do not send the last answer: we have no place for the pair.

        Who is answered may nominate it, and would be alone there.
        """
        self.transmits.pop()

    def _refuse(
        self, request: Message, code: int, text: str, local: Address, remote: Address, now: float
    ) -> None:
        """Refuse a check that does not show our credentials."""
        self._trace.record(now, "ice", "check-refused", code=code, remote=remote[0], text=text)
        self._send(_error(request, code, text), local, remote)

    def _send(self, data: bytes, local: Address, remote: Address) -> None:
        self.transmits.append(Transmit(data, len(data), local, remote))


def _received(request: Message, local: Address, remote: Address) -> ReceivedCheck:
    nominates = request.flag(_USE_CANDIDATE)
    number = request.number(_NOMINATION) or 0
    priority = request.number(_PRIORITY) or 1
    return ReceivedCheck(local, remote, priority, number if nominates else None)


def _success(request: Message, remote: Address, key: bytes) -> bytes:
    """Where the check came from, authenticated (RFC 8445 7.3.1.2)."""
    attributes: dict[Attribute, object] = {_MAPPED: remote}
    response = Message(_BINDING, _SUCCESS, request.transaction_id, attributes)
    return response.encode(key)


def _error(request: Message, code: int, text: str, key: bytes | None = None) -> bytes:
    """Why the check cannot be honoured, authenticated where that is possible."""
    attributes: dict[Attribute, object] = {Attribute.ERROR_CODE: ErrorCode(code, text)}
    if request.unknown_required and code == 420:
        attributes[Attribute.UNKNOWN_ATTRIBUTES] = request.unknown_required
    response = Message(_BINDING, MessageClass.ERROR, request.transaction_id, attributes)
    return response.encode(key)
