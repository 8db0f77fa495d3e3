"""Which addresses an allocation is asked for, and what else will do (RFC 8656 7.1 and 7.2)."""

from typing import Final

from frazil.stun import Attribute
from frazil.turn.config import RelayFamily, TurnConfig
from frazil.turn.failure import Failure

_UDP: Final = 17
_IPV6: Final = 2
_NEXT: Final = {RelayFamily.BOTH: RelayFamily.IPV4, RelayFamily.IPV4: RelayFamily.IPV6}


class Wish:
    """What to ask for next.

    Who wants both families takes one, if a server has no more: then IPv4 alone is asked for, and
    IPv6 alone after that. A server that knows RFC 8656 grants one of two by itself; others refuse.

    Attributes:
        first_failure: Why the first question came to nothing, if others followed.
    """

    __slots__ = ("_family", "_lifetime_s", "_takes_any", "first_failure")

    def __init__(self, config: TurnConfig) -> None:
        self._family = config.family
        self._lifetime_s = config.lifetime_s
        self._takes_any = config.family is RelayFamily.BOTH
        self.first_failure: Failure | None = None

    def attributes(self) -> dict[Attribute, object]:
        """Those of the request for an allocation."""
        attributes: dict[Attribute, object] = {
            Attribute.REQUESTED_TRANSPORT: _UDP,
            Attribute.LIFETIME: self._lifetime_s,
        }
        if self._family is RelayFamily.IPV6:
            attributes[Attribute.REQUESTED_ADDRESS_FAMILY] = _IPV6
        elif self._family is RelayFamily.BOTH:
            attributes[Attribute.ADDITIONAL_ADDRESS_FAMILY] = _IPV6
        return attributes

    def settle_for_less(self, failure: Failure) -> bool:
        """Whether there is something else to ask for after this refusal; it is asked for next."""
        if not self._takes_any or not failure.is_about_family or self._family not in _NEXT:
            return False
        self.first_failure = self.first_failure or failure
        self._family = _NEXT[self._family]
        return True
