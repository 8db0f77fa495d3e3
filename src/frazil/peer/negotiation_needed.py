"""When the application has to negotiate (webrtc-pc 4.7.3)."""

from typing import Final

from frazil.peer.chain import OperationChain
from frazil.peer.channel_table import ChannelTable
from frazil.peer.core import Core
from frazil.peer.event import EventType
from frazil.peer.local_credentials import LocalCredentials
from frazil.peer.media import live_data_index
from frazil.peer.signaling import SignalingMachine
from frazil.peer.transceiver_table import TransceiverTable
from frazil.states.enums import RTCSignalingState

_STABLE: Final = RTCSignalingState.STABLE


class NegotiationNeeded:
    """The negotiation-needed flag, and the task that fires ``negotiationneeded`` once per need."""

    __slots__ = (
        "_chain",
        "_channels",
        "_core",
        "_credentials",
        "_flag",
        "_signaling",
        "_transceivers",
        "_when_idle",
    )

    def __init__(
        self,
        core: Core,
        *,
        chain: OperationChain,
        signaling: SignalingMachine,
        credentials: LocalCredentials,
        channels: ChannelTable,
        transceivers: TransceiverTable,
    ) -> None:
        """Watch a connection.

        Args:
            core: For the task and its event, and for what was negotiated.
            chain: As long as operations are in it, nothing is told.
            signaling: Nothing is told before it is ``stable``.
            credentials: Knows of restarts that are due.
            channels: The first one needs an m-section.
            transceivers: What the application asked of media.
        """
        self._core = core
        self._chain = chain
        self._signaling = signaling
        self._credentials = credentials
        self._channels = channels
        self._transceivers = transceivers
        self._flag = False
        self._when_idle = False

    @property
    def is_behind(self) -> bool:
        """Whether the negotiated descriptions lack something that the application asked for."""
        return (
            self._credentials.is_restart_due
            or (self._channels.has_live and not self._has_negotiated_data)
            or self._transceivers.needs_negotiation()
        )

    def update(self) -> None:
        """Something changed that may need negotiation.

        A task that would find nothing to do is left out: what could change that before its turn
        leads here again.
        """
        if not self._chain.is_empty:
            self._when_idle = True
        elif self._is_stable and (self._flag or self.is_behind):
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
        elif self._is_stable:
            needed = self.is_behind
            fire = needed and not self._flag
            self._flag = needed
            if fire:
                self._core.tasks.fire(None, EventType.NEGOTIATION_NEEDED)

    @property
    def _is_stable(self) -> bool:
        return self._signaling.state is _STABLE

    @property
    def _has_negotiated_data(self) -> bool:
        """Whether the last negotiation accepted data channels on both sides."""
        slots = self._core.descriptions
        if slots.current_local is None or slots.current_remote is None:
            return False
        index = live_data_index(slots.current_local.model)
        return index is not None and index == live_data_index(slots.current_remote.model)
