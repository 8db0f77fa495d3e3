"""What stands between a realm and the one outside: a NAT, a firewall, or both."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from frazil.address import canonical_ip
from frazil.testing.nat.binding import Binding
from frazil.testing.nat.firewall import Firewall
from frazil.testing.nat.kind import NatKind
from frazil.testing.nat.table import BindingTable
from frazil.testing.packet import Fate, TransportProtocol
from frazil.testing.realm import Realm
from frazil.types import Address


class Passage(NamedTuple):
    """How a datagram leaves a router: with which addresses, and to which side."""

    source: Address
    destination: Address
    outward: bool


class Router:
    """A NAT, or a firewall, with hosts and other routers behind it.

    Made by :meth:`frazil.testing.VirtualNetwork.nat` and :meth:`~VirtualNetwork.firewall`.

    IPv4 is translated if it has a public IPv4 address, IPv6 if it has a public IPv6 address. A
    family that it does not translate passes with its own addresses, and only in answer to what
    went out (RFC 6092): so is the IPv6 of a usual home.

    Attributes:
        name: What the network calls it.
        kind: How it translates and filters.
        firewall: What may pass at all; another one can be set at any time.
        inside: The realm behind it.
        outside: The realm that it leads to.
        counters: How many datagrams it stopped, by the :class:`frazil.testing.Fate` they met.
    """

    def __init__(
        self,
        name: str,
        public: Sequence[str],
        *,
        kind: NatKind,
        firewall: Firewall,
        outside: Realm,
        random: Random,
    ) -> None:
        self.name = name
        self.kind = kind
        self.firewall = firewall
        self.outside = outside
        self.inside = Realm(self)
        self.counters: Counter[Fate] = Counter()
        self._table = BindingTable(self._claim(public), kind, random)

    def __repr__(self) -> str:
        return f"<router {self.name}: {', '.join(self.public) or 'translates nothing'}>"

    # --- what can be seen and done ------------------------------------------------------------

    @property
    def public(self) -> tuple[str, ...]:
        """Its public addresses."""
        return self._table.public

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """The public ports in use right now, the oldest first."""
        return self._table.live(asyncio.get_running_loop().time())

    def forget(self) -> None:
        """Lose all bindings, as by a power cut."""
        self._table.reset(self.public)

    def change_address(self, *public: str) -> None:
        """Lose all bindings and be reached at these addresses only, as after a new dial-in.

        Raises:
            ValueError: They are not IP literals, belong to others, or not to the same address
                families as the old ones.
        """
        if {":" in each for each in public} != {":" in each for each in self.public}:
            raise ValueError(f"{public} cannot replace {self.public}: other address families")
        old = self.public
        for address in old:
            self.outside.release(address)
        try:
            new = self._claim(public)
        except ValueError:
            self._claim(old)
            raise
        self._table.reset(new)

    def translates(self, address: str) -> bool:
        """Whether nodes outside see another address in the place of this one."""
        return self._table.translates(address)

    # --- the way of a datagram ----------------------------------------------------------------

    def forward(
        self,
        source: Address,
        destination: Address,
        now: float,
        *,
        outward: bool,
        protocol: TransportProtocol = TransportProtocol.UDP,
    ) -> Passage | Fate:
        """Translate a packet, or tell why it ends here.

        Args:
            source: Where it comes from, as seen on the side where it arrives.
            destination: Where it is going, likewise.
            now: The time.
            outward: Whether it comes from the inside.
            protocol: What it is.
        """
        if not self.firewall.admits(protocol, destination if outward else source):
            verdict: Passage | Fate = Fate.FORBIDDEN
        elif outward:
            verdict = self._let_out(protocol, source, destination, now)
        else:
            verdict = self._let_in(protocol, source, destination, now)
        if isinstance(verdict, Fate):
            self.counters[verdict] += 1
        return verdict

    def _let_out(
        self, protocol: TransportProtocol, source: Address, destination: Address, now: float
    ) -> Passage | Fate:
        turns_back = destination[0] in self.public
        if turns_back and not self.kind.hairpin:
            return Fate.NO_HAIRPIN
        binding = self._table.open(protocol, source, destination, now)
        if binding is None:
            return Fate.EXHAUSTED
        if turns_back:
            return self._let_in(protocol, binding.outside, destination, now)
        return Passage(binding.outside, destination, outward=True)

    def _let_in(
        self, protocol: TransportProtocol, source: Address, destination: Address, now: float
    ) -> Passage | Fate:
        binding = self._table.find(protocol, destination, now)
        if binding is None:
            return Fate.UNBOUND
        if not binding.admits(source, now):
            return Fate.FILTERED
        if self.kind.refreshed_by_inbound:
            binding.refresh(source, now)
        return Passage(source, binding.inside, outward=False)

    def _claim(self, public: Sequence[str]) -> list[str]:
        """Own addresses in the realm outside, all or none of them; they come back canonical."""
        addresses = list(dict.fromkeys(map(canonical_ip, public)))
        for count, address in enumerate(addresses):
            try:
                self.outside.claim(address, self)
            except ValueError:
                for taken in addresses[:count]:
                    self.outside.release(taken)
                raise
        return addresses
