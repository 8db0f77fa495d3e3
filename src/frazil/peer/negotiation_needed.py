"""When the application has to negotiate (webrtc-pc 4.7.3)."""

from collections.abc import Callable

from frazil.peer.chain import OperationChain
from frazil.peer.core import Core
from frazil.peer.event import EventType


class NegotiationNeeded:
    """The negotiation-needed flag, and the task that fires ``negotiationneeded`` once per need."""

    __slots__ = ("_chain", "_check", "_core", "_flag", "_is_stable", "_when_idle")

    def __init__(
        self,
        core: Core,
        *,
        chain: OperationChain,
        is_stable: Callable[[], bool],
        check: Callable[[], bool],
    ) -> None:
        """Watch a connection.

        Args:
            core: For the task and its event.
            chain: As long as operations are in it, nothing is told.
            is_stable: Whether the signalling state is ``stable``.
            check: Whether the descriptions lag behind what the application asked for.
        """
        self._core = core
        self._chain = chain
        self._is_stable = is_stable
        self._check = check
        self._flag = False
        self._when_idle = False

    def update(self) -> None:
        """Something changed that may need negotiation.

        A task that would find nothing to do is left out: what could change that before its turn
        leads here again.
        """
        if not self._chain.is_empty:
            self._when_idle = True
        elif self._is_stable() and (self._flag or self._check()):
            self._core.tasks.queue(self._evaluate)

    def restart(self) -> None:
        """A negotiation ended: whatever is still needed is told again."""
        self._flag = False
        self.update()

    def chain_emptied(self) -> None:
        """The last operation left the chain."""
        if self._when_idle:
            self._when_idle = False
            self.update()

    def _evaluate(self, now: float) -> None:
        if not self._chain.is_empty:
            self._when_idle = True
        elif self._is_stable():
            needed = self._check()
            fire = needed and not self._flag
            self._flag = needed
            if fire:
                self._core.tasks.fire(self._core.target, EventType.NEGOTIATION_NEEDED)
