"""Which transport each m-section uses."""

from collections.abc import Iterable, Sequence
from typing import Final

from frazil.peer.stack import TransportStack
from frazil.peer.transport_set import TransportSet
from frazil.sdp import SessionDescription
from frazil.trace import Reason

ROLLED_BACK: Final = Reason(
    "rollback",
    "RFC 9429 4.1.10.2",
    "the offer that created this transport was rolled back",
)
REPLACED: Final = Reason(
    "replaced",
    "webrtc-pc 4.4.1.5",
    "another offer took the place of the one that created this transport",
)


class TransportMap:
    """From the mid of each m-section to its transport, and the way back to the last answer."""

    __slots__ = ("_by_mid", "_stable", "_transports")

    def __init__(self, transports: TransportSet) -> None:
        self._transports = transports
        self._by_mid: dict[str, TransportStack] = {}
        self._stable: dict[str, TransportStack] = {}

    @property
    def stacks(self) -> list[TransportStack]:
        """The transports, each once."""
        found: list[TransportStack] = []
        for stack in self._by_mid.values():
            if stack not in found:
                found.append(stack)
        return found

    def get(self, mid: str | None) -> TransportStack | None:
        """The transport of the m-section, negotiated or under negotiation."""
        return self._by_mid.get(mid) if mid is not None else None

    def established(self, mid: str | None) -> str | None:
        """The name of the transport that an answer settled for the m-section."""
        stack = self.get(mid)
        return stack.name if stack and stack.dtls_role is not None else None

    def describing(self, offer: SessionDescription, index: int) -> int:
        """The m-section of an offer of the peer's that describes the transport of another.

        For those that an answer has bundled it is the tag, even if it is about to be refused.
        """
        media = offer.media[index]
        tag = offer.bundle_tag(media)
        settled = self.established(tag.mid)
        is_same = settled is not None and settled == self.established(media.mid)
        return offer.media.index(tag) if is_same else index

    def assign(self, mid: str, stack: TransportStack) -> None:
        """The m-section uses ``stack`` from now on."""
        self._by_mid[mid] = stack

    def assign_offered(self, mid: str, stack: TransportStack) -> None:
        """The peer offers the m-section on ``stack``.

        Nothing is noted where an answer settled that transport: what leads there is the section
        that it is bundled with, and the next offer may bundle it no more.
        """
        if stack not in self._stable.values():
            self.assign(mid, stack)

    def is_settled(self, mid: str | None, stack: TransportStack) -> bool:
        """Whether the last answer put the m-section on ``stack``."""
        return mid is not None and self._stable.get(mid) is stack

    def first(self, mids: Sequence[str]) -> TransportStack | None:
        """The transport that the first of ``mids`` has which has one, a settled one if any has."""
        known = (self._stable, self._by_mid)
        return next((found[mid] for found in known for mid in mids if mid in found), None)

    def obtain(self, mids: Sequence[str]) -> TransportStack:
        """The same, or a new one if none has any."""
        return self.first(mids) or self._transports.create()

    def settle(self, mids: set[str], reason: Reason, now: float) -> None:
        """An answer was applied: only ``mids`` have a transport; discard those without one."""
        self._by_mid = {mid: stack for mid, stack in self._by_mid.items() if mid in mids}
        self._stable = dict(self._by_mid)
        self._discard_unused(reason, now)
        self._transports.close_pool(now)
        for stack in self.stacks:
            stack.settle()

    def replace(self, used: Iterable[TransportStack], now: float) -> None:
        """An offer of the peer was taken in: discard what only one that it replaces has brought.

        Args:
            used: The transports that the offer uses by now.
            now: When.
        """
        kept = {*used, *self._stable.values()}
        self._by_mid = {mid: stack for mid, stack in self._by_mid.items() if stack in kept}
        self._discard_unused(REPLACED, now)

    def roll_back(self, now: float) -> None:
        """Return to what the last answer settled."""
        self._by_mid = dict(self._stable)
        self._discard_unused(ROLLED_BACK, now)
        for stack in self.stacks:
            stack.roll_back(now)

    def _discard_unused(self, reason: Reason, now: float) -> None:
        used = self.stacks
        for stack in self._transports.stacks:
            if stack not in used:
                self._transports.discard(stack, reason, now)
