"""All public ports that a NAT has in use."""

import math
from collections.abc import Sequence
from random import Random
from typing import TypeAlias

from frazil.testing.nat.binding import Binding
from frazil.testing.nat.dependence import RemotePart
from frazil.testing.nat.kind import NatKind
from frazil.testing.nat.pool import AddressPool
from frazil.testing.packet import TransportProtocol
from frazil.types import Address

_Key: TypeAlias = tuple[TransportProtocol, Address, RemotePart]


class BindingTable:
    """The bindings of a router.

    An address family in which it has no public address is not translated: bindings then only
    remember who may answer.

    Args:
        public: The public addresses, canonical.
        kind: The behaviour.
        random: The dice.
    """

    __slots__ = (
        "_by_inside",
        "_by_outside",
        "_kind",
        "_none_expires_before",
        "_pools",
        "_public",
        "_random",
    )

    def __init__(self, public: Sequence[str], kind: NatKind, random: Random) -> None:
        self._kind = kind
        self._random = random
        self.reset(public)

    @property
    def public(self) -> tuple[str, ...]:
        """The public addresses."""
        return self._public

    def reset(self, public: Sequence[str]) -> None:
        """Begin anew with these public addresses."""
        self._public = tuple(public)
        self._pools: dict[bool, AddressPool] = {}
        for is_ipv6 in (False, True):
            addresses = [each for each in public if (":" in each) is is_ipv6]
            if addresses:
                self._pools[is_ipv6] = AddressPool(addresses, self._kind, self._random)
        self._by_inside: dict[_Key, Binding] = {}
        self._by_outside: dict[tuple[TransportProtocol, Address], Binding] = {}
        self._none_expires_before = math.inf

    def translates(self, address: str) -> bool:
        """Whether there are public addresses of this family."""
        return (":" in address) in self._pools

    def live(self, now: float) -> tuple[Binding, ...]:
        """The bindings that have not expired, the oldest first."""
        self._expire(now)
        return tuple(self._by_inside.values())

    def open(
        self, protocol: TransportProtocol, inside: Address, remote: Address, now: float
    ) -> Binding | None:
        """The binding by which ``inside`` writes to ``remote``, refreshed, or made.

        None if there is no room, or no port, for another.
        """
        key = self._key(protocol, inside, remote)
        binding = self._by_inside.get(key)
        if binding is None or binding.expires_at <= now:
            self._expire(now)
            binding = self._make(key)
        if binding is not None:
            binding.refresh(remote, now)
            self._none_expires_before = min(self._none_expires_before, binding.expires_at)
        return binding

    def find(self, protocol: TransportProtocol, outside: Address, now: float) -> Binding | None:
        """The binding of a public address and port."""
        binding = self._by_outside.get((protocol, outside))
        return binding if binding is not None and now < binding.expires_at else None

    def _key(self, protocol: TransportProtocol, inside: Address, remote: Address) -> _Key:
        part = self._kind.mapping.part(remote) if self.translates(inside[0]) else ()
        return protocol, inside, part

    def _make(self, key: _Key) -> Binding | None:
        protocol, inside, part = key
        if len(self._by_inside) >= self._kind.max_bindings:
            return None
        outside: Address | None = inside
        if self.translates(inside[0]):
            host, port = inside
            beside = self._by_inside.get((protocol, (host, port ^ 1), part))
            neighbour = beside.outside if beside is not None else None
            outside = self._pools[":" in host].take(protocol, inside, neighbour)
        if outside is None:
            return None
        binding = Binding(protocol, inside, outside, self._kind)
        self._by_inside[key] = self._by_outside[protocol, outside] = binding
        return binding

    def _expire(self, now: float) -> None:
        if now < self._none_expires_before:
            return
        gone = [key for key, binding in self._by_inside.items() if binding.expires_at <= now]
        for key in gone:
            protocol, outside = key[0], self._by_inside.pop(key).outside
            del self._by_outside[protocol, outside]
            if self.translates(outside[0]):
                self._pools[":" in outside[0]].release(protocol, outside)
        left = self._by_inside.values()
        self._none_expires_before = min((each.expires_at for each in left), default=math.inf)
