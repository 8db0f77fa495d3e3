"""Which pair two peers have to end up with, from the rules of RFC 4787 and RFC 8445.

Nothing here knows what an agent does: it asks which datagrams the NATs let through, and which of
the pairs that can work has the highest priority.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, NamedTuple

from frazil.testing import Dependence
from matrix.place import Place

TYPE_PREFERENCE: Final = {"host": 126, "prflx": 110, "srflx": 100, "relay": 0}
"""The values that RFC 8445 5.1.2.2 recommends."""


class PairTypes(NamedTuple):
    """The types of the candidates of a pair; ``remote`` is what the other end calls local."""

    local: str
    remote: str

    def mirrored(self) -> "PairTypes":
        """The same pair as the other end sees it."""
        return PairTypes(self.remote, self.local)


@dataclass(frozen=True, slots=True)
class Sender:
    """Something that checks can be sent from.

    Attributes:
        base: The type of the candidate that sends: ``host`` or ``relay``.
        shown: The type of the candidate that the other end sees.
        mapping: Whether all see it at one address.
        filtering: Who may write to that address.
        is_told: Whether an address of it outside was signalled.
    """

    base: str
    shown: str
    mapping: Dependence
    filtering: Dependence
    is_told: bool = True

    @property
    def has_one_address(self) -> bool:
        """Whether what was signalled is what everybody sees.

        If the mapping depends on the endpoint, the signalled address is good for the STUN server
        only (RFC 4787 4.1).
        """
        return self.is_told and self.mapping is Dependence.ENDPOINT_INDEPENDENT

    def admits(self, other: "Sender") -> bool:
        """Whether checks of ``other`` get to the address that was signalled.

        Both ends send to all they know. So an address-dependent filter is open to the other end's
        host, and an address-and-port-dependent one to the port that was signalled (RFC 4787 5).
        """
        if not self.has_one_address:
            return False
        if self.filtering is Dependence.ADDRESS_AND_PORT_DEPENDENT:
            return other.has_one_address
        return other.is_told or self.filtering is Dependence.ENDPOINT_INDEPENDENT


RELAY: Final = Sender(
    "relay", "relay", Dependence.ENDPOINT_INDEPENDENT, Dependence.ADDRESS_DEPENDENT
)
"""A relayed address behaves like a NAT that filters by address: permissions (RFC 8656 9)."""


def senders(place: Place, *, with_turn: bool, knows_itself: bool = True) -> list[Sender]:
    """What a peer in ``place`` can send from; TURN is also reached by TLS on port 443.

    Args:
        place: Where it is.
        with_turn: Whether a TURN server is there.
        knows_itself: Whether a server tells it how it is seen from outside.
    """
    found = [RELAY] if with_turn else []
    if place.has_udp:
        reflexive = knows_itself and place.mapping is Dependence.ENDPOINT_INDEPENDENT
        shown = "host" if not place.nats else "srflx" if reflexive else "prflx"
        is_told = knows_itself or not place.nats
        found.append(Sender("host", shown, place.mapping, place.filtering, is_told))
    return found


def predict(ours: Place, theirs: Place, *, with_turn: bool) -> PairTypes | None:
    """The pair that the peer in ``ours`` ends up with, which controls; ``None`` if it fails."""
    return best(senders(ours, with_turn=with_turn), senders(theirs, with_turn=with_turn))


def best(ours: Sequence[Sender], theirs: Sequence[Sender]) -> PairTypes | None:
    """The working pair of the highest priority (RFC 8445 6.1.2.3) in the controlling agent's list.

    One answer opens the way for both, so a pair works as soon as checks pass in one direction.
    """
    pairs = [
        (one, other)
        for one, other in product(ours, theirs)
        if one.admits(other) or other.admits(one)
    ]
    if not pairs:
        return None
    one, other = max(pairs, key=lambda pair: _rank(pair[0].base, pair[1].shown))
    return PairTypes(one.shown, other.shown)


def _rank(local: str, remote: str) -> list[int]:
    """Orders pairs: the smaller of the two priorities counts first, then the larger."""
    return sorted((TYPE_PREFERENCE[local], TYPE_PREFERENCE[remote]))
