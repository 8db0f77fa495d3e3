"""Controlling or controlled (RFC 8445 6.1.1), and who yields if both say the same (7.3.1.1)."""

from typing import Final

from frazil.ice.traits import AgentTraits
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message
from frazil.types import RandomBytes

_UNKNOWN: Final = RTCIceRole.UNKNOWN
_CONTROLLING: Final = RTCIceRole.CONTROLLING
_CONTROLLED: Final = RTCIceRole.CONTROLLED
_CLAIMS_CONTROLLING: Final = Attribute.ICE_CONTROLLING
_CLAIMS_CONTROLLED: Final = Attribute.ICE_CONTROLLED


class Role:
    """The role of an agent with its tie-breaker.

    Attributes:
        value: Controlling or controlled; unknown before the first offer.
        is_controlling: Whether this agent nominates.
        why: What brought this role about, for people.
        tie_breaker: The number that decides a conflict.
    """

    __slots__ = ("_random_bytes", "is_controlling", "tie_breaker", "value", "why")

    def __init__(self, random_bytes: RandomBytes) -> None:
        self._random_bytes = random_bytes
        self.value = _UNKNOWN
        self.is_controlling = False
        self.why = ""
        self.tie_breaker = self._draw()

    def _draw(self) -> int:
        return int.from_bytes(self._random_bytes(8))

    @property
    def attribute(self) -> Attribute:
        """The attribute that announces the role in a check."""
        return _CLAIMS_CONTROLLING if self.is_controlling else _CLAIMS_CONTROLLED

    def set(self, value: RTCIceRole) -> None:
        """Take the role that signalling implies."""
        self._take(value, "signalling says so")

    def _take(self, value: RTCIceRole, why: str) -> None:
        self.value = value
        self.is_controlling = value is _CONTROLLING
        self.why = why

    def set_facing(self, peer: AgentTraits, *, lite: bool) -> None:
        """Take the role against ``peer``: of a lite and a full agent, the full one controls."""
        if peer.is_lite is not lite:
            value = _CONTROLLED if lite else _CONTROLLING
            self._take(value, "one agent is lite, and the full one controls")

    def switch(self) -> None:
        """Become the opposite: the peer's check claims our role and wins the tie-break."""
        self._switch("the peer's check claims our role and wins the tie-break")

    def _switch(self, why: str) -> None:
        value = _CONTROLLED if self.is_controlling else _CONTROLLING
        self._take(value, why)

    def yield_to_peer(self) -> None:
        """Become the opposite, with a new tie-breaker: the peer answered 487 (7.2.5.1)."""
        self._switch("the peer answered our check with 487")
        self.tie_breaker = self._draw()

    def claims_ours(self, request: Message) -> bool:
        """Whether the peer claims the role that we have."""
        return self.value is not _UNKNOWN and self._claim(request) is not None

    def keeps_against(self, request: Message) -> bool:
        """Whether we keep our role against the peer's equal claim: it then gets a 487."""
        theirs = self._claim(request)
        return theirs is not None and (self.tie_breaker >= theirs) == self.is_controlling

    def _claim(self, request: Message) -> int | None:
        return request.number(self.attribute)
