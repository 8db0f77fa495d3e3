"""Controlling or controlled, and what to do if both ends say the same (RFC 8445 7.3.1.1)."""

from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message
from frazil.types import RandomBytes


class Role:
    """The role of an agent with its tie-breaker."""

    __slots__ = ("tie_breaker", "value")

    def __init__(self, random_bytes: RandomBytes) -> None:
        self.value = RTCIceRole.UNKNOWN
        self.tie_breaker = int.from_bytes(random_bytes(8))

    @property
    def is_controlling(self) -> bool:
        """Whether this agent nominates."""
        return self.value is RTCIceRole.CONTROLLING

    @property
    def attribute(self) -> Attribute:
        """The attribute that announces the role in a check."""
        return Attribute.ICE_CONTROLLING if self.is_controlling else Attribute.ICE_CONTROLLED

    def switch(self) -> None:
        """Become the opposite."""
        self.value = RTCIceRole.CONTROLLED if self.is_controlling else RTCIceRole.CONTROLLING

    def claims_ours(self, request: Message) -> bool:
        """Whether the peer claims the role that we have."""
        return self.value is not RTCIceRole.UNKNOWN and self._claim(request) is not None

    def keeps_against(self, request: Message) -> bool:
        """Whether we keep our role against the peer's equal claim: it then gets a 487."""
        theirs = self._claim(request)
        return theirs is not None and (self.tie_breaker >= theirs) == self.is_controlling

    def _claim(self, request: Message) -> int | None:
        return request.number(self.attribute)
