"""Which ICE credentials descriptions carry, and when they change (RFC 9429 5.2.2, 5.3.1)."""

from typing import Final

from frazil.ice import Credentials
from frazil.peer.stack import TransportStack
from frazil.peer.transport_map import TransportMap
from frazil.types import RandomBytes

_NONE: Final[frozenset[Credentials]] = frozenset()
"""One for all connections: even an empty set weighs 216 bytes."""


class LocalCredentials:
    """Chooses the credentials of our side; new ones begin an ICE restart."""

    __slots__ = ("_fresh", "_outdated", "_random_bytes", "_replaced", "_transports")

    def __init__(self, transports: TransportMap, random_bytes: RandomBytes) -> None:
        self._transports = transports
        self._random_bytes = random_bytes
        self._fresh: dict[str, Credentials] = {}
        self._replaced = _NONE
        self._outdated = _NONE

    @property
    def is_restart_due(self) -> bool:
        """Whether credentials that are to be replaced are still in use."""
        return bool(self._replaced)

    def replace_all(self) -> None:
        """The next offer replaces every pair in use (webrtc-pc, restartIce)."""
        self._replaced = self._used()

    def outdate_all(self) -> None:
        """Other servers are to be asked: so does the next offer, whenever it comes.

        RFC 9429 5.2.2; unlike a restart that the application wants, it calls for no negotiation.
        """
        self._outdated = self._used()

    def _used(self) -> frozenset[Credentials]:
        stacks = self._transports.stacks
        used = [each for s in stacks for each in (s.stable_local, s.ice.local_parameters)]
        return frozenset(each for each in used if each is not None)

    def for_offer(self, mid: str, *, restart: bool) -> Credentials:
        """Those in use on the transport of ``mid``, unless they are to be replaced."""
        stack = self._transports.get(mid)
        used = stack.ice.local_parameters if stack else None
        if used is None or restart or used in self._replaced or used in self._outdated:
            return self._fresh_ones(stack.name if stack else None, mid)
        return used

    def for_answer(
        self, mid: str, stack: TransportStack | None, offered: Credentials
    ) -> Credentials:
        """New ones if the offer restarts ICE (RFC 8839 4.4.1.1.1), and only then."""
        if stack is not None:
            used, before = stack.ice.local_parameters, stack.stable_remote
            if used is not None and used != stack.stable_local:
                return used  # of a provisional answer
            if used is not None and before is not None and before.credentials == offered:
                return used
        return self._fresh_ones(stack.name if stack else None, mid)

    def note_applied(self) -> None:
        """A local description was applied: from now on its credentials are in use."""
        self._fresh.clear()

    def note_answered(self) -> None:
        """A negotiation ended: is the restart done that was asked for?"""
        used = {each.ice.local_parameters for each in self._transports.stacks}
        if self._replaced.isdisjoint(used):
            self._replaced = _NONE
        if self._outdated.isdisjoint(used):
            self._outdated = _NONE

    def _fresh_ones(self, transport: str | None, mid: str) -> Credentials:
        """The same ones until a description with them is applied: a second offer is no restart."""
        key = f"mid {mid}" if transport is None else transport
        if key not in self._fresh:
            self._fresh[key] = Credentials.generate(self._random_bytes)
        return self._fresh[key]
